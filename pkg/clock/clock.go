package clock

import "time"

// Clock tells the present time, in UTC.
type Clock interface {
	Now() time.Time
}

// System is the machine's clock. Its zero value is ready to use.
type System struct{}

// Now returns the present time in UTC, with the monotonic reading that makes
// durations between two calls immune to clock steps.
func (System) Now() time.Time { return time.Now().UTC() }

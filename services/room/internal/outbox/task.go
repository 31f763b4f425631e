package outbox

import (
	"context"
	"time"

	"github.com/parleymeet/parley/pkg/clock"
)

// Action is what telephony is asked to do for a room.
type Action string

// The actions.
const (
	Allocate Action = "allocate"
	Release  Action = "release"
)

// Task is one thing to tell telephony.
type Task struct {
	RoomID string
	Action Action
	// Version grows whenever the task is claimed or replaced. The first one is
	// taken from the clock, so that two tasks of a room, one long settled, never
	// have the same.
	Version int64
	// Attempts are the deliveries that failed for this room's own sake.
	Attempts int
	// Country is where the room would have its number, as the room says when the
	// task is claimed; "" for anywhere, and for a room that is gone.
	Country string
}

// Postponed is a task that was not delivered.
type Postponed struct {
	Task
	// Due is when to try again.
	Due time.Time
	// Reason is for the operator; it carries no PIN.
	Reason string
}

// Store keeps tasks, one for each room.
type Store interface {
	// Claim leases up to limit tasks of the action that are due at now, the
	// longest due first, by moving their due time to until and raising their
	// version. No task is claimed twice at once, however many processes ask.
	Claim(ctx context.Context, action Action, now, until time.Time, limit int) ([]Task, error)
	// Settle ends deliveries: it deletes the done tasks and gives the later ones
	// their due time, attempts and reason. A task whose action or version is no
	// longer the stored one is left as it is.
	Settle(ctx context.Context, done []Task, later []Postponed) error
	// Pending counts the tasks of the action, due or not.
	Pending(ctx context.Context, action Action) (int, error)
}

const (
	// leaseTime is how long a task is not due for others while it is delivered.
	leaseTime = 3 * time.Second
	// deliveryTime is how long a delivery may take. The second between the two
	// covers differing clocks, and a call that ends late at telephony.
	deliveryTime = 2 * time.Second
)

// Lease is the right to deliver a task. It must be taken before the statement
// that writes it to the store: a process that is held up in between finds its
// time used up instead of delivering beside its successor.
type Lease struct {
	// Until is the due time to store.
	Until    time.Time
	deadline time.Time // of the call, by the machine's own clock
}

func newLease(c clock.Clock) Lease {
	return Lease{Until: c.Now().Truncate(time.Microsecond).Add(leaseTime), deadline: time.Now().Add(deliveryTime)}
}

// Task returns a new task of the room, to be stored with the lease.
func (l Lease) Task(roomID string, action Action) Task {
	return Task{RoomID: roomID, Action: action, Version: l.Until.UnixMicro()}
}

// context returns a context that ends with the right to deliver.
func (l Lease) context(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithDeadline(ctx, l.deadline)
}

// spent reports whether too little time is left to begin another delivery.
func (l Lease) spent() bool { return time.Until(l.deadline) < deliveryTime/2 }

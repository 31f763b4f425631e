// Package clock gives domain code the time as a dependency, so that tests
// decide what time it is.
//
// Invariant: every clock answers in UTC, so that two instants which are equal
// are also equal under == and print alike in every log and store.
//
//   - clock.go: Clock and System, the clock of production
//   - fake.go: Fake, a clock that moves only when a test moves it
package clock

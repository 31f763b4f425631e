// Package outbox makes telephony follow the rooms: every room gets its PIN, and
// every deleted room gives its PIN back, however often telephony or this
// process fails in between.
//
// The transaction that creates or deletes a room also writes a task. A task is
// one row for each room: allocate, or later release. It is delivered at least
// once, and telephony's answers are idempotent.
//
// Invariants:
//
//   - One delivery for a room at a time. Whoever delivers holds a lease: the row
//     is not due until the lease ends, and the call is given up a second
//     before ([Lease]). Deleting a room turns its task into a release but keeps
//     the lease, so that a release never overtakes an allocation in flight.
//   - What ends a delivery names the action and version it has seen. A task that
//     was replaced meanwhile stays.
//   - Nothing is lost by a crash: a leased row comes due by itself.
//   - A telephony that is away is asked once a second by one task, not by all
//     of them, and so is a telephony without free PINs, every two seconds. When
//     one task succeeds the rest follow at once. Allocations and releases go
//     their own ways, as one may work while the other does not.
//
// Any number of processes may run an Outbox on the same database.
//
//	task.go     Task, Action, Lease and the Store that keeps tasks
//	outbox.go   Outbox: delivery in the request that made the task, wake-up, Run
//	lane.go     the worker of one action: claim, deliver, settle
//	outcome.go  what an answer of telephony means for the task and the lane
//	metrics.go  what operators see
package outbox

// Package run is the life of a process: start in order, work, stop in reverse.
//
// A main function is [Main] around a function that reads its configuration,
// adds components to a [Group] and runs it.
//
// Invariants:
//
//   - Components start in the order they were added, each after the one before
//     has started, and end in reverse, each after the one behind has ended. So
//     whatever a component was given at start outlives it.
//   - Stopping is bounded by one budget for all components together. When it
//     is used up, the rest is closed hard, a moment for each, and the process
//     ends all the same.
//   - A panic in a component ends the process: state after a panic is not to
//     be trusted, and a supervisor restarts it clean.
//   - The first SIGINT or SIGTERM asks, the second one insists.
//
// Files:
//
//	main.go     Main, SignalContext
//	group.go    Component, Group: starting and waiting
//	stop.go     Group: stopping
//	http.go     Address, HTTPServer
//	backoff.go  Backoff
package run

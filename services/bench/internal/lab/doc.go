// Package lab starts what a figure measures: databases, Redis, the suite's own
// binaries from bin/ and the bare peers. A figure has a lab of its own, so that
// nothing of another figure runs beside it, and everything ends with the lab.
//
// All of it listens on loopback. The PostgreSQL server is given, and must write
// through to the disk (fsync), or writes would look faster than they are.
//
//   - lab.go: Lab, its directory, databases, Redis and peers
//   - deployment.go: the five services as processes, and one process with all
//   - seed.go: PINs by the hundred thousand
//   - browser.go: a REST client
//   - guests.go: many who wait in a lobby
//   - rooms.go: rooms by the million
package lab

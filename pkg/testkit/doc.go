// Package testkit gives tests the real servers that Parley runs on, each test
// its own, and a few helpers. Production code must never import it.
//
// Invariants:
//
//   - A missing server fails the test and says how to get it. No test is
//     skipped, so a green run has tested what it claims.
//   - Servers are reached over loopback and end with the test, or, on Linux,
//     with the test process however that ends.
//   - Tests that use it may run in parallel: no database, port or file is shared.
//
// Files:
//
//   - postgres.go: Postgres, an empty database for one test
//   - postgres_server.go: StartPostgres for tests that restart it
//   - redis.go: Redis, and StartRedis for tests that restart it
//   - livekit.go: LiveKit, a media server
//   - wait.go: Eventually, FreePort, RepoRoot
//   - process.go, process_*.go: child processes
package testkit

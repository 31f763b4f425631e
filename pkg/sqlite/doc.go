// Package sqlite opens a service's embedded database: one file, one writing
// connection, a pool of readers, migrations, and write transactions. It knows
// no table; the stores write their own SQL. The driver is pure Go.
//
// Invariants:
//
//   - Writes queue on one connection inside the process instead of failing
//     with SQLITE_BUSY, and every write transaction takes SQLite's write lock
//     at its start (BEGIN IMMEDIATE), so it never fails half-way for a lock.
//   - Readers never block the writer nor it them (WAL); they see the last
//     commit. They refuse to write.
//   - A commit that returned survives a loss of power (synchronous=FULL), but for
//     those whose caller said that they need not.
//   - Foreign keys are enforced.
//   - The file is readable by its owner alone.
//
// Files:
//
//   - sqlite.go: Config, Open, DB, Read, Ready, Close, and the settings of a connection
//   - read.go: Reader, which parses each statement once a connection
//   - tx.go: InTx, InTxAsyncCommit and their retries
//   - migrate.go: Migrate
//   - errors.go: what a driver error means (IsUnique, IsForeignKey, IsUnavailable)
package sqlite

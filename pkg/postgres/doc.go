// Package postgres opens a service's PostgreSQL database: a pgx pool bound to
// the service's schema, its migrations, and transactions that survive
// serialization failures. It knows no table; the stores write their own SQL.
//
// Invariants:
//
//   - One database may hold several services. Each lives in its own schema,
//     and every connection has that schema alone as its search_path.
//   - Opening never needs the server. Services start in any order and become
//     ready when the database answers (MigrateWithRetry, then Ready).
//   - Migrations of one schema never run twice at once: goose holds an advisory
//     lock whose key is derived from the schema. A database that is ahead of
//     the binary is ready, because migrations only expand what older binaries
//     read.
//   - Instants are read back in UTC.
//   - No error of this package carries the password of the URL.
//
// A connection pooler in transaction mode cannot carry the session's
// search_path; connect directly or through one in session mode.
//
// Files:
//
//   - postgres.go: Config, Open, DB, Ready
//   - connect.go: the URL, timeouts and session settings
//   - migrate.go: Migrate, MigrateWithRetry
//   - tx.go: Querier, InTx and its retries
//   - errors.go: what a driver error means (IsUnique, IsForeignKey, IsUnavailable)
package postgres

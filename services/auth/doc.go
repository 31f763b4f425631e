// Package auth is the service that knows people: users, the sessions of their
// browsers, and the keys that prove to the other services who is calling.
//
// People prove who they are at an OpenID Connect provider; in development an
// e-mail is believed, on loopback addresses only. A session becomes an identity
// assertion, good for a minute at one service, which that service verifies by
// itself. Applications, which are machines, prove who they are by a secret and
// get tokens, which become such assertions too. Auth calls no other service.
//
//	config.go          settings
//	service.go         Service: how a process builds, registers and runs it
//	store.go           which database
//	internal/users     people and their preferences
//	internal/provider  where they log in
//	internal/sessions  log-ins, sessions, log-outs
//	internal/applications  machines, their secrets and tokens
//	internal/keys      signing keys and their rotation
//	internal/rpc       the gRPC handlers
//	internal/store     PostgreSQL, SQLite, and the suite that proves both alike
package auth

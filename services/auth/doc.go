// Package auth is the service that knows people: users, the sessions of their
// browsers, and the keys that prove to the other services who is calling.
//
// People prove who they are at an OpenID Connect provider; in development an
// e-mail is believed, on loopback addresses only. A session becomes an identity
// assertion, good for a minute at one service, which that service verifies by
// itself. Auth calls no other service.
//
//	config.go          settings
//	service.go         Service: how a process builds, registers and runs it
//	store.go           which database
//	internal/users     people and their preferences
//	internal/provider  where they log in
//	internal/sessions  log-ins, sessions, log-outs
//	internal/keys      signing keys and their rotation
//	internal/rpc       the gRPC handlers
//	internal/store     PostgreSQL, SQLite, and the suite that proves both alike
package auth

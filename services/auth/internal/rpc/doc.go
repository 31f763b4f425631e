// Package rpc serves parley.auth.v1 over the domains of users, sessions and keys.
//
//	users.go     UserService
//	logins.go    LoginService
//	sessions.go  SessionService and KeyService
//	wire.go      between proto messages and the domains
package rpc

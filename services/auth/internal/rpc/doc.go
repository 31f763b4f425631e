// Package rpc serves parley.auth.v1 over the domains of users, sessions, keys and
// applications.
//
//	users.go     UserService
//	rights.go    what of UserService operators alone may do
//	logins.go    LoginService
//	sessions.go  SessionService and KeyService
//	applications.go  ApplicationService
//	tokens.go    ApplicationTokenService
//	wire.go      between proto messages and the domains
package rpc

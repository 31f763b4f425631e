// Package identity carries who calls: the process at the other end of the
// connection, and the person on whose behalf it calls.
//
// The process is proved by the connection (a client certificate, or a pipe
// inside one process). The person is proved by an identity assertion: a JWT
// that the auth service signs with Ed25519, good for a minute at one service.
// The gateway passes it on and cannot make one; each service checks it itself
// with auth's public keys. Rights are never in an assertion, but for the
// operator mark: what a person may do to a room, the room service knows.
//
// A machine is an application. Its assertion names it and its scopes, and the
// user for whom it acts, if any. It is built so that it never passes for that
// user's own: a method takes it only where the table of its process has a scope.
//
//	context.go    user, application and caller in a context
//	application.go  applications and the table of scopes
//	assertion.go  Signer and Verifier
//	keys.go       the verifier's cache of public keys
package identity

// Package applications keeps the machines that call the suite, and gives them
// tokens.
//
// An application has a client id and a secret, scopes, and the e-mail domains of
// the users for whom it may act. With its secret it gets a token, good for an
// hour at most and for one of two: a user, with the scopes that are used for
// users, or the application itself, with the others. The gateway turns a token
// into an identity assertion for one service, each time anew.
//
// Invariants:
//
//   - A secret is 256 random bits and known to the application alone; the store
//     has its hash. A new secret leaves the one before good for a grace.
//   - A token carries no rights that outlive a change: at each use the
//     application is read again, and what it has lost, or it as a whole, counts.
//   - A token is no identity assertion, and the other way round: they differ in
//     type and audience, also where one key signs both.
//   - An application that acts for an operator is no operator.
//
// Files:
//
//	application.go  Application, Change, Secret, Store
//	registry.go     Registry: what operators do
//	fields.go       the rules for fields
//	issue.go        Issuer: tokens for applications
//	resolve.go      tokens to principals
//	token.go        the tokens themselves
package applications

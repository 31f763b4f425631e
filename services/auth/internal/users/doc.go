// Package users keeps people: who they are at the identity provider, and how
// they like the suite.
//
// Invariants:
//
//   - A person is known by sub, the subject at the identity provider. It never
//     changes, and no two users share one. E-mails may be shared.
//   - Where the suite says so, a person with an unknown sub is taken for the one
//     user with the same e-mail; that user keeps its sub.
//   - What the provider says about a person is renewed at each log-in; what
//     the person chose (time zone, language, defaults of rooms) is its own and
//     changed by nobody else.
//   - A time zone is kept exactly as it was given, aliases too: the browser
//     sends its own again and again until it reads the same.
//
// Files:
//
//	user.go         User, Claims, Change, Store
//	directory.go    Directory: look-ups, change, rights
//	login.go        which user the provider's claims are about
//	provisional.go  people for whom applications act before they ever log in
//	preferences.go  the rules for what a person may choose
package users

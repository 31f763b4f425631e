// Package sqlite keeps auth's data in one SQLite file. It implements the Store
// interfaces of users, sessions, keys and applications; their comments are the
// specification, storetest proves it.
//
// Instants are stored as microseconds since 1970, JSON as text.
package sqlite

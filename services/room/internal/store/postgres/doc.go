// Package postgres keeps all that the room service knows in PostgreSQL. What each
// method does is written on the interface that it meets, in the package that
// needs it; package storetest proves it.
//
//	store.go        Store, its migrations, what driver errors mean
//	rooms.go        rooms.Store
//	callbacks.go    rooms.Store: who learns of a new room without seeing it created
//	roles.go        rooms.AccessStore, moderation.Roles
//	accesses.go     accesses.Store
//	lobby.go        lobby.Store
//	phones.go       phones.Store
//	live.go         live.Store
//	invitations.go  invitations.Store
//	outbox.go       outbox.Store
package postgres

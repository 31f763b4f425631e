// Package storetest proves that a store does what the interfaces of the packages
// say that need it. Each backend runs it in its own tests.
//
//	storetest.go    Run, and what the tests share
//	rooms.go        rooms.Store and rooms.AccessStore
//	list.go         lists of rooms
//	callbacks.go    who learns of a new room
//	accesses.go     accesses.Store
//	actors.go       who acts by a role that it has no more
//	roles.go        moderation.Roles
//	lobby.go        lobby.Store
//	lasting.go      lobby.Store: who need not be written again
//	phones.go       phones.Store
//	live.go         live.Store: lives of rooms, what telephony is owed
//	metadata.go     live.Store: what the people in a room are owed
//	invitations.go  invitations.Store
//	tasks.go        outbox.Store, and the tasks that rooms.Store writes
//	concurrent.go   many at once
//	grant.go        Grant, for tests of the whole service
package storetest

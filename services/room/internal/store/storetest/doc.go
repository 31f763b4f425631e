// Package storetest proves that a store does what the interfaces of packages
// rooms and outbox say. Each backend runs it in its own tests.
//
//	storetest.go   Run, and what the tests share
//	rooms.go       rooms.Store and rooms.AccessStore
//	list.go        lists
//	metadata.go    what is owed to the people in a room
//	tasks.go       outbox.Store, and the tasks that rooms.Store writes
//	actors.go      who acts by a role that it has no more
//	concurrent.go  many at once
//	grant.go       Grant, for tests of the whole service
package storetest

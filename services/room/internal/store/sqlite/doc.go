// Package sqlite keeps rooms, accesses and outbox tasks in an SQLite file. What
// each method does is written on the interfaces it meets, in packages rooms and
// outbox; package storetest proves it.
//
//	store.go     Store, its migrations, instants, what driver errors mean
//	rooms.go     rooms.Store
//	accesses.go  rooms.AccessStore
//	outbox.go    outbox.Store
package sqlite

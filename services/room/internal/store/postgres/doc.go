// Package postgres keeps rooms, accesses and outbox tasks in PostgreSQL. What
// each method does is written on the interfaces it meets, in packages rooms and
// outbox; package storetest proves it.
//
//	store.go     Store, its migrations, what driver errors mean
//	rooms.go     rooms.Store
//	accesses.go  rooms.AccessStore
//	outbox.go    outbox.Store
package postgres

// Package storetest proves that a database keeps what the interfaces of users,
// sessions, keys and applications promise. Each backend runs the whole suite.
//
//	suite.go        Run, and what the tests share
//	users.go        users.Store
//	sessions.go     sessions.Store
//	keys.go         keys.Store
//	applications.go applications.Store, users.ProvisionalStore
//	concurrency.go  what holds when many write at once
package storetest

// Package storetest proves that a database keeps what the interfaces of users,
// sessions and keys promise. Each backend runs the whole suite.
//
//	suite.go        Run, and what the tests share
//	users.go        users.Store
//	sessions.go     sessions.Store
//	keys.go         keys.Store
//	concurrency.go  what holds when many write at once
package storetest

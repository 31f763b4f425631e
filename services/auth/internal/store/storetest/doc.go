// Package storetest proves that a database keeps what the interfaces of users,
// sessions, keys and applications promise. Each backend runs the whole suite.
//
//	suite.go        Run, and what the tests share
//	users.go        users.Store
//	rights.go       users.Store: search, and what operators do to people
//	sessions.go     sessions.Store
//	revoke.go       sessions.Store: log-outs that the identity provider tells of
//	keys.go         keys.Store
//	applications.go applications.Store, users.ProvisionalStore
//	concurrency.go  what holds when many write at once
package storetest

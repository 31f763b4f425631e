// Package postgres keeps auth's data in PostgreSQL. It implements the Store
// interfaces of users, sessions, keys and applications; their comments are the
// specification, storetest proves it.
//
// Every statement stands alone but for two transactions, which lock the row of
// their session first and so cannot deadlock.
package postgres

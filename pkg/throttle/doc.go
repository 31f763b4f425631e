// Package throttle bounds how often one caller may do something: a sliding log
// for each key, kept in memory. What is refused is not counted, so a caller that
// keeps asking is served as soon as its window has room again.
//
// A process counts by itself. With n replicas a caller may do n times as much,
// which for what this is used (keeping one caller from flooding) is no harm.
//
// Memory is bounded: a limiter knows at most maxKeys callers at a time, and
// counts those who come on top of that together.
//
//	throttle.go  Rate, Limiter
//	address.go   AddressKey: which addresses are one caller
package throttle

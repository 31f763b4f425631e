// Package throttle bounds how often one caller may do something: a sliding log
// for each key, kept in memory. What is refused is not counted, so a caller that
// keeps asking is served as soon as its window has room again.
//
// A process counts by itself. With n replicas a caller may do n times as much,
// which for what this is used (keeping one browser from flooding) is no harm.
package throttle

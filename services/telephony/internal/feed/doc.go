// Package feed tells operators of calls as they go on.
//
// Each watcher looks at the records once a second: what any replica has written
// is seen, and nothing needs to be sent between them. A record may be written
// later than the time it bears, when the queue to the database was long, so
// each look goes back a while behind the last, and tells only what differs from
// what was told.
//
// A watcher who does not read is dropped: nothing is kept for him but one look.
package feed

// Package accesses gives users roles on rooms and takes them back.
//
// Invariants:
//
//   - Who administers a room manages its accesses; only owners make owners, and
//     an owner's access is touched by that owner alone.
//   - A room keeps at least one owner. The store proves it in the transaction
//     that would break it.
//   - What is changed is what was judged, on behalf of whom was judged: where
//     somebody changed a role meanwhile, that of the access or that of who acts, it
//     is judged once more. The store proves that too.
//
// Files:
//
//	service.go  Service: the rules
//	check.go    what people say about an access
//	store.go    what a database must do
package accesses

// Package keys keeps the Ed25519 keys that sign identity assertions and the
// tokens of applications.
//
// Keys live in the store, so that all replicas sign with the same ones. The
// private half is sealed. A key passes four instants:
//
//	created -> active: known to verifiers, signs nothing yet
//	active -> retired: signs, unless a younger key is active
//	retired -> expired: signs nothing, verifies what it signed
//	expired: deleted
//
// The next key is created well before the present one retires, so there is
// always one to sign with, and verifiers meet none that they cannot fetch.
// Replicas that find at once that a key is due make one each. That is
// harmless: both verify, and all sign with the same one.
//
//	key.go   Key, Store
//	ring.go  Ring: signing, listing, rotation
package keys

// Package trunks keeps SIP trunks and their phone numbers.
//
// A trunk is a carrier's line into the suite and a PIN namespace of its own.
// Invariants:
//
//   - A number is in E.164 form and belongs to one trunk at most; storage
//     guarantees it.
//   - The password of a trunk is sealed before it reaches storage, bound to the
//     trunk's id. It is opened only to answer a carrier's authentication.
//   - A trunk is deleted only when no PIN on it can still be dialled.
//   - Reading for calls and dial-ins goes through a [Directory], which is at
//     most a second old, and at once up to date in the process that changed it.
//
// Files:
//
//	trunk.go      the nouns
//	store.go      what storage must do
//	service.go    what operators do with trunks
//	density.go    how easily the PINs of a trunk are guessed
//	validate.go   what makes a trunk valid
//	directory.go  the short cache of all trunks
package trunks

// Package tokens makes and checks LiveKit access tokens.
//
// A token says what it grants in full: a right that is withheld is written as
// false and an empty list of sources as []. LiveKit's own AccessToken leaves
// such values out and adds iat; LiveKit's servers read both forms alike, but
// clients of the REST contract see the claims, so the struct here is ours. The
// tests hold it against LiveKit's own verifier and against golden claims.
//
//	claims.go     the claims, as LiveKit reads them
//	authority.go  Authority: minting
//	verify.go     Authority: verification, and the causes it names
package tokens

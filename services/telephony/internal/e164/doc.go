// Package e164 reads phone numbers as people and carriers write them, and shows
// them as people may see them.
//
// Inside telephony a number is a string in E.164 form with its plus sign, such
// as "+33123456789"; the empty string is a number that is not known. What comes
// from outside passes [Valid] (what an operator typed, strict) or [Dialled] and
// [Caller] (what a carrier sent, lenient), which take any string of any length.
//
//	e164.go  reading
//	show.go  display and masking
package e164

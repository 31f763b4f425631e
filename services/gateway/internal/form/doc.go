// Package form reads the fields of a request body the way the contract's
// original does, and says what is wrong with them in its words.
//
// A body arrives as google.protobuf.Value fields: nil where a key was absent,
// NullValue where it was null. A [Form] converts each and collects every
// violation, so that a client is told all of them at once:
//
//	var f form.Form
//	name, _ := f.String("name", body.GetName(), form.Rules{Required: true, Max: 500})
//	level, given := f.Choice("access_level", body.GetAccessLevel(), levels, form.Rules{})
//	if err := f.Err(); err != nil { return nil, err }
//
// Strings are trimmed; numbers are taken for strings and the usual words for
// booleans. What only the owning service can know (taken slugs, known time
// zones) is left to it.
//
//	form.go   Form, Rules, scalars
//	nested.go lists, objects, room configurations
package form

package frontend

import (
	"slices"
	"strings"

	"github.com/parleymeet/parley/pkg/apierr"
)

// allWrong returns what a visitor is told: first that it may not, and only then
// everything that is wrong with its body. wrong is what the form found, said what
// the service says of the rest, which it was asked to validate only, or of the
// visitor's rights alone, where the form found anything. It looks at rights before
// it looks at fields.
func allWrong(wrong, said error) error {
	if wrong == nil || said != nil && !apierr.Has(said, apierr.InvalidFields) {
		return said
	}
	all := apierr.From(wrong)
	if said == nil {
		return all
	}
	// The service did not get the fields that the form refused, and may miss them.
	rest := slices.DeleteFunc(slices.Clone(apierr.From(said).Violations), func(v apierr.Violation) bool {
		return slices.ContainsFunc(all.Violations, func(refused apierr.Violation) bool { return top(refused) == top(v) })
	})
	return apierr.Invalid(slices.Concat(all.Violations, rest)...)
}

// top is the field of the body in which something is wrong.
func top(v apierr.Violation) string {
	field, _, _ := strings.Cut(v.Field, ".")
	return field
}

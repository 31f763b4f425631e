package grpcx

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/grpc"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
)

// UserRule says whether a method wants a person behind the calling process.
type UserRule int

const (
	// NoUser ignores assertions: the process itself acts.
	NoUser UserRule = iota
	// OptionalUser verifies an assertion if there is one; anonymous calls pass.
	OptionalUser
	// RequireUser refuses anonymous calls, except the operator's.
	RequireUser
	// RequireDelegate refuses everybody but applications that act for a user.
	RequireDelegate
)

// AnyCaller in a rule lets every process in, even one that proved no name.
const AnyCaller = "*"

// Rule is a row of the table: who may call one method.
type Rule struct {
	Callers []string
	User    UserRule
	// Scope is what an application needs to call the method. Empty: none may.
	Scope identity.Scope
	// Lasting says that the method is a stream that lasts as long as its caller
	// wants, or until the server stops. All others have a deadline.
	Lasting bool
}

// admit judges whom a verified assertion names.
func (r Rule) admit(p *identity.Principal) error {
	switch app := p.Application; {
	case app == nil:
	case r.Scope == "":
		return apierr.Wrap(apierr.PermissionDenied, errors.New("the method is not for applications"))
	case len(app.Scopes) == 0:
		return apierr.New(apierr.PermissionDenied, "Insufficient permissions.")
	case !app.Has(r.Scope):
		return apierr.New(apierr.PermissionDenied, "Insufficient permissions. Required scope: %s", r.Scope)
	}
	needsUser := r.User == RequireUser || r.User == RequireDelegate
	if needsUser && p.User == nil || r.User == RequireDelegate && p.Application == nil {
		return apierr.New(apierr.Unauthenticated, "")
	}
	return nil
}

func (r Rule) allows(caller string) bool {
	return slices.Contains(r.Callers, AnyCaller) || (caller != "" && slices.Contains(r.Callers, caller))
}

// wants returns the rule for the user, given the caller. The operator's command
// line acts as itself and never carries an assertion.
func (r Rule) wants(caller string) UserRule {
	if caller == identity.CallerOperator {
		return NoUser
	}
	return r.User
}

// Policy is the table: full method name ("/package.Service/Method") -> rule.
type Policy map[string]Rule

// Service returns the table for every method of one gRPC service, with one rule.
func Service(desc grpc.ServiceDesc, rule Rule) Policy {
	p := Policy{}
	for _, m := range desc.Methods {
		p["/"+desc.ServiceName+"/"+m.MethodName] = rule
	}
	for _, s := range desc.Streams {
		p["/"+desc.ServiceName+"/"+s.StreamName] = rule
	}
	return p
}

// Merge returns one table out of several. A method in two tables is a mistake
// in the program and an error.
func Merge(policies ...Policy) (Policy, error) {
	all := Policy{}
	for _, p := range policies {
		for method, rule := range p {
			if _, ok := all[method]; ok {
				return nil, fmt.Errorf("method %s has two rules", method)
			}
			all[method] = rule
		}
	}
	return all, nil
}

// builtin are the methods that every server has: health and reflection, which
// tell nothing about people or rooms.
func builtin() Policy {
	rule := Rule{Callers: []string{AnyCaller}}
	lasting := Rule{Callers: rule.Callers, Lasting: true}
	return Policy{
		"/grpc.health.v1.Health/Check":                                   rule,
		"/grpc.health.v1.Health/List":                                    rule,
		"/grpc.health.v1.Health/Watch":                                   lasting,
		"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo":      lasting,
		"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": lasting,
	}
}

// check compares the table with the methods registered: each side must have
// what the other has.
func (p Policy) check(services map[string]grpc.ServiceInfo) error {
	known := map[string]bool{}
	var missing []string
	for name, info := range services {
		for _, m := range info.Methods {
			full := "/" + name + "/" + m.Name
			known[full] = true
			if _, ok := p[full]; !ok {
				missing = append(missing, full)
			}
		}
	}
	var unknown []string
	for method := range maps.Keys(p) {
		if _, ok := builtin()[method]; !ok && !known[method] {
			unknown = append(unknown, method)
		}
	}
	slices.Sort(missing)
	slices.Sort(unknown)
	if len(missing)+len(unknown) > 0 {
		return fmt.Errorf("policy: methods without a rule: [%s]; rules without a method: [%s]",
			strings.Join(missing, " "), strings.Join(unknown, " "))
	}
	return nil
}

package identity

import (
	"slices"
	"strings"
)

// Scope is a right of an application.
type Scope string

// The scopes.
const (
	ScopeRoomsList     Scope = "rooms:list"
	ScopeRoomsRetrieve Scope = "rooms:retrieve"
	ScopeRoomsCreate   Scope = "rooms:create"
	// ScopeResolve lets a SIP bridge ask where a call goes.
	ScopeResolve Scope = "telephony:resolve"
)

// scopes is the table of scopes: whether an application uses it for a user, by
// delegation, or for itself.
var scopes = []struct {
	Scope
	delegated bool
}{
	{ScopeRoomsList, true},
	{ScopeRoomsRetrieve, true},
	{ScopeRoomsCreate, true},
	{ScopeResolve, false},
}

// ParseScope returns the scope of that name, in any letter case, and whether
// there is one.
func ParseScope(name string) (Scope, bool) {
	for _, row := range scopes {
		if strings.EqualFold(string(row.Scope), name) {
			return row.Scope, true
		}
	}
	return "", false
}

// Scopes returns the names of all scopes.
func Scopes() []string {
	names := make([]string, 0, len(scopes))
	for _, row := range scopes {
		names = append(names, string(row.Scope))
	}
	return names
}

// Delegated reports whether applications use the scope for a user only; they use
// the others for themselves only.
func (s Scope) Delegated() bool {
	for _, row := range scopes {
		if row.Scope == s {
			return row.delegated
		}
	}
	return false
}

// Application is a machine that calls, for a user or for itself.
type Application struct {
	// ID is the client id.
	ID string
	// Scopes are its rights in this call.
	Scopes []Scope
}

// Has reports whether the application has the scope.
func (a *Application) Has(scope Scope) bool { return slices.Contains(a.Scopes, scope) }

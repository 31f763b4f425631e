package rooms

import (
	"time"
)

// Room is a meeting place.
type Room struct {
	// ID is a UUID in canonical form; also the LiveKit room name.
	ID   string
	Name string
	// Slug is derived from Name whenever that is set; unique.
	Slug          string
	AccessLevel   AccessLevel
	Configuration Configuration
	PhoneAccess   PhoneAccess
	// PhoneCountry is the country in which the room would have its number, ISO
	// 3166-1 alpha-2; "" for any.
	PhoneCountry string
	// Instants in UTC, to the microsecond, which is what every store keeps.
	CreatedAt, UpdatedAt time.Time
}

// Access is the role of one user on one room. There is at most one for each pair.
type Access struct {
	ID, RoomID, UserID string
	Role               Role
	CreatedAt          time.Time
}

// Held is a room with the role that some person holds on it.
type Held struct {
	Room Room
	// Role is NoRole when the person holds none.
	Role Role
}

// Role of a user on a room. Roles are ordered, weakest first.
type Role int

// The roles.
const (
	NoRole Role = iota
	Member
	Administrator
	Owner
)

var roleNames = [...]string{"", "member", "administrator", "owner"}

// String returns the role's name on the wire and in the stores; empty for NoRole.
func (r Role) String() string { return roleNames[r] }

// ParseRole returns the role of that name, NoRole for a name that is none.
func ParseRole(name string) Role {
	for role := Member; role <= Owner; role++ {
		if roleNames[role] == name {
			return role
		}
	}
	return NoRole
}

// Administers reports whether the role may change the room and see who has access.
func (r Role) Administers() bool { return r >= Administrator }

// AccessLevel says who may enter a room without asking.
type AccessLevel int

// The access levels.
const (
	NoAccessLevel AccessLevel = iota
	// Public rooms are open to everybody.
	Public
	// Trusted rooms are open to every logged-in user.
	Trusted
	// Restricted rooms are open to those with a role.
	Restricted
)

var accessLevelNames = [...]string{"", "public", "trusted", "restricted"}

// String returns the level's name on the wire and in the stores.
func (l AccessLevel) String() string { return accessLevelNames[l] }

// ParseAccessLevel returns the level of that name, NoAccessLevel for a name that is none.
func ParseAccessLevel(name string) AccessLevel {
	for level := Public; level <= Restricted; level++ {
		if accessLevelNames[level] == name {
			return level
		}
	}
	return NoAccessLevel
}

// admits reports whether a person may enter at once: the table of the contract.
func (l AccessLevel) admits(loggedIn bool, role Role) bool {
	switch l {
	case Public:
		return true
	case Trusted:
		return loggedIn
	default:
		return loggedIn && role != NoRole
	}
}

// PhoneAccess says what callers do who know the PIN. They prove no log-in.
type PhoneAccess int

// The ways of callers.
const (
	// PhonesByLevel enter a public room at once, and wait at others.
	PhonesByLevel PhoneAccess = iota
	// PhonesEnter at once.
	PhonesEnter
	// PhonesWait in the lobby.
	PhonesWait
	// PhonesStay outside.
	PhonesStay
)

var phoneAccessNames = [...]string{"", "admit", "lobby", "deny"}

// String returns the name in the stores; empty for PhonesByLevel.
func (a PhoneAccess) String() string { return phoneAccessNames[a] }

// ParsePhoneAccess returns the access of that name, PhonesByLevel for a name that is none.
func ParsePhoneAccess(name string) PhoneAccess {
	for access := PhonesEnter; access <= PhonesStay; access++ {
		if phoneAccessNames[access] == name {
			return access
		}
	}
	return PhonesByLevel
}

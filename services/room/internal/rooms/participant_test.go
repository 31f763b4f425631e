package rooms

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/identity"

	"github.com/parleymeet/parley/services/internal/roomconfig"
)

func TestParticipant(t *testing.T) {
	t.Parallel()
	s := &Service{Settings: Settings{DefaultSources: roomconfig.Sources(), EditDisplayName: true}}
	onlyCamera, _ := ParseConfiguration(parsed(t, `{"can_publish_sources":["camera"]}`))
	nothing, _ := ParseConfiguration(parsed(t, `{"can_publish_sources":[]}`))
	ada := &identity.User{ID: "id-1", Sub: "user1"}
	for name, c := range map[string]struct {
		user          *identity.User
		role          Role
		configuration Configuration
		moderates     bool
		sources       []string
		attributes    map[string]string
	}{
		"member": {ada, Member, onlyCamera, false, []string{"camera"},
			map[string]string{"color": "hsl(92, 59%, 37%)", "is_authenticated": "true", "room_role": "member"}},
		"administrator": {ada, Administrator, onlyCamera, true, roomconfig.Sources(),
			map[string]string{"color": "hsl(92, 59%, 37%)", "is_authenticated": "true", "room_role": "administrator"}},
		"owner": {ada, Owner, nothing, true, roomconfig.Sources(),
			map[string]string{"color": "hsl(92, 59%, 37%)", "is_authenticated": "true", "room_role": "owner"}},
		"no role": {ada, NoRole, nothing, false, nil,
			map[string]string{"color": "hsl(92, 59%, 37%)", "is_authenticated": "true"}},
		"default sources": {ada, NoRole, Configuration{}, false, roomconfig.Sources(),
			map[string]string{"color": "hsl(92, 59%, 37%)", "is_authenticated": "true"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := s.participant(Caller{User: c.user}, Held{Room: Room{Configuration: c.configuration}, Role: c.role})
			if p.Identity != "user1" || p.Moderates != c.moderates || !slices.Equal(p.Sources, c.sources) {
				t.Errorf("participant %+v", p)
			}
			if !maps.Equal(p.Attributes, c.attributes) {
				t.Errorf("attributes %v, want %v", p.Attributes, c.attributes)
			}
		})
	}
}

func TestParticipantAnonymous(t *testing.T) {
	t.Parallel()
	s := &Service{}
	one, two := s.participant(Caller{}, Held{}), s.participant(Caller{}, Held{})
	if id, err := uuid.Parse(one.Identity); err != nil || id.Version() != 4 || one.Identity == two.Identity {
		t.Errorf("identities %q and %q", one.Identity, two.Identity)
	}
	if _, ok := one.Attributes["room_role"]; ok || one.Attributes["is_authenticated"] != "false" {
		t.Errorf("attributes %v", one.Attributes)
	}
}

func TestDisplayName(t *testing.T) {
	t.Parallel()
	full := &identity.User{ID: "id-1", Email: "ada@example.org", FullName: "Ada Lovelace"}
	for name, c := range map[string]struct {
		user *identity.User
		edit bool
		sent string
		want string
	}{
		"anonymous":           {nil, true, "", "Anonymous"},
		"anonymous with name": {nil, false, "Bob", "Bob"},
		"may choose":          {full, true, "Countess", "Countess"},
		"chose nothing":       {full, true, "", "Ada Lovelace"},
		"may not choose":      {full, false, "Countess", "Ada Lovelace"},
		"e-mail":              {&identity.User{ID: "id-1", Email: "ada@example.org"}, true, "", "ada@example.org"},
		"id":                  {&identity.User{ID: "id-1"}, true, "", "id-1"},
	} {
		s := &Service{Settings: Settings{EditDisplayName: c.edit}}
		if got := s.displayName(Caller{User: c.user, DisplayName: c.sent}); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

package trunks

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/livekit/protocol/utils/guid"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/secret"
	"github.com/parleymeet/parley/services/telephony/internal/e164"
	"github.com/parleymeet/parley/services/telephony/internal/page"
)

// Draft is a trunk as an operator describes it, not yet checked.
type Draft struct {
	Name    string
	Numbers []Number
	// PINLength 0 and Arming "" mean the defaults.
	PINLength        int
	AllowedAddresses []string
	AuthUsername     string
	AuthPassword     string
	Arming           Arming
	// Guard "" means auto on creation.
	Guard                Guard
	MaxCalls, MaxPending int
	LiveKitTrunk         string
	// State is read by Update only.
	State State
}

// Defaults are what a trunk gets where its draft says nothing.
type Defaults struct {
	PINLength int
	Arming    Arming
	// Rules says that LiveKit is given dispatch rules, for which a trunk needs one
	// of LiveKit's.
	Rules bool
}

// Service is what operators do with trunks.
type Service struct {
	store     Store
	directory *Directory
	key       *secret.Key
	clock     clock.Clock
	defaults  Defaults
}

// NewService returns a service on the store. It tells the directory about
// every change.
func NewService(store Store, directory *Directory, key *secret.Key, c clock.Clock, d Defaults) *Service {
	return &Service{store: store, directory: directory, key: key, clock: c, defaults: d}
}

// Create adds a trunk, active at once. The warnings are for the operator.
// Errors: INVALID_FIELDS.
func (s *Service) Create(ctx context.Context, d Draft) (t *Trunk, warnings []string, err error) {
	var f faults
	if d.PINLength == 0 {
		d.PINLength = s.defaults.PINLength
	}
	if d.Arming == "" {
		d.Arming = s.defaults.Arming
	}
	if d.Guard == "" {
		d.Guard = GuardAuto
	}
	now := s.clock.Now()
	t = &Trunk{
		ID: guid.New(guid.SIPTrunkPrefix), State: Active,
		Name: f.name(d.Name), Numbers: f.numbers(d.Numbers), Allowed: f.allowed(d.AllowedAddresses),
		PINLength: d.PINLength, Arming: d.Arming, AuthUsername: d.AuthUsername,
		Guard: d.Guard, MaxCalls: d.MaxCalls, MaxPending: d.MaxPending, LiveKitTrunk: d.LiveKitTrunk,
		Created: now, Updated: now,
	}
	f.guard(d.Guard)
	f.quota(FieldMaxCalls, d.MaxCalls)
	f.quota(FieldMaxPending, d.MaxPending)
	f.liveKitTrunk(d.LiveKitTrunk)
	f.pinLength(d.PINLength)
	f.arming(d.Arming)
	f.password(d.AuthPassword)
	f.credentials(d.AuthUsername, d.AuthPassword != "")
	if err := f.err(); err != nil {
		return nil, nil, err
	}
	t.SealedPassword = s.seal(t.ID, d.AuthPassword)
	err = s.store.CreateTrunk(ctx, t)
	if gone := (*NumberTakenError)(nil); errors.As(err, &gone) {
		i := slices.IndexFunc(t.Numbers, func(n Number) bool { return n.E164 == gone.E164 })
		return nil, nil, taken(fmt.Sprintf("numbers.%d.number", i))
	}
	if errors.Is(err, ErrLiveKitTrunkTaken) {
		return nil, nil, liveKitTrunkTaken()
	}
	if err != nil {
		return nil, nil, err
	}
	s.directory.Forget()
	return t, s.warnings(t), nil
}

// warnings returns what an operator should know about a trunk.
func (s *Service) warnings(t *Trunk) []string {
	var warnings []string
	if len(t.Allowed) == 0 && len(t.SealedPassword) == 0 {
		warnings = append(warnings, "The trunk takes calls from anywhere: give it allowed addresses or credentials.")
	}
	if len(t.Numbers) == 0 {
		warnings = append(warnings, "The trunk has no number yet: rooms get no PIN on it.")
	}
	if s.defaults.Rules && t.LiveKitTrunk == "" {
		warnings = append(warnings, "The trunk has no LiveKit trunk: with DISPATCH_MODE=rules nobody can call on it.")
	}
	return warnings
}

// Get returns a trunk. Errors: TRUNK_NOT_FOUND.
func (s *Service) Get(ctx context.Context, id string) (*Trunk, error) { return s.store.Trunk(ctx, id) }

// List returns a window of the trunks, oldest first, and how many there are.
func (s *Service) List(ctx context.Context, w page.Window) ([]*Trunk, int, error) {
	return s.store.Trunks(ctx, w)
}

// The fields that Update can change.
const (
	FieldName             = "name"
	FieldPINLength        = "pin_length"
	FieldAllowedAddresses = "allowed_addresses"
	FieldAuthUsername     = "auth_username"
	FieldAuthPassword     = "auth_password"
	FieldArming           = "arming"
	FieldGuard            = "guard"
	FieldMaxCalls         = "max_calls"
	FieldMaxPending       = "max_pending"
	FieldLiveKitTrunk     = "livekit_trunk_id"
	FieldState            = "state"
)

// Update changes the named fields to what the draft says. An empty user name
// also drops the password. The warnings are of what was not so before.
// Errors: TRUNK_NOT_FOUND, INVALID_FIELDS.
func (s *Service) Update(ctx context.Context, id string, d Draft, fields []string) (t *Trunk, warnings []string, err error) {
	var known []string
	t, err = s.store.UpdateTrunk(ctx, id, func(t *Trunk) error {
		known = s.warnings(t)
		var f faults
		for _, field := range fields {
			s.set(t, d, field, &f)
		}
		if t.AuthUsername == "" && !slices.Contains(fields, FieldAuthPassword) {
			t.SealedPassword = nil
		}
		f.credentials(t.AuthUsername, len(t.SealedPassword) > 0)
		t.Updated = s.clock.Now()
		return f.err()
	})
	if errors.Is(err, ErrLiveKitTrunkTaken) {
		return nil, nil, liveKitTrunkTaken()
	}
	if err != nil {
		return nil, nil, err
	}
	s.directory.Forget()
	warnings = slices.DeleteFunc(s.warnings(t), func(text string) bool { return slices.Contains(known, text) })
	return t, warnings, nil
}

func (s *Service) set(t *Trunk, d Draft, field string, f *faults) {
	switch field {
	case FieldName:
		t.Name = f.name(d.Name)
	case FieldPINLength:
		f.pinLength(d.PINLength)
		t.PINLength = d.PINLength
	case FieldAllowedAddresses:
		t.Allowed = f.allowed(d.AllowedAddresses)
	case FieldAuthUsername:
		t.AuthUsername = d.AuthUsername
	case FieldAuthPassword:
		f.password(d.AuthPassword)
		t.SealedPassword = s.seal(t.ID, d.AuthPassword)
	case FieldArming:
		f.arming(d.Arming)
		t.Arming = d.Arming
	case FieldGuard:
		f.guard(d.Guard)
		t.Guard = d.Guard
	case FieldMaxCalls:
		f.quota(field, d.MaxCalls)
		t.MaxCalls = d.MaxCalls
	case FieldMaxPending:
		f.quota(field, d.MaxPending)
		t.MaxPending = d.MaxPending
	case FieldLiveKitTrunk:
		f.liveKitTrunk(d.LiveKitTrunk)
		t.LiveKitTrunk = d.LiveKitTrunk
	case FieldState:
		if d.State != Active && d.State != Disabled {
			f.add(FieldState, "invalid", "A trunk is made active or disabled; draining has a method of its own.")
		}
		t.State = d.State
	default:
		f.add("update_mask", "invalid", "The field %q cannot be changed.", field)
	}
}

// Delete deletes a trunk on which no PIN can be dialled.
// Errors: TRUNK_NOT_FOUND, TRUNK_NOT_EMPTY.
func (s *Service) Delete(ctx context.Context, id string) error {
	defer s.directory.Forget()
	return s.store.DeleteTrunk(ctx, id)
}

// Drain marks a trunk as draining; the drain itself is the work of package pins.
// A disabled trunk takes calls again meanwhile. Draining a draining trunk changes
// nothing. Errors: TRUNK_NOT_FOUND.
func (s *Service) Drain(ctx context.Context, id string) (*Trunk, error) {
	defer s.directory.Forget()
	return s.store.UpdateTrunk(ctx, id, func(t *Trunk) error {
		if t.State != Draining {
			t.State, t.Updated = Draining, s.clock.Now()
		}
		return nil
	})
}

// AddNumber adds a number to a trunk. Violations name the fields of the number
// itself. Errors: TRUNK_NOT_FOUND, INVALID_FIELDS.
func (s *Service) AddNumber(ctx context.Context, id string, n Number) (*Trunk, error) {
	var f faults
	n = f.number("", n)
	if err := f.err(); err != nil {
		return nil, err
	}
	err := s.store.AddNumber(ctx, id, n)
	if gone := (*NumberTakenError)(nil); errors.As(err, &gone) {
		return nil, taken("number")
	}
	if err != nil {
		return nil, err
	}
	s.directory.Forget()
	return s.store.Trunk(ctx, id)
}

// RemoveNumber removes a number, in any form that names it, from its trunk.
// Errors: TRUNK_NOT_FOUND, NUMBER_NOT_FOUND.
func (s *Service) RemoveNumber(ctx context.Context, id, number string) (*Trunk, error) {
	if valid, _, ok := e164.Valid(number); ok {
		number = valid
	}
	if err := s.store.RemoveNumber(ctx, id, number); err != nil {
		return nil, err
	}
	s.directory.Forget()
	return s.store.Trunk(ctx, id)
}

// Guarded reports whether a trunk is guarded now.
func (s *Service) Guarded(t *Trunk) bool { return t.Guarded(s.clock.Now()) }

// Password opens the password of a trunk, "" for none.
func (s *Service) Password(t *Trunk) (string, error) {
	if len(t.SealedPassword) == 0 {
		return "", nil
	}
	plain, err := s.key.Open(t.SealedPassword, sealContext(t.ID))
	if err != nil {
		return "", fmt.Errorf("password of trunk %s: %w", t.ID, err)
	}
	return string(plain), nil
}

func (s *Service) seal(id, password string) []byte {
	if password == "" {
		return nil
	}
	return s.key.Seal([]byte(password), sealContext(id))
}

func sealContext(id string) string { return "trunk/" + id }

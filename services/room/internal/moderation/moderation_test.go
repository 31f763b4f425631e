package moderation

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// world is all that the service asks: one room, "room", which ada administers.
type world struct {
	configuration map[string]any
	present       map[string]bool
	livekit       error // what LiveKit's changes fail with
	blind         error // what LiveKit's presence fails with
	owner         bool  // whether bob owns the room
	done          []string
	attributes    map[string]string
}

func (w *world) Find(_ context.Context, caller rooms.Caller, idOrSlug string) (rooms.Held, error) {
	if idOrSlug != "room" {
		return rooms.Held{}, rooms.NotFound()
	}
	sent, err := structpb.NewStruct(w.configuration)
	if err != nil {
		return rooms.Held{}, err
	}
	configuration, _ := rooms.ParseConfiguration(sent)
	held := rooms.Held{Room: rooms.Room{ID: "id", Configuration: configuration}}
	if caller.User != nil && caller.User.Sub == "ada" {
		held.Role = rooms.Administrator
	}
	return held, nil
}

func (w *world) Moderated(ctx context.Context, caller rooms.Caller, idOrSlug string) (rooms.Held, error) {
	held, err := w.Find(ctx, caller, idOrSlug)
	if err == nil && !held.Role.Administers() {
		err = apierr.New(apierr.PermissionDenied, "")
	}
	return held, err
}

func (w *world) Present(_ context.Context, _, identity string) (bool, error) {
	return w.present[identity], w.blind
}

func (w *world) note(what string) error {
	w.done = append(w.done, what)
	return w.livekit
}

func (w *world) Mute(context.Context, string, string, string) error { return w.note("mute") }
func (w *world) Remove(context.Context, string, string) error       { return w.note("remove") }
func (w *world) Forget(context.Context, string, string) error {
	w.done = append(w.done, "forget")
	return nil
}

// Deny finds one caller in the lobby, sip_1.
func (w *world) Deny(_ context.Context, _, identity string) (bool, error) {
	if identity != "sip_1" {
		return false, nil
	}
	w.done = append(w.done, "deny")
	return true, nil
}

func (w *world) Change(_ context.Context, _, _ string, change livekit.Change) error {
	w.attributes = change.Attributes
	return w.note("change")
}

func (w *world) SetRole(_ context.Context, by string, _ rooms.Access) error {
	if w.owner {
		return apierr.New(apierr.LastOwner, "")
	}
	w.done = append(w.done, "role by "+by)
	return nil
}

func (w *world) BySub(_ context.Context, sub string) (*authv1.User, error) {
	if sub != "bob" {
		return nil, apierr.New(apierr.UserNotFound, "")
	}
	return &authv1.User{Id: "bob's"}, nil
}

func (w *world) Verify(_ context.Context, token string) (Bearer, error) {
	if token == "bad" {
		return Bearer{}, apierr.New(apierr.TokenInvalid, "bad")
	}
	return Bearer{RoomID: token, Identity: "gil"}, nil
}

func service(w *world) *Service {
	return New(Parts{
		Rooms: w, Meetings: w, Roles: w, Lobby: w, Phones: w, Users: w, Tokens: w,
		Clock: clock.NewFake(time.Unix(1768478400, 0)), Logger: slog.New(slog.DiscardHandler),
	})
}

func as(sub, idOrSlug, token string) Who {
	who := Who{IDOrSlug: idOrSlug, Token: token}
	if sub != "" {
		who.Caller.User = &identity.User{ID: sub + "'s", Sub: sub}
	}
	return who
}

// check wants a reason and, where it is not empty, a text; the zero reason for success.
func check(t *testing.T, err error, reason apierr.Reason, text string) {
	t.Helper()
	if got := apierr.ReasonOf(err); got != reason {
		t.Fatalf("error %v, want %v", err, reason)
	}
	if text != "" && apierr.From(err).PublicText() != text {
		t.Errorf("text %q, want %q", apierr.From(err).PublicText(), text)
	}
}

func TestMute(t *testing.T) {
	t.Parallel()
	const credentials = "Authentication credentials were not provided."
	in := map[string]bool{"gil": true}
	for name, c := range map[string]struct {
		world  world
		who    Who
		reason apierr.Reason
		text   string
	}{
		"moderator":            {world{}, as("ada", "room", ""), 0, ""},
		"without a role":       {world{}, as("bob", "room", ""), apierr.PermissionDenied, ""},
		"anonymous":            {world{}, as("", "room", ""), apierr.PermissionDenied, credentials},
		"anonymous, no room":   {world{}, as("", "none", ""), apierr.RoomNotFound, ""},
		"token":                {world{present: in}, as("", "room", "id"), 0, ""},
		"token, null":          {world{present: in, configuration: map[string]any{"everyone_can_mute": nil}}, as("", "room", "id"), 0, ""},
		"token, switched off":  {world{present: in, configuration: map[string]any{"everyone_can_mute": "off"}}, as("", "room", "id"), apierr.PermissionDenied, ""},
		"a moderator's token":  {world{present: in, configuration: map[string]any{"everyone_can_mute": false}}, as("ada", "room", "id"), apierr.PermissionDenied, ""},
		"bad token, no room":   {world{}, as("ada", "none", "bad"), apierr.TokenInvalid, ""},
		"token of elsewhere":   {world{present: in}, as("", "room", "other"), apierr.PermissionDenied, ""},
		"token of who left":    {world{}, as("", "room", "id"), apierr.ModerationRefused, "Could not verify caller presence"},
		"LiveKit does not say": {world{blind: errors.New("away")}, as("", "room", "id"), apierr.ModerationRefused, ""},
		"LiveKit away":         {world{livekit: errors.New("away")}, as("ada", "room", ""), apierr.LiveKitFailed, "Failed to mute participant"},
		"nobody there":         {world{livekit: apierr.New(apierr.ParticipantNotFound, "")}, as("ada", "room", ""), apierr.ParticipantNotFound, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, service(&c.world).Mute(t.Context(), c.who, "bob", "TR_1"), c.reason, c.text)
		})
	}
}

func TestChangeRole(t *testing.T) {
	t.Parallel()
	in := map[string]bool{"ada": true, "bob": true, "gil": true}
	for name, c := range map[string]struct {
		world  world
		who    Who
		target string
		reason apierr.Reason
		text   string
		synced bool
	}{
		"changed":      {world{present: in}, as("ada", "room", ""), "bob", 0, "", true},
		"not shown":    {world{present: in, livekit: errors.New("away")}, as("ada", "room", ""), "bob", 0, "", false},
		"no moderator": {world{present: in}, as("bob", "room", ""), "gil", apierr.PermissionDenied, "", false},
		"not inside":   {world{}, as("ada", "room", ""), "bob", apierr.PermissionDenied, "You must be connected to the meeting to perform this action.", false},
		"oneself":      {world{present: in}, as("ada", "room", ""), "ada", apierr.ModerationRefused, "You cannot change your own role.", false},
		"absent":       {world{present: in}, as("ada", "room", ""), "eve", apierr.ParticipantNotFound, "Participant is not connected to this meeting.", false},
		"a guest":      {world{present: in}, as("ada", "room", ""), "gil", apierr.ParticipantNotFound, "This participant has no user account and cannot be assigned a role.", false},
		"an owner":     {world{present: in, owner: true}, as("ada", "room", ""), "bob", apierr.ModerationRefused, "Room owners cannot be demoted.", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synced, err := service(&c.world).ChangeRole(t.Context(), c.who, c.target, rooms.Administrator)
			check(t, err, c.reason, c.text)
			if synced != c.synced {
				t.Errorf("synced %v", synced)
			}
			if err == nil && c.world.attributes["room_role"] != "administrator" {
				t.Errorf("attributes %v", c.world.attributes)
			}
		})
	}
}

// Who is removed loses its place in the lobby first, even where LiveKit fails.
func TestRemove(t *testing.T) {
	t.Parallel()
	w := &world{livekit: errors.New("away")}
	check(t, service(w).Remove(t.Context(), as("ada", "room", ""), "bob"), apierr.LiveKitFailed, "Failed to remove participant")
	if len(w.done) != 2 || w.done[0] != "forget" {
		t.Errorf("done %q", w.done)
	}
	// A caller who waits in the meeting is left to who attends to callers.
	w = &world{livekit: errors.New("away")}
	check(t, service(w).Remove(t.Context(), as("ada", "room", ""), "sip_1"), 0, "")
	if len(w.done) != 1 || w.done[0] != "deny" {
		t.Errorf("done %q", w.done)
	}
}

func TestSetHand(t *testing.T) {
	t.Parallel()
	w := &world{}
	for raised, want := range map[bool]string{true: "2026-01-15T12:00:00.000000+00:00", false: ""} {
		check(t, service(w).SetHand(t.Context(), as("", "room", "id"), raised), 0, "")
		if got := w.attributes["handRaisedAt"]; got != want {
			t.Errorf("raised %v: %q", raised, got)
		}
	}
}

// TestNoLiveKit: without LiveKit's address moderation fails as when it is away.
func TestNoLiveKit(t *testing.T) {
	t.Parallel()
	w := &world{}
	s := New(Parts{Rooms: w, Tokens: w, Clock: clock.System{}, Logger: slog.New(slog.DiscardHandler)})
	check(t, s.Rename(t.Context(), as("", "room", "id"), "x"), apierr.LiveKitFailed, "Failed to rename participant")
}

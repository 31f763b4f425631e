package phones

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/internal/color"
	"github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/room/internal/lobby"
	"github.com/parleymeet/parley/services/room/internal/rooms"
	"github.com/parleymeet/parley/services/room/internal/trouble"
)

// identityPrefix begins the identity of every caller in a meeting.
const identityPrefix = "sip_"

// Rooms knows which callers enter at once. Implemented by rooms.Service; see
// there for errors.
type Rooms interface {
	AdmitPhone(ctx context.Context, roomID string) (rooms.Admission, error)
}

// Server is LiveKit. A method that names a participant fails with
// PARTICIPANT_NOT_FOUND when it is not there.
type Server interface {
	People(ctx context.Context, roomID string) ([]livekit.Person, error)
	Mute(ctx context.Context, roomID, identity, track string) error
	// Unmute fails with livekit.ErrUnmuteDisabled where LiveKit is not to do that.
	Unmute(ctx context.Context, roomID, identity, track string) error
	Change(ctx context.Context, roomID, identity string, change livekit.Change) error
	Remove(ctx context.Context, roomID, identity string) error
}

// Settings are the rules that the operator may set.
type Settings struct {
	// Wait is how long a caller waits for a moderator.
	Wait time.Duration
	// Lone is after how long a caller who is alone in a room is removed; 0: never.
	Lone time.Duration
}

// Parts are what the service is built of. Server may be nil: then no caller can
// wait.
type Parts struct {
	Store    Store
	Rooms    Rooms
	Server   Server
	Bell     *lobby.Bell
	Clock    clock.Clock
	Logger   *slog.Logger
	Registry prometheus.Registerer
}

// Service is the callers' lobby of all rooms. It is safe for concurrent use.
type Service struct {
	Settings
	Parts
	metrics        *metrics
	wake           chan struct{} // of capacity 1: a wake-up is kept, not counted
	store, livekit trouble.Log

	mu   sync.Mutex
	lone map[string]time.Time // when a room was first found with one participant
	// attended are the rooms that are being looked at, and whether each is to be
	// looked at again.
	attended map[string]bool
}

// New returns the service.
func New(settings Settings, parts Parts) (*Service, error) {
	m, err := newMetrics(parts.Registry)
	if err != nil {
		return nil, err
	}
	return &Service{
		Settings: settings, Parts: parts, metrics: m, wake: make(chan struct{}, 1), lone: map[string]time.Time{}, attended: map[string]bool{},
		store:   trouble.Log{Logger: parts.Logger, What: "callers in lobbies cannot be read from the database"},
		livekit: trouble.Log{Logger: parts.Logger, What: "LiveKit does not serve; callers in lobbies stay as they are"},
	}, nil
}

// Call is a caller who knows the PIN.
type Call struct {
	RoomID string
	// Identity is that in the meeting, of this call alone; empty to ask without
	// calling.
	Identity string
	// Name is shown to moderators.
	Name string
	// ForceLobby makes those wait who would be admitted.
	ForceLobby bool
}

// Admit answers a caller and puts it on the waiting list if it is to wait. A call
// that is asked about again while it is on the list is answered as the moderator
// decided. Who calls again, has another identity and waits again: a decision is on
// one call, for a number may be another's, or forged. Errors: ROOM_NOT_FOUND,
// UNAVAILABLE.
func (s *Service) Admit(ctx context.Context, call Call) (rooms.Admission, error) {
	admission, err := s.Rooms.AdmitPhone(ctx, call.RoomID)
	if err != nil {
		return rooms.Deny, err
	}
	if admission == rooms.Admit && call.ForceLobby {
		admission = rooms.Lobby
	}
	switch {
	case admission != rooms.Lobby:
		return admission, nil
	case s.Server == nil: // nobody could ever let it in
		return rooms.Deny, nil
	case call.Identity == "":
		return rooms.Lobby, nil
	}
	now := s.now()
	phone, err := s.Store.Wait(ctx, Phone{CalledAt: now, Entry: lobby.Entry{
		RoomID: call.RoomID, ParticipantID: uuid.NewString(), Identity: call.Identity, Status: lobby.Waiting,
		Username: call.Name, Color: color.Of(call.Identity), CreatedAt: now, ExpiresAt: now.Add(s.Wait),
	}})
	if err != nil {
		return rooms.Deny, err
	}
	switch phone.Status {
	case lobby.Accepted:
		return rooms.Admit, nil
	case lobby.Denied:
		return rooms.Deny, nil
	}
	s.Bell.Ring(call.RoomID)
	return rooms.Lobby, nil
}

// Waiting returns the callers who wait to enter the room, longest first. Errors:
// UNAVAILABLE.
func (s *Service) Waiting(ctx context.Context, roomID string) ([]lobby.Entry, error) {
	phones, err := s.Store.Phones(ctx, roomID)
	if err != nil {
		return nil, err
	}
	var waiting []lobby.Entry
	for _, phone := range phones {
		if phone.Status == lobby.Waiting && phone.ExpiresAt.After(s.now()) {
			waiting = append(waiting, phone.Entry)
		}
	}
	return waiting, nil
}

// Decide lets a caller in or not, a moment later. Errors: LOBBY_ENTRY_NOT_FOUND,
// UNAVAILABLE.
func (s *Service) Decide(ctx context.Context, key lobby.Key, status lobby.Status) error {
	if err := s.Store.DecidePhone(ctx, key, status, s.now()); err != nil {
		return err
	}
	s.wakeUp()
	return nil
}

// Deny denies the caller with the identity, as Decide does, and reports whether
// it was on the list. Errors: UNAVAILABLE.
func (s *Service) Deny(ctx context.Context, roomID, identity string) (bool, error) {
	found, err := s.Store.DenyPhone(ctx, roomID, identity)
	if found {
		s.wakeUp()
	}
	return found, err
}

// Happened takes a hint that a participant of a room came, left or published.
func (s *Service) Happened(event livekit.Event) {
	if event.Name == livekit.ParticipantJoined {
		s.mu.Lock()
		delete(s.lone, event.Session.Room)
		s.mu.Unlock()
	}
	if strings.HasPrefix(event.Identity, identityPrefix) {
		s.wakeUp()
	}
}

func (s *Service) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// now returns the present time as stores keep it.
func (s *Service) now() time.Time { return s.Clock.Now().UTC().Truncate(time.Microsecond) }

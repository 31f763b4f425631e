package lobby

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"time"

	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/batch"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/throttle"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// maxQueue bounds how many of those who wait are shown. Of a crowd that is larger
// the last maxLatest to come are among them, so that nobody can be hidden for good
// behind people who are made up.
const maxQueue, maxLatest = 1000, 200

// Rooms knows who may enter. Implemented by rooms.Service; see there for errors.
type Rooms interface {
	Find(ctx context.Context, caller rooms.Caller, idOrSlug string) (rooms.Held, error)
	Moderated(ctx context.Context, caller rooms.Caller, idOrSlug string) (rooms.Held, error)
	Connect(ctx context.Context, caller rooms.Caller, held rooms.Held) (*tokenv1.Connection, error)
}

// Phones are the callers in the lobby, who do not ask again. See package phones.
type Phones interface {
	// Waiting returns the callers who wait to enter the room, longest first.
	Waiting(ctx context.Context, roomID string) ([]Entry, error)
	// Decide lets a caller in or not. Errors: LOBBY_ENTRY_NOT_FOUND.
	Decide(ctx context.Context, key Key, status Status) error
}

// Parts are what the service is built of.
type Parts struct {
	Store  Store
	Rooms  Rooms
	Phones Phones
	Bell   *Bell
	// Limiter bounds how often one person asks.
	Limiter *throttle.Limiter
	// PassKey signs passes: 32 bytes.
	PassKey []byte
	Clock   clock.Clock
	Logger  *slog.Logger
}

// Service is the lobby of all rooms. It is safe for concurrent use.
type Service struct {
	Settings
	Parts
	passes passes
	places *places
	crowd  *batch.Batcher[asking, asked]
}

// New returns the service.
func New(settings Settings, parts Parts) *Service {
	s := &Service{Settings: settings, Parts: parts, passes: passes{key: parts.PassKey}, places: newPlaces(settings.PerAddress)}
	s.crowd = batch.New(batch.Config{Max: crowdMax, Linger: crowdLinger, Timeout: crowdTimeout}, s.askTogether)
	return s
}

// Queue returns who waits to enter the room, longest first; of a crowd those who
// wait longest and those who came last, and in a public room only callers. Errors: UNAUTHENTICATED, ROOM_NOT_FOUND, PERMISSION_DENIED, UNAVAILABLE.
func (s *Service) Queue(ctx context.Context, caller rooms.Caller, idOrSlug string) ([]Entry, error) {
	held, err := s.Rooms.Moderated(ctx, caller, idOrSlug)
	if err != nil {
		return nil, err
	}
	phones, err := s.Phones.Waiting(ctx, held.Room.ID)
	if err != nil || held.Room.AccessLevel == rooms.Public {
		return phones, err
	}
	entries, err := s.Store.Queue(ctx, held.Room.ID, s.now(), maxQueue)
	if err == nil && len(entries) == maxQueue {
		var latest []Entry
		latest, err = s.Store.Latest(ctx, held.Room.ID, s.now(), maxLatest)
		entries = append(entries[:maxQueue-maxLatest], latest...)
	}
	if err != nil {
		return nil, err
	}
	entries = append(entries, phones...)
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ParticipantID, b.ParticipantID))
	})
	return slices.CompactFunc(entries, func(a, b Entry) bool { return a.ParticipantID == b.ParticipantID }), nil
}

// Decide lets a person in or not. A browser learns of that when it next asks.
// Errors: as Queue, ROOM_HAS_NO_LOBBY (a public room, and no caller waits),
// LOBBY_ENTRY_NOT_FOUND.
func (s *Service) Decide(ctx context.Context, caller rooms.Caller, idOrSlug, participantID string, allow bool) error {
	held, err := s.Rooms.Moderated(ctx, caller, idOrSlug)
	if err != nil {
		return err
	}
	status := Denied
	if allow {
		status = Accepted
	}
	key := Key{held.Room.ID, participantID}
	err = s.Phones.Decide(ctx, key, status)
	if !apierr.Has(err, apierr.LobbyEntryNotFound) {
		return err
	}
	if held.Room.AccessLevel == rooms.Public {
		return s.nobodyThere(ctx, held.Room.ID, err)
	}
	now := s.now()
	return s.Store.Decide(ctx, key, status, now.Add(s.life(status)), now)
}

// nobodyThere says why a public room does not know somebody.
func (s *Service) nobodyThere(ctx context.Context, roomID string, notFound error) error {
	phones, err := s.Phones.Waiting(ctx, roomID)
	switch {
	case err != nil:
		return err
	case len(phones) == 0:
		return apierr.New(apierr.RoomHasNoLobby, "")
	default:
		return notFound
	}
}

// now returns the present time as stores keep it.
func (s *Service) now() time.Time { return s.Clock.Now().UTC().Truncate(time.Microsecond) }

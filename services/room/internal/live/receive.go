package live

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/internal/livekit"
)

// Receive takes one webhook request. Errors: TOKEN_INVALID, INVALID_FIELDS,
// UNAVAILABLE: the event must be sent again.
//
// Only which rooms are on matters here, and who calls into them; to callers what
// goes on in them, too. Rooms that are none of ours, and events that nobody acts on, are
// taken as well: LiveKit would repeat them.
func (s *Service) Receive(ctx context.Context, body []byte, authorization string) error {
	event, err := s.read(body, authorization)
	if err != nil {
		s.metrics.count(event, refused)
		s.Logger.WarnContext(ctx, "a webhook request is not LiveKit's", "error", err)
		return err
	}
	came, err := s.act(ctx, event)
	if err != nil {
		came = failed
	}
	s.metrics.count(event, came)
	return err
}

func (s *Service) read(body []byte, authorization string) (livekit.Event, error) {
	if s.Reader == nil {
		return livekit.Event{}, apierr.Wrap(apierr.TokenInvalid, errors.New("LIVEKIT_API_KEY is not set"))
	}
	return s.Reader.Read(body, authorization)
}

// act does what follows from an event.
func (s *Service) act(ctx context.Context, event livekit.Event) (outcome, error) {
	if !isRoomID(event.Session.Room) {
		return ignored, nil
	}
	var news bool
	var err error
	switch event.Name {
	case livekit.RoomStarted:
		news, err = s.Store.Begun(ctx, event.Session, s.now())
	case livekit.RoomFinished:
		// LiveKit tells the second; who came to the lobby later in it asks again.
		news, err = s.end(ctx, event.Session, event.At.Add(time.Second))
	case livekit.ParticipantJoined, livekit.ParticipantLeft, livekit.TrackPublished:
		s.Phones.Happened(event)
		return s.tellCall(ctx, event)
	default:
		return ignored, nil
	}
	if news {
		s.wakeUp()
		return applied, err
	}
	return unchanged, err
}

// tellCall tells telephony of a call whose participant came or left. While it is
// away the event has to be sent again.
func (s *Service) tellCall(ctx context.Context, event livekit.Event) (outcome, error) {
	if event.Call == nil || event.Name == livekit.TrackPublished {
		return applied, nil
	}
	ctx, cancel := context.WithTimeout(ctx, payTimeout)
	defer cancel()
	return applied, s.Telephony.NoteParticipant(ctx, event.Session.Room, *event.Call)
}

// end empties the lobby as it was when the session ended, whether or not the end
// is news: a request that failed half-way is repeated.
func (s *Service) end(ctx context.Context, session livekit.Session, at time.Time) (bool, error) {
	if err := s.Lobby.Clear(ctx, session.Room, at); err != nil {
		return false, err
	}
	return s.Store.Ended(ctx, session, s.now())
}

// isRoomID tells names of our rooms from others: UUIDs in canonical form.
func isRoomID(name string) bool {
	id, err := uuid.Parse(name)
	return err == nil && id.String() == name
}

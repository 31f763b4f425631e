package livekit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/webhook"

	"github.com/parleymeet/parley/pkg/apierr"
)

// The events that somebody acts on, by their names on the wire.
const (
	RoomStarted       = webhook.EventRoomStarted
	RoomFinished      = webhook.EventRoomFinished
	ParticipantJoined = webhook.EventParticipantJoined
	ParticipantLeft   = webhook.EventParticipantLeft
	TrackPublished    = webhook.EventTrackPublished
)

// Session is one life of a room: LiveKit makes it when the first participant
// comes, and drops it some time after the last has left.
type Session struct {
	// Room is the room's name.
	Room string
	// SID is LiveKit's own id of this life.
	SID string
	// Created is when it began, by LiveKit's clock.
	Created time.Time
	// Participants are how many LiveKit counts, which may be a moment late.
	Participants int
}

// Event is something that happened in a room.
type Event struct {
	// Name is one of those above, or another.
	Name string
	// At is when it happened, by LiveKit's clock, to the second.
	At time.Time
	// Session is zero for an event of no room.
	Session Session
	// Identity is the participant's; empty for an event of the room itself.
	Identity string
	// Call is the telephone call that the participant is, nil for others.
	Call *Call
}

// Events reads what LiveKit posts. It is safe for concurrent use.
type Events struct {
	keys auth.KeyProvider
}

// NewEvents believes what is signed with the key.
func NewEvents(apiKey, apiSecret string) *Events {
	return &Events{keys: auth.NewSimpleKeyProvider(apiKey, apiSecret)}
}

// Read returns the event of a request with this body and Authorization header.
// Errors: TOKEN_INVALID (not signed with the key, too old, or not for this
// body), INVALID_FIELDS (the body is no event).
func (e *Events) Read(body []byte, authorization string) (Event, error) {
	// The library reads requests; this is all that it looks at.
	request := &http.Request{
		Header: http.Header{"Authorization": {authorization}}, Body: io.NopCloser(bytes.NewReader(body)),
	}
	if _, err := webhook.Receive(request, e.keys); err != nil {
		return Event{}, apierr.Wrap(apierr.TokenInvalid, fmt.Errorf("livekit: webhook: %w", err))
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	message, err := webhook.ReceiveWebhookEvent(request, e.keys)
	if err == nil && message.GetEvent() == "" {
		err = errors.New("no name")
	}
	if err != nil {
		return Event{}, apierr.Wrap(apierr.InvalidFields, fmt.Errorf("livekit: webhook: %w", err))
	}
	at := time.Unix(message.GetCreatedAt(), 0).UTC()
	return Event{
		Name: message.GetEvent(), At: at,
		Session: sessionOf(message.GetRoom()), Identity: message.GetParticipant().GetIdentity(),
		Call: callOf(message.GetEvent(), at, message.GetParticipant()),
	}, nil
}

func sessionOf(room *livekit.Room) Session {
	created := time.Unix(room.GetCreationTime(), 0)
	if ms := room.GetCreationTimeMs(); ms > 0 {
		created = time.UnixMilli(ms)
	}
	return Session{
		Room: room.GetName(), SID: room.GetSid(), Created: created.UTC(), Participants: int(room.GetNumParticipants()),
	}
}

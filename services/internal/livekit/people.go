package livekit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/twitchtv/twirp"
)

// Person is somebody in a room.
type Person struct {
	Identity string
	// Joined is when it came, by LiveKit's clock.
	Joined time.Time
	// Phone tells that it came by telephone.
	Phone bool
	// Hears tells that it may subscribe to others.
	Hears bool
	// Tracks are those it publishes.
	Tracks []Track
}

// Track is something that a person publishes.
type Track struct {
	SID   string
	Muted bool
}

// People returns who is in the room; nobody where LiveKit has no such room.
func (r *Rooms) People(ctx context.Context, room string) ([]Person, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	found, err := r.client.ListParticipants(ctx, &livekit.ListParticipantsRequest{Room: room})
	if isNotFound(err) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("livekit: list participants: %w", err)
	}
	people := make([]Person, 0, len(found.GetParticipants()))
	for _, p := range found.GetParticipants() {
		if p.GetState() != livekit.ParticipantInfo_DISCONNECTED {
			people = append(people, personOf(p))
		}
	}
	return people, nil
}

func personOf(p *livekit.ParticipantInfo) Person {
	joined := time.Unix(p.GetJoinedAt(), 0)
	if ms := p.GetJoinedAtMs(); ms > 0 {
		joined = time.UnixMilli(ms)
	}
	person := Person{
		Identity: p.GetIdentity(), Joined: joined.UTC(),
		Phone: p.GetKind() == livekit.ParticipantInfo_SIP, Hears: p.GetPermission().GetCanSubscribe(),
	}
	for _, track := range p.GetTracks() {
		person.Tracks = append(person.Tracks, Track{SID: track.GetSid(), Muted: track.GetMuted()})
	}
	return person
}

// ErrUnmuteDisabled says that LiveKit is not configured to unmute people from
// outside: room.enable_remote_unmute.
var ErrUnmuteDisabled = errors.New("livekit: unmuting is not enabled")

// Unmute undoes Mute. Errors: ErrUnmuteDisabled, PARTICIPANT_NOT_FOUND.
func (r *Rooms) Unmute(ctx context.Context, room, identity, track string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := r.client.MutePublishedTrack(ctx, &livekit.MuteRoomTrackRequest{Room: room, Identity: identity, TrackSid: track})
	if is(err, twirp.FailedPrecondition) {
		return fmt.Errorf("%w: %w", ErrUnmuteDisabled, err)
	}
	return participantFault("unmute track", err)
}

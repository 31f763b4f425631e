package livekit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/livekit/protocol/livekit"
	"github.com/twitchtv/twirp"

	"github.com/parleymeet/parley/pkg/apierr"
)

// Change is what is changed about a participant; zero fields stay.
type Change struct {
	// Name is the new display name.
	Name string
	// Metadata replaces the metadata unless nil.
	Metadata *string
	// Attributes are set; an empty value removes one.
	Attributes map[string]string
	// Permission replaces all permissions unless nil.
	Permission *Permission
}

// Permission is the whole of what a participant may do.
type Permission struct {
	Subscribe, Publish, PublishData bool
	// PublishSources are camera, microphone, screen_share, screen_share_audio;
	// empty for all.
	PublishSources                   []string
	UpdateMetadata, SubscribeMetrics bool
}

// Present reports whether the participant is in the room.
func (r *Rooms) Present(ctx context.Context, room, identity string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	found, err := r.client.GetParticipant(ctx, &livekit.RoomParticipantIdentity{Room: room, Identity: identity})
	switch {
	case isNotFound(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("livekit: get participant: %w", err)
	}
	return found.GetState() != livekit.ParticipantInfo_DISCONNECTED, nil
}

// Mute mutes a track. Errors: PARTICIPANT_NOT_FOUND, also for a track that the
// participant does not have.
func (r *Rooms) Mute(ctx context.Context, room, identity, track string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := r.client.MutePublishedTrack(ctx, &livekit.MuteRoomTrackRequest{
		Room: room, Identity: identity, TrackSid: track, Muted: true,
	})
	if err != nil && !isNotFound(err) {
		// To LiveKit an absent participant is here one whose node does not answer.
		if there, presenceErr := r.Present(ctx, room, identity); presenceErr == nil && !there {
			return apierr.Wrap(apierr.ParticipantNotFound, fmt.Errorf("livekit: mute track: %w", err))
		}
	}
	return participantFault("mute track", err)
}

// Remove ends the participant's meeting. Errors: PARTICIPANT_NOT_FOUND.
func (r *Rooms) Remove(ctx context.Context, room, identity string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := r.client.RemoveParticipant(ctx, &livekit.RoomParticipantIdentity{Room: room, Identity: identity})
	return participantFault("remove participant", err)
}

// Change changes a participant. Errors: PARTICIPANT_NOT_FOUND; INVALID_FIELDS for
// more than LiveKit keeps of somebody, which is a setting of its own.
func (r *Rooms) Change(ctx context.Context, room, identity string, change Change) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req := &livekit.UpdateParticipantRequest{
		Room: room, Identity: identity, Name: change.Name, Attributes: change.Attributes,
		Permission: change.Permission.message(),
	}
	if change.Metadata != nil {
		req.Metadata = *change.Metadata
	}
	_, err := r.client.UpdateParticipant(ctx, req)
	if is(err, twirp.InvalidArgument) {
		return &apierr.Error{
			Reason: apierr.InvalidFields, Text: "The name, metadata or attributes are too large.", Cause: fmt.Errorf("livekit: update participant: %w", err),
		}
	}
	return participantFault("update participant", err)
}

func (p *Permission) message() *livekit.ParticipantPermission {
	if p == nil {
		return nil
	}
	message := &livekit.ParticipantPermission{
		CanSubscribe: p.Subscribe, CanPublish: p.Publish, CanPublishData: p.PublishData,
		CanUpdateMetadata: p.UpdateMetadata, CanSubscribeMetrics: p.SubscribeMetrics,
	}
	for _, source := range p.PublishSources {
		number := livekit.TrackSource_value[strings.ToUpper(source)]
		message.CanPublishSources = append(message.CanPublishSources, livekit.TrackSource(number))
	}
	return message
}

// participantFault tells that somebody is not there from all other failures.
func participantFault(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case isNotFound(err):
		return apierr.Wrap(apierr.ParticipantNotFound, fmt.Errorf("livekit: %s: %w", doing, err))
	default:
		return fmt.Errorf("livekit: %s: %w", doing, err)
	}
}

func isNotFound(err error) bool { return is(err, twirp.NotFound) }

// is reports whether LiveKit answered with the code.
func is(err error, code twirp.ErrorCode) bool {
	var answer twirp.Error
	return errors.As(err, &answer) && answer.Code() == code
}

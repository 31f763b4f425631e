package frontend

import (
	"context"

	frontendv1 "github.com/parleymeet/parley/gen/parley/frontend/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/services/gateway/internal/form"
	"github.com/parleymeet/parley/services/gateway/internal/visit"
)

type moderationServer struct {
	frontendv1.UnimplementedModerationServiceServer
	moderation roomv1.ModerationServiceClient
}

const (
	success = "success"
	// maxParticipantName and maxTrack are the most characters of them.
	maxParticipantName, maxTrack = 255, 255
)

// firstMay returns what a visitor with a wrong form is told: that the room does
// not exist or that it may not, and only then what is wrong.
func (s *moderationServer) firstMay(ctx context.Context, id, token string, action roomv1.ModerationAction, wrong error) error {
	_, err := s.moderation.Authorize(ctx, &roomv1.AuthorizeRequest{IdOrSlug: id, MeetingToken: token, Action: action})
	return allWrong(wrong, err)
}

// MuteParticipant mutes a track.
func (s *moderationServer) MuteParticipant(ctx context.Context, req *frontendv1.MuteParticipantRequest) (*frontendv1.MuteParticipantResponse, error) {
	ctx, v := visit.Enter(ctx)
	var f form.Form
	identity, _ := f.String("participant_identity", req.GetBody().GetParticipantIdentity(), form.Rules{Required: true})
	track, _ := f.String("track_sid", req.GetBody().GetTrackSid(), form.Rules{Required: true, Max: maxTrack})
	if wrong := f.Err(); wrong != nil {
		return nil, s.firstMay(ctx, req.GetId(), v.Bearer, roomv1.ModerationAction_MODERATION_ACTION_MUTE, wrong)
	}
	_, err := s.moderation.MuteParticipant(ctx, &roomv1.MuteParticipantRequest{
		IdOrSlug: req.GetId(), MeetingToken: v.Bearer, ParticipantIdentity: identity, TrackSid: track,
	})
	if err != nil {
		return nil, err
	}
	return &frontendv1.MuteParticipantResponse{Status: success}, nil
}

// RemoveParticipant removes somebody from the meeting.
func (s *moderationServer) RemoveParticipant(ctx context.Context, req *frontendv1.RemoveParticipantRequest) (*frontendv1.RemoveParticipantResponse, error) {
	ctx, _ = visit.Enter(ctx)
	var f form.Form
	identity, _ := f.String("participant_identity", req.GetBody().GetParticipantIdentity(), form.Rules{Required: true})
	if wrong := f.Err(); wrong != nil {
		return nil, s.firstMay(ctx, req.GetId(), "", roomv1.ModerationAction_MODERATION_ACTION_MODERATE, wrong)
	}
	_, err := s.moderation.RemoveParticipant(ctx, &roomv1.RemoveParticipantRequest{IdOrSlug: req.GetId(), ParticipantIdentity: identity})
	if err != nil {
		return nil, err
	}
	return &frontendv1.RemoveParticipantResponse{Status: success}, nil
}

// UpdateParticipant changes somebody.
func (s *moderationServer) UpdateParticipant(ctx context.Context, req *frontendv1.UpdateParticipantRequest) (*frontendv1.UpdateParticipantResponse, error) {
	ctx, _ = visit.Enter(ctx)
	change, wrong := participantChange(req.GetBody())
	if wrong != nil {
		return nil, s.firstMay(ctx, req.GetId(), "", roomv1.ModerationAction_MODERATION_ACTION_MODERATE, wrong)
	}
	change.IdOrSlug = req.GetId()
	if _, err := s.moderation.UpdateParticipant(ctx, change); err != nil {
		return nil, err
	}
	return &frontendv1.UpdateParticipantResponse{Status: success}, nil
}

// UpdateParticipantRole gives somebody another role.
func (s *moderationServer) UpdateParticipantRole(ctx context.Context, req *frontendv1.UpdateParticipantRoleRequest) (*frontendv1.UpdateParticipantRoleResponse, error) {
	ctx, _ = visit.Enter(ctx)
	var f form.Form
	identity, _ := f.String("participant_identity", req.GetBody().GetParticipantIdentity(), form.Rules{Required: true})
	role, _ := f.Choice("role", req.GetBody().GetRole(), []string{"member", "administrator"}, form.Rules{Required: true})
	if wrong := f.Err(); wrong != nil {
		return nil, s.firstMay(ctx, req.GetId(), "", roomv1.ModerationAction_MODERATION_ACTION_CHANGE_ROLE, wrong)
	}
	answer, err := s.moderation.ChangeRole(ctx, &roomv1.ChangeRoleRequest{
		IdOrSlug: req.GetId(), ParticipantIdentity: identity, Role: roomv1.Role(number(roomv1.Role(0).Descriptor(), role)),
	})
	if err != nil {
		return nil, err
	}
	return &frontendv1.UpdateParticipantRoleResponse{Role: role, LivekitSynced: answer.GetLivekitSynced()}, nil
}

// ToggleHand raises or lowers the visitor's hand.
func (s *moderationServer) ToggleHand(ctx context.Context, req *frontendv1.ToggleHandRequest) (*frontendv1.ToggleHandResponse, error) {
	ctx, v := visit.Enter(ctx)
	var f form.Form
	raised, _ := f.Bool("raised", req.GetBody().GetRaised(), form.Rules{Required: true})
	if wrong := f.Err(); wrong != nil {
		return nil, s.firstMay(ctx, req.GetId(), v.Bearer, roomv1.ModerationAction_MODERATION_ACTION_SELF, wrong)
	}
	_, err := s.moderation.SetHand(ctx, &roomv1.SetHandRequest{IdOrSlug: req.GetId(), MeetingToken: v.Bearer, Raised: raised})
	if err != nil {
		return nil, err
	}
	return &frontendv1.ToggleHandResponse{Status: success}, nil
}

// RenameParticipant renames the visitor.
func (s *moderationServer) RenameParticipant(ctx context.Context, req *frontendv1.RenameParticipantRequest) (*frontendv1.RenameParticipantResponse, error) {
	ctx, v := visit.Enter(ctx)
	var f form.Form
	name, _ := f.String("name", req.GetBody().GetName(), form.Rules{Required: true, Max: maxParticipantName})
	if wrong := f.Err(); wrong != nil {
		return nil, s.firstMay(ctx, req.GetId(), v.Bearer, roomv1.ModerationAction_MODERATION_ACTION_SELF, wrong)
	}
	_, err := s.moderation.RenameParticipant(ctx, &roomv1.RenameParticipantRequest{IdOrSlug: req.GetId(), MeetingToken: v.Bearer, Name: name})
	if err != nil {
		return nil, err
	}
	return &frontendv1.RenameParticipantResponse{Status: success}, nil
}

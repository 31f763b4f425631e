package rpc

import (
	"context"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/room/internal/moderation"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// ModerationServer implements roomv1.ModerationServiceServer.
type ModerationServer struct {
	roomv1.UnimplementedModerationServiceServer
	moderation *moderation.Service
}

// NewModerationServer serves the domain.
func NewModerationServer(service *moderation.Service) *ModerationServer {
	return &ModerationServer{moderation: service}
}

func who(ctx context.Context, idOrSlug, token string) moderation.Who {
	return moderation.Who{Caller: caller(ctx, ""), IDOrSlug: idOrSlug, Token: token}
}

var actions = map[roomv1.ModerationAction]moderation.Action{
	roomv1.ModerationAction_MODERATION_ACTION_MUTE:        moderation.ActionMute,
	roomv1.ModerationAction_MODERATION_ACTION_MODERATE:    moderation.ActionModerate,
	roomv1.ModerationAction_MODERATION_ACTION_CHANGE_ROLE: moderation.ActionChangeRole,
	roomv1.ModerationAction_MODERATION_ACTION_SELF:        moderation.ActionSelf,
}

// Authorize implements roomv1.ModerationServiceServer.
func (s *ModerationServer) Authorize(ctx context.Context, req *roomv1.AuthorizeRequest) (*roomv1.AuthorizeResponse, error) {
	err := s.moderation.Authorize(ctx, who(ctx, req.GetIdOrSlug(), req.GetMeetingToken()), actions[req.GetAction()])
	return &roomv1.AuthorizeResponse{}, err
}

// MuteParticipant implements roomv1.ModerationServiceServer.
func (s *ModerationServer) MuteParticipant(ctx context.Context, req *roomv1.MuteParticipantRequest) (*roomv1.MuteParticipantResponse, error) {
	err := s.moderation.Mute(ctx, who(ctx, req.GetIdOrSlug(), req.GetMeetingToken()), req.GetParticipantIdentity(), req.GetTrackSid())
	return &roomv1.MuteParticipantResponse{}, err
}

// RemoveParticipant implements roomv1.ModerationServiceServer.
func (s *ModerationServer) RemoveParticipant(ctx context.Context, req *roomv1.RemoveParticipantRequest) (*roomv1.RemoveParticipantResponse, error) {
	err := s.moderation.Remove(ctx, who(ctx, req.GetIdOrSlug(), ""), req.GetParticipantIdentity())
	return &roomv1.RemoveParticipantResponse{}, err
}

// UpdateParticipant implements roomv1.ModerationServiceServer.
func (s *ModerationServer) UpdateParticipant(ctx context.Context, req *roomv1.UpdateParticipantRequest) (*roomv1.UpdateParticipantResponse, error) {
	change := livekit.Change{Name: req.GetName(), Metadata: req.Metadata, Attributes: req.GetAttributes()}
	if p := req.GetPermission(); p != nil {
		change.Permission = &livekit.Permission{
			Subscribe: p.GetCanSubscribe(), Publish: p.GetCanPublish(), PublishData: p.GetCanPublishData(),
			PublishSources: p.GetCanPublishSources(), UpdateMetadata: p.GetCanUpdateMetadata(), SubscribeMetrics: p.GetCanSubscribeMetrics(),
		}
	}
	err := s.moderation.Update(ctx, who(ctx, req.GetIdOrSlug(), ""), req.GetParticipantIdentity(), change)
	return &roomv1.UpdateParticipantResponse{}, err
}

// ChangeRole implements roomv1.ModerationServiceServer.
func (s *ModerationServer) ChangeRole(ctx context.Context, req *roomv1.ChangeRoleRequest) (*roomv1.ChangeRoleResponse, error) {
	role := rooms.Member
	if req.GetRole() == roomv1.Role_ROLE_ADMINISTRATOR {
		role = rooms.Administrator
	}
	synced, err := s.moderation.ChangeRole(ctx, who(ctx, req.GetIdOrSlug(), ""), req.GetParticipantIdentity(), role)
	return &roomv1.ChangeRoleResponse{LivekitSynced: synced}, err
}

// SetHand implements roomv1.ModerationServiceServer.
func (s *ModerationServer) SetHand(ctx context.Context, req *roomv1.SetHandRequest) (*roomv1.SetHandResponse, error) {
	err := s.moderation.SetHand(ctx, who(ctx, req.GetIdOrSlug(), req.GetMeetingToken()), req.GetRaised())
	return &roomv1.SetHandResponse{}, err
}

// RenameParticipant implements roomv1.ModerationServiceServer.
func (s *ModerationServer) RenameParticipant(ctx context.Context, req *roomv1.RenameParticipantRequest) (*roomv1.RenameParticipantResponse, error) {
	err := s.moderation.Rename(ctx, who(ctx, req.GetIdOrSlug(), req.GetMeetingToken()), req.GetName())
	return &roomv1.RenameParticipantResponse{}, err
}

package frontend

import (
	"context"

	frontendv1 "github.com/parleymeet/parley/gen/parley/frontend/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/services/gateway/internal/form"
	"github.com/parleymeet/parley/services/gateway/internal/visit"
)

type invitationServer struct {
	frontendv1.UnimplementedInvitationServiceServer
	invitations roomv1.InvitationServiceClient
	moderation  roomv1.ModerationServiceClient
}

// Invite invites people to a room.
func (s *invitationServer) Invite(ctx context.Context, req *frontendv1.InviteRequest) (*frontendv1.InviteResponse, error) {
	ctx, v := visit.Enter(ctx)
	var f form.Form
	emails, _ := f.Strings("emails", req.GetBody().GetEmails(), form.Rules{Required: true})
	if wrong := f.Err(); wrong != nil {
		// May the visitor invite anybody at all?
		_, err := s.moderation.Authorize(ctx, &roomv1.AuthorizeRequest{
			IdOrSlug: req.GetId(), Action: roomv1.ModerationAction_MODERATION_ACTION_MODERATE,
		})
		return nil, allWrong(wrong, err)
	}
	_, err := s.invitations.Invite(ctx, &roomv1.InviteRequest{IdOrSlug: req.GetId(), Emails: emails, Language: v.Language})
	if err != nil {
		return nil, err
	}
	return &frontendv1.InviteResponse{Status: success, Message: "invitations sent"}, nil
}

package rpc

import (
	"context"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/services/room/internal/invitations"
)

// InvitationServer implements roomv1.InvitationServiceServer.
type InvitationServer struct {
	roomv1.UnimplementedInvitationServiceServer
	invitations *invitations.Service
}

// NewInvitationServer serves the domain.
func NewInvitationServer(service *invitations.Service) *InvitationServer {
	return &InvitationServer{invitations: service}
}

// Invite implements roomv1.InvitationServiceServer.
func (s *InvitationServer) Invite(ctx context.Context, req *roomv1.InviteRequest) (*roomv1.InviteResponse, error) {
	err := s.invitations.Invite(ctx, caller(ctx, ""), req.GetIdOrSlug(), req.GetEmails(), req.GetLanguage())
	return &roomv1.InviteResponse{}, err
}

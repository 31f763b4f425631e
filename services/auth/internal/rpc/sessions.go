package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/auth/internal/keys"
	"github.com/parleymeet/parley/services/auth/internal/sessions"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

// Sessions implements parley.auth.v1.SessionService.
type Sessions struct {
	authv1.UnimplementedSessionServiceServer
	manager   *sessions.Manager
	directory *users.Directory
	ring      *keys.Ring
	clock     clock.Clock
}

// NewSessions returns the handlers.
func NewSessions(manager *sessions.Manager, directory *users.Directory, ring *keys.Ring, clk clock.Clock) *Sessions {
	return &Sessions{manager: manager, directory: directory, ring: ring, clock: clk}
}

// ResolveSession turns a session into its user and a proof of that.
func (s *Sessions) ResolveSession(ctx context.Context, req *authv1.ResolveSessionRequest) (*authv1.ResolveSessionResponse, error) {
	user, err := s.manager.Resolve(ctx, sessions.Token(req.GetSessionToken()))
	if err != nil {
		return nil, err
	}
	operator := s.directory.Operator(user)
	message, err := userMessage(user, operator)
	if err != nil || req.GetAudience() == "" {
		return &authv1.ResolveSessionResponse{User: message}, err
	}
	signer, err := s.ring.Signer(ctx)
	if err != nil {
		return nil, err
	}
	assertion, err := signer.Sign(identity.User{
		ID: user.ID, Sub: user.Sub, Email: user.Email,
		FullName: user.FullName, ShortName: user.ShortName, Operator: operator,
	}, req.GetAudience(), s.clock.Now())
	if err != nil {
		return nil, err
	}
	return &authv1.ResolveSessionResponse{User: message, Assertion: assertion}, nil
}

// Keys implements parley.auth.v1.KeyService.
type Keys struct {
	authv1.UnimplementedKeyServiceServer
	ring *keys.Ring
}

// NewKeys returns the handlers.
func NewKeys(ring *keys.Ring) *Keys { return &Keys{ring: ring} }

// ListKeys returns the public keys.
func (s *Keys) ListKeys(ctx context.Context, _ *authv1.ListKeysRequest) (*authv1.ListKeysResponse, error) {
	list, err := s.ring.List(ctx)
	if err != nil {
		return nil, err
	}
	resp := &authv1.ListKeysResponse{}
	for _, key := range list {
		resp.Keys = append(resp.Keys, &authv1.VerificationKey{
			Id: key.ID, PublicKey: key.Public, ExpireTime: timestamppb.New(key.Expires),
		})
	}
	return resp, nil
}

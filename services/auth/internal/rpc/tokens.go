package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/durationpb"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/auth/internal/applications"
	"github.com/parleymeet/parley/services/auth/internal/keys"
)

// Tokens implements parley.auth.v1.ApplicationTokenService.
type Tokens struct {
	authv1.UnimplementedApplicationTokenServiceServer
	issuer *applications.Issuer
	ring   *keys.Ring
	clock  clock.Clock
}

// NewTokens returns the handlers.
func NewTokens(issuer *applications.Issuer, ring *keys.Ring, clk clock.Clock) *Tokens {
	return &Tokens{issuer: issuer, ring: ring, clock: clk}
}

// IssueToken gives an application a token.
func (s *Tokens) IssueToken(ctx context.Context, req *authv1.IssueTokenRequest) (*authv1.IssueTokenResponse, error) {
	issued, err := s.issuer.Issue(ctx, applications.Request{
		ClientID: req.GetClientId(), Secret: applications.Secret(req.GetClientSecret()), OnBehalfOf: req.GetOnBehalfOf(),
	})
	if err != nil {
		return nil, err
	}
	resp := &authv1.IssueTokenResponse{AccessToken: issued.Token, Lifetime: durationpb.New(issued.Life)}
	for _, scope := range issued.Scopes {
		resp.Scopes = append(resp.Scopes, string(scope))
	}
	return resp, nil
}

// ResolveToken turns a token into a proof of whom it stands for.
func (s *Tokens) ResolveToken(ctx context.Context, req *authv1.ResolveTokenRequest) (*authv1.ResolveTokenResponse, error) {
	resolved, err := s.issuer.Resolve(ctx, req.GetAccessToken())
	if err != nil || req.GetAudience() == "" {
		return &authv1.ResolveTokenResponse{}, err
	}
	signer, err := s.ring.Signer(ctx)
	if err != nil {
		return nil, err
	}
	var user *identity.User
	if u := resolved.User; u != nil {
		user = &identity.User{ID: u.ID, Sub: u.Sub, Email: u.Email, FullName: u.FullName, ShortName: u.ShortName}
	}
	assertion, err := signer.SignApplication(resolved.Application, user, req.GetAudience(), s.clock.Now())
	if err != nil {
		return nil, err
	}
	return &authv1.ResolveTokenResponse{Assertion: assertion}, nil
}

package rpc

import (
	"context"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	"github.com/parleymeet/parley/services/auth/internal/sessions"
)

// Logins implements parley.auth.v1.LoginService.
type Logins struct {
	authv1.UnimplementedLoginServiceServer
	manager *sessions.Manager
}

// NewLogins returns the handlers.
func NewLogins(manager *sessions.Manager) *Logins { return &Logins{manager: manager} }

// StartLogin begins a log-in.
func (s *Logins) StartLogin(ctx context.Context, req *authv1.StartLoginRequest) (*authv1.StartLoginResponse, error) {
	location, issued, err := s.manager.StartLogin(ctx, sessions.Start{
		Token:       sessions.Token(req.GetSessionToken()),
		ReturnTo:    req.GetReturnTo(),
		Silent:      req.GetSilent(),
		LoginHint:   req.GetLoginHint(),
		RedirectURI: req.GetRedirectUri(),
	})
	if err != nil {
		return nil, err
	}
	return &authv1.StartLoginResponse{AuthorizationUrl: location, Session: sessionMessage(issued)}, nil
}

// FinishLogin ends a log-in.
func (s *Logins) FinishLogin(ctx context.Context, req *authv1.FinishLoginRequest) (*authv1.FinishLoginResponse, error) {
	finished, err := s.manager.FinishLogin(ctx, sessions.Finish{
		Token:       sessions.Token(req.GetSessionToken()),
		Code:        req.GetCode(),
		State:       req.GetState(),
		Error:       req.GetError(),
		RedirectURI: req.GetRedirectUri(),
	})
	if err != nil {
		return nil, err
	}
	return &authv1.FinishLoginResponse{
		Outcome: outcomes[finished.Outcome], ReturnTo: finished.ReturnTo, Silent: finished.Silent,
		Session: sessionMessage(finished.Session),
	}, nil
}

// StartLogout begins a log-out, or does it.
func (s *Logins) StartLogout(ctx context.Context, req *authv1.StartLogoutRequest) (*authv1.StartLogoutResponse, error) {
	location, err := s.manager.StartLogout(ctx, sessions.Token(req.GetSessionToken()), req.GetRedirectUri())
	if err != nil {
		return nil, err
	}
	return &authv1.StartLogoutResponse{EndSessionUrl: location}, nil
}

// BackChannelLogout ends sessions on the provider's word.
func (s *Logins) BackChannelLogout(ctx context.Context, req *authv1.BackChannelLogoutRequest) (*authv1.BackChannelLogoutResponse, error) {
	if err := s.manager.BackChannelLogout(ctx, req.GetLogoutToken()); err != nil {
		return nil, err
	}
	return &authv1.BackChannelLogoutResponse{}, nil
}

// FinishLogout ends a log-out.
func (s *Logins) FinishLogout(ctx context.Context, req *authv1.FinishLogoutRequest) (*authv1.FinishLogoutResponse, error) {
	if err := s.manager.FinishLogout(ctx, sessions.Token(req.GetSessionToken()), req.GetState()); err != nil {
		return nil, err
	}
	return &authv1.FinishLogoutResponse{}, nil
}

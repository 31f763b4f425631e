package rpc

import (
	"context"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

// SetActive lets a user log in, or not.
func (s *Users) SetActive(ctx context.Context, req *authv1.SetActiveRequest) (*authv1.SetActiveResponse, error) {
	user, err := s.directory.SetActive(ctx, req.GetUserId(), req.GetActive())
	if err != nil {
		return nil, err
	}
	message, err := userMessage(user, s.directory.Operator(user))
	return &authv1.SetActiveResponse{User: message}, err
}

// SetOperator grants a user the right to run the suite, or takes it back.
func (s *Users) SetOperator(ctx context.Context, req *authv1.SetOperatorRequest) (*authv1.SetOperatorResponse, error) {
	user, err := s.directory.SetOperator(ctx, req.GetUserId(), req.GetOperator())
	if err != nil {
		return nil, err
	}
	message, err := s.operatorMessage(user)
	return &authv1.SetOperatorResponse{Operator: message}, err
}

// ListOperators lists who may run the suite and why.
func (s *Users) ListOperators(ctx context.Context, _ *authv1.ListOperatorsRequest) (*authv1.ListOperatorsResponse, error) {
	found, err := s.directory.Operators(ctx)
	if err != nil {
		return nil, err
	}
	resp := &authv1.ListOperatorsResponse{Operators: make([]*authv1.Operator, len(found))}
	for i, user := range found {
		if resp.Operators[i], err = s.operatorMessage(user); err != nil {
			return nil, err
		}
	}
	return resp, nil
}

func (s *Users) operatorMessage(user users.User) (*authv1.Operator, error) {
	message, err := userMessage(user, s.directory.Operator(user))
	if err != nil {
		return nil, err
	}
	return &authv1.Operator{
		User: message, Granted: user.OperatorGranted, Claimed: user.OperatorClaim, Configured: s.directory.Configured(user),
	}, nil
}

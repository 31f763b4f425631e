package rpc

import (
	"context"
	"math"
	"strconv"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/auth/internal/applications"
)

// Applications implements parley.auth.v1.ApplicationService.
type Applications struct {
	authv1.UnimplementedApplicationServiceServer
	registry *applications.Registry
}

// NewApplications returns the handlers.
func NewApplications(registry *applications.Registry) *Applications {
	return &Applications{registry: registry}
}

// operatorOnly returns OPERATOR_REQUIRED for everybody else.
func operatorOnly(ctx context.Context) error {
	if !identity.IsOperator(ctx) {
		return apierr.New(apierr.OperatorRequired, "")
	}
	return nil
}

// CreateApplication adds an application.
func (s *Applications) CreateApplication(ctx context.Context, req *authv1.CreateApplicationRequest) (*authv1.CreateApplicationResponse, error) {
	if err := operatorOnly(ctx); err != nil {
		return nil, err
	}
	a := req.GetApplication()
	app, secret, err := s.registry.Create(ctx, applications.Draft{
		Name: &a.Name, Scopes: &a.Scopes, Domains: &a.AllowedDomains, ValidateOnly: req.GetValidateOnly(),
	})
	if err != nil || req.GetValidateOnly() {
		return &authv1.CreateApplicationResponse{}, err
	}
	return &authv1.CreateApplicationResponse{Application: s.message(app), ClientSecret: string(secret)}, nil
}

// GetApplication finds an application.
func (s *Applications) GetApplication(ctx context.Context, req *authv1.GetApplicationRequest) (*authv1.GetApplicationResponse, error) {
	if err := operatorOnly(ctx); err != nil {
		return nil, err
	}
	app, err := s.registry.Get(ctx, req.GetClientId())
	if err != nil {
		return nil, err
	}
	return &authv1.GetApplicationResponse{Application: s.message(app)}, nil
}

// defaultPage is the number of applications on a page when none is asked for.
const defaultPage = 20

// ListApplications lists applications. A page token is the number of those
// before the page.
func (s *Applications) ListApplications(ctx context.Context, req *authv1.ListApplicationsRequest) (*authv1.ListApplicationsResponse, error) {
	if err := operatorOnly(ctx); err != nil {
		return nil, err
	}
	skip, size := 0, int(req.GetPageSize())
	if size == 0 {
		size = defaultPage
	}
	if token := req.GetPageToken(); token != "" {
		var err error
		if skip, err = strconv.Atoi(token); err != nil || skip < 0 || skip > math.MaxInt32 {
			return nil, apierr.New(apierr.InvalidPage, "")
		}
	}
	skip += int(req.GetSkip())
	list, total, err := s.registry.List(ctx, skip, size)
	if err != nil {
		return nil, err
	}
	resp := &authv1.ListApplicationsResponse{TotalSize: int32(min(total, math.MaxInt32))} // #nosec G115 -- bounded
	for _, app := range list {
		resp.Applications = append(resp.Applications, s.message(app))
	}
	if next := skip + len(list); len(list) > 0 && next < total {
		resp.NextPageToken = strconv.Itoa(next)
	}
	return resp, nil
}

// UpdateApplication changes an application.
func (s *Applications) UpdateApplication(ctx context.Context, req *authv1.UpdateApplicationRequest) (*authv1.UpdateApplicationResponse, error) {
	if err := operatorOnly(ctx); err != nil {
		return nil, err
	}
	draft, err := draftFrom(req.GetApplication(), req.GetUpdateMask().GetPaths())
	if err != nil {
		return nil, err
	}
	draft.ValidateOnly = req.GetValidateOnly()
	app, err := s.registry.Update(ctx, req.GetApplication().GetClientId(), draft)
	if err != nil || req.GetValidateOnly() {
		return &authv1.UpdateApplicationResponse{}, err
	}
	return &authv1.UpdateApplicationResponse{Application: s.message(app)}, nil
}

// RotateSecret gives an application a new secret.
func (s *Applications) RotateSecret(ctx context.Context, req *authv1.RotateSecretRequest) (*authv1.RotateSecretResponse, error) {
	if err := operatorOnly(ctx); err != nil {
		return nil, err
	}
	grace := applications.DefaultGrace
	if req.GetGrace() != nil {
		grace = req.GetGrace().AsDuration()
	}
	app, secret, err := s.registry.RotateSecret(ctx, req.GetClientId(), grace)
	if err != nil {
		return nil, err
	}
	return &authv1.RotateSecretResponse{Application: s.message(app), ClientSecret: string(secret)}, nil
}

// DeleteApplication deletes an application.
func (s *Applications) DeleteApplication(ctx context.Context, req *authv1.DeleteApplicationRequest) (*authv1.DeleteApplicationResponse, error) {
	if err := operatorOnly(ctx); err != nil {
		return nil, err
	}
	if err := s.registry.Delete(ctx, req.GetClientId()); err != nil {
		return nil, err
	}
	return &authv1.DeleteApplicationResponse{}, nil
}

func (s *Applications) message(app applications.Application) *authv1.Application {
	m := &authv1.Application{
		ClientId: app.ID, Name: app.Name, Active: app.Active, AllowedDomains: app.Domains,
		CreateTime: timestamp(app.Created), LastUseTime: timestamp(app.LastUsed),
		OldSecretExpireTime: timestamp(s.registry.OldSecretExpires(app)),
	}
	for _, scope := range app.Scopes {
		m.Scopes = append(m.Scopes, string(scope))
	}
	return m
}

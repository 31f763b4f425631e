package frontend

import (
	"context"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	frontendv1 "github.com/parleymeet/parley/gen/parley/frontend/v1"
	"github.com/parleymeet/parley/services/gateway/internal/form"
	"github.com/parleymeet/parley/services/gateway/internal/visit"
)

type applicationServer struct {
	frontendv1.UnimplementedApplicationServiceServer
	applications authv1.ApplicationServiceClient
}

// CreateApplication adds an application.
func (s *applicationServer) CreateApplication(ctx context.Context, req *frontendv1.CreateApplicationRequest) (*frontendv1.CreateApplicationResponse, error) {
	ctx, _ = visit.Enter(ctx)
	fields, _, wrong := applicationFields(req.GetBody(), true)
	answer, err := s.applications.CreateApplication(ctx, &authv1.CreateApplicationRequest{Application: fields, ValidateOnly: wrong != nil})
	if err := allWrong(wrong, err); err != nil {
		return nil, err
	}
	shown := application(answer.GetApplication())
	shown.ClientSecret = &answer.ClientSecret
	return &frontendv1.CreateApplicationResponse{Application: shown}, nil
}

// GetApplication answers with an application.
func (s *applicationServer) GetApplication(ctx context.Context, req *frontendv1.GetApplicationRequest) (*frontendv1.GetApplicationResponse, error) {
	ctx, _ = visit.Enter(ctx)
	answer, err := s.applications.GetApplication(ctx, &authv1.GetApplicationRequest{ClientId: req.GetId()})
	if err != nil {
		return nil, err
	}
	return &frontendv1.GetApplicationResponse{Application: application(answer.GetApplication())}, nil
}

// ListApplications lists applications.
func (s *applicationServer) ListApplications(ctx context.Context, req *frontendv1.ListApplicationsRequest) (*frontendv1.ListApplicationsResponse, error) {
	ctx, v := visit.Enter(ctx)
	p, err := listPage(v.URL, req.GetPage(), pageSize(req.GetPageSize()), func(size, skip int32) ([]*authv1.Application, int32, error) {
		answer, err := s.applications.ListApplications(ctx, &authv1.ListApplicationsRequest{PageSize: size, Skip: skip})
		return answer.GetApplications(), answer.GetTotalSize(), err
	})
	if err != nil {
		return nil, err
	}
	answer := &frontendv1.ListApplicationsResponse{Count: p.count, Next: p.next, Previous: p.previous}
	for _, a := range p.items {
		answer.Results = append(answer.Results, application(a))
	}
	return answer, nil
}

// UpdateApplication changes what is given.
func (s *applicationServer) UpdateApplication(ctx context.Context, req *frontendv1.UpdateApplicationRequest) (*frontendv1.UpdateApplicationResponse, error) {
	ctx, _ = visit.Enter(ctx)
	fields, mask, wrong := applicationFields(req.GetBody(), false)
	fields.ClientId = req.GetId()
	answer, err := s.applications.UpdateApplication(ctx, &authv1.UpdateApplicationRequest{
		Application: fields, UpdateMask: mask, ValidateOnly: wrong != nil,
	})
	if err := allWrong(wrong, err); err != nil {
		return nil, err
	}
	return &frontendv1.UpdateApplicationResponse{Application: application(answer.GetApplication())}, nil
}

// RotateApplicationSecret gives an application a new secret.
func (s *applicationServer) RotateApplicationSecret(ctx context.Context, req *frontendv1.RotateApplicationSecretRequest) (*frontendv1.RotateApplicationSecretResponse, error) {
	ctx, _ = visit.Enter(ctx)
	answer, err := s.applications.RotateSecret(ctx, &authv1.RotateSecretRequest{ClientId: req.GetId()})
	if err != nil {
		return nil, err
	}
	shown := application(answer.GetApplication())
	shown.ClientSecret = &answer.ClientSecret
	return &frontendv1.RotateApplicationSecretResponse{Application: shown}, nil
}

// DeleteApplication deletes an application.
func (s *applicationServer) DeleteApplication(ctx context.Context, req *frontendv1.DeleteApplicationRequest) (*frontendv1.DeleteApplicationResponse, error) {
	ctx, _ = visit.Enter(ctx)
	if _, err := s.applications.DeleteApplication(ctx, &authv1.DeleteApplicationRequest{ClientId: req.GetId()}); err != nil {
		return nil, err
	}
	return &frontendv1.DeleteApplicationResponse{}, nil
}

// applicationFields reads the body of a creation or change and what it names.
func applicationFields(body *frontendv1.ApplicationFields, whole bool) (*authv1.Application, *fieldmaskpb.FieldMask, error) {
	var f form.Form
	fields, mask := &authv1.Application{}, &fieldmaskpb.FieldMask{}
	if name, ok := f.String("name", body.GetName(), form.Rules{Required: whole, Max: maxName}); ok {
		fields.Name = name
		mask.Paths = append(mask.Paths, "name")
	}
	if active, ok := f.Bool("active", body.GetActive(), form.Rules{}); ok {
		fields.Active = active
		mask.Paths = append(mask.Paths, "active")
	}
	if scopes, ok := f.Strings("scopes", body.GetScopes(), form.Rules{}); ok {
		fields.Scopes = scopes
		mask.Paths = append(mask.Paths, "scopes")
	}
	if domains, ok := f.Strings("allowed_domains", body.GetAllowedDomains(), form.Rules{}); ok {
		fields.AllowedDomains = domains
		mask.Paths = append(mask.Paths, "allowed_domains")
	}
	return fields, mask, f.Err()
}

// application shapes an application; it has no secret.
func application(a *authv1.Application) *frontendv1.Application {
	return &frontendv1.Application{
		ClientId: a.GetClientId(), Name: a.GetName(), Active: a.GetActive(),
		Scopes: a.GetScopes(), AllowedDomains: a.GetAllowedDomains(), CreatedAt: datetime(a.GetCreateTime()),
		LastUsedAt: textOrNull(datetime(a.GetLastUseTime())), OldSecretExpiresAt: textOrNull(datetime(a.GetOldSecretExpireTime())),
	}
}

package frontend

import (
	"context"
	"strings"
	"time"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	frontendv1 "github.com/parleymeet/parley/gen/parley/frontend/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/services/gateway/internal/form"
	"github.com/parleymeet/parley/services/gateway/internal/visit"
)

type externalServer struct {
	frontendv1.UnimplementedExternalServiceServer
	tokens    authv1.ApplicationTokenServiceClient
	rooms     roomv1.ExternalRoomServiceClient
	directory *directory
	// baseURL is where links to rooms begin; empty for no links.
	baseURL string
}

// grantType is the one of OAuth 2.0 that applications use.
const grantType = "client_credentials"

// CreateToken gives an application a token.
func (s *externalServer) CreateToken(ctx context.Context, req *frontendv1.CreateTokenRequest) (*frontendv1.CreateTokenResponse, error) {
	ctx, _ = visit.Enter(ctx)
	var f form.Form
	body, required := req.GetBody(), form.Rules{Required: true}
	id, _ := f.String("client_id", body.GetClientId(), required)
	secret, _ := f.String("client_secret", body.GetClientSecret(), required)
	_, _ = f.Choice("grant_type", body.GetGrantType(), []string{grantType}, required)
	scope, _ := f.String("scope", body.GetScope(), required)
	if err := f.Err(); err != nil {
		return nil, err
	}
	answer, err := s.tokens.IssueToken(ctx, &authv1.IssueTokenRequest{ClientId: id, ClientSecret: secret, OnBehalfOf: scope})
	if err != nil {
		return nil, err
	}
	shown := &frontendv1.CreateTokenResponse{
		AccessToken: answer.GetAccessToken(), TokenType: "Bearer",
		ExpiresIn: int32(answer.GetLifetime().AsDuration() / time.Second), // #nosec G115 -- an hour at most
	}
	if scopes := strings.Join(answer.GetScopes(), " "); scopes != "" {
		shown.Scope = &scopes
	}
	return shown, nil
}

// ListExternalRooms lists the rooms of the application's user.
func (s *externalServer) ListExternalRooms(ctx context.Context, req *frontendv1.ListExternalRoomsRequest) (*frontendv1.ListExternalRoomsResponse, error) {
	ctx, v := visit.Enter(ctx)
	p, err := listPage(v.URL, req.GetPage(), defaultPageSize, func(size, skip int32) ([]*roomv1.ExternalRoom, int32, error) {
		answer, err := s.rooms.ListExternalRooms(ctx, &roomv1.ListExternalRoomsRequest{PageSize: size, Skip: skip})
		return answer.GetRooms(), answer.GetTotalSize(), err
	})
	if err != nil {
		return nil, err
	}
	answer := &frontendv1.ListExternalRoomsResponse{Count: p.count, Next: p.next, Previous: p.previous}
	for _, r := range p.items {
		answer.Results = append(answer.Results, s.room(ctx, r))
	}
	return answer, nil
}

// GetExternalRoom answers with a room of the application's user.
func (s *externalServer) GetExternalRoom(ctx context.Context, req *frontendv1.GetExternalRoomRequest) (*frontendv1.GetExternalRoomResponse, error) {
	ctx, _ = visit.Enter(ctx)
	answer, err := s.rooms.GetExternalRoom(ctx, &roomv1.GetExternalRoomRequest{Id: req.GetId()})
	if err != nil {
		return nil, err
	}
	return &frontendv1.GetExternalRoomResponse{Room: s.room(ctx, answer.GetRoom())}, nil
}

// CreateExternalRoom creates a room of the application's user.
func (s *externalServer) CreateExternalRoom(ctx context.Context, req *frontendv1.CreateExternalRoomRequest) (*frontendv1.CreateExternalRoomResponse, error) {
	ctx, _ = visit.Enter(ctx)
	body := req.GetBody()
	var f form.Form
	fields, _ := roomFields(&f, &frontendv1.RoomFields{AccessLevel: body.GetAccessLevel(), Configuration: body.GetConfiguration()}, false)
	wrong := f.Err()
	question := &roomv1.CreateExternalRoomRequest{
		AccessLevel: fields.GetAccessLevel(), Configuration: fields.GetConfiguration(), ValidateOnly: wrong != nil,
	}
	answer, err := s.rooms.CreateExternalRoom(ctx, question)
	if err := allWrong(wrong, err); err != nil {
		return nil, err
	}
	return &frontendv1.CreateExternalRoomResponse{Room: s.room(ctx, answer.GetRoom())}, nil
}

// room shapes a room for applications.
func (s *externalServer) room(ctx context.Context, external *roomv1.ExternalRoom) *frontendv1.ExternalRoom {
	r := external.GetRoom()
	shown := &frontendv1.ExternalRoom{
		Id: r.GetId(), Name: r.GetName(), Slug: r.GetSlug(),
		AccessLevel: word(r.GetAccessLevel()), Configuration: object(r.GetConfiguration()),
	}
	if s.baseURL != "" {
		url := s.baseURL + "/" + r.GetSlug()
		shown.Url = &url
	}
	// Those of the room's own trunk; while it has none, what everybody is shown.
	number := s.directory.first(ctx)
	if numbers := external.GetDialIn().GetNumbers(); len(numbers) > 0 {
		number = numbers[0].GetNumber()
	}
	if number != nil {
		shown.Telephony = &frontendv1.ExternalRoomTelephony{
			Enabled: true, PhoneNumber: number.GetNumber(), DefaultCountry: number.GetCountry(),
			PinCode: textOrNull(external.GetDialIn().GetPin()),
		}
	}
	return shown
}

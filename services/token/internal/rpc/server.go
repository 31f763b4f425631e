package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
	"github.com/parleymeet/parley/services/token/internal/tokens"
)

// Server implements parley.token.v1.TokenService.
type Server struct {
	tokenv1.UnimplementedTokenServiceServer
	authority *tokens.Authority
	url       string
}

// NewServer returns the handlers. url is where clients dial LiveKit.
func NewServer(authority *tokens.Authority, url string) *Server {
	return &Server{authority: authority, url: url}
}

// MintParticipantToken mints the token of a person in a browser.
func (s *Server) MintParticipantToken(_ context.Context, req *tokenv1.MintParticipantTokenRequest) (*tokenv1.MintParticipantTokenResponse, error) {
	token, err := s.authority.Person(tokens.Grant{
		Room: req.GetRoom(), Identity: req.GetIdentity(), Name: req.GetName(),
		Attributes: req.GetAttributes(), Lifetime: req.GetTimeToLive().AsDuration(),
	}, req.GetPublishSources(), req.GetRoomAdmin())
	if err != nil {
		return nil, err
	}
	return &tokenv1.MintParticipantTokenResponse{Connection: s.connection(req.GetRoom(), token)}, nil
}

// MintPhoneToken mints the token of a caller.
func (s *Server) MintPhoneToken(_ context.Context, req *tokenv1.MintPhoneTokenRequest) (*tokenv1.MintPhoneTokenResponse, error) {
	token, err := s.authority.Phone(tokens.Grant{
		Room: req.GetRoom(), Identity: req.GetIdentity(), Name: req.GetName(),
		Attributes: req.GetAttributes(), Lifetime: req.GetTimeToLive().AsDuration(),
	}, req.GetCanSubscribe())
	if err != nil {
		return nil, err
	}
	return &tokenv1.MintPhoneTokenResponse{Connection: s.connection(req.GetRoom(), token)}, nil
}

// VerifyToken checks a token that a LiveKit client holds.
func (s *Server) VerifyToken(_ context.Context, req *tokenv1.VerifyTokenRequest) (*tokenv1.VerifyTokenResponse, error) {
	v, err := s.authority.Verify(req.GetToken())
	if err != nil {
		return nil, err
	}
	return &tokenv1.VerifyTokenResponse{
		Room: v.Room, Identity: v.Identity, Name: v.Name, RoomAdmin: v.Admin, ExpireTime: timestamppb.New(v.Expires),
	}, nil
}

func (s *Server) connection(room, token string) *tokenv1.Connection {
	return &tokenv1.Connection{Url: s.url, Room: room, Token: token}
}

package peers

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/moderation"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// Tokens implements rooms.Tokens and moderation.Tokens with the token service.
type Tokens struct {
	client tokenv1.TokenServiceClient
}

var (
	_ rooms.Tokens      = (*Tokens)(nil)
	_ moderation.Tokens = (*Tokens)(nil)
)

// NewTokens asks token on the connection.
func NewTokens(token grpc.ClientConnInterface) *Tokens {
	return &Tokens{client: tokenv1.NewTokenServiceClient(token)}
}

// Mint implements rooms.Tokens.
func (t *Tokens) Mint(ctx context.Context, roomID string, p rooms.Participant) (*tokenv1.Connection, error) {
	ctx, cancel := context.WithTimeout(ctx, neededTimeout)
	defer cancel()
	req := &tokenv1.MintParticipantTokenRequest{
		Room:           roomID,
		Identity:       p.Identity,
		Name:           p.Name,
		RoomAdmin:      p.Moderates,
		PublishSources: p.Sources,
		Attributes:     p.Attributes,
	}
	if p.TimeToLive > 0 {
		req.TimeToLive = durationpb.New(p.TimeToLive)
	}
	resp, err := t.client.MintParticipantToken(ctx, req)
	return resp.GetConnection(), fault("token", err)
}

// Verify implements moderation.Tokens. What is wrong with the token is for its bearer.
func (t *Tokens) Verify(ctx context.Context, token string) (moderation.Bearer, error) {
	ctx, cancel := context.WithTimeout(ctx, neededTimeout)
	defer cancel()
	resp, err := t.client.VerifyToken(ctx, &tokenv1.VerifyTokenRequest{Token: token})
	if failed := apierr.From(err); failed != nil && failed.Reason == apierr.TokenInvalid {
		return moderation.Bearer{}, apierr.New(apierr.TokenInvalid, "%s", failed.PublicText())
	}
	return moderation.Bearer{RoomID: resp.GetRoom(), Identity: resp.GetIdentity()}, fault("token", err)
}

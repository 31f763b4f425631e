package peers

import (
	"context"

	"google.golang.org/grpc"

	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// Tokens implements rooms.Tokens with the token service.
type Tokens struct {
	client tokenv1.TokenServiceClient
}

var _ rooms.Tokens = (*Tokens)(nil)

// NewTokens asks token on the connection.
func NewTokens(token grpc.ClientConnInterface) *Tokens {
	return &Tokens{client: tokenv1.NewTokenServiceClient(token)}
}

// Mint implements rooms.Tokens.
func (t *Tokens) Mint(ctx context.Context, roomID string, p rooms.Participant) (*tokenv1.Connection, error) {
	ctx, cancel := context.WithTimeout(ctx, neededTimeout)
	defer cancel()
	resp, err := t.client.MintParticipantToken(ctx, &tokenv1.MintParticipantTokenRequest{
		Room:           roomID,
		Identity:       p.Identity,
		Name:           p.Name,
		RoomAdmin:      p.Moderates,
		PublishSources: p.Sources,
		Attributes:     p.Attributes,
	})
	return resp.GetConnection(), fault("token", err)
}

package frontend

import (
	"context"

	frontendv1 "github.com/parleymeet/parley/gen/parley/frontend/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/gateway/internal/visit"
)

type diagnosticsServer struct {
	frontendv1.UnimplementedDiagnosticsServiceServer
	rooms roomv1.RoomServiceClient
	// on is the setting that config/ shows.
	on bool
}

// TestConnection gives the visitor an empty meeting to reach.
func (s *diagnosticsServer) TestConnection(ctx context.Context, _ *frontendv1.TestConnectionRequest) (*frontendv1.TestConnectionResponse, error) {
	if !s.on {
		return nil, apierr.New(apierr.MethodUnknown, "Not found.")
	}
	ctx, _ = visit.Enter(ctx)
	answer, err := s.rooms.TestConnection(ctx, &roomv1.TestConnectionRequest{})
	if err != nil {
		return nil, err
	}
	to := answer.GetConnection()
	return &frontendv1.TestConnectionResponse{Livekit: &frontendv1.TestMeeting{
		Url: to.GetUrl(), Room: to.GetRoom(), Token: to.GetToken(), ExpiresIn: int32(answer.GetTimeToLive().GetSeconds()), // #nosec G115 -- minutes
	}}, nil
}

package frontend

import (
	"context"

	"google.golang.org/protobuf/types/known/structpb"

	frontendv1 "github.com/parleymeet/parley/gen/parley/frontend/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
	"github.com/parleymeet/parley/services/gateway/internal/form"
	"github.com/parleymeet/parley/services/gateway/internal/visit"
)

type lobbyServer struct {
	frontendv1.UnimplementedLobbyServiceServer
	lobby roomv1.LobbyServiceClient
}

// RequestEntry asks for the visitor to be let in. The browser keeps the pass of
// the answer, by which it is the same visitor next time.
func (s *lobbyServer) RequestEntry(ctx context.Context, req *frontendv1.RequestEntryRequest) (*frontendv1.RequestEntryResponse, error) {
	ctx, v := visit.Enter(ctx)
	var f form.Form
	username, _ := f.String("username", req.GetBody().GetUsername(), form.Rules{Required: true, Max: maxParticipantName})
	if err := f.Err(); err != nil {
		return nil, err
	}
	answer, err := s.lobby.RequestEntry(ctx, &roomv1.RequestEntryRequest{
		IdOrSlug: req.GetId(), Username: username, Pass: v.Pass, ClientAddress: v.Address,
	})
	if err != nil {
		return nil, err
	}
	visit.KeepPass(ctx, answer.GetPass())
	entry := answer.GetEntry()
	shown := &frontendv1.RequestEntryResponse{
		Status: word(entry.GetStatus()), Username: entry.GetUsername(), Id: entry.GetParticipantId(), Color: entry.GetColor(),
		Livekit: structpb.NewNullValue(),
	}
	if connection := answer.GetConnection(); connection != nil {
		if shown.Livekit, err = asValue(liveKit(connection)); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

// ListWaitingParticipants lists who waits.
func (s *lobbyServer) ListWaitingParticipants(ctx context.Context, req *frontendv1.ListWaitingParticipantsRequest) (*frontendv1.ListWaitingParticipantsResponse, error) {
	ctx, _ = visit.Enter(ctx)
	answer, err := s.lobby.ListWaiting(ctx, &roomv1.ListWaitingRequest{IdOrSlug: req.GetId()})
	if err != nil {
		return nil, err
	}
	shown := &frontendv1.ListWaitingParticipantsResponse{}
	for _, entry := range answer.GetEntries() {
		shown.Participants = append(shown.Participants, &frontendv1.WaitingParticipant{
			Status: word(entry.GetStatus()), Username: entry.GetUsername(), Id: entry.GetParticipantId(), Color: entry.GetColor(),
		})
	}
	return shown, nil
}

// Enter lets somebody in, or not.
func (s *lobbyServer) Enter(ctx context.Context, req *frontendv1.EnterRequest) (*frontendv1.EnterResponse, error) {
	ctx, _ = visit.Enter(ctx)
	var f form.Form
	id, _ := f.UUID("participant_id", req.GetBody().GetParticipantId(), form.Rules{Required: true})
	allow, _ := f.Bool("allow_entry", req.GetBody().GetAllowEntry(), form.Rules{Required: true})
	if err := f.Err(); err != nil {
		return nil, err
	}
	_, err := s.lobby.DecideEntry(ctx, &roomv1.DecideEntryRequest{IdOrSlug: req.GetId(), ParticipantId: id, Allow: allow})
	if err != nil {
		return nil, err
	}
	return &frontendv1.EnterResponse{Message: "Participant was updated."}, nil
}

// liveKit shapes how to enter a meeting.
func liveKit(c *tokenv1.Connection) *frontendv1.LiveKit {
	return &frontendv1.LiveKit{Url: c.GetUrl(), Room: c.GetRoom(), Token: c.GetToken()}
}

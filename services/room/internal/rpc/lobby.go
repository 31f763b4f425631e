package rpc

import (
	"context"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/services/room/internal/lobby"
)

// LobbyServer implements roomv1.LobbyServiceServer.
type LobbyServer struct {
	roomv1.UnimplementedLobbyServiceServer
	lobby *lobby.Service
}

// NewLobbyServer serves the domain.
func NewLobbyServer(service *lobby.Service) *LobbyServer { return &LobbyServer{lobby: service} }

// RequestEntry implements roomv1.LobbyServiceServer.
func (s *LobbyServer) RequestEntry(ctx context.Context, req *roomv1.RequestEntryRequest) (*roomv1.RequestEntryResponse, error) {
	answer, err := s.lobby.Ask(ctx, lobby.Request{
		Caller: caller(ctx, req.GetUsername()), IDOrSlug: req.GetIdOrSlug(), Pass: req.GetPass(), Address: req.GetClientAddress(),
	})
	if err != nil {
		return nil, err
	}
	return &roomv1.RequestEntryResponse{
		Entry: entryMessage(answer.Entry), Connection: answer.Connection, Pass: answer.Pass,
	}, nil
}

// ListWaiting implements roomv1.LobbyServiceServer.
func (s *LobbyServer) ListWaiting(ctx context.Context, req *roomv1.ListWaitingRequest) (*roomv1.ListWaitingResponse, error) {
	entries, err := s.lobby.Queue(ctx, caller(ctx, ""), req.GetIdOrSlug())
	if err != nil {
		return nil, err
	}
	resp := &roomv1.ListWaitingResponse{Entries: make([]*roomv1.LobbyEntry, len(entries))}
	for i, entry := range entries {
		resp.Entries[i] = entryMessage(entry)
	}
	return resp, nil
}

// DecideEntry implements roomv1.LobbyServiceServer.
func (s *LobbyServer) DecideEntry(ctx context.Context, req *roomv1.DecideEntryRequest) (*roomv1.DecideEntryResponse, error) {
	err := s.lobby.Decide(ctx, caller(ctx, ""), req.GetIdOrSlug(), req.GetParticipantId(), req.GetAllow())
	if err != nil {
		return nil, err
	}
	return &roomv1.DecideEntryResponse{}, nil
}

var entryStatusMessages = map[lobby.Status]roomv1.EntryStatus{
	lobby.Waiting:  roomv1.EntryStatus_ENTRY_STATUS_WAITING,
	lobby.Accepted: roomv1.EntryStatus_ENTRY_STATUS_ACCEPTED,
	lobby.Denied:   roomv1.EntryStatus_ENTRY_STATUS_DENIED,
}

func entryMessage(e lobby.Entry) *roomv1.LobbyEntry {
	return &roomv1.LobbyEntry{
		ParticipantId: e.ParticipantID, Status: entryStatusMessages[e.Status], Username: e.Username, Color: e.Color,
	}
}

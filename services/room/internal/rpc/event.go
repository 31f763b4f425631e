package rpc

import (
	"context"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/services/room/internal/live"
)

// EventServer implements roomv1.EventServiceServer.
type EventServer struct {
	roomv1.UnimplementedEventServiceServer
	live *live.Service
}

// NewEventServer serves the domain.
func NewEventServer(service *live.Service) *EventServer { return &EventServer{live: service} }

// ReceiveLiveKitEvent implements roomv1.EventServiceServer.
func (s *EventServer) ReceiveLiveKitEvent(ctx context.Context, req *roomv1.ReceiveLiveKitEventRequest) (*roomv1.ReceiveLiveKitEventResponse, error) {
	if err := s.live.Receive(ctx, req.GetBody(), req.GetAuthorization()); err != nil {
		return nil, err
	}
	return &roomv1.ReceiveLiveKitEventResponse{}, nil
}

package rpc

import (
	"context"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/services/room/internal/phones"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// AdmissionServer implements roomv1.AdmissionServiceServer.
type AdmissionServer struct {
	roomv1.UnimplementedAdmissionServiceServer
	phones *phones.Service
}

// NewAdmissionServer serves the domain.
func NewAdmissionServer(service *phones.Service) *AdmissionServer {
	return &AdmissionServer{phones: service}
}

var admissionMessages = map[rooms.Admission]roomv1.Admission{
	rooms.Admit: roomv1.Admission_ADMISSION_ADMIT,
	rooms.Lobby: roomv1.Admission_ADMISSION_LOBBY,
	rooms.Deny:  roomv1.Admission_ADMISSION_DENY,
}

// GetAdmission implements roomv1.AdmissionServiceServer.
func (s *AdmissionServer) GetAdmission(ctx context.Context, req *roomv1.GetAdmissionRequest) (*roomv1.GetAdmissionResponse, error) {
	admission, err := s.phones.Admit(ctx, phones.Call{
		RoomID: req.GetRoomId(), Identity: req.GetIdentity(), Name: req.GetDisplayName(), ForceLobby: req.GetForceLobby(),
	})
	if err != nil {
		return nil, err
	}
	return &roomv1.GetAdmissionResponse{Admission: admissionMessages[admission]}, nil
}

package rpc

import (
	"context"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// AdmissionServer implements roomv1.AdmissionServiceServer.
type AdmissionServer struct {
	roomv1.UnimplementedAdmissionServiceServer
	rooms *rooms.Service
}

// NewAdmissionServer serves the domain.
func NewAdmissionServer(service *rooms.Service) *AdmissionServer {
	return &AdmissionServer{rooms: service}
}

// GetAdmission implements roomv1.AdmissionServiceServer.
func (s *AdmissionServer) GetAdmission(ctx context.Context, req *roomv1.GetAdmissionRequest) (*roomv1.GetAdmissionResponse, error) {
	admission, err := s.rooms.AdmitPhone(ctx, req.GetRoomId())
	if err != nil {
		return nil, err
	}
	if admission == rooms.Admit {
		return &roomv1.GetAdmissionResponse{Admission: roomv1.Admission_ADMISSION_ADMIT}, nil
	}
	return &roomv1.GetAdmissionResponse{Admission: roomv1.Admission_ADMISSION_LOBBY}, nil
}

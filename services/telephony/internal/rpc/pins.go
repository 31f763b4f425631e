package rpc

import (
	"context"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"

	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

// pinServer needs no check of its own: only the room service and the operator
// reach it.
type pinServer struct {
	telephonyv1.UnimplementedPinServiceServer
	allocator *pins.Allocator
	presence  *pins.Presence
	dialIns   *pins.DialIns
	changed   func()
}

func (s *pinServer) AllocatePin(ctx context.Context, req *telephonyv1.AllocatePinRequest) (*telephonyv1.AllocatePinResponse, error) {
	defer s.changed()
	pin, err := s.allocator.Allocate(ctx, req.GetRoomId(), req.GetCountry())
	if err != nil {
		return nil, err
	}
	dialIn, err := s.dialIns.Of(ctx, pin)
	if err != nil {
		return nil, err
	}
	return &telephonyv1.AllocatePinResponse{DialIn: dialInMessage(dialIn)}, nil
}

func (s *pinServer) ReleasePin(ctx context.Context, req *telephonyv1.ReleasePinRequest) (*telephonyv1.ReleasePinResponse, error) {
	defer s.changed()
	if err := s.allocator.Release(ctx, req.GetRoomId()); err != nil {
		return nil, err
	}
	return &telephonyv1.ReleasePinResponse{}, nil
}

func (s *pinServer) RotatePin(ctx context.Context, req *telephonyv1.RotatePinRequest) (*telephonyv1.RotatePinResponse, error) {
	defer s.changed()
	pin, oldUntil, err := s.allocator.Rotate(ctx, req.GetRoomId(), pins.Rotation{
		Country: req.GetCountry(), Revoke: req.GetRevoke(), Unlimited: req.GetUnlimited(),
	})
	if err != nil {
		return nil, err
	}
	dialIn, err := s.dialIns.Of(ctx, pin)
	if err != nil {
		return nil, err
	}
	return &telephonyv1.RotatePinResponse{DialIn: dialInMessage(dialIn), OldPinExpireTime: timestamp(oldUntil)}, nil
}

func (s *pinServer) BatchGetDialIns(ctx context.Context, req *telephonyv1.BatchGetDialInsRequest) (*telephonyv1.BatchGetDialInsResponse, error) {
	dialIns, err := s.dialIns.OfRooms(ctx, req.GetRoomIds())
	if err != nil {
		return nil, err
	}
	return &telephonyv1.BatchGetDialInsResponse{DialIns: mapAll(dialIns, dialInMessage)}, nil
}

func (s *pinServer) SetRoomLive(ctx context.Context, req *telephonyv1.SetRoomLiveRequest) (*telephonyv1.SetRoomLiveResponse, error) {
	defer s.changed()
	if err := s.presence.Set(ctx, req.GetRoomId(), req.GetLive(), instant(req.GetEventTime())); err != nil {
		return nil, err
	}
	return &telephonyv1.SetRoomLiveResponse{}, nil
}

type directoryServer struct {
	telephonyv1.UnimplementedDirectoryServiceServer
	directory *trunks.Directory
}

func (s *directoryServer) ListNumbers(ctx context.Context, _ *telephonyv1.ListNumbersRequest) (*telephonyv1.ListNumbersResponse, error) {
	listing, err := s.directory.Listing(ctx)
	if err != nil {
		return nil, err
	}
	return &telephonyv1.ListNumbersResponse{Numbers: mapAll(listing.Numbers(), numberMessage)}, nil
}

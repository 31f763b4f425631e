package room_test

import (
	"context"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
	"github.com/parleymeet/parley/pkg/apierr"
)

// outage is a switch that makes a fake peer answer as one that is away.
type outage struct {
	mu   sync.Mutex
	away bool
}

func (o *outage) set(away bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.away = away
}

func (o *outage) err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.away {
		return apierr.New(apierr.Unavailable, "")
	}
	return nil
}

type fakeAuth struct {
	authv1.UnimplementedUserServiceServer
	outage
	users map[string]*authv1.User // by id; not changed while served
}

func (f *fakeAuth) GetUser(_ context.Context, req *authv1.GetUserRequest) (*authv1.GetUserResponse, error) {
	if err := f.err(); err != nil {
		return nil, err
	}
	user := f.users[req.GetId()]
	if user == nil {
		return nil, apierr.New(apierr.UserNotFound, "")
	}
	return &authv1.GetUserResponse{User: user}, nil
}

func (f *fakeAuth) BatchGetUsers(_ context.Context, req *authv1.BatchGetUsersRequest) (*authv1.BatchGetUsersResponse, error) {
	resp := &authv1.BatchGetUsersResponse{}
	for _, id := range req.GetIds() {
		if user := f.users[id]; user != nil {
			resp.Users = append(resp.Users, user)
		}
	}
	return resp, f.err()
}

type fakeToken struct {
	tokenv1.UnimplementedTokenServiceServer
	outage
	last *tokenv1.MintParticipantTokenRequest // guarded by outage.mu
}

func (f *fakeToken) MintParticipantToken(_ context.Context, req *tokenv1.MintParticipantTokenRequest) (*tokenv1.MintParticipantTokenResponse, error) {
	if err := f.err(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = req
	return &tokenv1.MintParticipantTokenResponse{Connection: &tokenv1.Connection{
		Url: "ws://livekit", Room: req.GetRoom(), Token: "for " + req.GetIdentity(),
	}}, nil
}

func (f *fakeToken) asked() *tokenv1.MintParticipantTokenRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

// fakeTelephony gives "1", then after a rotation "11", and so on up to four.
type fakeTelephony struct {
	telephonyv1.UnimplementedPinServiceServer
	outage
	pins map[string]string // by room; guarded by outage.mu
	last *telephonyv1.RotatePinRequest
	// countries are those that were last wished, by room.
	countries map[string]string
}

func (f *fakeTelephony) dialIn(roomID string) *telephonyv1.DialIn {
	pin := f.pins[roomID]
	return &telephonyv1.DialIn{
		RoomId: roomID, Pin: pin, PinDisplay: "012 345 6789", Numbers: []*telephonyv1.DialInNumber{{
			Number: &telephonyv1.PhoneNumber{Number: "+33199000123", Display: "+33 1 99 00 01 23", Country: "FR", Label: "Paris"},
			Tel:    "tel:+33199000123,,," + pin + "#",
		}},
	}
}

func (f *fakeTelephony) AllocatePin(_ context.Context, req *telephonyv1.AllocatePinRequest) (*telephonyv1.AllocatePinResponse, error) {
	if err := f.err(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.countries == nil {
		f.countries = map[string]string{}
	}
	f.countries[req.GetRoomId()] = req.GetCountry()
	if f.pins[req.GetRoomId()] == "" {
		f.pins[req.GetRoomId()] = "1"
	}
	return &telephonyv1.AllocatePinResponse{DialIn: f.dialIn(req.GetRoomId())}, nil
}

func (f *fakeTelephony) ReleasePin(_ context.Context, req *telephonyv1.ReleasePinRequest) (*telephonyv1.ReleasePinResponse, error) {
	if err := f.err(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.pins, req.GetRoomId())
	return &telephonyv1.ReleasePinResponse{}, nil
}

func (f *fakeTelephony) RotatePin(_ context.Context, req *telephonyv1.RotatePinRequest) (*telephonyv1.RotatePinResponse, error) {
	if err := f.err(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.pins[req.GetRoomId()]) == 4 && !req.GetUnlimited() {
		return nil, &apierr.Error{Reason: apierr.Throttled, RetryAfter: time.Hour}
	}
	f.last = req
	f.pins[req.GetRoomId()] = strings.Repeat("1", len(f.pins[req.GetRoomId()])+1)
	return &telephonyv1.RotatePinResponse{DialIn: f.dialIn(req.GetRoomId())}, nil
}

func (f *fakeTelephony) BatchGetDialIns(_ context.Context, req *telephonyv1.BatchGetDialInsRequest) (*telephonyv1.BatchGetDialInsResponse, error) {
	if err := f.err(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	resp := &telephonyv1.BatchGetDialInsResponse{}
	for _, id := range req.GetRoomIds() {
		if f.pins[id] != "" {
			resp.DialIns = append(resp.DialIns, f.dialIn(id))
		}
	}
	return resp, nil
}

func (f *fakeTelephony) has(roomID string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pins[roomID] != ""
}

func object(values map[string]any) *structpb.Struct {
	s, err := structpb.NewStruct(values)
	if err != nil {
		panic(err) // the test's own values
	}
	return s
}

// rotation returns what was last asked for.
func (f *fakeTelephony) rotation() *telephonyv1.RotatePinRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

// wish returns in which country a room was last said to want its number.
func (f *fakeTelephony) wish(roomID string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.countries[roomID]
}

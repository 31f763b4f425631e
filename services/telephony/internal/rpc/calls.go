package rpc

import (
	"context"
	"math"
	"slices"
	"strings"

	"google.golang.org/grpc"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/telephony/internal/calls"
	"github.com/parleymeet/parley/services/telephony/internal/e164"
	"github.com/parleymeet/parley/services/telephony/internal/feed"
	"github.com/parleymeet/parley/services/telephony/internal/page"
	"github.com/parleymeet/parley/services/telephony/internal/throttle"
)

type callServer struct {
	telephonyv1.UnimplementedCallServiceServer
	calls *calls.Recorder
	feed  *feed.Feed
	book  *throttle.Book
	// numberReaders is Domain.NumberReaders.
	numberReaders []string
}

// withheld is the word for callers without a number.
const withheld = "anonymous"

func (s *callServer) ForgiveCaller(ctx context.Context, req *telephonyv1.ForgiveCallerRequest) (*telephonyv1.ForgiveCallerResponse, error) {
	if err := operatorOnly(ctx); err != nil {
		return nil, err
	}
	number := ""
	if strings.HasPrefix(req.GetCaller(), "+") {
		number = e164.Caller(req.GetCaller(), "")
	}
	if number == "" && req.GetCaller() != withheld {
		return nil, apierr.InvalidField("caller", "invalid", "Give the number with plus sign and country code, or the word anonymous.")
	}
	n, err := s.book.Forgive(ctx, number, clean(req.GetTrunkId()))
	if err != nil {
		return nil, err
	}
	return &telephonyv1.ForgiveCallerResponse{Accounts: int32(n)}, nil // #nosec G115 -- one for each trunk at most
}

func (s *callServer) GetCall(ctx context.Context, req *telephonyv1.GetCallRequest) (*telephonyv1.GetCallResponse, error) {
	if err := operatorOnly(ctx); err != nil {
		return nil, err
	}
	call, err := s.calls.Get(ctx, clean(req.GetCallId()))
	if err != nil {
		return nil, err
	}
	message := callMessage(call)
	if req.GetReveal() {
		if !s.readsNumbers(ctx) {
			return nil, apierr.New(apierr.PermissionDenied, "")
		}
		if message.CallerNumber, err = s.calls.RevealNumber(ctx, call, who(ctx)); err != nil {
			return nil, err
		}
	}
	return &telephonyv1.GetCallResponse{Call: message}, nil
}

// readsNumbers says whether the operator who asks may see whole numbers. The
// operator's own process may: it can read the database.
func (s *callServer) readsNumbers(ctx context.Context) bool {
	user := identity.UserFrom(ctx)
	return user == nil || len(s.numberReaders) == 0 ||
		slices.ContainsFunc(s.numberReaders, func(email string) bool { return strings.EqualFold(email, user.Email) })
}

// who names the operator who asks: a person, or the process that needs none.
func who(ctx context.Context) string {
	if user := identity.UserFrom(ctx); user != nil {
		return user.ID
	}
	return identity.CallerFrom(ctx)
}

func (s *callServer) ListRefusals(ctx context.Context, req *telephonyv1.ListRefusalsRequest) (*telephonyv1.ListRefusalsResponse, error) {
	if err := operatorOnly(ctx); err != nil {
		return nil, err
	}
	window, err := page.Parse(req.GetPageSize(), req.GetPageToken(), req.GetSkip())
	if err != nil {
		return nil, err
	}
	trunkID := clean(req.GetTrunkId())
	list, total, err := s.calls.List(ctx, calls.Filter{TrunkID: trunkID, Refused: true}, window)
	if err != nil {
		return nil, err
	}
	counts, err := s.calls.Refusals(ctx, trunkID)
	if err != nil {
		return nil, err
	}
	reasons := make(map[string]int64, len(counts))
	for reason, n := range counts {
		reasons[reason] = int64(n)
	}
	return &telephonyv1.ListRefusalsResponse{
		Calls: mapAll(list, callMessage), NextPageToken: window.Next(total), Reasons: reasons,
		TotalSize: int32(min(total, math.MaxInt32)), // #nosec G115
	}, nil
}

func (s *callServer) ListCalls(ctx context.Context, req *telephonyv1.ListCallsRequest) (*telephonyv1.ListCallsResponse, error) {
	if err := operatorOnly(ctx); err != nil {
		return nil, err
	}
	window, err := page.Parse(req.GetPageSize(), req.GetPageToken(), req.GetSkip())
	if err != nil {
		return nil, err
	}
	list, total, err := s.calls.List(ctx, calls.Filter{
		RoomID: clean(req.GetRoomId()), TrunkID: clean(req.GetTrunkId()), Live: req.GetLive(),
	}, window)
	if err != nil {
		return nil, err
	}
	return &telephonyv1.ListCallsResponse{
		Calls: mapAll(list, callMessage), NextPageToken: window.Next(total), TotalSize: int32(min(total, math.MaxInt32)), // #nosec G115
	}, nil
}

// NoteParticipant needs no check: only the room service reaches it.
func (s *callServer) NoteParticipant(ctx context.Context, req *telephonyv1.NoteParticipantRequest) (*telephonyv1.NoteParticipantResponse, error) {
	err := s.calls.NoteParticipant(ctx, calls.Participant{
		CallID: clean(req.GetCallId()), RoomID: req.GetRoomId(), TrunkID: clean(req.GetTrunkId()),
		Joined: instant(req.GetJoinTime()), Left: instant(req.GetLeaveTime()), LeaveReason: clean(req.GetLeaveReason()),
	})
	if err != nil {
		return nil, err
	}
	return &telephonyv1.NoteParticipantResponse{}, nil
}

func (s *callServer) WatchCalls(req *telephonyv1.WatchCallsRequest, stream grpc.ServerStreamingServer[telephonyv1.WatchCallsResponse]) error {
	if err := operatorOnly(stream.Context()); err != nil {
		return err
	}
	filter := calls.Filter{RoomID: clean(req.GetRoomId()), TrunkID: clean(req.GetTrunkId())}
	return s.feed.Watch(stream.Context(), filter, func(c calls.Call) error {
		return stream.Send(&telephonyv1.WatchCallsResponse{Call: callMessage(c)})
	})
}

package telephony

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/livekit/protocol/livekit"
	lkrpc "github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/config"
	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/run"
	"github.com/parleymeet/parley/pkg/secret"
	"github.com/parleymeet/parley/pkg/testkit"
)

type fakeRoom struct {
	roomv1.UnimplementedAdmissionServiceServer
}

func (fakeRoom) GetAdmission(context.Context, *roomv1.GetAdmissionRequest) (*roomv1.GetAdmissionResponse, error) {
	return &roomv1.GetAdmissionResponse{Admission: roomv1.Admission_ADMISSION_ADMIT}, nil
}

type fakeToken struct {
	tokenv1.UnimplementedTokenServiceServer
}

func (fakeToken) MintPhoneToken(_ context.Context, req *tokenv1.MintPhoneTokenRequest) (*tokenv1.MintPhoneTokenResponse, error) {
	return &tokenv1.MintPhoneTokenResponse{Connection: &tokenv1.Connection{Url: "ws://livekit", Room: req.GetRoom(), Token: "jwt"}}, nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// listen serves inside the process, and on the listeners, until the test ends.
func listen(t *testing.T, policy grpcx.Policy, register func(grpc.ServiceRegistrar), listeners ...net.Listener) *grpcx.Server {
	t.Helper()
	server, err := grpcx.NewServer(grpcx.Options{
		Policy: policy, Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
	})
	must(t, err)
	register(server)
	go func() { _ = server.Serve(listeners...) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Stop(ctx)
	})
	return server
}

func testConfig(t *testing.T) Config {
	t.Helper()
	var cfg Config
	must(t, config.Load(&cfg, []string{
		"DATABASE_URL=sqlite://" + t.TempDir(), "SECRET_KEY=" + secret.Generate(), "SIP_HOST=sip.example.org",
	}))
	return cfg
}

// start runs a whole service with fake peers and returns its network.
func start(t *testing.T, cfg Config, listeners ...net.Listener) *grpcx.Server {
	t.Helper()
	return startWatched(t, cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), listeners...)
}

// startWatched is start with a log and metrics.
func startWatched(t *testing.T, cfg Config, log *slog.Logger, registry prometheus.Registerer, listeners ...net.Listener) *grpcx.Server {
	t.Helper()
	return listen(t, Policy(), launch(t, cfg, log, registry, clock.System{}).Register, listeners...)
}

// launch runs a whole service with fake peers.
func launch(t *testing.T, cfg Config, log *slog.Logger, registry prometheus.Registerer, c clock.Clock) *Service {
	t.Helper()
	anyone := grpcx.Rule{Callers: []string{identity.CallerTelephony}}
	peers := grpcx.Service(roomv1.AdmissionService_ServiceDesc, anyone)
	for method, rule := range grpcx.Service(tokenv1.TokenService_ServiceDesc, anyone) {
		peers[method] = rule
	}
	peer := listen(t, peers, func(r grpc.ServiceRegistrar) {
		roomv1.RegisterAdmissionServiceServer(r, fakeRoom{})
		tokenv1.RegisterTokenServiceServer(r, fakeToken{})
	}).Local(identity.CallerTelephony)
	s, err := New(cfg, Deps{
		Room: peer, Token: peer, Logger: log, Registry: registry, Clock: c,
	})
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	group := run.Group{}
	group.Add(s.Component())
	go func() { ended <- group.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		must(t, <-ended)
	})
	testkit.Eventually(t, 10*time.Second, func() error { return s.store.Ready(t.Context()) })
	return s
}

func createTrunk(t *testing.T, server *grpcx.Server, trunk *telephonyv1.Trunk) *telephonyv1.Trunk {
	t.Helper()
	answer, err := telephonyv1.NewTrunkServiceClient(server.Local(identity.CallerOperator)).
		CreateTrunk(t.Context(), &telephonyv1.CreateTrunkRequest{Trunk: trunk})
	must(t, err)
	return answer.GetTrunk()
}

// TestACall goes the whole way: trunk, PIN, the bus's questions, the call's record.
func TestACall(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.SIPRedisURL = config.Secret(testkit.Redis(t))
	socket, err := net.Listen("unix", filepath.Join(t.TempDir(), "operator.sock"))
	must(t, err)
	server := start(t, cfg, socket)
	trunk := createTrunk(t, server, &telephonyv1.Trunk{
		Name: "Carrier", Numbers: []*telephonyv1.PhoneNumber{{Number: "+33123456789", Label: "Paris", Kind: telephonyv1.NumberKind_NUMBER_KIND_LOCAL}},
		AllowedAddresses: []string{"127.0.0.0/8"}, AuthUsername: "carrier", AuthPassword: "s3cret",
	})
	if len(trunk.GetId()) != 15 || !strings.HasPrefix(trunk.GetId(), "ST_") || trunk.GetAuthPassword() != "" || trunk.GetPinLength() != 10 ||
		trunk.GetState() != telephonyv1.TrunkState_TRUNK_STATE_ACTIVE || trunk.GetArming() != telephonyv1.Arming_ARMING_ALWAYS ||
		trunk.GetNumbers()[0].GetCountry() != "FR" || trunk.GetNumbers()[0].GetDisplay() != "+33 1 23 45 67 89" {
		t.Fatalf("trunk %v", trunk)
	}
	room := uuid.NewString()
	allocated, err := telephonyv1.NewPinServiceClient(server.Local(identity.CallerRoom)).
		AllocatePin(t.Context(), &telephonyv1.AllocatePinRequest{RoomId: room})
	must(t, err)
	d := allocated.GetDialIn()
	pin := d.GetPin()
	if d.GetPinDisplay() != pin[:3]+" "+pin[3:6]+" "+pin[6:] || d.GetSipUri() != "sip:"+pin+"@sip.example.org" ||
		d.GetNumbers()[0].GetTel() != "tel:+33123456789,,,"+pin+"#" || d.GetTrunkId() != trunk.GetId() {
		t.Errorf("dial-in %v", d)
	}

	options, err := redis.ParseURL(cfg.SIPRedisURL.Reveal())
	must(t, err)
	rc := redis.NewClient(options)
	t.Cleanup(func() { _ = rc.Close() })
	bus, err := lkrpc.NewIOInfoClient(psrpc.NewRedisMessageBus(rc))
	must(t, err)
	call := &lkrpc.SIPCall{LkCallId: "SCL_1", SourceIp: "127.0.0.1", To: &livekit.SIPUri{User: "+33123456789"}, From: &livekit.SIPUri{User: "+33612345612"}}
	testkit.Eventually(t, 10*time.Second, func() error {
		auth, err := bus.GetSIPTrunkAuthentication(t.Context(), &lkrpc.GetSIPTrunkAuthenticationRequest{Call: call}, psrpc.WithRequestTimeout(500*time.Millisecond))
		if err == nil && (auth.GetUsername() != "carrier" || auth.GetPassword() != "s3cret") {
			return errors.New("other credentials than the trunk's")
		}
		return err
	})
	evaluate := func(pin string) *lkrpc.EvaluateSIPDispatchRulesResponse {
		t.Helper()
		answer, err := bus.EvaluateSIPDispatchRules(t.Context(), &lkrpc.EvaluateSIPDispatchRulesRequest{Call: call, SipTrunkId: trunk.GetId(), Pin: pin})
		must(t, err)
		return answer
	}
	if answer := evaluate(""); answer.GetResult() != lkrpc.SIPDispatchResult_REQUEST_PIN {
		t.Errorf("without PIN: %v", answer)
	}
	if answer := evaluate(pin); answer.GetResult() != lkrpc.SIPDispatchResult_ACCEPT || answer.GetRoomName() != room ||
		answer.GetToken() != "jwt" || answer.GetSipTrunkId() != trunk.GetId() {
		t.Errorf("with PIN: %v", answer)
	}
	_, err = bus.UpdateSIPCallState(t.Context(), &lkrpc.UpdateSIPCallStateRequest{CallInfo: &livekit.SIPCallInfo{
		CallId: "SCL_1", CallStatus: livekit.SIPCallStatus_SCS_ACTIVE, StartedAtNs: time.Now().UnixNano(),
	}})
	must(t, err)
	callList := telephonyv1.NewCallServiceClient(server.Local(identity.CallerOperator))
	testkit.Eventually(t, 5*time.Second, func() error {
		list, err := callList.ListCalls(t.Context(), &telephonyv1.ListCallsRequest{RoomId: room, Live: true})
		if err != nil || len(list.GetCalls()) != 1 || list.GetCalls()[0].GetState() != telephonyv1.CallState_CALL_STATE_ACTIVE ||
			list.GetCalls()[0].GetCaller() != "+33 6 •• •• •• 12" || list.GetTotalSize() != 1 {
			return errors.Join(errors.New("no such record: "+list.String()), err)
		}
		return nil
	})
	operator, err := grpcx.Dial("unix://"+socket.Addr().String(), nil)
	must(t, err)
	t.Cleanup(func() { _ = operator.Close() })
	stream, err := telephonyv1.NewCallServiceClient(operator).WatchCalls(t.Context(), &telephonyv1.WatchCallsRequest{TrunkId: trunk.GetId()})
	must(t, err)
	if news, err := stream.Recv(); err != nil || news.GetCall().GetId() != "SCL_1" || news.GetCall().GetState() != telephonyv1.CallState_CALL_STATE_ACTIVE {
		t.Errorf("watched: %v %v", news, err)
	}
	_, err = bus.UpdateSIPCallState(t.Context(), &lkrpc.UpdateSIPCallStateRequest{CallInfo: &livekit.SIPCallInfo{
		CallId: "SCL_1", CallStatus: livekit.SIPCallStatus_SCS_DISCONNECTED,
	}})
	must(t, err)
	if news, err := stream.Recv(); err != nil || news.GetCall().GetState() != telephonyv1.CallState_CALL_STATE_ENDED {
		t.Errorf("watched on: %v %v", news, err)
	}
	for reveal, want := range map[bool]string{false: "", true: "+33612345612"} {
		got, err := callList.GetCall(t.Context(), &telephonyv1.GetCallRequest{CallId: "SCL_1", Reveal: reveal})
		if err != nil || got.GetCall().GetRoomId() != room || got.GetCall().GetCallerNumber() != want {
			t.Errorf("reveal %v: %v %v", reveal, got, err)
		}
	}
}

func TestResolvePin(t *testing.T) {
	t.Parallel()
	server := start(t, testConfig(t))
	trunk := createTrunk(t, server, &telephonyv1.Trunk{
		Name: "Carrier", Numbers: []*telephonyv1.PhoneNumber{{Number: "+33123456789"}}, AllowedAddresses: []string{"192.0.2.1"},
	})
	room := uuid.NewString()
	allocated, err := telephonyv1.NewPinServiceClient(server.Local(identity.CallerRoom)).
		AllocatePin(t.Context(), &telephonyv1.AllocatePinRequest{RoomId: room})
	must(t, err)
	good := allocated.GetDialIn().GetPin()
	operator := telephonyv1.NewDispatchServiceClient(server.Local(identity.CallerOperator))
	bridge := telephonyv1.NewDispatchServiceClient(server.Local(identity.CallerBridge))
	for name, c := range map[string]struct {
		client telephonyv1.DispatchServiceClient
		req    *telephonyv1.ResolvePinRequest
		want   *telephonyv1.ResolvePinResponse
	}{
		"accepted": {bridge, &telephonyv1.ResolvePinRequest{Number: "0033123456789", Pin: good},
			&telephonyv1.ResolvePinResponse{Result: telephonyv1.DispatchResult_DISPATCH_RESULT_ACCEPT, RoomId: room, TrunkId: trunk.GetId()}},
		"bridge is not told why": {bridge, &telephonyv1.ResolvePinRequest{TrunkId: trunk.GetId(), Pin: "12"},
			&telephonyv1.ResolvePinResponse{Result: telephonyv1.DispatchResult_DISPATCH_RESULT_REJECT}},
		"operator is": {operator, &telephonyv1.ResolvePinRequest{TrunkId: trunk.GetId(), Pin: "12"},
			&telephonyv1.ResolvePinResponse{Result: telephonyv1.DispatchResult_DISPATCH_RESULT_REJECT, TrunkId: trunk.GetId(), Reason: telephonyv1.RefusalReason_REFUSAL_REASON_PIN_MALFORMED}},
		"source counts where it is told": {operator, &telephonyv1.ResolvePinRequest{TrunkId: trunk.GetId(), Pin: good, SourceIp: "192.0.2.2"},
			&telephonyv1.ResolvePinResponse{Result: telephonyv1.DispatchResult_DISPATCH_RESULT_REJECT, TrunkId: trunk.GetId(), Reason: telephonyv1.RefusalReason_REFUSAL_REASON_SOURCE_NOT_ALLOWED}},
	} {
		got, err := c.client.ResolvePin(t.Context(), c.req)
		if err != nil || got.String() != c.want.String() {
			t.Errorf("%s: %v %v, want %v", name, got, err, c.want)
		}
	}
	_, err = bridge.ResolvePin(t.Context(), &telephonyv1.ResolvePinRequest{Pin: good})
	wantFields(t, err, "number")
	_, err = telephonyv1.NewDispatchServiceClient(server.Local(identity.CallerGateway)).ResolvePin(t.Context(), &telephonyv1.ResolvePinRequest{Number: "+33123456789"})
	if !apierr.Has(err, apierr.Unauthenticated) {
		t.Errorf("a gateway without user: %v", err)
	}
}

func wantFields(t *testing.T, err error, fields ...string) {
	t.Helper()
	violations := apierr.From(err).Violations
	got := make([]string, 0, len(violations))
	for _, v := range violations {
		got = append(got, v.Field)
	}
	if strings.Join(got, " ") != strings.Join(fields, " ") {
		t.Errorf("violations %v (%v), want %v", got, err, fields)
	}
}

func TestTrunksAreChecked(t *testing.T) {
	t.Parallel()
	server := start(t, testConfig(t))
	c := telephonyv1.NewTrunkServiceClient(server.Local(identity.CallerOperator))
	number := func(n string) *telephonyv1.PhoneNumber { return &telephonyv1.PhoneNumber{Number: n} }
	first := createTrunk(t, server, &telephonyv1.Trunk{Name: " First ", Numbers: []*telephonyv1.PhoneNumber{number("+33 1 23 45 67 89")}})
	_, err := c.CreateTrunk(t.Context(), &telephonyv1.CreateTrunkRequest{Trunk: &telephonyv1.Trunk{
		Name: strings.Repeat("x", 201), PinLength: 17, Arming: telephonyv1.Arming_ARMING_LIVE + 1, AuthUsername: "u", LivekitTrunkId: "TR_x",
		Numbers:          []*telephonyv1.PhoneNumber{number("0123456789"), number("+33123456780"), number("+33123456780")},
		AllowedAddresses: []string{"192.0.2.0/24", "192.0.2.0/33", "host.example.org"},
	}})
	wantFields(t, err, "name", "numbers.0.number", "numbers.2.number", "allowed_addresses.1", "allowed_addresses.2",
		"livekit_trunk_id", "pin_length", "arming", "auth_password")
	_, err = c.CreateTrunk(t.Context(), &telephonyv1.CreateTrunkRequest{Trunk: &telephonyv1.Trunk{
		Name: "Second", Numbers: []*telephonyv1.PhoneNumber{number("+33123456780"), number("+33123456789")},
	}})
	wantFields(t, err, "numbers.1.number")
	createTrunk(t, server, &telephonyv1.Trunk{Name: "Third", LivekitTrunkId: "ST_abcdEFGH1234"})
	_, err = c.UpdateTrunk(t.Context(), &telephonyv1.UpdateTrunkRequest{
		Trunk:      &telephonyv1.Trunk{Id: first.GetId(), LivekitTrunkId: "ST_abcdEFGH1234"},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"livekit_trunk_id"}},
	})
	wantFields(t, err, "livekit_trunk_id")
	_, err = c.AddNumber(t.Context(), &telephonyv1.AddNumberRequest{TrunkId: first.GetId(), Number: number("+33123456789")})
	wantFields(t, err, "number")
	_, err = c.UpdateTrunk(t.Context(), &telephonyv1.UpdateTrunkRequest{
		Trunk:      &telephonyv1.Trunk{Id: first.GetId(), State: telephonyv1.TrunkState_TRUNK_STATE_DRAINING},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name", "state", "id"}},
	})
	wantFields(t, err, "name", "state", "update_mask")
	updated, err := c.UpdateTrunk(t.Context(), &telephonyv1.UpdateTrunkRequest{
		Trunk:      &telephonyv1.Trunk{Id: first.GetId(), AllowedAddresses: []string{"192.0.2.7", "2001:db8::1/32"}, PinLength: 6, Name: "Ignored"},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"allowed_addresses", "pin_length"}},
	})
	must(t, err)
	if got := updated.GetTrunk(); got.GetName() != "First" || got.GetPinLength() != 6 || strings.Join(got.GetAllowedAddresses(), " ") != "192.0.2.7 2001:db8::/32" {
		t.Errorf("updated %v", got)
	}
	removed, err := c.RemoveNumber(t.Context(), &telephonyv1.RemoveNumberRequest{TrunkId: first.GetId(), Number: "+33123456789"})
	if err != nil || len(removed.GetTrunk().GetNumbers()) != 0 {
		t.Errorf("number not removed: %v %v", removed, err)
	}
	_, err = c.ListTrunks(t.Context(), &telephonyv1.ListTrunksRequest{PageToken: "nonsense"})
	if !apierr.Has(err, apierr.InvalidPage) {
		t.Errorf("a made-up page token: %v", err)
	}
}

// TestOpeningATrunkWarns: once, by the change that does it.
func TestOpeningATrunkWarns(t *testing.T) {
	t.Parallel()
	server := start(t, testConfig(t))
	c := telephonyv1.NewTrunkServiceClient(server.Local(identity.CallerOperator))
	trunk := createTrunk(t, server, &telephonyv1.Trunk{
		Name: "First", AllowedAddresses: []string{"192.0.2.7"}, Numbers: []*telephonyv1.PhoneNumber{{Number: "+33123456789"}},
	})
	for _, change := range []struct {
		trunk *telephonyv1.Trunk
		field string
		want  int
	}{
		{&telephonyv1.Trunk{Name: "Still closed"}, "name", 0},
		{&telephonyv1.Trunk{}, "allowed_addresses", 1},
		{&telephonyv1.Trunk{Name: "As open as before"}, "name", 0},
	} {
		change.trunk.Id = trunk.GetId()
		updated, err := c.UpdateTrunk(t.Context(), &telephonyv1.UpdateTrunkRequest{
			Trunk: change.trunk, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{change.field}},
		})
		must(t, err)
		if got := updated.GetWarnings(); len(got) != change.want || (change.want > 0 && !strings.Contains(got[0], "from anywhere")) {
			t.Errorf("%v: warnings %q", change.trunk, got)
		}
	}
}

// TestADisabledTrunkIsDrained: its carrier may be gone.
func TestADisabledTrunkIsDrained(t *testing.T) {
	t.Parallel()
	server := start(t, testConfig(t))
	c := telephonyv1.NewTrunkServiceClient(server.Local(identity.CallerOperator))
	id := createTrunk(t, server, &telephonyv1.Trunk{Name: "First", Numbers: []*telephonyv1.PhoneNumber{{Number: "+33123456789"}}}).GetId()
	_, err := telephonyv1.NewPinServiceClient(server.Local(identity.CallerRoom)).
		AllocatePin(t.Context(), &telephonyv1.AllocatePinRequest{RoomId: uuid.NewString()})
	must(t, err)
	_, err = c.UpdateTrunk(t.Context(), &telephonyv1.UpdateTrunkRequest{
		Trunk: &telephonyv1.Trunk{Id: id, State: telephonyv1.TrunkState_TRUNK_STATE_DISABLED}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"state"}},
	})
	must(t, err)
	drained, err := c.DrainTrunk(t.Context(), &telephonyv1.DrainTrunkRequest{TrunkId: id})
	if err != nil || drained.GetTrunk().GetState() != telephonyv1.TrunkState_TRUNK_STATE_DRAINING {
		t.Errorf("%v %v", drained, err)
	}
}

func TestPolicyCoversEveryMethod(t *testing.T) {
	t.Parallel()
	s, err := New(testConfig(t), Deps{Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(), Clock: clock.System{}})
	must(t, err)
	t.Cleanup(func() { _ = s.store.Close() })
	server, err := grpcx.NewServer(grpcx.Options{Policy: Policy(), Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry()})
	must(t, err)
	s.Register(server)
	must(t, server.CheckPolicy())
}

func TestConfigurationFaultsComeTogether(t *testing.T) {
	t.Parallel()
	var cfg Config
	err := config.Load(&cfg, []string{
		"DATABASE_URL=mysql://u:hunter2@h", "PIN_LENGTH=3", "PIN_ARMING=never", "DISPATCH_MODE=both", "DISPATCH_DEADLINE=3s",
		"SIP_REDIS_URL=http://u:hunter2@h", "SIP_HOST=sip:host/x", "PHONE_TOKEN_TTL=25h",
	})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Fatalf("error %v", err)
	}
	for _, name := range []string{"DATABASE_URL", "SECRET_KEY", "PIN_LENGTH", "PIN_ARMING", "DISPATCH_MODE", "DISPATCH_DEADLINE", "SIP_REDIS_URL", "SIP_HOST", "PHONE_TOKEN_TTL"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not among the faults: %v", name, err)
		}
	}
}

func TestGuessingSettingsAreChecked(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.ThrottleForgive, cfg.GuardRate, cfg.GuardFactor, cfg.GuardTime = -1, -1, 0, 0
	err := cfg.Validate()
	for _, name := range []string{"THROTTLE_FORGIVE", "GUARD_RATE", "GUARD_FACTOR", "GUARD_TIME"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not among the faults: %v", name, err)
		}
	}
}

// TestLiveArming waits for LiveKit's room before it lets a PIN in.
func TestLiveArming(t *testing.T) {
	t.Parallel()
	server := start(t, testConfig(t))
	createTrunk(t, server, &telephonyv1.Trunk{
		Name: "Carrier", Numbers: []*telephonyv1.PhoneNumber{{Number: "+33123456789"}}, Arming: telephonyv1.Arming_ARMING_LIVE,
	})
	pinService := telephonyv1.NewPinServiceClient(server.Local(identity.CallerRoom))
	room := uuid.NewString()
	allocated, err := pinService.AllocatePin(t.Context(), &telephonyv1.AllocatePinRequest{RoomId: room})
	must(t, err)
	operator := telephonyv1.NewDispatchServiceClient(server.Local(identity.CallerOperator))
	resolve := func(want telephonyv1.RefusalReason) {
		t.Helper()
		got, err := operator.ResolvePin(t.Context(), &telephonyv1.ResolvePinRequest{
			Number: "+33123456789", Pin: allocated.GetDialIn().GetPin(), Caller: "+33612345678", CallId: uuid.NewString(),
		})
		if err != nil || got.GetReason() != want || (got.GetResult() == telephonyv1.DispatchResult_DISPATCH_RESULT_ACCEPT) != (want == 0) {
			t.Errorf("%v %v, want %v", got, err, want)
		}
	}
	for range 10 {
		resolve(telephonyv1.RefusalReason_REFUSAL_REASON_PIN_NOT_ARMED)
	}
	_, err = pinService.SetRoomLive(t.Context(), &telephonyv1.SetRoomLiveRequest{RoomId: room, Live: true, EventTime: timestamppb.New(time.Now().Add(-time.Minute))})
	must(t, err)
	resolve(0)
	_, err = pinService.SetRoomLive(t.Context(), &telephonyv1.SetRoomLiveRequest{RoomId: room})
	must(t, err)
	resolve(telephonyv1.RefusalReason_REFUSAL_REASON_PIN_NOT_ARMED)
}

package token_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/types/known/durationpb"

	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/config"
	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/token"
)

const livekitURL = "wss://livekit.example.org"

var environ = []string{
	"LIVEKIT_URL=" + livekitURL, "LIVEKIT_API_KEY=devkey", "LIVEKIT_API_SECRET=a secret of at least thirty-two characters",
}

// clientAs serves a token service behind the real interceptors.
func clientAs(t *testing.T, caller string) tokenv1.TokenServiceClient {
	t.Helper()
	var cfg token.Config
	if err := config.Load(&cfg, environ); err != nil {
		t.Fatal(err)
	}
	service, err := token.New(cfg, token.Deps{Logger: slog.New(slog.DiscardHandler), Clock: clock.System{}})
	if err != nil {
		t.Fatal(err)
	}
	server, err := grpcx.NewServer(grpcx.Options{
		Policy: token.Policy(), Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	service.Register(server)
	served := make(chan error, 1)
	go func() { served <- server.Serve() }()
	t.Cleanup(func() {
		if err := server.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return tokenv1.NewTokenServiceClient(server.Local(caller))
}

func TestMintAndVerify(t *testing.T) {
	t.Parallel()
	client := clientAs(t, identity.CallerRoom)
	minted, err := client.MintParticipantToken(t.Context(), &tokenv1.MintParticipantTokenRequest{
		Room: "r", Identity: "u", Name: "Ada", RoomAdmin: true, PublishSources: []string{"camera"},
	})
	if err != nil {
		t.Fatal(err)
	}
	connection := minted.GetConnection()
	if connection.GetUrl() != livekitURL || connection.GetRoom() != "r" {
		t.Errorf("connection %v", connection)
	}
	verified, err := client.VerifyToken(t.Context(), &tokenv1.VerifyTokenRequest{Token: connection.GetToken()})
	if err != nil {
		t.Fatal(err)
	}
	if verified.GetRoom() != "r" || verified.GetIdentity() != "u" || verified.GetName() != "Ada" || !verified.GetRoomAdmin() {
		t.Errorf("verified %v", verified)
	}
	if left := time.Until(verified.GetExpireTime().AsTime()); left < 5*time.Hour || left > 6*time.Hour {
		t.Errorf("good for %v, want 6 hours", left)
	}
	_, err = client.VerifyToken(t.Context(), &tokenv1.VerifyTokenRequest{Token: "x"})
	if !apierr.Has(err, apierr.TokenInvalid) || apierr.From(err).Text != "Invalid LiveKit token: Not enough segments" {
		t.Errorf("got %v", err)
	}
}

func TestPhoneTokenNeedsLifetimeAndPrefix(t *testing.T) {
	t.Parallel()
	client := clientAs(t, identity.CallerTelephony)
	hour := durationpb.New(time.Hour)
	cases := map[string]struct {
		request *tokenv1.MintPhoneTokenRequest
		ok      bool
	}{
		"good":        {&tokenv1.MintPhoneTokenRequest{Room: "r", Identity: "sip_1", TimeToLive: hour}, true},
		"no lifetime": {&tokenv1.MintPhoneTokenRequest{Room: "r", Identity: "sip_1"}, false},
		"as a person": {&tokenv1.MintPhoneTokenRequest{Room: "r", Identity: "ada", TimeToLive: hour}, false},
		"no room":     {&tokenv1.MintPhoneTokenRequest{Identity: "sip_1", TimeToLive: hour}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			answer, err := client.MintPhoneToken(t.Context(), c.request)
			if c.ok && (err != nil || answer.GetConnection().GetToken() == "") || !c.ok && !apierr.Has(err, apierr.InvalidFields) {
				t.Errorf("got %v, %v", answer, err)
			}
		})
	}
}

func TestOnlyRoomAndTelephonyMint(t *testing.T) {
	t.Parallel()
	for _, caller := range []string{identity.CallerGateway, identity.CallerAuth, identity.CallerOperator, ""} {
		_, err := clientAs(t, caller).MintParticipantToken(t.Context(), &tokenv1.MintParticipantTokenRequest{Room: "r", Identity: "u"})
		if !apierr.Has(err, apierr.CallerNotAllowed) {
			t.Errorf("%q: got %v", caller, err)
		}
	}
}

func TestConfig(t *testing.T) {
	err := config.Load(&token.Config{}, []string{"LIVEKIT_URL=livekit.example.org"})
	for _, name := range []string{"LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestShortSecretWarns(t *testing.T) {
	cfg := token.Config{LiveKitURL: "ws://127.0.0.1:7880", LiveKitAPIKey: "devkey", LiveKitAPISecret: "secret"}
	var logs bytes.Buffer
	if _, err := token.New(cfg, token.Deps{Logger: slog.New(slog.NewTextHandler(&logs, nil)), Clock: clock.System{}}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(logs.String(), "LIVEKIT_API_SECRET") {
		t.Errorf("logged %q", &logs)
	}
}

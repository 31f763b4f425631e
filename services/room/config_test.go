package room_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/config"
	"github.com/parleymeet/parley/pkg/secret"
	"github.com/parleymeet/parley/services/room"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	key := "SECRET_KEY=" + secret.Generate()
	for name, c := range map[string]struct {
		environ []string
		faults  []string
	}{
		"the least":   {[]string{key}, nil},
		"nothing set": {nil, []string{"SECRET_KEY"}},
		"all wrong": {
			[]string{"DATABASE_URL=mysql://u:geheim@h", "RESOURCE_DEFAULT_ACCESS_LEVEL=open", "LIVEKIT_DEFAULT_SOURCES=camera,tuba", "LIVEKIT_API_URL=http://h", "SECRET_KEY=geheim", "LOBBY_DENIED_TIMEOUT=0", "LOBBY_ADDRESS_LIMIT=-1"},
			[]string{"DATABASE_URL", "SECRET_KEY", "LOBBY_DENIED_TIMEOUT", "LOBBY_ADDRESS_LIMIT", "RESOURCE_DEFAULT_ACCESS_LEVEL", `"tuba"`, "LIVEKIT_API_KEY"},
		},
		"no sources": {[]string{key, "LIVEKIT_DEFAULT_SOURCES="}, nil},
		"no rate":    {[]string{key, "REQUEST_ENTRY_THROTTLE_RATES=often"}, []string{"REQUEST_ENTRY_THROTTLE_RATES"}},
	} {
		var cfg room.Config
		err := config.Load(&cfg, c.environ)
		var known *config.Error
		if len(c.faults) == 0 {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if !errors.As(err, &known) || len(known.Faults) != len(c.faults) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, want := range c.faults {
			if text := known.Faults[i].Error(); !strings.Contains(text, want) || strings.Contains(text, "geheim") {
				t.Errorf("%s: fault %q, want %s", name, text, want)
			}
		}
	}
}

// TestNewNeedsNobody: a database server that is down does not keep the service
// from being built.
func TestNewNeedsNobody(t *testing.T) {
	t.Parallel()
	var cfg room.Config
	if err := config.Load(&cfg, []string{"DATABASE_URL=postgres://u:p@127.0.0.1:1/none", "SECRET_KEY=" + secret.Generate()}); err != nil {
		t.Fatal(err)
	}
	service, err := room.New(cfg, room.Deps{Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(), Clock: clock.System{}})
	if err != nil {
		t.Fatal(err)
	}
	start(t, service)
	if err := service.Migrate(t.Context()); err == nil {
		t.Error("migrated a server that is not there")
	}
}

// TestCallers: a telephone has no business with rooms, nor a person with the
// telephones' door.
func TestCallers(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	id := s.create(t, "room", public).GetRoom().GetId()
	_, err := roomv1.NewAdmissionServiceClient(s.conns[0]).GetAdmission(s.as(t, s.owner), &roomv1.GetAdmissionRequest{RoomId: id})
	wantReason(t, err, apierr.CallerNotAllowed)
	_, err = roomv1.NewRoomServiceClient(s.conns[2]).GetRoom(t.Context(), &roomv1.GetRoomRequest{IdOrSlug: "room"})
	wantReason(t, err, apierr.CallerNotAllowed)
}

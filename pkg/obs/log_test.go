package obs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"testing"
	"testing/slogtest"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// TestHandlerContract holds the handler to what slog asks of every handler.
func TestHandlerContract(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		buf.Reset()
		return NewLogger(&buf, LogConfig{Format: "json"}).Handler()
	}, func(t *testing.T) map[string]any {
		return decodeLine(t, buf.Bytes())
	})
}

func decodeLine(t *testing.T, line []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(line, &m); err != nil {
		t.Fatalf("log line %q: %v", line, err)
	}
	return m
}

const (
	secretPIN = "8403719265"
	number    = "+33123456789"
	masked    = "+33*******89"
)

type dialIn struct {
	PINCode string `json:"pin_code"`
	Room    string
	Trunk   *trunk
}

type trunk struct {
	AuthPassword string
	Labels       map[string]string
	Big          int64
}

type person struct{ pin, name string }

func (p person) LogValue() slog.Value {
	return slog.GroupValue(slog.String("pin", p.pin), slog.String("name", p.name))
}

type wordy int

func (wordy) String() string { return "from " + number }

type chatty struct{ Pin string }

func (c chatty) String() string { return "pin:" + c.Pin }

type faulty struct{}

func (*faulty) Error() string { panic("nil receiver") }

func TestRedaction(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		log  func(*slog.Logger)
		want string // contained in the text line
	}{
		{"key", func(l *slog.Logger) { l.Info("m", "pin", secretPIN) }, `pin=REDACTED`},
		{"key in capitals", func(l *slog.Logger) { l.Info("m", "PIN", secretPIN) }, `PIN=REDACTED`},
		{"kind other than string", func(l *slog.Logger) { l.Info("m", "pin", 8403719265) }, `pin=REDACTED`},
		{"group", func(l *slog.Logger) {
			l.Info("m", slog.Group("a", slog.Group("b", "token", secretPIN, "x", number)))
		}, `a.b.token=REDACTED a.b.x=` + masked},
		{"group with a secret name", func(l *slog.Logger) {
			l.Info("m", slog.Group("credentials", "value", secretPIN))
		}, `credentials=REDACTED`},
		{"With", func(l *slog.Logger) { l.With("cookie", secretPIN, "x", 1).Info("m") }, `cookie=REDACTED x=1`},
		{"WithGroup", func(l *slog.Logger) {
			l.WithGroup("g").With("secret", secretPIN).WithGroup("h").Info("m", "caller", number)
		}, `g.secret=REDACTED g.h.caller=REDACTED`},
		{"WithGroup with a secret name", func(l *slog.Logger) {
			l.WithGroup("session").With("a", secretPIN).Info("m", "b", secretPIN)
		}, `session=REDACTED`},
		{"LogValuer", func(l *slog.Logger) { l.Info("m", "who", person{secretPIN, "Ada"}) }, `who.pin=REDACTED who.name=Ada`},
		{"LogValuer in With", func(l *slog.Logger) { l.With("who", person{secretPIN, "Ada"}).Info("m") }, `who.pin=REDACTED who.name=Ada`},
		{"error", func(l *slog.Logger) {
			l.Info("m", "error", fmt.Errorf("dial: %w", errors.New("no route to "+number)))
		}, `error="dial: no route to ` + masked + `"`},
		{"error with a password", func(l *slog.Logger) {
			l.Info("m", "error", errors.New("cannot reach postgres://parley:"+secretPIN+"@db:5432/parley"))
		}, `postgres://parley:REDACTED@db:5432/parley`},
		{"message", func(l *slog.Logger) { l.Info("call from " + number) }, `msg="call from ` + masked + `"`},
		{"struct", func(l *slog.Logger) {
			l.Info("m", "room", dialIn{secretPIN, "r1", &trunk{secretPIN, map[string]string{"token": secretPIN, "n": number}, 1 << 60}})
		}, `Big:1152921504606846976 Labels:map[n:` + masked + ` token:REDACTED]] pin_code:REDACTED`},
		{"slice", func(l *slog.Logger) { l.Info("m", "x", []string{number, "b"}) }, `x="[` + masked + ` b]"`},
		{"text of a scalar", func(l *slog.Logger) { l.Info("m", "x", wordy(1)) }, `x="from ` + masked + `"`},
		{"no text of a struct", func(l *slog.Logger) { l.Info("m", "x", chatty{secretPIN}) }, `x=map[Pin:REDACTED]`},
		{"bytes", func(l *slog.Logger) { l.Info("m", "x", []byte(number)) }, `x=` + masked},
		{"address", func(l *slog.Logger) {
			l.Info("m", "x", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80})
		}, `x=127.0.0.1:80`},
		{"URL", func(l *slog.Logger) {
			l.Info("m", "x", &url.URL{Scheme: "redis", User: url.UserPassword("u", secretPIN), Host: "h"})
		}, `x=redis://u:REDACTED@h`},
		{"not encodable", func(l *slog.Logger) { l.Info("m", "x", func() {}) }, `x="!UNLOGGABLE func()"`},
		{"faulty", func(l *slog.Logger) { l.Info("m", "x", (*faulty)(nil)) }, `x="!PANIC *obs.faulty"`},
		{"nil", func(l *slog.Logger) { l.Info("m", "x", nil) }, `x=<nil>`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, format := range []string{"json", "text"} {
				var buf bytes.Buffer
				tt.log(NewLogger(&buf, LogConfig{Format: format}))
				line := buf.String()
				if strings.Contains(line, secretPIN) || strings.Contains(line, number) {
					t.Errorf("%s: a secret leaks: %s", format, line)
				}
				if format == "text" && !strings.Contains(line, tt.want) {
					t.Errorf("line %s\ndoes not contain %s", line, tt.want)
				}
			}
		})
	}
}

func TestSensitiveKey(t *testing.T) {
	t.Parallel()
	tests := map[bool][]string{
		true: {
			"pin", "Pin", "pin_code", "pin-code", "pinCode", "room.pin", "room_pin_code", "token", "accessToken",
			"livekit_api_secret", "SIPPassword", "auth_password", "Authorization", "Set-Cookie", "X-Api-Key", "session",
			"session_id", "identity assertion", "caller", "caller_number", "phone", "private__key", "numbers",
			strings.Repeat("long_", 20) + "password",
		},
		false: {
			"", "_", "pin_length", "pins_drawn", "token_count", "opinion", "spin", "numbering", "request_id", "key", "peer",
			"room", strings.Repeat("x", 100), "password_file_mode",
		},
	}
	for want, keys := range tests {
		for _, key := range keys {
			if got := sensitiveKey(key); got != want {
				t.Errorf("sensitiveKey(%q) = %t, want %t", key, got, want)
			}
		}
	}
}

func TestMaskText(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"", ""},
		{"nothing here 123456789", "nothing here 123456789"},
		{number, masked},
		{"sip:" + number + "@host;tel:" + number, "sip:" + masked + "@host;tel:" + masked},
		{"/numbers/%2B33123456789/", "/numbers/%2B33*******89/"},
		{"/numbers/%2b33123456789/", "/numbers/%2b33*******89/"},
		{"+1234567", "+1234567"},
		{"+12345678", "+12****78"},
		{"+123456789012345", "+12***********45"},
		{"++33123456789", "++33*******89"},
		{"1e+10 +0200 a+b %20 +", "1e+10 +0200 a+b %20 +"},
		{"%2", "%2"},
		{`parse "postgres://u:p@h/db": bad`, `parse "postgres://u:REDACTED@h/db": bad`},
		{"redis://:p@h and http://u:q@h2", "redis://:REDACTED@h and http://u:REDACTED@h2"},
		{"postgres://u:p@ss@h/db", "postgres://u:REDACTED@h/db"},
		{"http://h:8080/?login_hint=ada@example.org", "http://h:8080/?login_hint=ada@example.org"},
		{"https://user@h/", "https://user@h/"},
	}
	for _, tt := range tests {
		if got := MaskText(tt.in); got != tt.want {
			t.Errorf("MaskText(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestMaskingAllocatesOnlyWhenItMasks(t *testing.T) {
	for _, s := range []string{"room created", "offset +0200", "12345678901", "100%25"} {
		if n := testing.AllocsPerRun(100, func() { MaskText(s) }); n != 0 {
			t.Errorf("MaskText(%q) allocates %v times", s, n)
		}
	}
	if n := testing.AllocsPerRun(100, func() { sensitiveKey("Some_Room-Name") }); n != 0 {
		t.Errorf("sensitiveKey allocates %v times", n)
	}
}

func TestContextAttributes(t *testing.T) {
	t.Parallel()
	ctx := WithRequestID(t.Context(), "req-1")
	ctx, span := sdktrace.NewTracerProvider().Tracer("test").Start(ctx, "op")
	defer span.End()

	var buf bytes.Buffer
	log := NewLogger(&buf, LogConfig{Format: "json", Service: "room"})
	log.WithGroup("g").With("a", 1).InfoContext(ctx, "m", "b", 2)
	line := decodeLine(t, buf.Bytes())
	for key, want := range map[string]string{
		"service": "room", "request_id": "req-1", "trace_id": span.SpanContext().TraceID().String(),
	} {
		if line[key] != want {
			t.Errorf("%s = %v, want %q, in %s", key, line[key], want, buf.String())
		}
	}

	buf.Reset()
	log.InfoContext(context.Background(), "m")
	for _, key := range []string{"request_id", "trace_id"} {
		if got, ok := decodeLine(t, buf.Bytes())[key]; ok {
			t.Errorf("%s = %v without anything in the context", key, got)
		}
	}
	if got := RequestID(context.Background()); got != "" {
		t.Errorf("RequestID of an empty context = %q", got)
	}
}

func TestWithDoesNotShareGroups(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	base := NewLogger(&buf, LogConfig{Format: "text"}).WithGroup("g").With("a", 1)
	left, right := base.With("side", "left"), base.With("side", "right")
	left.Info("m")
	right.Info("m")
	out := buf.String()
	if !strings.Contains(out, "g.a=1 g.side=left\n") || !strings.Contains(out, "g.a=1 g.side=right\n") {
		t.Errorf("attributes got mixed up:\n%s", out)
	}
}

func TestLevel(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	NewLogger(&buf, LogConfig{Level: slog.LevelWarn}).Info("m")
	if buf.Len() != 0 {
		t.Errorf("logged below the level: %s", buf.String())
	}
}

package apierr

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	commonv1 "github.com/parleymeet/parley/gen/parley/common/v1"
)

func TestEveryReasonHasARow(t *testing.T) {
	for value, name := range commonv1.ErrorReason_name {
		reason := Reason(value)
		row, ok := table[reason]
		if reason == commonv1.ErrorReason_ERROR_REASON_UNSPECIFIED {
			if ok {
				t.Errorf("%s must have no row", name)
			}
			continue
		}
		if !ok || row.Code == codes.OK || row.HTTP < 400 || row.Text == "" {
			t.Errorf("%s: row %+v is missing or incomplete", name, row)
		}
	}
}

func TestStatusRoundTrip(t *testing.T) {
	sent := &Error{
		Reason:     InvalidFields,
		Text:       "Two fields are wrong.",
		Violations: []Violation{{"name", "required", "This field is required."}, {"a.0", "", "No."}},
		RetryAfter: 3 * time.Second,
		RequestID:  "req-1",
	}
	got := From(status.FromProto(sent.GRPCStatus().Proto()).Err())
	if got.Reason != sent.Reason || got.Text != sent.Text || got.RequestID != "req-1" || got.RetryAfter != sent.RetryAfter {
		t.Fatalf("got %+v", got)
	}
	if fmt.Sprint(got.Violations) != fmt.Sprint(sent.Violations) {
		t.Fatalf("violations %v", got.Violations)
	}
}

// TestManyViolations: a client may make as many fields wrong as its body has room
// for, with names as long. That costs neither time nor room in the log.
func TestManyViolations(t *testing.T) {
	many := make([]Violation, 100_000)
	for i := range many {
		many[i] = Violation{Field: strings.Repeat("é", 1000), Text: "No."}
	}
	err := Invalid(many...)
	if len(err.Violations) != maxViolations {
		t.Errorf("%d violations", len(err.Violations))
	}
	text := err.Error()
	if len(text) > 1000 || !utf8.ValidString(text) || !strings.HasSuffix(text, "é...: No.] and 95 more") {
		t.Errorf("%d bytes: %s", len(text), text)
	}
}

func TestFrom(t *testing.T) {
	cases := map[string]struct {
		err    error
		reason Reason
	}{
		"plain":            {errors.New("pq: host db1 refused"), Internal},
		"wrapped own":      {fmt.Errorf("get: %w", New(RoomNotFound, "")), RoomNotFound},
		"cancelled":        {fmt.Errorf("q: %w", context.Canceled), Cancelled},
		"deadline":         {context.DeadlineExceeded, DeadlineExceeded},
		"gRPC unavailable": {status.Error(codes.Unavailable, "dial tcp"), Unavailable},
		"gRPC unknown":     {status.Error(codes.Unknown, "boom"), Internal},
		"reason of later":  {status.Error(codes.DataLoss, "x"), Internal},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := ReasonOf(c.err); got != c.reason {
				t.Fatalf("reason %v, want %v", got, c.reason)
			}
		})
	}
	if From(nil) != nil || Has(nil, Internal) {
		t.Fatal("nil must stay nil")
	}
}

func TestInternalHidesItsCause(t *testing.T) {
	st := Wrap(Internal, errors.New("SELECT secret FROM db1.internal")).GRPCStatus()
	if strings.Contains(st.String(), "SELECT") || strings.Contains(fmt.Sprint(st.Details()), "db1") {
		t.Fatalf("the cause leaked: %v", st)
	}
	e := &Error{Reason: Internal, Text: "own words about db1"}
	if e.PublicText() != table[Internal].Text {
		t.Fatalf("text %q", e.PublicText())
	}
}

func TestIsComparesReasons(t *testing.T) {
	if !errors.Is(fmt.Errorf("x: %w", New(RoomNotFound, "a")), New(RoomNotFound, "")) {
		t.Fatal("same reason must match")
	}
	if errors.Is(New(RoomNotFound, ""), New(UserNotFound, "")) {
		t.Fatal("other reason must not match")
	}
}

package live_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/livekit/protocol/auth"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/testkit"
	"github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/room/internal/live"
	"github.com/parleymeet/parley/services/room/internal/lobby"
	"github.com/parleymeet/parley/services/room/internal/outbox"
	"github.com/parleymeet/parley/services/room/internal/rooms"
	"github.com/parleymeet/parley/services/room/internal/store/sqlite"
)

const key, keySecret = "key", "a secret of thirty-two characters"

// world is a service on a real store, with a LiveKit that lists what it is told.
type world struct {
	*live.Service
	store    *sqlite.Store
	registry *prometheus.Registry

	mu       sync.Mutex
	sessions []livekit.Session
	away     error
	pushed   []string
	refused  string // the room that LiveKit does not take
	owed     chan struct{}
	happened []string
	listed   []livekit.Session
	mute     error // what telephony fails with
	told     []bool
	calls    []string // of which telephony was told
}

func (w *world) set(away error, sessions ...livekit.Session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.away, w.sessions = away, sessions
}

func (w *world) Sessions(context.Context) ([]livekit.Session, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sessions, w.away
}

func (w *world) PushMetadata(_ context.Context, roomID string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.away != nil:
		return w.away
	case roomID == w.refused:
		return errors.New("too long")
	}
	w.pushed = append(w.pushed, roomID)
	return nil
}

func (w *world) Happened(event livekit.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.happened = append(w.happened, event.Name+" "+event.Identity)
}

func (w *world) Listed(_ context.Context, sessions []livekit.Session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listed = sessions
}

func (w *world) SetRoomLive(_ context.Context, state live.State) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mute == nil {
		w.told = append(w.told, state.Live)
	}
	return w.mute
}

func (w *world) NoteParticipant(_ context.Context, roomID string, call livekit.Call) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mute == nil {
		w.calls = append(w.calls, fmt.Sprint(roomID, call.ID, call.TrunkID, !call.Left.IsZero(), call.LeaveReason))
	}
	return w.mute
}

func newWorld(t *testing.T) *world {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "room.db"), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := &world{store: store, registry: prometheus.NewRegistry(), owed: make(chan struct{}, 1)}
	w.Service, err = live.New(10*time.Millisecond, live.Parts{
		Store: store, Reader: livekit.NewEvents(key, keySecret), Server: w, Lobby: store, Meetings: w, Owed: w.owed, Phones: w, Telephony: w,
		Clock: clock.System{}, Logger: log, Registry: w.registry,
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// run runs the service until the test ends.
func (w *world) run(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// room stores a room and returns its id.
func (w *world) room(t *testing.T, name string) string {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	r := rooms.Room{ID: uuid.NewString(), Name: name, Slug: name, AccessLevel: rooms.Restricted, CreatedAt: now, UpdatedAt: now}
	owner := rooms.Access{ID: uuid.NewString(), RoomID: r.ID, UserID: uuid.NewString(), Role: rooms.Owner, CreatedAt: now}
	task := outbox.Task{RoomID: r.ID, Action: outbox.Allocate, Version: 1}
	if err := w.store.Create(t.Context(), rooms.Creation{Room: r, Owner: owner, Task: task, Due: now}); err != nil {
		t.Fatal(err)
	}
	return r.ID
}

// on returns the ids of the sessions that are known to be on.
func (w *world) on(t *testing.T) []string {
	t.Helper()
	sessions, err := w.store.On(t.Context(), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	sids := make([]string, len(sessions))
	for i, s := range sessions {
		sids[i] = s.SID
	}
	slices.Sort(sids)
	return sids
}

func (w *world) wantOn(t *testing.T, want ...string) {
	t.Helper()
	if got := w.on(t); !slices.Equal(got, want) {
		t.Errorf("on: %v, want %v", got, want)
	}
}

// body is an event as LiveKit writes it. The room's life began so many seconds
// after a fixed time.
func body(name, room, sid string, began int) string {
	return fmt.Sprintf(`{"event":%q,"room":{"sid":%q,"name":%q,"creationTime":"%d"},"id":"EV_%s","createdAt":"%d"}`,
		name, sid, room, 1768478400+began, sid, time.Now().Unix())
}

// sign returns the Authorization header for a body.
func sign(t *testing.T, body, secret string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(body))
	token, err := auth.NewAccessToken(key, secret).SetValidFor(time.Minute).
		SetSha256(base64.StdEncoding.EncodeToString(sum[:])).ToJWT()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// tell posts a signed event.
func (w *world) tell(t *testing.T, body string) {
	t.Helper()
	if err := w.Receive(t.Context(), []byte(body), sign(t, body, keySecret)); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
}

func TestSignature(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := body(livekit.RoomStarted, w.room(t, "room"), "RM_1", 0)
	for name, c := range map[string]struct {
		body, authorization string
		want                apierr.Reason
	}{
		"no token":         {good, "", apierr.TokenInvalid},
		"no JWT":           {good, "junk", apierr.TokenInvalid},
		"another secret":   {good, sign(t, good, strings.Repeat("x", 32)), apierr.TokenInvalid},
		"another body":     {good + " ", sign(t, good, keySecret), apierr.TokenInvalid},
		"signed, no JSON":  {"{", sign(t, "{", keySecret), apierr.InvalidFields},
		"signed, no event": {"{}", sign(t, "{}", keySecret), apierr.InvalidFields},
	} {
		if err := w.Receive(t.Context(), []byte(c.body), c.authorization); !apierr.Has(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	w.wantOn(t)
	w.tell(t, good)
	w.wantOn(t, "RM_1")
}

// TestOrder: events repeated, late and overtaken.
func TestOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.room(t, "room")
	first, firstEnd := body(livekit.RoomStarted, id, "RM_1", 0), body(livekit.RoomFinished, id, "RM_1", 0)
	second, secondEnd := body(livekit.RoomStarted, id, "RM_2", 60), body(livekit.RoomFinished, id, "RM_2", 60)
	for i, step := range []struct {
		event string
		on    []string
	}{
		{first, []string{"RM_1"}}, {first, []string{"RM_1"}}, {firstEnd, nil}, {firstEnd, nil}, {first, nil},
		{secondEnd, nil}, {second, nil}, {first, nil},
		{body(livekit.RoomStarted, id, "RM_3", 120), []string{"RM_3"}}, {firstEnd, []string{"RM_3"}}, {second, []string{"RM_3"}},
	} {
		w.tell(t, step.event)
		if got := w.on(t); !slices.Equal(got, step.on) {
			t.Fatalf("after step %d: on %v, want %v", i, got, step.on)
		}
	}
	// What is no room of ours is taken, and LiveKit does not repeat it.
	for _, room := range []string{"connection-test-1", "", uuid.NewString(), "urn:uuid:" + id} {
		w.tell(t, body(livekit.RoomStarted, room, "RM_4", 180))
	}
	w.tell(t, body("invented_later", id, "RM_4", 180))
	w.tell(t, `{"event":"egress_ended"}`)
	w.wantOn(t, "RM_3")
	w.tell(t, strings.Replace(body(livekit.TrackPublished, id, "RM_3", 120), `"id"`, `"participant":{"identity":"sip_1"},"id"`, 1))
	if !slices.Equal(w.happened, []string{"track_published sip_1"}) {
		t.Errorf("happened: %v", w.happened)
	}
	if n := testutil.CollectAndCount(w.registry, "parley_room_livekit_events_total"); n != 7 {
		t.Errorf("%d series of events", n)
	}
}

// TestEndEmptiesLobby: those who came before the end are gone, also when the
// event is repeated; those who came later are not.
func TestEndEmptiesLobby(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.room(t, "room")
	ask := func(name string, at time.Time) {
		t.Helper()
		at = at.UTC().Truncate(time.Microsecond)
		draft := lobby.Draft{Key: lobby.Key{RoomID: id, ParticipantID: name}, Identity: name, Username: name}
		_, err := w.store.Ask(t.Context(), []lobby.Draft{draft}, lobby.Terms{Now: at, Waiting: time.Hour, Return: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
	}
	ended := body(livekit.RoomFinished, id, "RM_1", 0)
	for range 2 {
		ask("before", time.Now().Add(-time.Minute))
		ask("after", time.Now().Add(time.Minute))
		w.tell(t, ended)
		left, err := w.store.Queue(t.Context(), id, time.Now(), 10)
		if err != nil || len(left) != 1 || left[0].ParticipantID != "after" {
			t.Errorf("left %v, %v", left, err)
		}
	}
}

// TestMend: what webhooks did not tell is found, and kept while LiveKit is away.
func TestMend(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.room(t, "one"), w.room(t, "two")
	began := time.Unix(1768478400, 0).UTC()
	w.tell(t, body(livekit.RoomStarted, one, "RM_1", 0))
	w.set(nil, livekit.Session{Room: two, SID: "RM_2", Created: began}, livekit.Session{Room: "stranger", SID: "RM_9", Created: began})
	w.run(t)
	until := func(want ...string) {
		t.Helper()
		testkit.Eventually(t, 5*time.Second, func() error {
			if got := w.on(t); !slices.Equal(got, want) {
				return fmt.Errorf("on %v, want %v", got, want)
			}
			return nil
		})
	}
	until("RM_2")
	w.set(errors.New("LiveKit is away"))
	w.tell(t, body(livekit.RoomStarted, one, "RM_3", 60))
	until("RM_2", "RM_3")
	w.set(nil, livekit.Session{Room: one, SID: "RM_3", Created: began.Add(time.Minute)})
	until("RM_3")
	w.set(nil)
	until()
}

// change gives a room another access level each time.
func (w *world) change(t *testing.T, roomID string, turn int) {
	t.Helper()
	level := []rooms.AccessLevel{rooms.Public, rooms.Trusted}[turn%2]
	if _, err := w.store.Update(t.Context(), roomID, rooms.Change{AccessLevel: &level}, time.Now().UTC().Truncate(time.Microsecond)); err != nil {
		t.Fatal(err)
	}
}

// wantPushed waits until nothing is owed and so many rooms were pushed.
func (w *world) wantPushed(t *testing.T, want ...string) {
	t.Helper()
	testkit.Eventually(t, 10*time.Second, func() error {
		owed, err := w.store.MetadataOwed(t.Context(), 10)
		w.mu.Lock()
		defer w.mu.Unlock()
		if err == nil && (len(owed) != 0 || !slices.Equal(w.pushed, want)) {
			return fmt.Errorf("owed %v; pushed %v", owed, w.pushed)
		}
		return err
	})
}

// TestMetadataOwed: what a meeting was not given it gets when LiveKit is back.
func TestMetadataOwed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.room(t, "room")
	w.set(errors.New("LiveKit is away"))
	w.change(t, id, 0)
	w.run(t)
	w.set(nil)
	w.wantPushed(t, id)
}

// TestMetadataAtOnce: who signals that something is owed need not wait for the
// next look, and a room that LiveKit does not take keeps no other waiting.
func TestMetadataAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.refused = w.room(t, "refused")
	w.change(t, w.refused, 0)
	id := w.room(t, "room")
	w.run(t)
	began := time.Now()
	const turns = 10
	for turn := range turns {
		w.change(t, id, turn)
		w.owed <- struct{}{}
		testkit.Eventually(t, 10*time.Second, func() error {
			w.mu.Lock()
			defer w.mu.Unlock()
			if len(w.pushed) <= turn {
				return errors.New("not told yet")
			}
			return nil
		})
	}
	if took := time.Since(began); took > turns*time.Second/2 { // looks are a second apart
		t.Errorf("%d changes took %v", turns, took)
	}
}

// TestTelephonyIsTold: of what happened while telephony was away it is told the
// last, and at once what happens when it is there.
func TestTelephonyIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.room(t, "room")
	began := time.Unix(1768478400, 0).UTC()
	w.set(errors.New("LiveKit is away"))
	until := func(want ...bool) {
		t.Helper()
		testkit.Eventually(t, 5*time.Second, func() error {
			w.mu.Lock()
			defer w.mu.Unlock()
			if !slices.Equal(w.told, want) {
				return fmt.Errorf("told %v, want %v", w.told, want)
			}
			return nil
		})
	}
	w.mute = errors.New("telephony is away")
	w.run(t)
	w.tell(t, body(livekit.RoomStarted, id, "RM_1", 0))
	w.tell(t, body(livekit.RoomFinished, id, "RM_1", 0))
	w.tell(t, body(livekit.RoomStarted, id, "RM_2", 60))
	w.mu.Lock()
	w.mute = nil
	w.mu.Unlock()
	until(true)
	w.tell(t, body(livekit.RoomFinished, id, "RM_2", 60))
	until(true, false)
	w.set(nil, livekit.Session{Room: id, SID: "RM_3", Created: began.Add(2 * time.Minute)})
	until(true, false, true)
}

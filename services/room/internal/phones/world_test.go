package phones_test

import (
	"bytes"
	"context"
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
	"github.com/prometheus/client_golang/prometheus"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/testkit"
	"github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/room/internal/lobby"
	"github.com/parleymeet/parley/services/room/internal/outbox"
	"github.com/parleymeet/parley/services/room/internal/phones"
	"github.com/parleymeet/parley/services/room/internal/rooms"
	"github.com/parleymeet/parley/services/room/internal/store/sqlite"
)

// world is a service on a real store, with a LiveKit that has one room. Every
// room sends callers to the lobby.
type world struct {
	*phones.Service
	store *sqlite.Store
	clock *clock.Fake
	logs  *bytes.Buffer // guarded by mu
	room  string

	mu       sync.Mutex
	people   map[string]*livekit.Person
	away     error
	noUnmute bool
	onMute   func() // after the caller is muted
	onLook   func() // before LiveKit says who is there
	looked   int
	rung     int
	stuck    string        // a room for which LiveKit does not answer
	released chan struct{} // when it does again
	stuckFor int           // who waits for it
}

func newWorld(t *testing.T) *world {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "room.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := &world{store: store, clock: clock.NewFake(time.Unix(1768478400, 0)), people: map[string]*livekit.Person{}, logs: &bytes.Buffer{}}
	w.room = w.create(t, "room")
	log := slog.New(slog.NewTextHandler(w, nil))
	bell := lobby.NewBell(w, w.clock, log)
	w.Service, err = phones.New(phones.Settings{Wait: 10 * time.Minute, Lone: 30 * time.Minute}, phones.Parts{
		Store: store, Rooms: w, Server: w, Bell: bell, Clock: w.clock, Logger: log, Registry: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = w.Run(ctx) })
	running.Go(func() { bell.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return w
}

// create makes a room and returns its id.
func (w *world) create(t *testing.T, name string) string {
	t.Helper()
	r := rooms.Room{ID: uuid.NewString(), Name: name, Slug: name, AccessLevel: rooms.Restricted, CreatedAt: w.clock.Now(), UpdatedAt: w.clock.Now()}
	owner := rooms.Access{ID: uuid.NewString(), RoomID: r.ID, UserID: uuid.NewString(), Role: rooms.Owner, CreatedAt: w.clock.Now()}
	task := outbox.Task{RoomID: r.ID, Action: outbox.Allocate, Version: 1}
	if err := w.store.Create(t.Context(), rooms.Creation{Room: r, Owner: owner, Task: task, Due: w.clock.Now()}); err != nil {
		t.Fatal(err)
	}
	return r.ID
}

func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.logs.Write(p)
}

func (w *world) AdmitPhone(context.Context, string) (rooms.Admission, error) { return rooms.Lobby, nil }

func (w *world) SendData(context.Context, string, []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rung++
	return nil
}

func (w *world) People(_ context.Context, roomID string) ([]livekit.Person, error) {
	w.mu.Lock()
	onLook := w.onLook
	if roomID == w.stuck {
		w.stuckFor++
		w.mu.Unlock()
		<-w.released
		return nil, errors.New("LiveKit was stuck")
	}
	w.mu.Unlock()
	if onLook != nil {
		onLook()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looked++
	var people []livekit.Person
	if roomID == w.room {
		for _, p := range w.people {
			copied := *p
			copied.Tracks = slices.Clone(p.Tracks)
			people = append(people, copied)
		}
	}
	return people, w.away
}

// on does something to somebody who is there.
func (w *world) on(identity string, do func(p *livekit.Person) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.people[identity]
	switch {
	case w.away != nil:
		return w.away
	case p == nil:
		return apierr.New(apierr.ParticipantNotFound, "")
	}
	return do(p)
}

func (w *world) Mute(_ context.Context, _, identity, _ string) error {
	err := w.on(identity, func(p *livekit.Person) error {
		p.Tracks[0].Muted = true
		return nil
	})
	if w.onMute != nil {
		w.onMute()
	}
	return err
}

func (w *world) Unmute(_ context.Context, _, identity, _ string) error {
	return w.on(identity, func(p *livekit.Person) error {
		if w.noUnmute {
			return livekit.ErrUnmuteDisabled
		}
		p.Tracks[0].Muted = false
		return nil
	})
}

func (w *world) Change(_ context.Context, _, identity string, change livekit.Change) error {
	return w.on(identity, func(p *livekit.Person) error {
		p.Hears = change.Permission.Subscribe && change.Permission.Publish && change.Permission.UpdateMetadata && change.Attributes == nil
		return nil
	})
}

func (w *world) Remove(_ context.Context, _, identity string) error {
	return w.on(identity, func(*livekit.Person) error {
		delete(w.people, identity)
		return nil
	})
}

// set changes LiveKit.
func (w *world) set(do func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	do()
}

// call lets somebody call and, if it joins, enter with one track.
func (w *world) call(t *testing.T, identity string, joins bool, want rooms.Admission) {
	t.Helper()
	got, err := w.Admit(t.Context(), phones.Call{RoomID: w.room, Identity: identity, Name: identity})
	if err != nil || got != want {
		t.Fatalf("admit: %v, %v; want %v", got, err, want)
	}
	if joins {
		w.set(func() {
			w.people[identity] = &livekit.Person{Identity: identity, Phone: true, Joined: w.clock.Now(), Tracks: []livekit.Track{{SID: "TR_1"}}}
		})
		w.Happened(livekit.Event{Name: livekit.TrackPublished, Identity: identity})
	}
}

// until waits until the list is as wanted and LiveKit is, by identity, as said:
// "deaf mute", "hears mute", "hears" or nothing for who is not there.
func (w *world) until(t *testing.T, waiting string, people map[string]string) {
	t.Helper()
	testkit.Eventually(t, 5*time.Second, func() error {
		entries, err := w.Waiting(context.Background(), w.room)
		if err != nil {
			return err
		}
		names := make([]string, len(entries))
		for i, e := range entries {
			names[i] = e.Username
		}
		if got := strings.Join(names, " "); got != waiting {
			return fmt.Errorf("waiting: %q, want %q", got, waiting)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.people) != len(people) {
			return fmt.Errorf("there are %v, want %v", w.people, people)
		}
		for identity, want := range people {
			p := w.people[identity]
			if p == nil || strings.Contains(want, "mute") != p.Tracks[0].Muted || strings.HasPrefix(want, "hears") != p.Hears {
				return fmt.Errorf("%s is %+v, want %q", identity, p, want)
			}
		}
		return nil
	})
}

// look waits until the list and LiveKit were compared, from the begin to the end,
// after now.
func (w *world) look(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	looked := w.looked
	w.mu.Unlock()
	testkit.Eventually(t, 10*time.Second, func() error {
		w.Happened(livekit.Event{Identity: "sip_"}) // now, not in a second
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.looked < looked+3 { // the first may have begun before, the last is not done
			return errors.New("nobody looked")
		}
		return nil
	})
}

func (w *world) decide(t *testing.T, identity string, status lobby.Status) {
	t.Helper()
	list, err := w.store.Phones(t.Context(), w.room)
	i := slices.IndexFunc(list, func(p phones.Phone) bool { return p.Identity == identity })
	if err != nil || i < 0 {
		t.Fatalf("%s is not on the list %v, %v", identity, list, err)
	}
	if err := w.Decide(t.Context(), lobby.Key{RoomID: w.room, ParticipantID: list[i].ParticipantID}, status); err != nil {
		t.Fatal(err)
	}
}

// wantEmpty checks that nobody is on the list, in whatever status.
func (w *world) wantEmpty(t *testing.T) {
	t.Helper()
	testkit.Eventually(t, 5*time.Second, func() error {
		if list, err := w.store.Phones(context.Background(), ""); err != nil || len(list) != 0 {
			return errors.Join(fmt.Errorf("on the list: %v", list), err)
		}
		return nil
	})
}

package phones_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/parleymeet/parley/pkg/testkit"
	"github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/room/internal/lobby"
	"github.com/parleymeet/parley/services/room/internal/phones"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

func TestWaitAndDecide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call(t, "sip_1", true, rooms.Lobby)
	w.clock.Advance(time.Second)
	w.call(t, "sip_2", true, rooms.Lobby)
	w.until(t, "sip_1 sip_2", map[string]string{"sip_1": "deaf mute", "sip_2": "deaf mute"})
	w.decide(t, "sip_1", lobby.Accepted)
	w.until(t, "sip_2", map[string]string{"sip_1": "hears", "sip_2": "deaf mute"})
	w.decide(t, "sip_2", lobby.Denied)
	w.until(t, "", map[string]string{"sip_1": "hears"})
	w.wantEmpty(t)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.rung == 0 {
		t.Error("the meeting is not told that somebody waits")
	}
}

// TestGone: who hangs up is gone at once, who never comes after a while, and who
// waits too long is removed.
func TestGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call(t, "sip_1", true, rooms.Lobby)
	w.until(t, "sip_1", map[string]string{"sip_1": "deaf mute"})
	w.set(func() { delete(w.people, "sip_1") })
	w.Happened(livekit.Event{Name: livekit.ParticipantLeft, Identity: "sip_1"})
	w.until(t, "", nil)

	w.call(t, "sip_2", false, rooms.Lobby)
	w.clock.Advance(29 * time.Second)
	w.Happened(livekit.Event{Name: livekit.ParticipantLeft, Identity: "sip_2"})
	w.until(t, "sip_2", nil)
	w.clock.Advance(time.Second)
	w.until(t, "", nil)

	w.call(t, "sip_3", true, rooms.Lobby)
	w.until(t, "sip_3", map[string]string{"sip_3": "deaf mute"})
	w.clock.Advance(10 * time.Minute)
	w.until(t, "", nil)
	w.wantEmpty(t)
}

// TestAskedAgain: a call that is asked about again, because an answer was lost, has
// the whole time to arrive.
func TestAskedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call(t, "sip_1", false, rooms.Lobby)
	w.clock.Advance(29 * time.Second)
	w.call(t, "sip_1", false, rooms.Lobby)
	w.clock.Advance(29 * time.Second)
	w.look(t)
	w.until(t, "sip_1", nil)
	w.clock.Advance(time.Second)
	w.until(t, "", nil)
}

// TestCallsAgain: who was let in and calls again waits again, as another.
func TestCallsAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call(t, "sip_1", true, rooms.Lobby)
	w.until(t, "sip_1", map[string]string{"sip_1": "deaf mute"})
	w.decide(t, "sip_1", lobby.Accepted)
	w.until(t, "", map[string]string{"sip_1": "hears"})
	w.call(t, "sip_2", true, rooms.Lobby)
	w.until(t, "sip_2", map[string]string{"sip_1": "hears", "sip_2": "deaf mute"})
}

// TestStuckRoom: while LiveKit does not answer for one room, callers in another are
// muted and let in, and nobody else goes to look at the one.
func TestStuckRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stuck := w.create(t, "stuck")
	released := make(chan struct{})
	t.Cleanup(func() { close(released) })
	w.set(func() { w.stuck, w.released = stuck, released })
	if got, err := w.Admit(t.Context(), phones.Call{RoomID: stuck, Identity: "sip_0", Name: "sip_0"}); err != nil || got != rooms.Lobby {
		t.Fatalf("admit: %v, %v", got, err)
	}
	testkit.Eventually(t, 10*time.Second, func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.stuckFor == 0 {
			return errors.New("nobody looks")
		}
		return nil
	})
	w.call(t, "sip_1", true, rooms.Lobby)
	w.until(t, "sip_1", map[string]string{"sip_1": "deaf mute"})
	w.decide(t, "sip_1", lobby.Accepted)
	w.until(t, "", map[string]string{"sip_1": "hears"})
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stuckFor != 1 {
		t.Errorf("%d look at the room", w.stuckFor)
	}
}

// TestLiveKitAway: decisions are kept, the last one counts, and is carried out
// when LiveKit is back.
func TestLiveKitAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call(t, "sip_1", true, rooms.Lobby)
	w.call(t, "sip_2", true, rooms.Lobby)
	w.until(t, "sip_1 sip_2", map[string]string{"sip_1": "deaf mute", "sip_2": "deaf mute"})
	w.set(func() { w.away = errors.New("LiveKit is away") })
	w.look(t) // what began before is done, and it is noticed
	w.decide(t, "sip_1", lobby.Denied)
	w.decide(t, "sip_2", lobby.Denied)
	w.call(t, "sip_2", false, rooms.Deny)
	w.decide(t, "sip_2", lobby.Accepted)
	w.call(t, "sip_2", false, rooms.Admit)
	w.look(t)
	w.until(t, "", map[string]string{"sip_1": "deaf mute", "sip_2": "deaf mute"})
	w.set(func() { w.away = nil })
	w.until(t, "", map[string]string{"sip_2": "hears"})
	w.wantEmpty(t)
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := strings.Count(w.logs.String(), "LiveKit does not serve"); n != 2 { // and that it does again
		t.Errorf("logged %d times:\n%s", n, w.logs)
	}
}

// TestDeny: a caller whom a moderator removes while LiveKit is away does not stay
// in the meeting, deaf and off the list.
func TestDeny(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call(t, "sip_1", true, rooms.Lobby)
	w.until(t, "sip_1", map[string]string{"sip_1": "deaf mute"})
	w.set(func() { w.away = errors.New("LiveKit is away") })
	for identity, want := range map[string]bool{"sip_1": true, "sip_2": false} {
		if found, err := w.Deny(t.Context(), w.room, identity); err != nil || found != want {
			t.Errorf("deny %s: %v, %v", identity, found, err)
		}
	}
	w.until(t, "", map[string]string{"sip_1": "deaf mute"})
	w.look(t)
	w.set(func() { w.away = nil })
	w.until(t, "", nil)
	w.wantEmpty(t)
}

// TestSlowLiveKit: a caller whom a moderator lets in after all, while LiveKit is
// asked who is there, is not removed.
func TestSlowLiveKit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call(t, "sip_1", true, rooms.Lobby)
	w.until(t, "sip_1", map[string]string{"sip_1": "deaf mute"})
	w.set(func() {
		w.onLook = func() {
			list, err := w.store.Phones(context.Background(), w.room)
			if err != nil || len(list) != 1 {
				t.Errorf("list %v, %v", list, err)
				return
			}
			if list[0].Status == lobby.Denied {
				key := lobby.Key{RoomID: w.room, ParticipantID: list[0].ParticipantID}
				if err := w.store.DecidePhone(context.Background(), key, lobby.Accepted, w.clock.Now()); err != nil {
					t.Error(err)
				}
				w.set(func() { w.onLook = nil })
			}
		}
	})
	w.decide(t, "sip_1", lobby.Denied)
	w.until(t, "", map[string]string{"sip_1": "hears"})
	w.wantEmpty(t)
}

// TestUnmuteRefused: the caller hears at least, and the log names the setting.
func TestUnmuteRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(func() { w.noUnmute = true })
	w.call(t, "sip_1", true, rooms.Lobby)
	w.until(t, "sip_1", map[string]string{"sip_1": "deaf mute"})
	w.decide(t, "sip_1", lobby.Accepted)
	w.until(t, "", map[string]string{"sip_1": "hears mute"})
	w.wantEmpty(t)
	w.mu.Lock()
	defer w.mu.Unlock()
	if !strings.Contains(w.logs.String(), "enable_remote_unmute") {
		t.Errorf("log:\n%s", w.logs)
	}
}

// TestMuteOvertaken: who is let in by another process while this one mutes it is
// not left mute.
func TestMuteOvertaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.onMute = func() {
		list, err := w.store.Phones(context.Background(), w.room)
		if err != nil || len(list) != 1 {
			t.Errorf("list %v, %v", list, err)
			return
		}
		if err := w.Change(context.Background(), w.room, "sip_1", livekit.Change{Permission: &livekit.Permission{Subscribe: true, Publish: true, UpdateMetadata: true}}); err != nil {
			t.Error(err)
		}
		if _, err := w.store.Hangup(context.Background(), list[0]); err != nil { // as the other process does last
			t.Error(err)
		}
	}
	w.call(t, "sip_1", true, rooms.Lobby)
	w.until(t, "", map[string]string{"sip_1": "hears"})
}

// TestLone: a caller alone is removed after a while; company, and who is no
// caller, changes that. LiveKit is looked into only for who is alone for long.
func TestLone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	listed := func(participants int) {
		w.Listed(t.Context(), []livekit.Session{{Room: w.room, Participants: participants}})
	}
	enter := func(identity string, phone bool) {
		w.set(func() {
			w.people[identity] = &livekit.Person{Identity: identity, Phone: phone, Joined: w.clock.Now(), Tracks: make([]livekit.Track, 1)}
		})
		w.Happened(livekit.Event{Name: livekit.ParticipantJoined, Identity: identity, Session: livekit.Session{Room: w.room}})
	}
	wantThere := func(want int) {
		t.Helper()
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.people) != want {
			t.Errorf("there are %v, want %d", w.people, want)
		}
	}
	enter("ada", false)
	listed(1)
	w.clock.Advance(time.Hour)
	listed(1)
	wantThere(1)
	w.set(func() { clear(w.people) })

	enter("sip_1", true)
	listed(1)
	w.clock.Advance(29 * time.Minute)
	enter("ada", false)
	listed(2)
	w.set(func() { delete(w.people, "ada") })
	listed(1)
	w.clock.Advance(29 * time.Minute)
	listed(1)
	wantThere(1)
	w.mu.Lock()
	if w.looked != 1 {
		t.Errorf("looked %d times", w.looked)
	}
	w.mu.Unlock()
	w.clock.Advance(time.Minute)
	listed(1)
	wantThere(0)
}

package lobby

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"
)

// desk is a store that counts what is written.
type desk struct {
	Store
	entries map[Key]Entry
	noted   map[Key]time.Time
	written int
}

func (d *desk) Ask(_ context.Context, drafts []Draft, terms Terms) ([]Entry, error) {
	d.written += len(drafts)
	entries := make([]Entry, len(drafts))
	for i, draft := range drafts {
		e := Entry{RoomID: draft.RoomID, ParticipantID: draft.ParticipantID, Status: Waiting, ExpiresAt: terms.Now.Add(terms.Waiting)}
		d.entries[draft.Key], d.noted[draft.Key], entries[i] = e, terms.Now, e
	}
	return entries, nil
}

func (d *desk) Lasting(_ context.Context, drafts []Draft, l Lasting) ([]Entry, error) {
	found := make([]Entry, len(drafts))
	for i, draft := range drafts {
		if e, ok := d.entries[draft.Key]; ok && !e.ExpiresAt.Before(l.Until) && d.noted[draft.Key].After(l.AskedAfter) {
			found[i] = e
		}
	}
	return found, nil
}

// TestNote: of a crowd that asks each second every third question is written,
// each has Waiting left after its last one, and a few are always written.
func TestNote(t *testing.T) {
	t.Parallel()
	const waiting = 3 * time.Second
	for _, c := range []struct{ people, written int }{{crowdMany - 1, 10 * (crowdMany - 1)}, {crowdMany, 4 * crowdMany}} {
		d := &desk{entries: map[Key]Entry{}, noted: map[Key]time.Time{}}
		s := &Service{Settings: Settings{Waiting: waiting}, Parts: Parts{Store: d}}
		drafts := make([]Draft, c.people)
		for i := range drafts {
			drafts[i].Key = Key{RoomID: "room", ParticipantID: fmt.Sprint(i)}
		}
		for second := range 10 {
			now := crowdBegan.Add(time.Duration(second) * time.Second)
			slices.Reverse(drafts)
			entries, err := s.note(t.Context(), drafts, now)
			if err != nil {
				t.Fatal(err)
			}
			for i, e := range entries {
				if e.ParticipantID != drafts[i].ParticipantID {
					t.Fatalf("%d people: somebody is answered as another", c.people)
				}
				if left := e.ExpiresAt.Sub(now); left < waiting || left > 2*waiting {
					t.Fatalf("%d people, second %d: %v left", c.people, second, left)
				}
			}
		}
		if d.written != c.written {
			t.Errorf("%d people: %d written, want %d", c.people, d.written, c.written)
		}
	}
}

package storetest

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// names returns the names of one page and the total.
func names(t *testing.T, s Store, q rooms.ListQuery) ([]string, []rooms.Held, int) {
	t.Helper()
	page, total, err := s.List(t.Context(), q)
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	all := make([]string, 0, len(page))
	for _, h := range page {
		all = append(all, h.Room.Name)
	}
	return all, page, total
}

func list(t *testing.T, s Store) {
	userID, other := uuid.NewString(), uuid.NewString()
	// Byte order: capitals, small letters, then letters beyond ASCII.
	sorted := []string{"Beta", "Zeta", "alpha", "alpha 2", "beta 2", "Éta"}
	for _, i := range []int{3, 0, 5, 1, 4, 2} {
		create(t, s, sorted[i], userID)
	}
	create(t, s, "not mine", other)

	for name, c := range map[string]struct {
		skip, limit int
		want        []string
	}{
		"all":        {0, 100, sorted},
		"first two":  {0, 2, sorted[:2]},
		"next two":   {2, 2, sorted[2:4]},
		"the rest":   {4, 10, sorted[4:]},
		"beyond end": {7, 10, nil},
	} {
		got, page, total := names(t, s, rooms.ListQuery{UserID: userID, Skip: c.skip, Limit: c.limit})
		if !slices.Equal(got, c.want) || total != len(sorted) {
			t.Errorf("%s: %q of %d, want %q", name, got, total, c.want)
		}
		for _, h := range page {
			if h.Role != rooms.Owner {
				t.Errorf("%s: role %v", name, h.Role)
			}
		}
	}

	_, page, _ := names(t, s, rooms.ListQuery{UserID: userID, Limit: 2})
	after := rooms.Cursor{Name: page[1].Room.Name, ID: page[1].Room.ID}
	got, _, total := names(t, s, rooms.ListQuery{UserID: userID, After: after, Skip: 1, Limit: 2})
	if !slices.Equal(got, sorted[3:5]) || total != len(sorted) {
		t.Errorf("after %v, skipping one: %q of %d", after, got, total)
	}
	if got, _, total := names(t, s, rooms.ListQuery{UserID: uuid.NewString(), Limit: 5}); len(got) != 0 || total != 0 {
		t.Errorf("a stranger sees %q of %d", got, total)
	}
}

// listEverything is the operator's list. Rooms of one name are in order of id,
// so that a page that ends between them goes on between them.
func listEverything(t *testing.T, s Store) {
	want := make([]string, 0, 5)
	for i := range 5 {
		m := newRoom("same", uuid.NewString())
		m.room.Slug += string(rune('a' + i))
		if err := s.Create(t.Context(), m.due(start)); err != nil {
			t.Fatal(err)
		}
		want = append(want, m.room.ID)
	}
	slices.Sort(want)
	var got []string
	var after rooms.Cursor
	for {
		_, page, total := names(t, s, rooms.ListQuery{After: after, Limit: 2})
		if total != 5 {
			t.Fatalf("total %d", total)
		}
		if len(page) == 0 {
			break
		}
		for _, h := range page {
			got = append(got, h.Room.ID)
			if h.Role != rooms.NoRole {
				t.Errorf("role %v", h.Role)
			}
		}
		last := page[len(page)-1].Room
		after = rooms.Cursor{Name: last.Name, ID: last.ID}
	}
	if !slices.Equal(got, want) {
		t.Errorf("ids %v\nwant %v", got, want)
	}
}

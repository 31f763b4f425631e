package rooms

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
)

// overtaken is a store of one room, and a meeting in it: while the meeting is told
// for the first time, the room is changed, and another process tells the meeting.
type overtaken struct {
	Store
	room  Room
	told  []string
	other *Service
}

func (o *overtaken) Find(context.Context, Key, string) (Held, error) { return Held{Room: o.room}, nil }

func (o *overtaken) MergeMetadata(ctx context.Context, id string, values map[string]json.RawMessage) error {
	if other := o.other; other != nil {
		o.other = nil
		o.room.AccessLevel = Restricted
		if err := other.PushMetadata(ctx, id); err != nil {
			return err
		}
	}
	o.told = append(o.told, string(values[fieldAccessLevel]))
	return nil
}

// TestPushMetadataOvertaken: who was overtaken while it told a meeting of a change
// does not leave the meeting with it.
func TestPushMetadataOvertaken(t *testing.T) {
	t.Parallel()
	o := &overtaken{room: Room{ID: "id", AccessLevel: Public}}
	parts := Parts{Rooms: o, LiveRooms: o}
	o.other = New(Settings{}, parts)
	if err := New(Settings{}, parts).PushMetadata(t.Context(), "id"); err != nil {
		t.Fatal(err)
	}
	if want := []string{`"restricted"`, `"public"`, `"restricted"`}; !slices.Equal(o.told, want) {
		t.Errorf("told %v, want %v", o.told, want)
	}
}

package storetest

import (
	"reflect"
	"testing"
	"time"

	"github.com/parleymeet/parley/services/auth/internal/keys"
)

func testKeys(t *testing.T, s Store) {
	ctx := t.Context()
	key := func(id string, active time.Time) keys.Key {
		return keys.Key{
			ID: id, Public: make([]byte, 32), Sealed: []byte{1, 2}, Created: noon,
			Active: active, Retires: active.Add(time.Hour), Expires: active.Add(2 * time.Hour),
		}
	}
	young, old := key("a", noon.Add(time.Hour)), key("b", noon)
	check(t, s.AddKey(ctx, young))
	check(t, s.AddKey(ctx, old))
	steps := []struct {
		now  time.Time
		want []keys.Key
	}{
		{noon, []keys.Key{old, young}},
		{old.Expires.Add(-time.Microsecond), []keys.Key{old, young}},
		{old.Expires, []keys.Key{young}},
	}
	for _, step := range steps {
		if got, err := s.ListKeys(ctx, step.now); err != nil || !reflect.DeepEqual(got, step.want) {
			t.Errorf("at %v: got %+v, %v", step.now, got, err)
		}
	}
	check(t, s.DeleteExpiredKeys(ctx, old.Expires))
	if got, err := s.ListKeys(ctx, noon); err != nil || !reflect.DeepEqual(got, []keys.Key{young}) {
		t.Errorf("after deletion: got %+v, %v", got, err)
	}
}

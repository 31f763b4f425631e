package sweep

import (
	"context"
	"errors"
	"testing"
)

func TestAll(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for name, c := range map[string]struct {
		ctx   context.Context
		there int
		fails int // the call that fails; 0: none
		want  int
		calls int
		err   error
	}{
		"nothing":      {t.Context(), 0, 0, 0, 1, nil},
		"a part":       {t.Context(), 3, 0, 3, 1, nil},
		"whole":        {t.Context(), 20, 0, 20, 3, nil},
		"a failure":    {t.Context(), 35, 2, 10, 2, boom},
		"told to stop": {stopped, 35, 0, 10, 1, context.Canceled},
	} {
		calls, left := 0, c.there
		n, err := All(c.ctx, 10, func(limit int) (int, error) {
			if calls++; calls == c.fails {
				return 0, boom
			}
			done := min(limit, left)
			left -= done
			return done, nil
		})
		if n != c.want || calls != c.calls || !errors.Is(err, c.err) {
			t.Errorf("%s: %d in %d calls, %v; want %d in %d, %v", name, n, calls, err, c.want, c.calls, c.err)
		}
	}
}

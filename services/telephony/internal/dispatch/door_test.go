package dispatch

import (
	"bytes"
	"testing"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
)

// TestLobby: who waits is named to the room, enters under that name, and hears
// nothing. Who only asks is not put on a list, and a bridge that lets callers in
// by itself has no lobby for them.
func TestLobby(t *testing.T) {
	t.Parallel()
	for _, from := range []string{caller, "anonymous"} {
		w := newWorld()
		w.admission = roomv1.Admission_ADMISSION_LOBBY
		r, q := w.resolver(t, &bytes.Buffer{}), ask("+33100000001", "0001")
		q.Caller = from
		d, entry := r.Dispatch(t.Context(), q)
		if d.Result != Accept || w.minted.GetCanSubscribe() {
			t.Fatalf("%+v, token %v", d, w.minted)
		}
		if entry.Identity == "" || w.asked.GetIdentity() != entry.Identity || w.minted.GetIdentity() != entry.Identity ||
			w.asked.GetDisplayName() != entry.Name || w.minted.GetName() != entry.Name {
			t.Errorf("asked for %v, minted for %v, entry %+v", w.asked, w.minted, entry)
		}
		if d := r.Resolve(t.Context(), q); d.Result != Reject || d.Reason != LobbyUnavailable || w.asked.GetIdentity() != "" {
			t.Errorf("%+v, asked %v", d, w.asked)
		}
		e := r.Explain(t.Context(), q)
		if last := e.Steps[len(e.Steps)-1]; e.Result != Accept || last.Detail != room+" (lobby)" || w.asked.GetIdentity() != "" {
			t.Errorf("%+v, asked %v", e, w.asked)
		}
		w.admission = roomv1.Admission_ADMISSION_ADMIT
		if _, entry := r.Dispatch(t.Context(), q); !w.minted.GetCanSubscribe() || w.asked.GetIdentity() != entry.Identity {
			t.Errorf("token %v, asked %v", w.minted, w.asked)
		}
	}
}

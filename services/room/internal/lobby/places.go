package lobby

import (
	"sync"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/throttle"
)

// places bounds how many wait in one room from one address, so that nobody can
// fill the list of who waits and keep others off it. It knows those who asked
// this process: with n replicas there may be n times as many.
type places struct {
	limit int // 0: any number

	mu    sync.Mutex
	taken map[doorstep]map[string]time.Time // until when, by participant
	swept time.Time
}

// doorstep is where those stand who are counted together.
type doorstep struct {
	roomID, address string
}

// placesSwept is how often doorsteps are looked for on which nobody stands.
const placesSwept = time.Minute

func newPlaces(limit int) *places {
	return &places{limit: limit, taken: map[doorstep]map[string]time.Time{}}
}

// take gives a person a place until the instant, or returns false where there is
// none. Who has one keeps it.
func (p *places) take(at doorstep, id string, now, until time.Time) bool {
	if p.limit == 0 {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.swept) >= placesSwept {
		p.sweep(now)
	}
	here := p.taken[at]
	if _, has := here[id]; !has && len(here) >= p.limit && p.leave(at, now) >= p.limit {
		return false
	}
	if here == nil {
		here = map[string]time.Time{}
		p.taken[at] = here
	}
	here[id] = until
	return true
}

// settle says how the person stands by now: who waits keeps the place for as
// long as it is on the list, others need none.
func (p *places) settle(at doorstep, id string, entry Entry) {
	if p.limit == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if entry.Status != Waiting {
		delete(p.taken[at], id)
	} else if here := p.taken[at]; here != nil { // else swept, by who came long after
		here[id] = entry.ExpiresAt
	}
}

// leave takes the places of those who do not ask any more, and returns how many
// have one.
func (p *places) leave(at doorstep, now time.Time) int {
	for id, until := range p.taken[at] {
		if !until.After(now) {
			delete(p.taken[at], id)
		}
	}
	return len(p.taken[at])
}

func (p *places) sweep(now time.Time) {
	p.swept = now
	for at := range p.taken {
		if p.leave(at, now) == 0 {
			delete(p.taken, at)
		}
	}
}

// crowded is the error for who finds no place.
func (s *Service) crowded() error {
	return &apierr.Error{Reason: apierr.Throttled, RetryAfter: s.Waiting}
}

// doorstepOf is where a question is asked.
func doorstepOf(roomID, address string) doorstep {
	return doorstep{roomID, throttle.AddressKey(address)}
}

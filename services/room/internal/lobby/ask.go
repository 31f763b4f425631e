package lobby

import (
	"context"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/throttle"
	"github.com/parleymeet/parley/services/internal/color"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// How questions that come at the same time are asked of the database together.
const (
	crowdMax     = 500
	crowdLinger  = 5 * time.Millisecond
	crowdTimeout = 5 * time.Second
	// crowdMany is from how many on that ask at once those are looked up first who
	// need not be written.
	crowdMany = 16
	// crowdFinds is how many rooms are looked for side by side.
	crowdFinds = 8
)

// Request is a person's question to be let in.
type Request struct {
	// Caller has the user, if any, and the name to show.
	Caller   rooms.Caller
	IDOrSlug string
	// Pass is that of the answer before; empty or not valid for a new person.
	Pass string
	// Address is where the question came from.
	Address string
}

// Answer is how a request stands.
type Answer struct {
	Entry
	// Connection is set exactly when the status is accepted.
	Connection *tokenv1.Connection
	// Pass proves the participant's id at the next request.
	Pass string
}

// Ask answers a person who wants to enter and notes that it asks. Errors:
// ROOM_NOT_FOUND, THROTTLED, UNAVAILABLE.
func (s *Service) Ask(ctx context.Context, r Request) (Answer, error) {
	id, known := s.passes.id(r.Pass)
	if wait := s.Limiter.Take(throttleKey(r, id, known)); wait > 0 {
		throttled := apierr.New(apierr.Throttled, "")
		throttled.RetryAfter = wait
		return Answer{}, throttled
	}
	pass := r.Pass
	if !known {
		id = uuid.NewString()
		pass = s.passes.pass(id)
	}
	question := asking{id: id, caller: r.Caller, idOrSlug: r.IDOrSlug, address: r.Address}
	if r.Caller.User != nil { // whose role is nobody else's
		held, err := s.Rooms.Find(ctx, r.Caller, r.IDOrSlug)
		if err != nil {
			return Answer{}, err
		}
		question.held = &held
	}
	got, err := s.crowd.Do(ctx, question)
	if err == nil {
		err = got.err
	}
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{Entry: got.entry, Pass: pass}
	switch got.entry.Status {
	case Waiting:
		s.Bell.Ring(got.held.Room.ID)
	case Accepted:
		r.Caller.Guest = &rooms.Guest{ID: id, Color: got.entry.Color}
		answer.Connection, err = s.Rooms.Connect(ctx, r.Caller, got.held)
	}
	return answer, err
}

// throttleKey is whose requests are counted together: a user's, a person's in
// the lobby, or, as anybody can come without a pass, those from one address.
func throttleKey(r Request, id string, known bool) string {
	switch {
	case r.Caller.User != nil:
		return "user " + r.Caller.User.ID
	case known:
		return "guest " + id
	}
	return throttle.AddressKey(r.Address)
}

// asking is a person's question, asked of the database with those of others.
type asking struct {
	id       string
	caller   rooms.Caller
	idOrSlug string
	address  string
	// held is nil for visitors: to them a room is the same, and read once for all.
	held *rooms.Held
}

// asked is what came of it.
type asked struct {
	held  rooms.Held
	entry Entry
	err   error
}

// askTogether answers questions; the errors are each one's own, but that of the
// entries, which all have. It is the crowd's work.
func (s *Service) askTogether(ctx context.Context, questions []asking) ([]asked, error) {
	answers := s.find(ctx, questions)
	waiting := make(map[Key][]int) // by entry, which two windows of one person share
	drafts := make([]Draft, 0, len(questions))
	steps := make([]doorstep, 0, len(questions)) // of the drafts
	now := s.now()
	for i, q := range questions {
		a := &answers[i]
		if a.err != nil {
			continue
		}
		draft := Draft{Key: Key{RoomID: a.held.Room.ID, ParticipantID: q.id}, Identity: q.id, Username: q.caller.DisplayName, Color: color.Of(q.id)}
		if q.caller.User != nil {
			draft.Identity = q.caller.User.Sub
		}
		if q.caller.Enters(a.held) {
			a.entry = Entry{
				RoomID: draft.RoomID, ParticipantID: draft.ParticipantID, Identity: draft.Identity,
				Status: Accepted, Username: draft.Username, Color: draft.Color,
			}
			continue
		}
		if waiting[draft.Key] == nil {
			at := doorstepOf(draft.RoomID, q.address)
			if !s.places.take(at, q.id, now, now.Add(s.Waiting)) {
				a.err = s.crowded()
				continue
			}
			drafts, steps = append(drafts, draft), append(steps, at)
		}
		waiting[draft.Key] = append(waiting[draft.Key], i)
	}
	if len(drafts) == 0 {
		return answers, nil
	}
	entries, err := s.note(ctx, drafts, now)
	if err != nil {
		return nil, err
	}
	for i, entry := range entries {
		s.places.settle(steps[i], drafts[i].ParticipantID, entry)
		for _, who := range waiting[drafts[i].Key] {
			answers[who].entry = entry
			if entry == (Entry{}) {
				answers[who].err = rooms.NotFound()
			}
		}
	}
	return answers, nil
}

// note notes that people ask and returns their entries. Of a crowd that asks all
// the time not every question is written: each lives somewhat longer instead, so
// that it has Waiting left after its last question, written or not.
func (s *Service) note(ctx context.Context, drafts []Draft, now time.Time) ([]Entry, error) {
	terms := Terms{Now: now, Waiting: s.Waiting, Return: s.Return}
	if len(drafts) < crowdMany {
		return s.Store.Ask(ctx, drafts, terms)
	}
	pause := s.Waiting * 3 / 4
	entries, err := s.Store.Lasting(ctx, drafts, Lasting{Now: now, Until: now.Add(s.Waiting), AskedAfter: now.Add(-pause)})
	if err != nil {
		return nil, err
	}
	var others []Draft
	var positions []int // of the others
	for i, entry := range entries {
		if entry == (Entry{}) {
			others, positions = append(others, drafts[i]), append(positions, i)
		}
	}
	terms.Waiting += pause
	written, err := s.Store.Ask(ctx, others, terms)
	if err != nil {
		return nil, err
	}
	for i, entry := range written {
		entries[positions[i]] = entry
	}
	return entries, nil
}

// find finds the rooms asked about, for all visitors of a room once, and rooms
// side by side: a batch may be about as many as it has questions.
func (s *Service) find(ctx context.Context, questions []asking) []asked {
	found := make(map[string]*asked)
	var finding errgroup.Group // whose errors are the answers'
	finding.SetLimit(crowdFinds)
	for _, q := range questions {
		if q.held != nil || found[q.idOrSlug] != nil {
			continue
		}
		room := &asked{}
		found[q.idOrSlug] = room
		finding.Go(func() error {
			room.held, room.err = s.Rooms.Find(ctx, q.caller, q.idOrSlug)
			return nil
		})
	}
	_ = finding.Wait()
	answers := make([]asked, len(questions))
	for i, q := range questions {
		if q.held != nil {
			answers[i].held = *q.held
		} else {
			answers[i] = *found[q.idOrSlug]
		}
	}
	return answers
}

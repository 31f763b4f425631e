package dispatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/telephony/internal/calls"
	"github.com/parleymeet/parley/services/telephony/internal/e164"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

// Config is the resolver's settings.
type Config struct {
	// Deadline bounds each answer.
	Deadline time.Duration
	// TokenTTL is the life of a caller's token.
	TokenTTL time.Duration
	// SIPURIs says that a PIN may be dialled as the user of a SIP URI.
	SIPURIs bool
	// IdentityKey keys the hash that is a caller's identity in a room.
	IdentityKey []byte
}

// Needs are what the resolver asks.
type Needs struct {
	Directory *trunks.Directory
	Store     Store
	Throttle  Throttle
	Lines     Lines
	Door      Door
	Minter    Minter
	Recorder  Recorder
	Clock     clock.Clock
	Logger    *slog.Logger
	Registry  prometheus.Registerer
}

// Resolver answers where calls go. Safe for concurrent use.
type Resolver struct {
	Needs
	cfg     Config
	metrics *metrics
}

// NewResolver returns a resolver.
func NewResolver(cfg Config, needs Needs) (*Resolver, error) {
	m, err := newMetrics(needs.Registry)
	if err != nil {
		return nil, fmt.Errorf("dispatch metrics: %w", err)
	}
	return &Resolver{Needs: needs, cfg: cfg, metrics: m}, nil
}

// refusal ends the flow with a reason; cause is for the log and may be nil.
type refusal struct {
	reason Reason
	cause  error
}

func (r *refusal) Error() string { return string(r.reason) }
func (r *refusal) Unwrap() error { return r.cause }

func refuse(reason Reason) error { return &refusal{reason: reason} }
func down(cause error) error     { return &refusal{reason: DependencyDown, cause: cause} }

func reasonOf(err error) Reason {
	var known *refusal
	if errors.As(err, &known) {
		return known.reason
	}
	return DependencyDown
}

// Resolve answers a question without letting anybody in: bridges other than
// LiveKit SIP do that themselves.
func (r *Resolver) Resolve(ctx context.Context, q Question) Decision {
	d := Decision{handsOver: true}
	return r.answer(ctx, q, &d, func(ctx context.Context) error {
		found, err := r.locate(ctx, &q, &d)
		if err != nil || found == nil {
			return err
		}
		if err := r.admitted(ctx, q, &d, found.LobbyForced(r.Clock.Now())); err != nil {
			return err
		}
		d.Result = Accept
		return nil
	})
}

// Dispatch answers a question and, on Accept, mints what the caller needs to
// enter.
func (r *Resolver) Dispatch(ctx context.Context, q Question) (Decision, Entry) {
	d, entry := Decision{enters: true}, Entry{}
	answer := r.answer(ctx, q, &d, func(ctx context.Context) error {
		found, err := r.locate(ctx, &q, &d)
		if err != nil || found == nil {
			return err
		}
		if entry, err = r.enter(ctx, q, &d, found.LobbyForced(r.Clock.Now())); err != nil {
			return err
		}
		d.Result = Accept
		return nil
	})
	return answer, entry
}

// Authenticate answers which trunk a call is on, before it rings. The result is
// Ring when the trunk takes the call.
func (r *Resolver) Authenticate(ctx context.Context, q Question) (Decision, *trunks.Trunk) {
	d := Decision{stage: StageAuthenticate}
	var trunk *trunks.Trunk
	answer := r.answer(ctx, q, &d, func(ctx context.Context) (err error) {
		if trunk, err = r.trunk(ctx, &q, &d); err != nil {
			return err
		}
		if trunk.AuthUsername != "" { // asked of the carrier only now, perhaps in vain
			d.proof = calls.Unproven
		}
		if err := r.welcome(ctx, trunk, q, d); err != nil {
			return err
		}
		d.Result = Ring
		return r.line(ctx, trunk, q, d)
	})
	return answer, trunk
}

// answer runs one of the flows within the deadline and tells log, metrics and
// call record how it ended.
func (r *Resolver) answer(ctx context.Context, q Question, d *Decision, flow func(context.Context) error) Decision {
	began := time.Now()
	bounded, cancel := context.WithTimeout(ctx, r.cfg.Deadline)
	defer cancel()
	err := flow(bounded)
	if err != nil {
		d.Result, d.Reason = Reject, reasonOf(err)
		r.logRefusal(ctx, q, *d, errors.Unwrap(err))
	}
	r.metrics.observe(*d, time.Since(began))
	r.record(q, *d)
	return *d
}

// logRefusal tells the operator why; a dependency that is down wakes somebody.
func (r *Resolver) logRefusal(ctx context.Context, q Question, d Decision, cause error) {
	level, attrs := slog.LevelInfo, []slog.Attr{
		slog.String("reason", string(d.Reason)), slog.String("trunk", d.TrunkID), slog.String("call", q.CallID),
	}
	if d.RoomID != "" {
		attrs = append(attrs, slog.String("room", d.RoomID))
	}
	switch d.Reason { // what the operator has to compare with the trunk
	case NumberUnknown:
		attrs = append(attrs, slog.Any("called", d.dialled), slog.String("source", livekit.Text(q.Source)))
	case SourceNotAllowed:
		attrs = append(attrs, slog.String("source", livekit.Text(q.Source)))
	}
	if cause != nil {
		attrs = append(attrs, slog.String("error", cause.Error()))
	}
	if d.Reason == DependencyDown {
		level = slog.LevelError
	}
	r.Logger.LogAttrs(ctx, level, "call refused", attrs...)
}

func (r *Resolver) event(q Question, d Decision) calls.Event {
	return calls.Event{
		ID: q.CallID, TrunkID: d.TrunkID, State: calls.Incoming, Called: d.Called, Started: r.Clock.Now(),
		Caller: e164.Masked(d.Caller), CallerKey: r.Throttle.Key(d.Caller, q.CallID),
		CallerNumber: r.Lines.SealNumber(q.CallID, d.Caller), Bridge: q.Bridge, Proof: d.proof,
	}
}

// record keeps the decision. Of a call that goes over to another bridge nothing
// more will be heard: its record ends here, or does not begin while the caller has
// yet to be asked for a PIN.
func (r *Resolver) record(q Question, d Decision) {
	e := r.event(q, d)
	switch {
	case d.Result == Reject:
		e.State, e.Refusal, e.Ended = calls.Failed, string(d.Reason), e.Started
	case d.Result == Accept && d.handsOver:
		e.State, e.RoomID, e.Ended = calls.HandedOver, d.RoomID, e.Started
	case d.Result == Accept:
		e.RoomID = d.RoomID
	case d.handsOver:
		return
	}
	r.Recorder.Record(e)
}

// locate is the question up to the room's door: the room of the PIN, and nil
// where the caller is to be asked for one.
func (r *Resolver) locate(ctx context.Context, q *Question, d *Decision) (*Lookup, error) {
	d.stage, d.proof = q.stage(), calls.Proven
	trunk, err := r.trunk(ctx, q, d)
	if err != nil {
		return nil, err
	}
	if d.stage = q.stage(); d.stage == StagePrompt { // the PIN may have been dialled
		d.Result = RequestPIN
		return nil, r.welcome(ctx, trunk, *q, *d)
	}
	found, err := r.pin(ctx, trunk.ID, *q, *d)
	if err != nil {
		return nil, err
	}
	d.RoomID = found.RoomID
	return &found, nil
}

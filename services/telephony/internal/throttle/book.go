package throttle

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/telephony/internal/sweep"
)

const (
	hashBytes = 16
	// remember is for how long a call's wrong PIN is known: longer than calls
	// last, and long enough to see how many are usual on a trunk.
	remember      = 25 * time.Hour
	sweepInterval = time.Minute
	sweepBatch    = 500
)

// Rules are the limits.
type Rules struct {
	CallerOnTrunk, Caller, Anonymous Limit
	// Forgive is how many slips a right PIN forgives its caller on the trunk,
	// once a window.
	Forgive int
}

// Book knows who may try a PIN. Safe for concurrent use.
type Book struct {
	store   Store
	rules   Rules
	key     []byte
	brake   *Brake
	clock   clock.Clock
	log     *slog.Logger
	tripped *prometheus.CounterVec
}

// NewBook returns a book on the store that tells the brake of wrong PINs. key
// keys the hash of callers' numbers.
func NewBook(store Store, rules Rules, key []byte, brake *Brake, c clock.Clock, log *slog.Logger, r prometheus.Registerer) (*Book, error) {
	tripped, err := newRefusals(r)
	if err != nil {
		return nil, fmt.Errorf("throttle metrics: %w", err)
	}
	return &Book{store: store, rules: rules, key: key, brake: brake, clock: c, log: log, tripped: tripped}, nil
}

// hash returns the key of a caller's accounts, "" for a withheld number.
func (b *Book) hash(number string) string {
	if number == "" {
		return ""
	}
	mac := hmac.New(sha256.New, b.key)
	mac.Write([]byte(number))
	return hex.EncodeToString(mac.Sum(nil)[:hashBytes])
}

// Key names a caller in records, so that his calls can be counted and nothing
// else be told of him. A call with a withheld number is a caller of its own.
func (b *Book) Key(number, callID string) string {
	if number == "" {
		return b.hash("call/" + callID)
	}
	return b.hash(number)
}

// accounts returns those of a caller on a trunk that have a limit.
func (b *Book) accounts(trunkID, caller string) []Account {
	all := []Account{
		{Name: CallerOnTrunk, TrunkID: trunkID, Caller: caller, Limit: b.rules.CallerOnTrunk},
		{Name: Caller, Caller: caller, Limit: b.rules.Caller},
	}
	if caller == "" {
		all = []Account{{Name: Anonymous, TrunkID: trunkID, Limit: b.rules.Anonymous}}
	}
	limited := all[:0]
	for _, a := range all {
		if a.Limit.Wrong > 0 {
			limited = append(limited, a)
		}
	}
	return limited
}

// Attempt returns what storage needs to judge a PIN. number is the caller's in
// E.164 form, "" when withheld. A call without id counts as one of its own.
func (b *Book) Attempt(trunkID, number, callID, digits string) Attempt {
	if callID == "" {
		callID = rand.Text()
	}
	caller := b.hash(number)
	return Attempt{
		TrunkID: trunkID, Digits: digits, CallID: callID, Accounts: b.accounts(trunkID, caller),
		Caller: caller, Forgive: b.rules.Forgive, Now: b.clock.Now(),
	}
}

// Charged notes how many wrong PINs each account of an attempt has after it was
// charged; nothing for one that was not.
func (b *Book) Charged(ctx context.Context, a Attempt, wrong []int) {
	if len(wrong) > 0 {
		b.brake.Notice()
	}
	for i, n := range wrong {
		account := a.Accounts[i]
		if n != account.Limit.Wrong {
			continue
		}
		b.tripped.WithLabelValues(string(account.Name), a.TrunkID).Inc()
		b.log.WarnContext(ctx, "too many wrong PINs: calls are refused now", "account", string(account.Name),
			"trunk", a.TrunkID, "call", a.CallID, "limit", account.Limit.String())
	}
}

// Refuses returns the account because of which a caller is refused on a trunk,
// nil if he is not.
func (b *Book) Refuses(ctx context.Context, trunkID, number string) (*Account, error) {
	caller := b.hash(number)
	standings, err := b.store.Standings(ctx, trunkID, caller)
	if err != nil {
		return nil, err
	}
	now := b.clock.Now()
	for _, account := range b.accounts(trunkID, caller) {
		for _, s := range standings {
			if s.TrunkID == account.TrunkID && account.Limit.Refuses(s, now) {
				return &account, nil
			}
		}
	}
	return nil, nil
}

// Forgive forgets what a caller is charged with, on one trunk or, when it is
// empty, on all, and returns how many accounts there were. An empty number is
// those who withhold theirs.
func (b *Book) Forgive(ctx context.Context, number, trunkID string) (int, error) {
	n, err := b.store.ClearAccounts(ctx, b.hash(number), trunkID)
	if err == nil {
		b.log.InfoContext(ctx, "wrong PINs of a caller forgiven", "accounts", n, "trunk", trunkID)
	}
	return n, err
}

// Run deletes what is over, until ctx ends.
func (b *Book) Run(ctx context.Context) {
	repeat(ctx, sweepInterval, func() {
		if err := b.Sweep(ctx); err != nil && ctx.Err() == nil {
			b.log.WarnContext(ctx, "charges of wrong PINs could not be swept, trying again later", "error", err)
		}
	})
}

// Sweep deletes all that is over.
func (b *Book) Sweep(ctx context.Context) error {
	now := b.clock.Now()
	_, err := sweep.All(ctx, sweepBatch, func(limit int) (int, error) {
		return b.store.DeleteAccounts(ctx, b.rules, now, now.Add(-remember), limit)
	})
	return err
}

package telephony

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"

	"github.com/parleymeet/parley/pkg/secret"
	"github.com/parleymeet/parley/services/internal/database"
	"github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/telephony/internal/calls"
	"github.com/parleymeet/parley/services/telephony/internal/dispatch"
	"github.com/parleymeet/parley/services/telephony/internal/feed"
	"github.com/parleymeet/parley/services/telephony/internal/imports"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/rpc"
	"github.com/parleymeet/parley/services/telephony/internal/rules"
	"github.com/parleymeet/parley/services/telephony/internal/sipbus"
	"github.com/parleymeet/parley/services/telephony/internal/store/postgres"
	"github.com/parleymeet/parley/services/telephony/internal/store/sqlite"
	"github.com/parleymeet/parley/services/telephony/internal/throttle"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

// store is all that the domain packages want of a database.
type store interface {
	trunks.Store
	pins.Store
	dispatch.Store
	calls.Store
	throttle.Store
	throttle.BrakeStore
	throttle.BudgetStore
	throttle.CrowdStore
	imports.Store
	rules.Store
	Migrate(ctx context.Context) error
	MigrateWithRetry(ctx context.Context) error
	Ready(ctx context.Context) error
	Close() error
}

func openStore(ctx context.Context, url string, log *slog.Logger) (store, error) {
	location, err := database.Locate(url, serviceName)
	if err != nil {
		return nil, err
	}
	if location.SQLitePath != "" {
		return sqlite.Open(ctx, location.SQLitePath, log)
	}
	return postgres.Open(ctx, location.PostgresURL, location.Schema, log)
}

// build joins the parts on an open store.
func build(cfg Config, deps Deps, db store) (*Service, error) {
	key, err := secret.Parse(cfg.SecretKey.Reveal())
	if err != nil {
		return nil, err
	}
	pinMetrics, err := pins.NewMetrics(deps.Registry)
	if err != nil {
		return nil, fmt.Errorf("PIN metrics: %w", err)
	}
	recorder, err := calls.NewRecorder(db, calls.Keep{
		Records: cfg.CallRetention, Numbers: cfg.CallerNumberRetention, Key: key, ByParticipant: !cfg.answersLiveKitSIP(),
	}, deps.Clock, deps.Logger, deps.Registry)
	if err != nil {
		return nil, fmt.Errorf("call metrics: %w", err)
	}
	brake, err := throttle.NewBrake(db, cfg.brakeRules(), deps.Clock, deps.Logger, deps.Registry)
	if err != nil {
		return nil, err
	}
	book, err := throttle.NewBook(db, cfg.throttleRules(), key.Derive("throttle"), brake, deps.Clock, deps.Logger, deps.Registry)
	if err != nil {
		return nil, err
	}
	budget, err := throttle.NewBudget(db, cfg.budgetRules(), deps.Clock, deps.Logger, deps.Registry)
	if err != nil {
		return nil, err
	}
	crowd, err := throttle.NewCrowd(db, cfg.CrowdCallers, deps.Clock, deps.Logger, deps.Registry)
	if err != nil {
		return nil, err
	}
	pinRules := pins.Rules{MaxDraws: cfg.PINMaxDraws, Quarantine: cfg.PINQuarantine, Grace: cfg.PINRotationGrace, Rotations: cfg.PINRotations}
	directory := trunks.NewDirectory(db, deps.Clock)
	allocator := pins.NewAllocator(db, pinRules, deps.Clock, rand.Reader, deps.Logger, pinMetrics)
	resolver, err := dispatch.NewResolver(dispatch.Config{
		Deadline: cfg.DispatchDeadline, TokenTTL: cfg.PhoneTokenTTL, SIPURIs: cfg.SIPHost != "", IdentityKey: key.Derive("sip-identity"),
	}, dispatch.Needs{
		Directory: directory, Store: db, Throttle: book, Lines: recorder, Recorder: recorder,
		Door:   roomv1.NewAdmissionServiceClient(deps.Room),
		Minter: tokenv1.NewTokenServiceClient(deps.Token),
		Clock:  deps.Clock, Logger: deps.Logger, Registry: deps.Registry,
	})
	if err != nil {
		return nil, err
	}
	defaults := trunks.Defaults{
		PINLength: cfg.PINLength, Arming: trunks.Arming(cfg.PINArming), Rules: cfg.DispatchMode == modeRules,
	}
	s := &Service{
		deps: deps, store: db, recorder: recorder, book: book, brake: brake, crowd: crowd,
		sweeper: pins.NewSweeper(db, pinRules, deps.Clock, deps.Logger),
		domain: rpc.Domain{
			Trunks:    trunks.NewService(db, directory, key, deps.Clock, defaults),
			Importer:  imports.NewImporter(db, pinRules.Grace, deps.Clock),
			Directory: directory, Allocator: allocator, Presence: pins.NewPresence(db, deps.Clock),
			DialIns:  pins.NewDialIns(db, directory, cfg.SIPHost),
			Drainer:  pins.NewDrainer(db, allocator, directory, deps.Clock, deps.Logger),
			Resolver: resolver, Calls: recorder, Feed: feed.New(db, deps.Clock), Book: book, Budget: budget,
			NumberReaders: cfg.CallerNumberReaders,
			Changed:       func() {},
		},
	}
	if err := s.buildDispatch(cfg, key); err != nil {
		return nil, err
	}
	return s, deps.Registry.Register(allocator.FillCollector())
}

// buildDispatch adds how LiveKit SIP learns where calls go.
func (s *Service) buildDispatch(cfg Config, key *secret.Key) (err error) {
	switch {
	case cfg.DispatchMode == modeRules:
		if s.rules, err = newKeeper(cfg, s.deps, s.store, key); err == nil {
			s.domain.Changed = s.rules.Wake
		}
	case cfg.SIPRedisURL != "":
		handlers := sipbus.NewHandlers(s.domain.Resolver, s.domain.Trunks, s.recorder, cfg.MaxCallDuration, s.deps.Logger)
		s.bus, err = sipbus.New(cfg.SIPRedisURL.Reveal(), handlers, s.deps.Logger, s.deps.Registry)
		s.bridges = calls.NewBridges(s.store, s.bus, s.deps.Clock, s.deps.Logger)
	}
	return err
}

// newKeeper returns the keeper of LiveKit's rules. Their names begin with a word
// that is this suite's alone, so that two may share a LiveKit.
func newKeeper(cfg Config, deps Deps, db store, key *secret.Key) (*rules.Keeper, error) {
	return rules.NewKeeper(rules.Parts{
		Store: db, Server: livekit.NewRules(cfg.LiveKitAPIURL, cfg.LiveKitAPIKey, cfg.LiveKitAPISecret.Reveal()),
		Door:   roomv1.NewAdmissionServiceClient(deps.Room),
		Prefix: fmt.Sprintf("parley-%x ", key.Derive("livekit-rules")[:4]), Interval: cfg.LiveKitRulesInterval,
		Clock: deps.Clock, Logger: deps.Logger, Registry: deps.Registry,
	})
}

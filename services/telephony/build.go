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
	"github.com/parleymeet/parley/services/telephony/internal/calls"
	"github.com/parleymeet/parley/services/telephony/internal/dispatch"
	"github.com/parleymeet/parley/services/telephony/internal/feed"
	"github.com/parleymeet/parley/services/telephony/internal/imports"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/rpc"
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
	recorder, err := calls.NewRecorder(db, calls.Keep{Records: cfg.CallRetention, Numbers: cfg.CallerNumberRetention, Key: key}, deps.Clock, deps.Logger, deps.Registry)
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
	rules := pins.Rules{MaxDraws: cfg.PINMaxDraws, Quarantine: cfg.PINQuarantine, Grace: cfg.PINRotationGrace}
	directory := trunks.NewDirectory(db, deps.Clock)
	allocator := pins.NewAllocator(db, rules, deps.Clock, rand.Reader, deps.Logger, pinMetrics)
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
	defaults := trunks.Defaults{PINLength: cfg.PINLength, Arming: trunks.Arming(cfg.PINArming)}
	s := &Service{
		deps: deps, store: db, recorder: recorder, book: book, brake: brake, crowd: crowd,
		sweeper: pins.NewSweeper(db, rules, deps.Clock, deps.Logger),
		domain: rpc.Domain{
			Trunks:    trunks.NewService(db, directory, key, deps.Clock, defaults),
			Importer:  imports.NewImporter(db, rules.Grace, deps.Clock),
			Directory: directory, Allocator: allocator, Presence: pins.NewPresence(db, deps.Clock),
			DialIns:  pins.NewDialIns(db, directory, cfg.SIPHost),
			Drainer:  pins.NewDrainer(db, allocator, directory, deps.Clock, deps.Logger),
			Resolver: resolver, Calls: recorder, Feed: feed.New(db, deps.Clock), Book: book, Budget: budget,
		},
	}
	if cfg.SIPRedisURL != "" {
		handlers := sipbus.NewHandlers(resolver, s.domain.Trunks, recorder, cfg.MaxCallDuration, deps.Logger)
		if s.bus, err = sipbus.New(cfg.SIPRedisURL.Reveal(), handlers, deps.Logger, deps.Registry); err != nil {
			return nil, err
		}
	}
	return s, deps.Registry.Register(allocator.FillCollector())
}

package rpc

import (
	"context"

	"google.golang.org/grpc"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/telephony/internal/calls"
	"github.com/parleymeet/parley/services/telephony/internal/dispatch"
	"github.com/parleymeet/parley/services/telephony/internal/feed"
	"github.com/parleymeet/parley/services/telephony/internal/imports"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/throttle"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

// Domain is what the servers serve.
type Domain struct {
	Trunks    *trunks.Service
	Directory *trunks.Directory
	Allocator *pins.Allocator
	Presence  *pins.Presence
	DialIns   *pins.DialIns
	Drainer   *pins.Drainer
	Importer  *imports.Importer
	Resolver  *dispatch.Resolver
	Calls     *calls.Recorder
	Feed      *feed.Feed
	Book      *throttle.Book
	Budget    *throttle.Budget
	// NumberReaders are the e-mails of those operators who may be shown whole
	// numbers of callers; none for all.
	NumberReaders []string
	// Changed is told when PINs, live rooms or trunks may have changed.
	Changed func()
}

// Register registers all of telephony's gRPC services.
func Register(r grpc.ServiceRegistrar, d Domain) {
	telephonyv1.RegisterTrunkServiceServer(r, &trunkServer{trunks: d.Trunks, budget: d.Budget, drainer: d.Drainer, importer: d.Importer, changed: d.Changed})
	telephonyv1.RegisterPinServiceServer(r, &pinServer{allocator: d.Allocator, presence: d.Presence, dialIns: d.DialIns, changed: d.Changed})
	telephonyv1.RegisterDirectoryServiceServer(r, &directoryServer{directory: d.Directory})
	telephonyv1.RegisterDispatchServiceServer(r, &dispatchServer{resolver: d.Resolver})
	telephonyv1.RegisterCallServiceServer(r, &callServer{calls: d.Calls, feed: d.Feed, book: d.Book, numberReaders: d.NumberReaders})
}

// operatorOnly returns OPERATOR_REQUIRED for everybody else.
func operatorOnly(ctx context.Context) error {
	if !identity.IsOperator(ctx) {
		return apierr.New(apierr.OperatorRequired, "")
	}
	return nil
}

package peer

import (
	"context"
	"fmt"
	"net"
	"path/filepath"

	"github.com/parleymeet/parley/pkg/grpcx"
)

// Names of the peers.
const (
	Bus      = "bus"
	Resolver = "resolver"
	Gateway  = "gateway"
)

// Options tell a peer where it works.
type Options struct {
	// Address to listen on; bus has none.
	Address string
	// Redis is the URL of the bus.
	Redis string
	// Database is the URL of resolver's database, which has telephony's schema.
	Database string
	// Certs is the directory with resolver's certificate.
	Certs string
}

// Serve is the named peer until ctx ends.
func Serve(ctx context.Context, name string, o Options) error {
	switch name {
	case Bus:
		return serveBus(ctx, o)
	case Resolver:
		return serveResolver(ctx, o)
	case Gateway:
		return serveGateway(ctx, o)
	default:
		return fmt.Errorf("no peer is named %q", name)
	}
}

// TLS returns the certificate of the named service from a directory of make-certs.
func TLS(dir, service string) (*grpcx.TLS, error) {
	return grpcx.NewTLS(filepath.Join(dir, service+".crt"), filepath.Join(dir, service+".key"), filepath.Join(dir, "ca.crt"))
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	return config.Listen(ctx, "tcp", address)
}

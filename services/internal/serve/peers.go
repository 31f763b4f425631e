package serve

import (
	"context"
	"errors"

	"google.golang.org/grpc"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/identity"
)

// ErrNoTLS says that a service of its own process cannot be told apart from others.
var ErrNoTLS error = usageError{errors.New("TLS_CERT_FILE, TLS_KEY_FILE and TLS_CA_FILE must be set: services of their own processes prove themselves to each other by certificate (make a development set with deploy/certs/make-certs)")}

// Peer returns a connection to another service's process. It does not wait for it.
func (p *Process) Peer(service string) (*grpc.ClientConn, error) {
	if p.TLS == nil {
		return nil, ErrNoTLS
	}
	return grpcx.Dial(p.Config.address(service), p.TLS.Client(service), grpcx.WithTracing(p.Tracer))
}

// KeySource asks auth for the keys of identity assertions.
func KeySource(auth grpc.ClientConnInterface) identity.KeySource {
	client := authv1.NewKeyServiceClient(auth)
	return func(ctx context.Context) ([]identity.Key, error) {
		resp, err := client.ListKeys(ctx, &authv1.ListKeysRequest{})
		if err != nil {
			return nil, err
		}
		keys := make([]identity.Key, 0, len(resp.GetKeys()))
		for _, key := range resp.GetKeys() {
			keys = append(keys, identity.Key{ID: key.GetId(), Public: key.GetPublicKey(), Expires: key.GetExpireTime().AsTime()})
		}
		return keys, nil
	}
}

// Verifier checks identity assertions made for the named service.
func (p *Process) Verifier(service string, auth grpc.ClientConnInterface) *identity.Verifier {
	return identity.NewVerifier(service, KeySource(auth), p.Clock.Now)
}

package peer

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"

	"github.com/parleymeet/parley/pkg/identity"
)

// bareResolver answers ResolvePin with what one look-up by primary key says.
type bareResolver struct {
	telephonyv1.UnimplementedDispatchServiceServer
	pool *pgxpool.Pool
}

func (r *bareResolver) ResolvePin(ctx context.Context, req *telephonyv1.ResolvePinRequest) (*telephonyv1.ResolvePinResponse, error) {
	answer := &telephonyv1.ResolvePinResponse{
		Result: telephonyv1.DispatchResult_DISPATCH_RESULT_ACCEPT, TrunkId: req.GetTrunkId(),
	}
	err := r.pool.QueryRow(ctx, `SELECT room_id::text FROM parley_telephony.pins WHERE trunk_id = $1 AND pin = $2`,
		req.GetTrunkId(), req.GetPin()).Scan(&answer.RoomId)
	return answer, err
}

// serveResolver is a gRPC server with the suite's TLS and nothing else of it.
func serveResolver(ctx context.Context, o Options) error {
	tls, err := TLS(o.Certs, identity.CallerTelephony)
	if err != nil {
		return err
	}
	pool, err := pgxpool.New(ctx, o.Database)
	if err != nil {
		return err
	}
	defer pool.Close()
	listener, err := listen(ctx, o.Address)
	if err != nil {
		return err
	}
	s := grpc.NewServer(grpc.Creds(tls.Server()))
	telephonyv1.RegisterDispatchServiceServer(s, &bareResolver{pool: pool})
	defer context.AfterFunc(ctx, s.Stop)()
	return s.Serve(listener)
}

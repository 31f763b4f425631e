package grpcx

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"buf.build/go/protovalidate"
	grpcprom "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"google.golang.org/grpc"
)

// unaryChain is the order of doc.go, for unary calls. Outer interceptors see
// the final code; a test pins the order.
func unaryChain(o Options, m *grpcprom.ServerMetrics, v protovalidate.Validator) []grpc.UnaryServerInterceptor {
	return []grpc.UnaryServerInterceptor{
		step(requestID).unary,
		m.UnaryServerInterceptor(),
		func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			started := time.Now()
			resp, err := next(ctx, req)
			logCall(ctx, o.Logger, info.FullMethod, started, err)
			return resp, err
		},
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			resp, err := next(ctx, req)
			return resp, mapError(ctx, err)
		},
		recoverUnary(o.Logger),
		caller(o.Policy).unary,
		user(o.Policy, o.Verifiers).unary,
		deadline(o.Policy, o.stopping).unary,
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			if err := invalid(v, req); err != nil {
				return nil, err
			}
			return next(ctx, req)
		},
	}
}

// streamChain is the same order for streams. Their requests are validated one
// by one as they arrive.
func streamChain(o Options, m *grpcprom.ServerMetrics, v protovalidate.Validator) []grpc.StreamServerInterceptor {
	return []grpc.StreamServerInterceptor{
		step(requestID).stream,
		m.StreamServerInterceptor(),
		func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			started := time.Now()
			err := next(srv, ss)
			logCall(ss.Context(), o.Logger, info.FullMethod, started, err)
			return err
		},
		func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			return mapError(ss.Context(), next(srv, ss))
		},
		recoverStream(o.Logger),
		caller(o.Policy).stream,
		user(o.Policy, o.Verifiers).stream,
		deadline(o.Policy, o.stopping).stream,
		func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			return next(srv, &validatingStream{ServerStream: ss, validator: v})
		},
	}
}

func recoverUnary(logger *slog.Logger) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (resp any, err error) {
		defer func() {
			if value := recover(); value != nil {
				err = recovered(ctx, logger, info.FullMethod, value)
			}
		}()
		return next(ctx, req)
	}
}

func recoverStream(logger *slog.Logger) grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
		defer func() {
			if value := recover(); value != nil {
				err = recovered(ss.Context(), logger, info.FullMethod, value)
			}
		}()
		return next(srv, ss)
	}
}

type validatingStream struct {
	grpc.ServerStream
	validator protovalidate.Validator
}

func (s *validatingStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	return invalid(s.validator, m)
}

// chainUnary returns one interceptor that runs all, the first outermost.
func chainUnary(chain []grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		for _, interceptor := range slices.Backward(chain) {
			inner := next
			next = func(ctx context.Context, req any) (any, error) { return interceptor(ctx, req, info, inner) }
		}
		return next(ctx, req)
	}
}

package grpcx

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"buf.build/go/protovalidate"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/obs"
)

const (
	requestIDHeader = "x-request-id"
	assertionHeader = "x-parley-assertion"
	maxRequestID    = 128

	// DefaultDeadline bounds calls that come without a deadline.
	DefaultDeadline = 10 * time.Second
	// replyReserve is kept back from the caller's deadline, so that an answer
	// (or an honest refusal) still arrives in time.
	replyReserve = 20 * time.Millisecond
)

// step is what one interceptor does before the handler: it returns the context
// to go on with, or an error that ends the call. Being the same for unary and
// streaming calls, it is written once.
type step func(ctx context.Context, method string) (context.Context, context.CancelFunc, error)

func (s step) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	ctx, cancel, err := s(ctx, info.FullMethod)
	if err != nil {
		return nil, err
	}
	defer cancel()
	return next(ctx, req)
}

func (s step) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	ctx, cancel, err := s(ss.Context(), info.FullMethod)
	if err != nil {
		return err
	}
	defer cancel()
	return next(srv, &streamWithContext{ServerStream: ss, ctx: ctx})
}

type streamWithContext struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *streamWithContext) Context() context.Context { return s.ctx }

func nothing() {}

// requestID takes the caller's request id, or makes one, and answers with it.
func requestID(ctx context.Context, _ string) (context.Context, context.CancelFunc, error) {
	id := firstValue(ctx, requestIDHeader)
	if id == "" || len(id) > maxRequestID {
		id = uuid.NewString()
	}
	_ = grpc.SetHeader(ctx, metadata.Pairs(requestIDHeader, id)) // fails only on a call that is over
	return obs.WithRequestID(ctx, id), nothing, nil
}

// caller looks the method up in the table and the calling process in its row.
func caller(policy Policy) step {
	return func(ctx context.Context, method string) (context.Context, context.CancelFunc, error) {
		rule, ok := policy[method]
		if !ok {
			return ctx, nil, apierr.Wrap(apierr.CallerNotAllowed, fmt.Errorf("no rule for %s", method))
		}
		name := callerOf(ctx)
		if !rule.allows(name) {
			return ctx, nil, apierr.Wrap(apierr.CallerNotAllowed, fmt.Errorf("caller %q may not call %s", name, method))
		}
		return identity.WithCaller(ctx, name), nothing, nil
	}
}

// user verifies the assertion where the method wants a person or an application.
func user(policy Policy, verifiers Verifiers) step {
	return func(ctx context.Context, method string) (context.Context, context.CancelFunc, error) {
		rule := policy[method]
		want := rule.wants(identity.CallerFrom(ctx))
		assertion := firstValue(ctx, assertionHeader)
		switch {
		case want == NoUser:
			return ctx, nothing, nil
		case assertion == "" && want == OptionalUser:
			return ctx, nothing, nil
		case assertion == "":
			return ctx, nil, apierr.New(apierr.Unauthenticated, "")
		}
		verifier := verifiers.of(method)
		if verifier == nil {
			return ctx, nil, apierr.Wrap(apierr.Unauthenticated, fmt.Errorf("no verifier for %s", method))
		}
		principal, err := verifier.Verify(ctx, assertion)
		if err == nil {
			err = rule.admit(principal)
		}
		if err != nil {
			return ctx, nil, err
		}
		if principal.Application != nil {
			ctx = identity.WithApplication(ctx, principal.Application)
		}
		if principal.User != nil {
			ctx = identity.WithUser(ctx, principal.User)
		}
		return ctx, nothing, nil
	}
}

// deadline gives every call an end and refuses one that is already too late.
// Lasting streams end when the server stops.
func deadline(policy Policy, stopping <-chan struct{}) step {
	return func(ctx context.Context, method string) (context.Context, context.CancelFunc, error) {
		if policy[method].Lasting {
			ctx, cancel := context.WithCancel(ctx)
			go func() {
				select {
				case <-stopping:
					cancel()
				case <-ctx.Done():
				}
			}()
			return ctx, cancel, nil
		}
		end, ok := ctx.Deadline()
		if !ok {
			ctx, cancel := context.WithTimeout(ctx, DefaultDeadline)
			return ctx, cancel, nil
		}
		end = end.Add(-replyReserve)
		if !time.Now().Before(end) {
			return ctx, nil, apierr.New(apierr.DeadlineExceeded, "")
		}
		ctx, cancel := context.WithDeadline(ctx, end)
		return ctx, cancel, nil
	}
}

// logCall writes one line a call: faults of ours as errors, the rest quietly.
func logCall(ctx context.Context, logger *slog.Logger, method string, started time.Time, err error) {
	code, level := status.Code(err), slog.LevelDebug
	switch code {
	case codes.OK:
	case codes.Internal, codes.Unknown, codes.DataLoss:
		level = slog.LevelError
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.PermissionDenied:
		level = slog.LevelWarn
	default:
		level = slog.LevelInfo
	}
	if !logger.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", method), slog.String("code", code.String()),
		slog.String("peer", callerOf(ctx)), slog.Duration("took", time.Since(started)),
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	logger.LogAttrs(ctx, level, "call", attrs...)
}

// mapError gives every error a reason and the request id.
func mapError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	mapped := *apierr.From(err)
	if mapped.RequestID == "" {
		mapped.RequestID = obs.RequestID(ctx)
	}
	return &mapped
}

// recovered turns a panic of a handler into an error; the process goes on.
func recovered(ctx context.Context, logger *slog.Logger, method string, value any) error {
	logger.ErrorContext(ctx, "panic in a handler", "method", method, "panic", fmt.Sprint(value), "stack", string(debug.Stack()))
	return apierr.Wrap(apierr.Internal, fmt.Errorf("panic: %v", value))
}

// invalid turns the failures of the rules in the proto files into wrong fields.
func invalid(validator protovalidate.Validator, req any) error {
	message, ok := req.(proto.Message)
	if !ok {
		return nil
	}
	err := validator.Validate(message)
	if err == nil {
		return nil
	}
	failed, ok := err.(*protovalidate.ValidationError) //nolint:errorlint // returned as it is by Validate
	if !ok {
		return fmt.Errorf("validate %T: %w", req, err)
	}
	var violations []apierr.Violation
	for _, v := range failed.Violations {
		violations = append(violations, apierr.Violation{
			Field: protovalidate.FieldPathString(v.Proto.GetField()), Code: v.Proto.GetRuleId(), Text: v.Proto.GetMessage(),
		})
	}
	return apierr.Invalid(violations...)
}

func firstValue(ctx context.Context, key string) string {
	if values := metadata.ValueFromIncomingContext(ctx, key); len(values) > 0 {
		return values[0]
	}
	return ""
}

package apierr

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	commonv1 "github.com/parleymeet/parley/gen/parley/common/v1"
)

// Domain is the domain of our google.rpc.ErrorInfo.
const Domain = "parley"

const (
	reasonPrefix = "ERROR_REASON_"
	requestIDKey = "request_id"
)

// GRPCStatus makes the error a gRPC status, so that it can be returned from a handler as it is.
func (e *Error) GRPCStatus() *status.Status {
	st := status.New(e.Row().Code, e.PublicText())
	info := &errdetails.ErrorInfo{
		Reason: strings.TrimPrefix(e.Reason.String(), reasonPrefix),
		Domain: Domain,
	}
	if e.RequestID != "" {
		info.Metadata = map[string]string{requestIDKey: e.RequestID}
	}
	details := []protoadapt.MessageV1{info}
	if len(e.Violations) > 0 {
		bad := &errdetails.BadRequest{}
		for _, v := range e.Violations {
			bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{
				Field: v.Field, Reason: v.Code, Description: v.Text,
			})
		}
		details = append(details, bad)
	}
	if e.RetryAfter > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(e.RetryAfter)})
	}
	withDetails, err := st.WithDetails(details...)
	if err != nil {
		return st // only possible for codes.OK, which no reason has
	}
	return withDetails
}

// From turns any error into an [*Error]. nil stays nil. A gRPC status of a
// peer keeps its reason; context ends become CANCELLED or DEADLINE_EXCEEDED;
// all else is INTERNAL with err as its cause.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	if errors.Is(err, context.Canceled) {
		return Wrap(Cancelled, err)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Wrap(DeadlineExceeded, err)
	}
	if st, ok := status.FromError(err); ok {
		return fromStatus(st)
	}
	return Wrap(Internal, err)
}

// fromStatus reads a peer's answer. The text is kept as the text for the next
// caller only where the peer named a reason of ours; otherwise it is a cause.
func fromStatus(st *status.Status) *Error {
	e := &Error{Reason: reasonOfCode(st.Code())}
	named := false
	for _, detail := range st.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			if value, ok := commonv1.ErrorReason_value[reasonPrefix+d.GetReason()]; ok && d.GetDomain() == Domain {
				e.Reason, named = Reason(value), true
				e.RequestID = d.GetMetadata()[requestIDKey]
			}
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				e.Violations = append(e.Violations, Violation{Field: v.GetField(), Code: v.GetReason(), Text: v.GetDescription()})
			}
		case *errdetails.RetryInfo:
			e.RetryAfter = d.GetRetryDelay().AsDuration()
		}
	}
	if named && st.Message() != rowOf(e.Reason).Text {
		e.Text = st.Message()
	}
	if !named {
		e.Cause = st.Err()
	}
	return e
}

// reasonOfCode is for statuses that gRPC itself makes, which carry no ErrorInfo.
func reasonOfCode(code codes.Code) Reason {
	switch code {
	case codes.Unavailable:
		return Unavailable
	case codes.DeadlineExceeded:
		return DeadlineExceeded
	case codes.Canceled:
		return Cancelled
	case codes.Unimplemented:
		return MethodUnknown
	case codes.Unauthenticated:
		return Unauthenticated
	case codes.PermissionDenied:
		return CallerNotAllowed
	default:
		return Internal
	}
}

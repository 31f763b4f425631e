// Package apierr is the one error type that crosses Parley's services.
//
// A domain that fails for a reason its caller should know returns an [*Error]
// with one of the closed set of reasons in parley.common.v1.ErrorReason. One
// table gives each reason its gRPC code, its HTTP status and its text. Between
// services the reason travels as google.rpc.ErrorInfo in the status details,
// wrong fields as google.rpc.BadRequest and a waiting time as
// google.rpc.RetryInfo; the client interceptor of pkg/grpcx turns the status
// back into the same [*Error], so that a caller compares reasons, never texts.
//
// Whatever is not an [*Error] is a fault of the suite: [From] makes it
// INTERNAL, with a fixed text for the caller. Its cause stays on this side of
// the wire and goes to the log, under the request id that the caller is given.
//
//	error.go    the type and its constructors
//	reasons.go  the reasons under short names
//	table.go    reason -> code, status, text
//	status.go   to and from gRPC statuses
package apierr

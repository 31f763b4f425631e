// Package grpcx builds the gRPC servers and clients of all services, so that
// each has the same interceptors in the same order.
//
// A call passes, outermost first:
//
//	request id   taken from the caller or made; in the context, the logs and the answer
//	metrics      count and duration by method and code
//	log          one line a call
//	errors       any error becomes an *apierr.Error with the request id
//	recovery     a panic in a handler becomes INTERNAL, with its stack in the log
//	caller       the process at the other end must be allowed to call the method
//	user         the identity assertion is verified where the method wants a user or an application
//	deadline     every call has one; work that cannot finish is refused
//	validation   the request keeps the rules written in the proto files
//
// Who may call what is one [Policy] per process: a table of methods. A method
// without a row is refused, and [Server.Serve] refuses to start with one.
//
// The caller is proved by the connection: by the name in a client certificate
// ([TLS]), by a connection inside one process ([Server.Local]), or by a Unix
// socket that only the process's own user can open. All three pass the same table.
//
//	server.go       Server: options, registration, listeners, stop
//	chain.go        the chain, in order
//	interceptors.go its links
//	policy.go       the table of methods
//	caller.go       proving the process at the other end
//	local.go        connections inside one process
//	tls.go          mutual TLS from files that are read again when they change
//	client.go       Dial and what clients add to calls
package grpcx

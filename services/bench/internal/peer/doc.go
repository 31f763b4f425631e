// Package peer holds the bare peers: the least that could do the same job with
// the same libraries, and so the floor that a figure is compared with. Each
// runs as a process of its own, as what it is compared with does: the program
// starts itself again with the peer's name.
//
//   - peer.go: Options and Serve
//   - bus.go: a psrpc server that answers a constant
//   - resolver.go: a gRPC server with one primary-key SELECT
//   - gateway.go: a grpc-gateway before a gRPC server that answers a constant
package peer

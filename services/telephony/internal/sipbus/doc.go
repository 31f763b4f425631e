// Package sipbus answers LiveKit SIP on its message bus, psrpc over Redis.
//
// LiveKit SIP asks the psrpc service IOInfo, which livekit-server serves too,
// with everything that egress and ingress need. Of IOInfo only the methods of
// SIP are registered here: whoever registers a method takes part of its calls.
// Its successor for SIP alone, IOInfoSIP, is served as a whole.
//
// Invariants:
//
//   - Every request is answered, whatever it holds; a panic is an answer too.
//   - Redis may be away at the start and go away later. The subscriptions come
//     back within seconds of its return, without a restart.
//   - Two kinds of responders on one bus split the calls at random, so a rival
//     is looked for all the time. Replicas of this service know each other by a
//     sorted set in Redis and are no rivals.
//
// Files:
//
//	bus.go       the connection, the two services
//	rivals.go    who else answers
//	bridges.go   which LiveKit SIPs are there
//	handlers.go  the four methods
//	wire.go      between psrpc messages and the domain
package sipbus

// Package serve is what all processes of the suite have in common: the common
// settings, logger, metrics, traces, admin address, gRPC server, connections to
// peers, and the order in which they start and stop.
//
// [Process] is made once in main. A service of its own process is run by
// [Single]; the standalone process puts the same parts together over
// connections in memory.
//
// Start order: admin address, services (databases, workers), gRPC server,
// readiness. Stop order is the reverse.
//
//	config.go   the common settings
//	process.go  Process: logger, metrics, readiness, traces
//	peers.go    connections and identity keys
//	grpc.go     the gRPC server as a component
//	single.go   one service, one process
package serve

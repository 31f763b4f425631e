// Package operator is the operator's command line: trunks, numbers, rooms, PINs,
// calls, users and applications of a running suite.
//
// It speaks gRPC as the caller "operator", which may act without a user. In a
// standalone suite it proves that by opening the suite's Unix socket, which
// only root and the suite's own user can; against services of their own
// processes by a client certificate with the name "operator" (TLS_CERT_FILE,
// TLS_KEY_FILE, TLS_CA_FILE). `call simulate` uses neither: it asks the SIP bus
// as LiveKit SIP does.
//
//	connect.go   Connection: where the services are, and their clients
//	output.go    tables and JSON
//	trunk.go number.go room.go pin.go call.go user.go application.go   one noun each
//	pinimport.go `pin import`; pinfile.go reads the files
//	explain.go   `call explain`, `call forgive`
//	simulate.go  `call simulate`
package operator

// Package rpc serves telephony's domain over gRPC. A handler reads its request,
// asks the domain and maps the answer; it decides nothing but who may call.
//
//	servers.go   the servers and their registration
//	trunks.go    TrunkService, for operators
//	pins.go      PinService for rooms, DirectoryService for everybody
//	dispatch.go  DispatchService
//	calls.go     CallService
//	wire.go      between messages and the domain
package rpc

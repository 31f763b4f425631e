// Package token is the service that mints and verifies LiveKit access tokens.
// It is the one holder of the LiveKit API secret that signs what people and
// telephones enter rooms with, and keeps no state: any number of replicas
// answer alike, and it needs no peer and no database.
//
// It decides nothing about people. Room and telephony decide who may enter
// and with which rights; this service puts their answer into claims.
//
//	config.go         settings
//	service.go        Service: how a process builds and registers it
//	internal/tokens   claims, minting, verification
//	internal/rpc      the gRPC handlers
package token

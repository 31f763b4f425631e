// Package telephony is the telephony service: trunks, numbers, PINs, dispatch
// of calls and their records.
//
// A room is given a PIN on one trunk by the room service. When somebody dials
// one of the trunk's numbers, LiveKit SIP asks over its message bus where the
// call goes; this service finds trunk and PIN, asks the room's door, has a token
// minted and answers. Other SIP bridges ask the same over gRPC. With
// DISPATCH_MODE=rules LiveKit SIP does not ask: this service keeps a dispatch rule
// in LiveKit for each PIN of a live room.
//
// The service needs its database. Without the room or the token service it
// refuses calls and says why; without the SIP bus it serves everything else.
// Replicas share nothing but database and bus.
//
//	config.go   settings
//	service.go  what a process does with the service
//	build.go    how its parts are joined
//
//	internal/e164      phone numbers: reading, display, masking
//	internal/trunks    trunks and their numbers
//	internal/pins      allocation, rotation, quarantine and drains of PINs
//	internal/imports   PINs that rooms have elsewhere
//	internal/rules     dispatch rules in LiveKit
//	internal/dispatch  where does this call go?
//	internal/throttle  the defence against guessing PINs
//	internal/calls     call records
//	internal/feed      calls as they go on
//	internal/sipbus    LiveKit SIP's message bus
//	internal/rpc       gRPC
//	internal/page      paging of lists
//	internal/store     PostgreSQL and SQLite
package telephony

// Package rpc serves the domain over gRPC. Handlers only translate; the
// interceptors of grpcx have proved who calls and checked the requests.
//
//	room.go       RoomService
//	access.go     AccessService
//	external.go   ExternalRoomService
//	admission.go  AdmissionService
//	event.go      EventService
//	invitation.go InvitationService
//	lobby.go      LobbyService
//	moderation.go ModerationService
//	wire.go       between messages and the domain's types
//	patch.go      from a field mask to a patch
package rpc

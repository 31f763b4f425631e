package room

import (
	"maps"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/identity"
)

// Policy returns who may call what.
func Policy() grpcx.Policy {
	people := grpcx.Rule{
		Callers: []string{identity.CallerGateway, identity.CallerOperator},
		User:    grpcx.RequireUser,
	}
	policy := grpcx.Service(roomv1.RoomService_ServiceDesc, people)
	// Everybody with the link may look a room up, or test a connection, or learn
	// of what was created for it.
	people.User = grpcx.OptionalUser
	policy[roomv1.RoomService_GetRoom_FullMethodName] = people
	policy[roomv1.RoomService_ClaimCreatedRoom_FullMethodName] = people
	policy[roomv1.RoomService_TestConnection_FullMethodName] = people

	for method, scope := range map[string]identity.Scope{
		roomv1.ExternalRoomService_CreateExternalRoom_FullMethodName: identity.ScopeRoomsCreate,
		roomv1.ExternalRoomService_GetExternalRoom_FullMethodName:    identity.ScopeRoomsRetrieve,
		roomv1.ExternalRoomService_ListExternalRooms_FullMethodName:  identity.ScopeRoomsList,
	} {
		policy[method] = grpcx.Rule{Callers: []string{identity.CallerGateway}, User: grpcx.RequireDelegate, Scope: scope}
	}

	phones := grpcx.Rule{Callers: []string{identity.CallerTelephony, identity.CallerOperator}}
	maps.Copy(policy, grpcx.Service(roomv1.AdmissionService_ServiceDesc, phones))

	// LiveKit's signature is the proof; the gateway brings it without any of its own.
	maps.Copy(policy, grpcx.Service(roomv1.EventService_ServiceDesc, grpcx.Rule{Callers: []string{identity.CallerGateway}}))

	browsers := grpcx.Rule{Callers: []string{identity.CallerGateway}, User: grpcx.RequireUser}
	maps.Copy(policy, grpcx.Service(roomv1.LobbyService_ServiceDesc, browsers))
	maps.Copy(policy, grpcx.Service(roomv1.ModerationService_ServiceDesc, browsers))
	maps.Copy(policy, grpcx.Service(roomv1.AccessService_ServiceDesc, browsers))
	maps.Copy(policy, grpcx.Service(roomv1.InvitationService_ServiceDesc, browsers))
	// Everybody with the link may ask to be let in, and who is in needs no log-in.
	browsers.User = grpcx.OptionalUser
	for _, method := range []string{
		roomv1.LobbyService_RequestEntry_FullMethodName, roomv1.ModerationService_Authorize_FullMethodName,
		roomv1.ModerationService_MuteParticipant_FullMethodName, roomv1.ModerationService_SetHand_FullMethodName,
		roomv1.ModerationService_RenameParticipant_FullMethodName,
	} {
		policy[method] = browsers
	}
	return policy
}

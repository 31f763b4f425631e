package rpc

import (
	"math"

	"google.golang.org/protobuf/types/known/timestamppb"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

var levelMessages = map[rooms.AccessLevel]roomv1.AccessLevel{
	rooms.Public:     roomv1.AccessLevel_ACCESS_LEVEL_PUBLIC,
	rooms.Trusted:    roomv1.AccessLevel_ACCESS_LEVEL_TRUSTED,
	rooms.Restricted: roomv1.AccessLevel_ACCESS_LEVEL_RESTRICTED,
}

var phoneAccessMessages = map[rooms.PhoneAccess]roomv1.PhoneAccess{
	rooms.PhonesByLevel: roomv1.PhoneAccess_PHONE_ACCESS_UNSPECIFIED,
	rooms.PhonesEnter:   roomv1.PhoneAccess_PHONE_ACCESS_ADMIT,
	rooms.PhonesWait:    roomv1.PhoneAccess_PHONE_ACCESS_LOBBY,
	rooms.PhonesStay:    roomv1.PhoneAccess_PHONE_ACCESS_DENY,
}

var roleMessages = map[rooms.Role]roomv1.Role{
	rooms.Member:        roomv1.Role_ROLE_MEMBER,
	rooms.Administrator: roomv1.Role_ROLE_ADMINISTRATOR,
	rooms.Owner:         roomv1.Role_ROLE_OWNER,
}

// levelOf returns NoAccessLevel for unspecified and for what is no level.
func levelOf(message roomv1.AccessLevel) rooms.AccessLevel {
	for level, known := range levelMessages {
		if known == message {
			return level
		}
	}
	return rooms.NoAccessLevel
}

// phoneAccessOf returns PhonesByLevel for unspecified and for what is no access.
func phoneAccessOf(message roomv1.PhoneAccess) rooms.PhoneAccess {
	for access, known := range phoneAccessMessages {
		if known == message {
			return access
		}
	}
	return rooms.PhonesByLevel
}

func viewMessage(view rooms.View) (*roomv1.RoomView, error) {
	room, err := roomMessage(view.Room)
	if err != nil {
		return nil, err
	}
	message := &roomv1.RoomView{
		Room:       room,
		ViewerRole: roleMessages[view.Role],
		Connection: view.Connection,
		DialIn:     view.DialIn,
	}
	for _, access := range view.Accesses {
		message.Accesses = append(message.Accesses, &roomv1.Access{
			Id:     access.ID,
			RoomId: access.RoomID,
			User:   access.User,
			Role:   roleMessages[access.Role],
		})
	}
	return message, nil
}

func roomMessage(room rooms.Room) (*roomv1.Room, error) {
	configuration, err := room.Configuration.Struct()
	if err != nil {
		return nil, err
	}
	return &roomv1.Room{
		Id:            room.ID,
		Name:          room.Name,
		Slug:          room.Slug,
		AccessLevel:   levelMessages[room.AccessLevel],
		Configuration: configuration,
		PhoneAccess:   phoneAccessMessages[room.PhoneAccess],
		PhoneCountry:  room.PhoneCountry,
		CreateTime:    timestamppb.New(room.CreatedAt),
		UpdateTime:    timestamppb.New(room.UpdatedAt),
	}, nil
}

// int32Of keeps a count in the range of the wire.
func int32Of(n int) int32 { return int32(min(n, math.MaxInt32)) } // #nosec G115 -- bounded

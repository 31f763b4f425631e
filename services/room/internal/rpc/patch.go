package rpc

import (
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// patchOf takes the fields that the mask names out of the room. Without a mask
// it takes those that are set (AIP-134).
func patchOf(room *roomv1.Room, mask *fieldmaskpb.FieldMask) (rooms.Patch, error) {
	paths := mask.GetPaths()
	if len(paths) == 0 {
		paths = pathsOf(room)
	}
	var patch rooms.Patch
	for _, path := range paths {
		switch path {
		case "name":
			patch.Name = new(room.GetName())
		case "access_level":
			patch.AccessLevel = new(levelOf(room.GetAccessLevel()))
		case "configuration":
			patch.Configuration = room.GetConfiguration()
			if patch.Configuration == nil {
				patch.Configuration = &structpb.Struct{}
			}
		case "phone_access":
			patch.PhoneAccess = new(phoneAccessOf(room.GetPhoneAccess()))
		case "phone_country":
			patch.PhoneCountry = new(room.GetPhoneCountry())
		default:
			return rooms.Patch{}, apierr.InvalidField("update_mask", "unknown", "%q cannot be changed.", path)
		}
	}
	return patch, nil
}

func pathsOf(room *roomv1.Room) []string {
	var paths []string
	if room.GetName() != "" {
		paths = append(paths, "name")
	}
	if room.GetAccessLevel() != roomv1.AccessLevel_ACCESS_LEVEL_UNSPECIFIED {
		paths = append(paths, "access_level")
	}
	if room.GetConfiguration() != nil {
		paths = append(paths, "configuration")
	}
	if room.GetPhoneAccess() != roomv1.PhoneAccess_PHONE_ACCESS_UNSPECIFIED {
		paths = append(paths, "phone_access")
	}
	if room.GetPhoneCountry() != "" {
		paths = append(paths, "phone_country")
	}
	return paths
}

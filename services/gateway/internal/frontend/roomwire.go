package frontend

import (
	"google.golang.org/protobuf/types/known/structpb"

	frontendv1 "github.com/parleymeet/parley/gen/parley/frontend/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
)

// room shapes a room for one visitor. The keys livekit, pin_code and dial_in are
// there exactly where the visitor may enter, accesses where it administers, and
// there phone_access and phone_country too, if somebody has set them.
func room(view *roomv1.RoomView) (*frontendv1.Room, error) {
	r := view.GetRoom()
	shown := &frontendv1.Room{
		Id:            r.GetId(),
		Name:          r.GetName(),
		Slug:          r.GetSlug(),
		Configuration: object(r.GetConfiguration()),
		AccessLevel:   word(r.GetAccessLevel()),
	}
	if connection := view.GetConnection(); connection != nil {
		shown.Livekit = liveKit(connection)
		shown.PinCode = textOrNull(view.GetDialIn().GetPin())
		var err error
		if shown.DialIn, err = dialIn(view.GetDialIn()); err != nil {
			return nil, err
		}
	}
	if len(view.GetAccesses()) > 0 {
		if access := r.GetPhoneAccess(); access != roomv1.PhoneAccess_PHONE_ACCESS_UNSPECIFIED {
			shown.PhoneAccess = textOrNull(word(access))
		}
		if country := r.GetPhoneCountry(); country != "" {
			shown.PhoneCountry = textOrNull(country)
		}
		shown.Accesses = &structpb.ListValue{}
		for _, access := range view.GetAccesses() {
			value, err := asValue(&frontendv1.RoomAccess{
				Id: access.GetId(), User: user(access.GetUser()), Resource: access.GetRoomId(), Role: word(access.GetRole()),
			})
			if err != nil {
				return nil, err
			}
			shown.Accesses.Values = append(shown.Accesses.Values, value)
		}
	}
	return shown, nil
}

// dialIn shapes how to dial in; null while the room has no PIN.
func dialIn(d *telephonyv1.DialIn) (*structpb.Value, error) {
	if d == nil {
		return structpb.NewNullValue(), nil
	}
	shown := &frontendv1.DialIn{Pin: d.GetPin(), PinDisplay: d.GetPinDisplay(), TrunkId: d.GetTrunkId(), SipUri: d.GetSipUri()}
	for _, n := range d.GetNumbers() {
		shown.Numbers = append(shown.Numbers, &frontendv1.DialInNumber{
			Number: n.GetNumber().GetNumber(), Display: n.GetNumber().GetDisplay(), Country: n.GetNumber().GetCountry(),
			Label: n.GetNumber().GetLabel(), Kind: word(n.GetNumber().GetKind()), Tel: n.GetTel(),
		})
	}
	return asValue(shown)
}

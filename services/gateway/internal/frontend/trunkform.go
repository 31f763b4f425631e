package frontend

import (
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"

	frontendv1 "github.com/parleymeet/parley/gen/parley/frontend/v1"
	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	"github.com/parleymeet/parley/services/gateway/internal/form"
)

// Bounds that keep bodies sane; telephony has the exact rules.
const (
	maxName     = 255
	maxPassword = 1024
	minPin      = 4
	maxPin      = 16
	maxQuota    = 1_000_000
)

// newTrunk reads the body of a creation. It may leave everything but the name
// to telephony's defaults.
func newTrunk(body *frontendv1.TrunkFields) (*telephonyv1.Trunk, error) {
	var f form.Form
	fields, _ := trunkFields(&f, body, form.Rules{Required: true, Max: maxName})
	items, _ := f.List("numbers", body.GetNumbers(), form.Rules{})
	for i, item := range items {
		prefix := form.Item("numbers", i)
		if object, ok := f.Object(prefix, item); ok {
			fields.Numbers = append(fields.Numbers, numberFields(&f, prefix+".", &frontendv1.NumberFields{
				Number: object["number"], Country: object["country"], Label: object["label"], Kind: object["kind"],
			}))
		}
	}
	return fields, f.Err()
}

// trunkChanges reads the body of a change and what it names.
func trunkChanges(body *frontendv1.TrunkFields) (*telephonyv1.Trunk, *fieldmaskpb.FieldMask, error) {
	var f form.Form
	fields, mask := trunkFields(&f, body, form.Rules{Max: maxName})
	states := []string{word(telephonyv1.TrunkState_TRUNK_STATE_ACTIVE), word(telephonyv1.TrunkState_TRUNK_STATE_DISABLED)}
	if state, ok := f.Choice("state", body.GetState(), states, form.Rules{}); ok {
		fields.State = telephonyv1.TrunkState(number(telephonyv1.TrunkState(0).Descriptor(), state))
		mask.Paths = append(mask.Paths, "state")
	}
	return fields, mask, f.Err()
}

// trunkFields reads what creations and changes share.
func trunkFields(f *form.Form, body *frontendv1.TrunkFields, name form.Rules) (*telephonyv1.Trunk, *fieldmaskpb.FieldMask) {
	fields, mask := &telephonyv1.Trunk{}, &fieldmaskpb.FieldMask{}
	text := func(field string, v *structpb.Value, into *string, rules form.Rules) {
		if value, ok := f.String(field, v, rules); ok {
			*into = value
			mask.Paths = append(mask.Paths, field)
		}
	}
	text("name", body.GetName(), &fields.Name, name)
	text("auth_username", body.GetAuthUsername(), &fields.AuthUsername, form.Rules{Blank: true, Max: maxName})
	text("livekit_trunk_id", body.GetLivekitTrunkId(), &fields.LivekitTrunkId, form.Rules{Blank: true, Max: maxName})
	text("auth_password", body.GetAuthPassword(), &fields.AuthPassword, form.Rules{Blank: true, Max: maxPassword})
	if length, ok := f.Int("pin_length", body.GetPinLength(), minPin, maxPin, form.Rules{}); ok {
		fields.PinLength = length
		mask.Paths = append(mask.Paths, "pin_length")
	}
	if addresses, ok := f.Strings("allowed_addresses", body.GetAllowedAddresses(), form.Rules{}); ok {
		fields.AllowedAddresses = addresses
		mask.Paths = append(mask.Paths, "allowed_addresses")
	}
	if arming, ok := f.Choice("arming", body.GetArming(), words(telephonyv1.Arming(0).Descriptor()), form.Rules{}); ok {
		fields.Arming = telephonyv1.Arming(number(telephonyv1.Arming(0).Descriptor(), arming))
		mask.Paths = append(mask.Paths, "arming")
	}
	guards := telephonyv1.Guard(0).Descriptor()
	if guard, ok := f.Choice("guard", body.GetGuard(), words(guards), form.Rules{}); ok {
		fields.Guard = telephonyv1.Guard(number(guards, guard))
		mask.Paths = append(mask.Paths, "guard")
	}
	quota := func(field string, v *structpb.Value, into *int32) {
		if value, ok := f.Int(field, v, 0, maxQuota, form.Rules{}); ok {
			*into = value
			mask.Paths = append(mask.Paths, field)
		}
	}
	quota("max_calls", body.GetMaxCalls(), &fields.MaxCalls)
	quota("max_pending", body.GetMaxPending(), &fields.MaxPending)
	return fields, mask
}

// newNumber reads the body of a number that is added.
func newNumber(body *frontendv1.NumberFields) (*telephonyv1.PhoneNumber, error) {
	var f form.Form
	fields := numberFields(&f, "", body)
	return fields, f.Err()
}

func numberFields(f *form.Form, prefix string, body *frontendv1.NumberFields) *telephonyv1.PhoneNumber {
	fields := &telephonyv1.PhoneNumber{}
	fields.Number, _ = f.String(prefix+"number", body.GetNumber(), form.Rules{Required: true, Max: maxName})
	fields.Country, _ = f.String(prefix+"country", body.GetCountry(), form.Rules{Blank: true, Null: true, Max: maxName})
	fields.Label, _ = f.String(prefix+"label", body.GetLabel(), form.Rules{Blank: true, Null: true, Max: maxName})
	kind, _ := f.Choice(prefix+"kind", body.GetKind(), words(telephonyv1.NumberKind(0).Descriptor()), form.Rules{Null: true})
	fields.Kind = telephonyv1.NumberKind(number(telephonyv1.NumberKind(0).Descriptor(), kind))
	return fields
}

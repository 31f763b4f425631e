package frontend

import (
	"encoding/json"
	"maps"
	"slices"

	"google.golang.org/protobuf/types/known/structpb"

	frontendv1 "github.com/parleymeet/parley/gen/parley/frontend/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/gateway/internal/form"
	"github.com/parleymeet/parley/services/internal/roomconfig"
)

// participantChange reads what shall be changed about a participant.
func participantChange(body *frontendv1.ParticipantFields) (*roomv1.UpdateParticipantRequest, error) {
	var f form.Form
	change := &roomv1.UpdateParticipantRequest{}
	change.ParticipantIdentity, _ = f.String("participant_identity", body.GetParticipantIdentity(), form.Rules{Required: true})
	metadata, _ := f.Dict("metadata", body.GetMetadata(), form.Rules{Null: true})
	attributes, _ := f.Dict("attributes", body.GetAttributes(), form.Rules{Null: true})
	permission, _ := f.Dict("permission", body.GetPermission(), form.Rules{Null: true})
	change.Name, _ = f.String("name", body.GetName(), form.Rules{Null: true, Blank: true, Max: maxParticipantName})
	if permission != nil {
		if forbidden(permission) {
			return nil, apierr.New(apierr.ForbiddenField, "")
		}
		change.Permission = permissionOf(&f, permission)
	}
	if metadata != nil {
		text, err := json.Marshal(metadata.AsMap())
		if err != nil {
			return nil, err
		}
		change.Metadata = new(string(text))
	}
	if attributes != nil {
		change.Attributes = make(map[string]string, len(attributes.GetFields()))
		for _, key := range slices.Sorted(maps.Keys(attributes.GetFields())) { // in an order, as not all faults may be told
			text, isText := attributes.GetFields()[key].GetKind().(*structpb.Value_StringValue)
			if !isText {
				f.Refuse("attributes."+key, "invalid", "Not a valid string.")
				continue
			}
			change.Attributes[key] = text.StringValue
		}
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	if metadata == nil && attributes == nil && permission == nil && change.GetName() == "" {
		return nil, apierr.New(apierr.InvalidFields,
			"At least one of the following fields must be provided: metadata, attributes, permission, name.")
	}
	return change, nil
}

// forbiddenKeys are permissions that no moderator may give.
func forbiddenKeys() []string { return []string{"hidden", "recorder", "agent"} }

// forbidden reports whether a permission has such a key; null is as good as none.
func forbidden(permission *structpb.Struct) bool {
	return slices.ContainsFunc(forbiddenKeys(), func(key string) bool {
		value, ok := permission.GetFields()[key]
		return ok && !form.IsNull(value)
	})
}

// permissionOf reads a permission, a closed schema of its own.
func permissionOf(f *form.Form, sent *structpb.Struct) *roomv1.ParticipantPermission {
	p := &roomv1.ParticipantPermission{}
	booleans := map[string]*bool{
		"can_subscribe": &p.CanSubscribe, "can_publish": &p.CanPublish, "can_publish_data": &p.CanPublishData,
		"can_update_metadata": &p.CanUpdateMetadata, "can_subscribe_metrics": &p.CanSubscribeMetrics,
	}
	for _, key := range slices.Sorted(maps.Keys(sent.GetFields())) {
		value, field := sent.GetFields()[key], "permission."+key
		switch into, known := booleans[key]; {
		case known:
			if !form.IsNull(value) {
				var code string
				if *into, code = roomconfig.Bool(value.AsInterface()); code != "" {
					f.Refuse(field, code, roomconfig.BoolText(code))
				}
			}
		case key == roomconfig.KeyPublishSources:
			p.CanPublishSources = publishSources(f, value)
		case !slices.Contains(forbiddenKeys(), key):
			f.Refuse(field, "extra_forbidden", "Extra inputs are not permitted")
		}
	}
	return p
}

// publishSources reads the track sources of a permission; its schema is that of
// a room's, but for null.
func publishSources(f *form.Form, value *structpb.Value) []string {
	if form.IsNull(value) {
		f.Refuse("permission."+roomconfig.KeyPublishSources, "list_type", "Input should be a valid list")
		return nil
	}
	wrong := roomconfig.Validate(&structpb.Struct{Fields: map[string]*structpb.Value{roomconfig.KeyPublishSources: value}})
	for _, v := range wrong {
		f.Refuse("permission."+v.Field, v.Code, v.Text)
	}
	var sources []string
	for _, item := range value.GetListValue().GetValues() {
		sources = append(sources, item.GetStringValue())
	}
	return sources
}

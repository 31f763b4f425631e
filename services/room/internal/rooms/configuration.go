package rooms

import (
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/internal/roomconfig"
)

// Configuration is what moderators set for a room: a closed schema, kept and
// given back exactly as it was sent. The zero value is the empty configuration.
// It is not changed after it was made.
type Configuration struct {
	values map[string]any
}

// ParseConfiguration checks a configuration; nil is an empty one. Violations
// are those of roomconfig.Validate, under the field "configuration". A key that
// is not known comes last in its path, and may itself contain dots.
func ParseConfiguration(sent *structpb.Struct) (Configuration, []apierr.Violation) {
	wrong := roomconfig.Validate(sent)
	for i := range wrong {
		wrong[i].Field = fieldConfiguration + "." + wrong[i].Field
	}
	if len(wrong) > 0 {
		return Configuration{}, wrong
	}
	return Configuration{values: sent.AsMap()}, nil
}

// DecodeConfiguration reads what MarshalJSON wrote; it is for stores. What is
// stored was checked before, so the schema of an older release stays readable.
func DecodeConfiguration(stored []byte) (Configuration, error) {
	var c Configuration
	if err := json.Unmarshal(stored, &c.values); err != nil {
		return Configuration{}, fmt.Errorf("stored configuration: %w", err)
	}
	return c, nil
}

// MarshalJSON returns the configuration as it was sent.
func (c Configuration) MarshalJSON() ([]byte, error) {
	if c.values == nil {
		return []byte("{}"), nil
	}
	return json.Marshal(c.values)
}

// Struct returns the configuration as it was sent.
func (c Configuration) Struct() (*structpb.Struct, error) {
	s, err := structpb.NewStruct(c.values)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return s, nil
}

// Empty reports whether no key is set.
func (c Configuration) Empty() bool { return len(c.values) == 0 }

// Equal reports whether both would be given back alike.
func (c Configuration) Equal(other Configuration) bool {
	mine, err1 := c.MarshalJSON()
	theirs, err2 := other.MarshalJSON()
	return err1 == nil && err2 == nil && string(mine) == string(theirs)
}

// CanPublishSources returns the track sources that people without moderation
// rights may publish. An empty list is a choice: nobody may publish. ok is false
// where the server's default applies.
func (c Configuration) CanPublishSources() (sources []string, ok bool) {
	list, ok := c.values[roomconfig.KeyPublishSources].([]any)
	if !ok {
		return nil, false
	}
	sources = make([]string, 0, len(list))
	for _, item := range list {
		if source, ok := item.(string); ok {
			sources = append(sources, source)
		}
	}
	return sources, true
}

// EveryoneCanMute returns whether everybody may mute others. ok is false where
// nothing was chosen; null counts as nothing.
func (c Configuration) EveryoneCanMute() (can, ok bool) {
	value := c.values[roomconfig.KeyEveryoneCanMute]
	if value == nil {
		return false, false
	}
	can, code := roomconfig.Bool(value)
	return can, code == ""
}

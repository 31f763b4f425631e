package roomconfig

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/parleymeet/parley/pkg/apierr"
)

// Keys of a configuration.
const (
	KeyPublishSources  = "can_publish_sources"
	KeyEveryoneCanMute = "everyone_can_mute"
)

// maxSources is the most sources that a configuration may list. Nothing forbids to
// list one twice, but what is kept, and pushed into meetings, has to have an end.
const maxSources = 16

// Sources returns every track source there is.
func Sources() []string {
	return []string{"camera", "microphone", "screen_share", "screen_share_audio"}
}

// CheckSources returns an error that names the first of the names that is no source.
func CheckSources(names []string) error {
	for _, name := range names {
		if !slices.Contains(Sources(), name) {
			return fmt.Errorf("%q is none of %s", name, strings.Join(Sources(), ", "))
		}
	}
	return nil
}

// Validate returns what is wrong with a configuration, nil when it is good.
// The field of a violation is a dotted path from the configuration itself
// ("can_publish_sources.0"), its code is pydantic's error type.
func Validate(configuration *structpb.Struct) []apierr.Violation {
	fields := configuration.GetFields()
	violations := publishSources(fields[KeyPublishSources])
	violations = append(violations, everyoneCanMute(fields[KeyEveryoneCanMute])...)
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if key != KeyPublishSources && key != KeyEveryoneCanMute {
			violations = append(violations, apierr.Violation{
				Field: key, Code: "extra_forbidden", Text: "Extra inputs are not permitted",
			})
		}
	}
	return violations
}

func publishSources(value *structpb.Value) []apierr.Violation {
	if isNull(value) {
		return nil
	}
	list, ok := value.GetKind().(*structpb.Value_ListValue)
	if !ok {
		return []apierr.Violation{{Field: KeyPublishSources, Code: "list_type", Text: "Input should be a valid list"}}
	}
	values := list.ListValue.GetValues()
	if len(values) > maxSources {
		return []apierr.Violation{{
			Field: KeyPublishSources, Code: "too_long",
			Text: fmt.Sprintf("List should have at most %d items after validation, not %d", maxSources, len(values)),
		}}
	}
	var violations []apierr.Violation
	for i, item := range values {
		// Anything but a string reads as "", which is no source.
		if !slices.Contains(Sources(), item.GetStringValue()) {
			violations = append(violations, apierr.Violation{
				Field: KeyPublishSources + "." + strconv.Itoa(i), Code: "literal_error",
				Text: "Input should be 'camera', 'microphone', 'screen_share' or 'screen_share_audio'",
			})
		}
	}
	return violations
}

func everyoneCanMute(value *structpb.Value) []apierr.Violation {
	if isNull(value) {
		return nil
	}
	_, code := Bool(value.AsInterface())
	if code == "" {
		return nil
	}
	return []apierr.Violation{{Field: KeyEveryoneCanMute, Code: code, Text: BoolText(code)}}
}

// BoolText returns pydantic's text for a code of Bool.
func BoolText(code string) string {
	if code == boolParsing {
		return "Input should be a valid boolean, unable to interpret input"
	}
	return "Input should be a valid boolean"
}

// What pydantic calls the two ways in which a value is no boolean.
const (
	boolParsing = "bool_parsing"
	boolType    = "bool_type"
)

// Bool reads a decoded JSON value as pydantic's lax mode reads a boolean. code
// is pydantic's type of the error, empty for none.
func Bool(value any) (b bool, code string) {
	switch v := value.(type) {
	case bool:
		return v, ""
	case string:
		switch strings.ToLower(v) {
		case "1", "t", "true", "y", "yes", "on":
			return true, ""
		case "0", "f", "false", "n", "no", "off":
			return false, ""
		}
		return false, boolParsing
	case float64:
		switch {
		case v == 0 || v == 1:
			return v == 1, ""
		case v == math.Trunc(v):
			return false, boolParsing
		}
	}
	return false, boolType
}

// isNull says whether a value is absent or null, which mean the server's default.
func isNull(value *structpb.Value) bool {
	_, null := value.GetKind().(*structpb.Value_NullValue)
	return value == nil || null
}

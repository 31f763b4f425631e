package users

import (
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // time zones must not depend on what the machine has installed

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/internal/roomconfig"
)

// Names of the preferences, as in requests and in the fields of violations.
const (
	FieldTimezone          = "timezone"
	FieldLanguage          = "language"
	FieldRoomAccessLevel   = "default_room_access_level"
	FieldRoomConfiguration = "default_room_configuration"
)

var (
	languages    = []string{"en-us", "fr-fr", "nl-nl", "de-de"}
	accessLevels = []string{"", "public", "trusted", "restricted"}
)

func (c Change) violations() []apierr.Violation {
	var all []apierr.Violation
	if c.Timezone != nil && !validTimezone(*c.Timezone) {
		all = append(all, apierr.Violation{Field: FieldTimezone, Code: "invalid", Text: "A valid timezone is required."})
	}
	if c.Language != nil && !slices.Contains(languages, *c.Language) {
		all = append(all, noChoice(FieldLanguage, *c.Language))
	}
	if c.RoomAccessLevel != nil && *c.RoomAccessLevel != nil && !slices.Contains(accessLevels, **c.RoomAccessLevel) {
		all = append(all, noChoice(FieldRoomAccessLevel, **c.RoomAccessLevel))
	}
	if c.RoomConfiguration != nil {
		all = append(all, configurationViolations(c.RoomConfiguration)...)
	}
	return all
}

func noChoice(field, value string) apierr.Violation {
	return apierr.Violation{Field: field, Code: "invalid_choice", Text: `"` + value + `" is not a valid choice.`}
}

func configurationViolations(configuration map[string]any) []apierr.Violation {
	message, err := structpb.NewStruct(configuration)
	if err != nil {
		return []apierr.Violation{{Field: FieldRoomConfiguration, Code: "invalid", Text: "Not a JSON object."}}
	}
	violations := roomconfig.Validate(message)
	for i := range violations {
		violations[i].Field = FieldRoomConfiguration + "." + violations[i].Field
	}
	return violations
}

// validTimezone accepts every IANA name, aliases too. Beyond the names that
// the time package itself refuses ("..", absolute paths), it refuses those
// that mean the server's own zone, and files that systems keep beside the
// zones under other names.
func validTimezone(name string) bool {
	if name == "" || name == "Local" || name == "localtime" || name == "posixrules" ||
		strings.HasPrefix(name, "posix/") || strings.HasPrefix(name, "right/") {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

package room

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/parleymeet/parley/pkg/config"
	"github.com/parleymeet/parley/services/internal/database"
	"github.com/parleymeet/parley/services/internal/roomconfig"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// Config is the service's settings.
type Config struct {
	// DatabaseURL is sqlite://<directory> or postgres://...; it may hold a password.
	DatabaseURL config.Secret `env:"DATABASE_URL" envDefault:"sqlite://data"`

	// DefaultAccessLevel is public, trusted or restricted: the level of rooms
	// whose creator chose none.
	DefaultAccessLevel string `env:"RESOURCE_DEFAULT_ACCESS_LEVEL" envDefault:"public"`
	// DefaultSources may be published where a room does not say otherwise, and
	// always by moderators.
	DefaultSources []string `env:"LIVEKIT_DEFAULT_SOURCES" envDefault:"camera,microphone,screen_share,screen_share_audio"`
	// EditDisplayName lets logged-in people choose the name that others see.
	EditDisplayName bool `env:"AUTHENTICATED_PARTICIPANTS_CAN_EDIT_DISPLAY_NAME" envDefault:"true"`

	// LiveKitAPIURL is LiveKit's server API. Empty: people who meet are not told
	// when their room is changed.
	LiveKitAPIURL    string        `env:"LIVEKIT_API_URL"`
	LiveKitAPIKey    string        `env:"LIVEKIT_API_KEY"`
	LiveKitAPISecret config.Secret `env:"LIVEKIT_API_SECRET"`
}

// Validate returns every fault, joined.
func (c Config) Validate() error {
	var faults []error
	if _, err := database.Locate(c.DatabaseURL.Reveal(), serviceName); err != nil {
		faults = append(faults, err)
	}
	if rooms.ParseAccessLevel(c.DefaultAccessLevel) == rooms.NoAccessLevel {
		faults = append(faults, errors.New("RESOURCE_DEFAULT_ACCESS_LEVEL must be public, trusted or restricted"))
	}
	for _, source := range c.DefaultSources {
		if !slices.Contains(roomconfig.Sources(), source) {
			faults = append(faults, fmt.Errorf("LIVEKIT_DEFAULT_SOURCES: %q is none of %s",
				source, strings.Join(roomconfig.Sources(), ", ")))
		}
	}
	if c.LiveKitAPIURL != "" && (c.LiveKitAPIKey == "" || c.LiveKitAPISecret == "") {
		faults = append(faults, errors.New("LIVEKIT_API_URL needs LIVEKIT_API_KEY and LIVEKIT_API_SECRET"))
	}
	return errors.Join(faults...)
}

func (c Config) settings() rooms.Settings {
	return rooms.Settings{
		DefaultAccessLevel: rooms.ParseAccessLevel(c.DefaultAccessLevel),
		DefaultSources:     c.DefaultSources,
		EditDisplayName:    c.EditDisplayName,
	}
}

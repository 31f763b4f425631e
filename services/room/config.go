package room

import (
	"errors"
	"fmt"
	"time"

	"github.com/parleymeet/parley/pkg/config"
	"github.com/parleymeet/parley/pkg/secret"
	"github.com/parleymeet/parley/pkg/throttle"
	"github.com/parleymeet/parley/services/internal/database"
	"github.com/parleymeet/parley/services/internal/roomconfig"
	"github.com/parleymeet/parley/services/room/internal/lobby"
	"github.com/parleymeet/parley/services/room/internal/phones"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// Config is the service's settings.
type Config struct {
	// DatabaseURL is sqlite://<directory> or postgres://...; it may hold a password.
	DatabaseURL config.Secret `env:"DATABASE_URL" envDefault:"sqlite://data"`

	// SecretKey signs what browsers in a lobby prove themselves with: 32 random
	// bytes in base64, the same for all replicas.
	SecretKey config.Secret `env:"SECRET_KEY"`

	// DefaultAccessLevel is public, trusted or restricted: the level of rooms
	// whose creator chose none.
	DefaultAccessLevel string `env:"RESOURCE_DEFAULT_ACCESS_LEVEL" envDefault:"public"`
	// DefaultSources may be published where a room does not say otherwise, and
	// always by moderators.
	DefaultSources []string `env:"LIVEKIT_DEFAULT_SOURCES" envDefault:"camera,microphone,screen_share,screen_share_audio"`
	// EditDisplayName lets logged-in people choose the name that others see.
	EditDisplayName bool `env:"AUTHENTICATED_PARTICIPANTS_CAN_EDIT_DISPLAY_NAME" envDefault:"true"`

	// ExternalPublic lets applications create public rooms.
	ExternalPublic bool `env:"EXTERNAL_API_ALLOW_PUBLIC_ACCESS"`

	// Seconds for which somebody in a lobby stays there without asking again, is
	// let in once accepted, and is told to be denied.
	LobbyWaiting  int `env:"LOBBY_WAITING_TIMEOUT" envDefault:"3"`
	LobbyAccepted int `env:"LOBBY_ACCEPTED_TIMEOUT" envDefault:"21600"`
	LobbyDenied   int `env:"LOBBY_DENIED_TIMEOUT" envDefault:"5"`
	// LobbyReturn is for how many seconds who stopped asking keeps the place.
	LobbyReturn int `env:"LOBBY_RETURN_TIMEOUT" envDefault:"120"`
	// LobbyPerAddress is how many browsers of one address may wait in one room; 0: any number.
	LobbyPerAddress int `env:"LOBBY_ADDRESS_LIMIT" envDefault:"100"`
	// LobbyPhone is how long a caller waits in a lobby until its call is ended.
	LobbyPhone time.Duration `env:"LOBBY_PHONE_TIMEOUT" envDefault:"10m"`
	// PhoneLone is after how long the call of somebody alone in a room is ended; 0: never.
	PhoneLone time.Duration `env:"PHONE_LONE_TIME" envDefault:"30m"`
	// RequestEntryRate is how often one person may ask to enter, and how many new
	// people may from one address.
	RequestEntryRate throttle.Rate `env:"REQUEST_ENTRY_THROTTLE_RATES" envDefault:"150/minute"`

	// CallbackTimeout is for how many seconds a page that embeds the frontend may
	// ask which room was created for it.
	CallbackTimeout int `env:"ROOM_CREATION_CALLBACK_CACHE_TIMEOUT" envDefault:"600"`

	Mail MailConfig

	// LiveKitAPIURL is LiveKit's server API. Empty: people who meet are not told
	// when their room is changed.
	LiveKitAPIURL    string        `env:"LIVEKIT_API_URL"`
	LiveKitAPIKey    string        `env:"LIVEKIT_API_KEY"`
	LiveKitAPISecret config.Secret `env:"LIVEKIT_API_SECRET"`
	// LiveRoomsInterval is how often LiveKit is asked for all its rooms, to mend
	// what its webhooks did not tell.
	LiveRoomsInterval time.Duration `env:"LIVE_ROOMS_INTERVAL" envDefault:"1m"`
}

// Validate returns every fault, joined.
func (c Config) Validate() error {
	var faults []error
	if _, err := database.Locate(c.DatabaseURL.Reveal(), serviceName); err != nil {
		faults = append(faults, err)
	}
	if _, err := secret.Parse(c.SecretKey.Reveal()); err != nil {
		faults = append(faults, err)
	}
	if c.LobbyWaiting < 1 || c.LobbyAccepted < 1 || c.LobbyDenied < 1 {
		faults = append(faults, errors.New("LOBBY_WAITING_TIMEOUT, LOBBY_ACCEPTED_TIMEOUT and LOBBY_DENIED_TIMEOUT must be at least 1"))
	}
	if c.LobbyPerAddress < 0 {
		faults = append(faults, errors.New("LOBBY_ADDRESS_LIMIT must not be negative"))
	}
	if c.CallbackTimeout < 1 {
		faults = append(faults, errors.New("ROOM_CREATION_CALLBACK_CACHE_TIMEOUT must be at least 1"))
	}
	if rooms.ParseAccessLevel(c.DefaultAccessLevel) == rooms.NoAccessLevel {
		faults = append(faults, errors.New("RESOURCE_DEFAULT_ACCESS_LEVEL must be public, trusted or restricted"))
	}
	if err := roomconfig.CheckSources(c.DefaultSources); err != nil {
		faults = append(faults, fmt.Errorf("LIVEKIT_DEFAULT_SOURCES: %w", err))
	}
	if c.LobbyPhone < time.Second || c.PhoneLone < 0 {
		faults = append(faults, errors.New("LOBBY_PHONE_TIMEOUT must be at least 1s, PHONE_LONE_TIME not negative"))
	}
	if c.LiveRoomsInterval < time.Second {
		faults = append(faults, errors.New("LIVE_ROOMS_INTERVAL must be at least 1s"))
	}
	if c.LiveKitAPIURL != "" && (c.LiveKitAPIKey == "" || c.LiveKitAPISecret == "") {
		faults = append(faults, errors.New("LIVEKIT_API_URL needs LIVEKIT_API_KEY and LIVEKIT_API_SECRET"))
	}
	return errors.Join(append(faults, c.Mail.faults()...)...)
}

func (c Config) settings() rooms.Settings {
	return rooms.Settings{
		DefaultAccessLevel: rooms.ParseAccessLevel(c.DefaultAccessLevel),
		DefaultSources:     c.DefaultSources,
		EditDisplayName:    c.EditDisplayName,
		ExternalPublic:     c.ExternalPublic,
		CallbackTimeout:    time.Duration(c.CallbackTimeout) * time.Second,
	}
}

func (c Config) lobbySettings() lobby.Settings {
	return lobby.Settings{
		Waiting:  time.Duration(c.LobbyWaiting) * time.Second,
		Accepted: time.Duration(c.LobbyAccepted) * time.Second,
		Denied:   time.Duration(c.LobbyDenied) * time.Second,
		Return:   time.Duration(max(c.LobbyReturn, c.LobbyWaiting)) * time.Second,

		PerAddress: c.LobbyPerAddress,
	}
}

func (c Config) phoneSettings() phones.Settings {
	return phones.Settings{Wait: c.LobbyPhone, Lone: c.PhoneLone}
}

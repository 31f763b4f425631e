package gateway

import (
	"encoding/json"
	"fmt"
	"slices"

	"google.golang.org/protobuf/types/known/structpb"

	frontendv1 "github.com/parleymeet/parley/gen/parley/frontend/v1"
	"github.com/parleymeet/parley/services/internal/roomconfig"
)

// JSONObject is a setting that is written as a JSON object.
type JSONObject struct{ *structpb.Struct }

// UnmarshalText implements encoding.TextUnmarshaler.
func (o *JSONObject) UnmarshalText(text []byte) error {
	o.Struct = &structpb.Struct{}
	if err := json.Unmarshal(text, o.Struct); err != nil {
		return fmt.Errorf("not a JSON object: %w", err)
	}
	return nil
}

// BrowserConfig is the settings that browsers get to see. None is a secret.
type BrowserConfig struct {
	LanguageCode       string `env:"LANGUAGE_CODE" envDefault:"en-us"`
	DefaultAccessLevel string `env:"RESOURCE_DEFAULT_ACCESS_LEVEL" envDefault:"public"`
	// CanEditDisplayName lets logged-in people choose the name that others see.
	CanEditDisplayName bool `env:"AUTHENTICATED_PARTICIPANTS_CAN_EDIT_DISPLAY_NAME" envDefault:"true"`

	ForceWSSProtocol       bool     `env:"LIVEKIT_FORCE_WSS_PROTOCOL"`
	FirefoxProxyWorkaround bool     `env:"LIVEKIT_ENABLE_FIREFOX_PROXY_WORKAROUND"`
	DefaultSources         []string `env:"LIVEKIT_DEFAULT_SOURCES" envDefault:"camera,microphone,screen_share,screen_share_audio"`

	// ConnectionTest lets everybody test whether LiveKit can be reached.
	ConnectionTest bool `env:"CONNECTION_TEST_ENABLED"`

	CustomCSSURL             string     `env:"FRONTEND_CUSTOM_CSS_URL"`
	Analytics                JSONObject `env:"FRONTEND_ANALYTICS"`
	Support                  JSONObject `env:"FRONTEND_SUPPORT"`
	Feedback                 JSONObject `env:"FRONTEND_FEEDBACK"`
	SilenceLiveKitDebugLogs  bool       `env:"FRONTEND_SILENCE_LIVEKIT_DEBUG"`
	SilentLogin              bool       `env:"FRONTEND_IS_SILENT_LOGIN_ENABLED" envDefault:"true"`
	IdleDisconnectDelay      *int32     `env:"FRONTEND_IDLE_DISCONNECT_WARNING_DELAY"` // milliseconds
	DocumentationURL         string     `env:"FRONTEND_DOCUMENTATION_URL"`
	ExternalHomeURL          string     `env:"FRONTEND_EXTERNAL_HOME_URL"`
	ManifestLink             string     `env:"FRONTEND_MANIFEST_LINK"`
	TranscriptionDestination string     `env:"FRONTEND_TRANSCRIPTION_DESTINATION"`
	UseFrenchGovFooter       bool       `env:"FRONTEND_USE_FRENCH_GOV_FOOTER"`
	UseProConnectButton      bool       `env:"FRONTEND_USE_PROCONNECT_BUTTON"`
	MaxParticipantsForSound  int32      `env:"FRONTEND_MAX_PARTICIPANTS_FOR_SOUND" envDefault:"5"`
	AutoMuteThreshold        int32      `env:"FRONTEND_AUTO_MUTE_ON_JOIN_THRESHOLD" envDefault:"50"`
}

func (c *BrowserConfig) faults() []error {
	var faults []error
	if !slices.Contains([]string{"public", "trusted", "restricted"}, c.DefaultAccessLevel) {
		faults = append(faults, fmt.Errorf("RESOURCE_DEFAULT_ACCESS_LEVEL %q is none of public, trusted, restricted", c.DefaultAccessLevel))
	}
	if err := roomconfig.CheckSources(c.DefaultSources); err != nil {
		faults = append(faults, fmt.Errorf("LIVEKIT_DEFAULT_SOURCES: %w", err))
	}
	return faults
}

// message is what ConfigService answers, but for the telephone number, which
// telephony knows. Recording, subtitles and uploads do not exist.
func (c *BrowserConfig) message(livekitURL string) *frontendv1.Config {
	idle := structpb.NewNullValue()
	if c.IdleDisconnectDelay != nil {
		idle = structpb.NewNumberValue(float64(*c.IdleDisconnectDelay))
	}
	return &frontendv1.Config{
		LanguageCode: c.LanguageCode,
		Recording: &frontendv1.RecordingConfig{
			AvailableModes: []string{}, ExpirationDays: structpb.NewNullValue(), MaxDuration: structpb.NewNullValue(),
		},
		BackgroundImage: &frontendv1.BackgroundImageConfig{
			MaxCountByUser: 10, MaxSize: 2 << 20,
			AllowedExtensions: []string{".jpeg", ".jpg", ".png"}, AllowedMimetypes: []string{"image/jpeg", "image/png"},
		},
		Resource:    &frontendv1.ResourceConfig{DefaultAccessLevel: c.DefaultAccessLevel},
		Subtitle:    &frontendv1.SubtitleConfig{},
		Diagnostics: &frontendv1.DiagnosticsConfig{ConnectionTestEnabled: c.ConnectionTest},
		Livekit: &frontendv1.LiveKitConfig{
			Url: livekitURL, ForceWssProtocol: c.ForceWSSProtocol,
			EnableFirefoxProxyWorkaround: c.FirefoxProxyWorkaround, DefaultSources: c.DefaultSources,
		},
		AuthenticatedUsersCanEditDisplayName: c.CanEditDisplayName,
		CustomCssUrl:                         textOrNull(c.CustomCSSURL),
		Analytics:                            c.Analytics.orEmpty(),
		Support:                              c.Support.orEmpty(),
		Feedback:                             c.Feedback.orEmpty(),
		SilenceLivekitDebugLogs:              c.SilenceLiveKitDebugLogs,
		IsSilentLoginEnabled:                 c.SilentLogin,
		IdleDisconnectWarningDelay:           idle,
		DocumentationUrl:                     textOrNull(c.DocumentationURL),
		ExternalHomeUrl:                      textOrNull(c.ExternalHomeURL),
		ManifestLink:                         textOrNull(c.ManifestLink),
		TranscriptionDestination:             textOrNull(c.TranscriptionDestination),
		UseFrenchGovFooter:                   c.UseFrenchGovFooter,
		UseProconnectButton:                  c.UseProConnectButton,
		MaxParticipantsForSound:              c.MaxParticipantsForSound,
		AutoMuteOnJoinThreshold:              c.AutoMuteThreshold,
	}
}

// orEmpty is the object, {} when it is not set: the frontend does not survive null.
func (o JSONObject) orEmpty() *structpb.Struct {
	if o.Struct == nil {
		return &structpb.Struct{}
	}
	return o.Struct
}

func textOrNull(text string) *structpb.Value {
	if text == "" {
		return structpb.NewNullValue()
	}
	return structpb.NewStringValue(text)
}

package tokens_test

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/services/token/internal/tokens"
)

const (
	apiKey    = "devkey"
	apiSecret = "a secret of at least thirty-two characters"
	room      = "2f7f162f-e7d1-421b-90e7-02bfbfbf8def"
)

var noon = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

func person(t *testing.T, a *tokens.Authority, admin bool, sources ...string) string {
	t.Helper()
	token, err := a.Person(tokens.Grant{
		Room: room, Identity: "user-1", Name: "Ada Lovelace",
		Attributes: map[string]string{"color": "hsl(92, 59%, 37%)", "is_authenticated": "true"},
	}, sources, admin)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func phone(t *testing.T, a *tokens.Authority, canSubscribe bool) string {
	t.Helper()
	token, err := a.Phone(tokens.Grant{
		Room: room, Identity: "sip_1", Name: "+33 6 •• •• •• 12", Lifetime: time.Hour,
	}, canSubscribe)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// TestClaims compares whole tokens: a claim too many is as wrong as one too few.
func TestClaims(t *testing.T) {
	a := tokens.NewAuthority(apiKey, apiSecret, clock.NewFake(noon))
	cases := map[string]struct{ token, want string }{
		"moderator": {person(t, a, true, "camera", "microphone", "screen_share", "screen_share_audio"), `{
			"iss":"devkey","sub":"user-1","nbf":1768478400,"exp":1768500000,"name":"Ada Lovelace",
			"video":{"room":"2f7f162f-e7d1-421b-90e7-02bfbfbf8def","roomJoin":true,"roomAdmin":true,"canPublish":true,
				"canPublishSources":["camera","microphone","screen_share","screen_share_audio"],
				"canSubscribe":true,"canPublishData":true,"canUpdateOwnMetadata":false},
			"attributes":{"color":"hsl(92, 59%, 37%)","is_authenticated":"true"}}`},
		"listener": {person(t, a, false), `{
			"iss":"devkey","sub":"user-1","nbf":1768478400,"exp":1768500000,"name":"Ada Lovelace",
			"video":{"room":"2f7f162f-e7d1-421b-90e7-02bfbfbf8def","roomJoin":true,"roomAdmin":false,"canPublish":false,
				"canPublishSources":[],"canSubscribe":true,"canPublishData":true,"canUpdateOwnMetadata":false},
			"attributes":{"color":"hsl(92, 59%, 37%)","is_authenticated":"true"}}`},
		"phone in the lobby": {phone(t, a, false), `{
			"iss":"devkey","sub":"sip_1","nbf":1768478400,"exp":1768482000,"name":"+33 6 •• •• •• 12","kind":"sip",
			"video":{"room":"2f7f162f-e7d1-421b-90e7-02bfbfbf8def","roomJoin":true,"roomAdmin":false,"canPublish":true,
				"canPublishSources":["microphone"],"canSubscribe":false,"canPublishData":false,"canUpdateOwnMetadata":true},
			"attributes":{}}`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			parts := strings.Split(c.token, ".")
			if header := segment(t, parts[0]); header != `{"alg":"HS256","typ":"JWT"}` {
				t.Errorf("header %s", header)
			}
			var got, want any
			for text, into := range map[string]*any{segment(t, parts[1]): &got, c.want: &want} {
				if err := json.Unmarshal([]byte(text), into); err != nil {
					t.Fatal(err)
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}

func segment(t *testing.T, text string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestLiveKitReadsGrants proves with LiveKit's own verifier, which reads the
// machine's clock, that the claims mean to it what they should.
func TestLiveKitReadsGrants(t *testing.T) {
	a := tokens.NewAuthority(apiKey, apiSecret, clock.System{})
	microphone, camera := livekit.TrackSource_MICROPHONE, livekit.TrackSource_CAMERA
	cases := map[string]struct {
		token               string
		identity            string
		kind                livekit.ParticipantInfo_Kind
		admin, hears        bool
		publishes, withheld []livekit.TrackSource
		ownMetadata         bool
	}{
		"moderator":    {person(t, a, true, "camera", "microphone"), "user-1", livekit.ParticipantInfo_STANDARD, true, true, []livekit.TrackSource{microphone, camera}, []livekit.TrackSource{livekit.TrackSource_SCREEN_SHARE}, false},
		"listener":     {person(t, a, false), "user-1", livekit.ParticipantInfo_STANDARD, false, true, nil, []livekit.TrackSource{microphone, camera}, false},
		"phone":        {phone(t, a, true), "sip_1", livekit.ParticipantInfo_SIP, false, true, []livekit.TrackSource{microphone}, []livekit.TrackSource{camera}, true},
		"phone, lobby": {phone(t, a, false), "sip_1", livekit.ParticipantInfo_SIP, false, false, []livekit.TrackSource{microphone}, []livekit.TrackSource{camera}, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			verifier, err := auth.ParseAPIToken(c.token)
			if err != nil {
				t.Fatal(err)
			}
			_, grants, err := verifier.Verify(apiSecret)
			if err != nil {
				t.Fatal(err)
			}
			v := grants.Video
			if verifier.APIKey() != apiKey || grants.Identity != c.identity || grants.GetParticipantKind() != c.kind ||
				!v.RoomJoin || v.Room != room || v.RoomAdmin != c.admin || v.GetCanSubscribe() != c.hears ||
				v.GetCanPublishData() != c.hears || v.GetCanUpdateOwnMetadata() != c.ownMetadata {
				t.Errorf("got %+v %+v", grants, v)
			}
			for _, source := range slices.Concat(c.publishes, c.withheld) {
				if got := v.GetCanPublishSource(source); got != slices.Contains(c.publishes, source) {
					t.Errorf("may publish %v: %v", source, got)
				}
			}
		})
	}
}

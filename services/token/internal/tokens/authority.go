package tokens

import (
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/config"
)

// DefaultLifetime is the life of a browser's token that names none.
const DefaultLifetime = 6 * time.Hour

// kindSIP marks a telephone to LiveKit and its clients.
const kindSIP = "sip"

// sourceMicrophone is the only source that a telephone has.
const sourceMicrophone = "microphone"

// Authority mints and verifies tokens with one LiveKit API key.
type Authority struct {
	key    string
	secret config.Secret
	clock  clock.Clock
}

// NewAuthority returns the authority of a LiveKit API key and its secret.
func NewAuthority(key string, secret config.Secret, clk clock.Clock) *Authority {
	return &Authority{key: key, secret: secret, clock: clk}
}

// Grant is what both kinds of token say: who enters which room.
type Grant struct {
	// Room is LiveKit's room name, the room's UUID.
	Room string
	// Identity in the room. LiveKit lets one participant have it: a second one replaces the first.
	Identity string
	// Name shown to others.
	Name string
	// Attributes of the participant that others see.
	Attributes map[string]string
	// Lifetime of the token.
	Lifetime time.Duration
}

// Person mints the token of a person in a browser, who may publish the given
// sources only. No lifetime means [DefaultLifetime].
func (a *Authority) Person(g Grant, sources []string, admin bool) (string, error) {
	if g.Lifetime == 0 {
		g.Lifetime = DefaultLifetime
	}
	return a.sign(g, "", video{
		Room:              g.Room,
		RoomJoin:          true,
		RoomAdmin:         admin,
		CanPublish:        len(sources) > 0,
		CanPublishSources: append([]string{}, sources...), // [] and not null when empty
		CanSubscribe:      true,
		CanPublishData:    true,
		// Names and attributes are the suite's to set: they carry the role.
		CanUpdateOwnMetadata: false,
	})
}

// Phone mints the token with which LiveKit SIP lets a caller into a room. The
// caller hears the room only if it may subscribe, and only then its digits are
// heard: it waits in the lobby otherwise. Data and own metadata are for LiveKit
// SIP: it sends DTMF digits as data and writes the state of the call to attributes.
func (a *Authority) Phone(g Grant, canSubscribe bool) (string, error) {
	return a.sign(g, kindSIP, video{
		Room:                 g.Room,
		RoomJoin:             true,
		CanPublish:           true,
		CanPublishSources:    []string{sourceMicrophone},
		CanSubscribe:         canSubscribe,
		CanPublishData:       canSubscribe,
		CanUpdateOwnMetadata: true,
	})
}

func (a *Authority) sign(g Grant, kind string, v video) (string, error) {
	now := a.clock.Now()
	attributes := g.Attributes
	if attributes == nil {
		attributes = map[string]string{}
	}
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    a.key,
			Subject:   g.Identity,
			NotBefore: jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(g.Lifetime)),
		},
		Name: g.Name, Kind: kind, Video: v, Attributes: attributes,
	})
	signed, err := token.SignedString([]byte(a.secret.Reveal()))
	if err != nil {
		return "", fmt.Errorf("sign LiveKit token: %w", err)
	}
	return signed, nil
}

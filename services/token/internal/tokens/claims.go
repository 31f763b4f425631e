package tokens

import "github.com/golang-jwt/jwt/v5"

// claims are LiveKit's, without any that are left out when they are empty and
// not registered by the JWT standard, but for kind: browsers have none.
type claims struct {
	jwt.RegisteredClaims
	Name       string            `json:"name"`
	Kind       string            `json:"kind,omitempty"`
	Video      video             `json:"video"`
	Attributes map[string]string `json:"attributes"`
}

// video is LiveKit's video grant, every right spelled out.
type video struct {
	Room                 string   `json:"room"`
	RoomJoin             bool     `json:"roomJoin"`
	RoomAdmin            bool     `json:"roomAdmin"`
	CanPublish           bool     `json:"canPublish"`
	CanPublishSources    []string `json:"canPublishSources"`
	CanSubscribe         bool     `json:"canSubscribe"`
	CanPublishData       bool     `json:"canPublishData"`
	CanUpdateOwnMetadata bool     `json:"canUpdateOwnMetadata"`
}

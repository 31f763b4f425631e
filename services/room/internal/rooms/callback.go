package rooms

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
)

// A page that embeds the frontend cannot read what its pop-up creates, so it
// gives the creation an id of its own choice and asks for the room by that. The
// id is its only proof, so no more than a hash of it is stored.

// callback returns what is stored for an id that was given to a creation.
func (s *Service) callback(id string) *Callback {
	if id == "" {
		return nil
	}
	return &Callback{Key: callbackKey(id), Expires: s.now().Add(s.CallbackTimeout)}
}

// ClaimCreated returns the slug of the room that was created with the callback
// id, the first time that somebody asks; empty afterwards, and while there is
// none. Errors: UNAVAILABLE.
func (s *Service) ClaimCreated(ctx context.Context, id string) (slug string, err error) {
	slug, _, err = s.Rooms.ClaimCreated(ctx, callbackKey(id), s.now())
	return slug, err
}

func callbackKey(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

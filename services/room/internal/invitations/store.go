package invitations

import (
	"context"
	"time"
)

// Invitation is one message to several people.
type Invitation struct {
	ID, RoomID string
	// Inviter is the name of who invites, ReplyTo its address.
	Inviter, ReplyTo string
	// Language is one of Languages.
	Language   string
	Recipients []string
	CreatedAt  time.Time
	// Due is when it is sent, or tried again.
	Due time.Time
	// Attempts is how often it was tried in vain.
	Attempts int
}

// Store keeps invitations until they are sent. Its errors are UNAVAILABLE when
// the database cannot serve, and those named here.
type Store interface {
	// KeepInvitation stores an invitation. Errors: ROOM_NOT_FOUND.
	KeepInvitation(ctx context.Context, invitation Invitation) error
	// ClaimInvitations returns up to limit invitations that are due, those first
	// that are longest, and makes them due at until. No two claims return the same
	// one before that. Those of a deleted room are gone.
	ClaimInvitations(ctx context.Context, now, until time.Time, limit int) ([]Invitation, error)
	// SettleInvitation puts others in the place of a claimed invitation, or none;
	// it does nothing when the invitation is gone.
	SettleInvitation(ctx context.Context, id string, rest []Invitation) error
	// PendingInvitations returns how many are stored.
	PendingInvitations(ctx context.Context) (int, error)
}

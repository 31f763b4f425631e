package dispatch

import (
	"context"
	"fmt"
	"maps"

	"google.golang.org/protobuf/types/known/durationpb"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/internal/color"
	"github.com/parleymeet/parley/services/internal/livekit"
)

// admitted asks the room's door. Who is to enter is named there, so that the room
// can put it on its waiting list; a bridge that lets callers in by itself has no
// lobby for them. lobby makes everybody wait.
func (r *Resolver) admitted(ctx context.Context, q Question, d *Decision, lobby bool) error {
	question := &roomv1.GetAdmissionRequest{RoomId: d.RoomID, ForceLobby: lobby}
	if d.enters {
		question.Identity, question.DisplayName = d.person.Identity, d.person.Name
	}
	answer, err := r.Door.GetAdmission(ctx, question)
	switch {
	case apierr.Has(err, apierr.RoomNotFound):
		return refuse(RoomGone)
	case err != nil:
		return down(fmt.Errorf("room's admission: %w", err))
	}
	switch answer.GetAdmission() {
	case roomv1.Admission_ADMISSION_ADMIT:
		return nil
	case roomv1.Admission_ADMISSION_LOBBY:
		if d.waits = d.enters || q.Trial; !d.waits {
			return refuse(LobbyUnavailable)
		}
		return nil
	default:
		return refuse(RoomDenied)
	}
}

// enter asks the door and has the token minted meanwhile, for most callers hear
// the room at once. One who waits in the lobby gets another, which is deaf. The
// door's refusal counts before a missing token.
func (r *Resolver) enter(ctx context.Context, q Question, d *Decision, lobby bool) (Entry, error) {
	d.person = personOf(r.cfg.IdentityKey, d.RoomID, d.Caller, q.CallID)
	hearing := r.mintMeanwhile(ctx, q.CallID, *d)
	if err := r.admitted(ctx, q, d, lobby); err != nil {
		hearing.drop()
		return Entry{}, err
	}
	if d.waits {
		hearing.drop()
		return r.mint(ctx, q.CallID, *d, false)
	}
	return hearing.wait()
}

// minting is a token that is being made.
type minting struct {
	cancel context.CancelFunc
	done   chan struct{}
	entry  Entry
	err    error
}

func (r *Resolver) mintMeanwhile(ctx context.Context, callID string, d Decision) *minting {
	ctx, cancel := context.WithCancel(ctx)
	m := &minting{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(m.done)
		m.entry, m.err = r.mint(ctx, callID, d, true)
	}()
	return m
}

func (m *minting) drop() {
	m.cancel()
	<-m.done
}

// wait ends with the context of the call at the latest.
func (m *minting) wait() (Entry, error) {
	defer m.cancel()
	<-m.done
	return m.entry, m.err
}

// mint has the token of a caller made. By its attributes LiveKit tells later of
// which call the participant came and went.
func (r *Resolver) mint(ctx context.Context, callID string, d Decision, hears bool) (Entry, error) {
	attributes := map[string]string{
		"color": color.Of(d.person.Identity), "is_authenticated": "false", livekit.TrunkAttribute: d.TrunkID,
	}
	if callID != "" {
		attributes[livekit.CallAttribute] = callID
	}
	answer, err := r.Minter.MintPhoneToken(ctx, &tokenv1.MintPhoneTokenRequest{
		Room: d.RoomID, Identity: d.person.Identity, Name: d.person.Name, Attributes: maps.Clone(attributes),
		CanSubscribe: hears, TimeToLive: durationpb.New(r.cfg.TokenTTL),
	})
	if err != nil {
		return Entry{}, down(fmt.Errorf("mint token: %w", err))
	}
	return Entry{Person: d.person, Attributes: attributes, Connection: answer.GetConnection()}, nil
}

package rules

import (
	"context"
	"errors"
	"time"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/internal/livekit"
)

// open asks whether the room admits callers at once, and keeps in mind if it does
// not. A room that is gone does not.
func (k *Keeper) open(ctx context.Context, roomID string) (bool, error) {
	answer, err := k.Door.GetAdmission(ctx, &roomv1.GetAdmissionRequest{RoomId: roomID})
	if err != nil && !apierr.Has(err, apierr.RoomNotFound) {
		k.metrics.failed(asking)
		return false, err
	}
	admits := err == nil && answer.GetAdmission() == roomv1.Admission_ADMISSION_ADMIT
	k.mu.Lock()
	defer k.mu.Unlock()
	if delete(k.closed, roomID); !admits {
		k.closed[roomID] = true
	}
	return admits, nil
}

// make gives LiveKit a rule, unless another replica does, or the room admits
// nobody at once.
func (k *Keeper) make(ctx context.Context, r Rule) error {
	open, err := k.open(ctx, r.RoomID)
	if err != nil || !open {
		return err
	}
	r.ClaimedUntil = k.Clock.Now().Add(claim).UTC().Truncate(time.Microsecond)
	claimed, err := k.Store.ClaimRule(ctx, r)
	if err != nil || !claimed {
		return err
	}
	id, err := k.Server.Create(ctx, r.request(k.Prefix+r.RoomID))
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterwards)
	defer cancel()
	if err != nil {
		k.metrics.failed(making)
		dropErr := k.Store.DropRule(after, r)
		if !errors.Is(err, livekit.ErrRuleExists) {
			return errors.Join(err, dropErr)
		}
		// Ours, of somebody who died, or one of an operator. The others are made.
		k.Logger.WarnContext(ctx, "LiveKit has a dispatch rule that stands in the way", "trunk", r.TrunkID, "room", r.RoomID, "error", err)
		k.conflicts.Store(true)
		return dropErr
	}
	r.ID = id
	k.changed.Store(true)
	kept, err := k.Store.KeepRule(after, r)
	if err != nil || kept {
		return err
	}
	return k.Server.Delete(after, id) // too late: the claim had ended
}

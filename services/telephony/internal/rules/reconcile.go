package rules

import (
	"context"
	"errors"
	"maps"
)

// reconcile makes rows and LiveKit's rules agree, and asks every live room again
// whom it admits.
func (k *Keeper) reconcile(ctx context.Context) error {
	return errors.Join(k.mend(ctx), k.askRooms(ctx))
}

// mend makes rows and LiveKit's rules agree.
func (k *Keeper) mend(ctx context.Context) error {
	before, err := k.Store.Rules(ctx)
	if err != nil {
		return err
	}
	listed, err := k.Server.List(ctx, k.Prefix)
	if err != nil {
		k.metrics.failed(listing)
		return err
	}
	found := make(map[string]bool, len(listed))
	for _, r := range listed {
		found[r.ID] = true
	}
	// Rules are noted before they are made and forgotten after they are deleted,
	// so what was noted before the list and is not on it is gone.
	var gone []Rule
	for _, r := range before {
		if r.ID != "" && !found[r.ID] {
			gone = append(gone, r)
		}
	}
	if err := each(ctx, gone, k.Store.DropRule); err != nil {
		return err
	}
	// And what is on the list and not noted after it is nobody's.
	after, err := k.Store.Rules(ctx)
	if err != nil {
		return err
	}
	noted, making := map[string]bool{}, map[key]bool{}
	for _, r := range after {
		if noted[r.ID] = r.ID != ""; r.making(k.Clock.Now()) {
			making[key{r.LiveKitTrunk, r.PIN}] = true
		}
	}
	var orphans []Rule
	for _, r := range listed {
		if !noted[r.ID] && !making[key{r.Trunk, r.PIN}] {
			orphans = append(orphans, Rule{ID: r.ID, RoomID: r.Room})
		}
	}
	if len(gone)+len(orphans) > 0 {
		k.Logger.WarnContext(ctx, "LiveKit's dispatch rules were not as noted", "gone", len(gone), "orphans", len(orphans))
	}
	return each(ctx, orphans, func(ctx context.Context, r Rule) error {
		err := k.Server.Delete(ctx, r.ID)
		if err != nil {
			k.metrics.failed(deleting)
		}
		return err
	})
}

// askRooms asks every live room anew. What was known of those that do not answer
// stays, and rooms that are over are forgotten.
func (k *Keeper) askRooms(ctx context.Context) error {
	wanted, err := k.Store.WantedRules(ctx, k.Clock.Now())
	if err != nil {
		return err
	}
	var rooms []Rule
	live := map[string]bool{}
	for _, r := range wanted {
		if !live[r.RoomID] {
			live[r.RoomID] = true
			rooms = append(rooms, r)
		}
	}
	k.mu.Lock()
	maps.DeleteFunc(k.closed, func(roomID string, _ bool) bool { return !live[roomID] })
	k.mu.Unlock()
	return each(ctx, rooms, func(ctx context.Context, r Rule) error {
		_, err := k.open(ctx, r.RoomID)
		return err
	})
}

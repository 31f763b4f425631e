package rooms

import (
	"context"

	"golang.org/x/sync/errgroup"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
)

// View is a room as one person may see it.
type View struct {
	Held
	// Connection is how to enter; nil for those who may not enter at once.
	Connection *tokenv1.Connection
	// DialIn is nil where Connection is, and while the room has no PIN. Only the
	// operator sees it without a Connection.
	DialIn *telephonyv1.DialIn
	// Accesses are newest first; nil for those who do not administer the room.
	Accesses []UserAccess
}

// UserAccess is an access with the user who holds it.
type UserAccess struct {
	Access
	// User has at least an id.
	User *authv1.User
}

// mintsAtOnce bounds the tokens minted side by side for a list.
const mintsAtOnce = 8

// views shows rooms to the caller. It fails when a connection cannot be made: a
// view without one would tell the frontend to wait in the lobby. Dial-ins and
// details of users that cannot be had are left out.
func (s *Service) views(ctx context.Context, caller Caller, rooms ...Held) ([]View, error) {
	views := make([]View, len(rooms))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(mintsAtOnce)
	var dialIns map[string]*telephonyv1.DialIn
	group.Go(func() error {
		dialIns = s.dialIns(ctx, idsWhere(rooms, caller.seesDialIn))
		return nil
	})
	var accesses map[string][]UserAccess
	group.Go(func() (err error) {
		accesses, err = s.accesses(ctx, caller, idsWhere(rooms, caller.seesAccesses))
		return err
	})
	for i, h := range rooms {
		views[i].Held = h
		if !caller.Enters(h) {
			continue
		}
		group.Go(func() (err error) {
			views[i].Connection, err = s.Connect(ctx, caller, h)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i := range views {
		views[i].DialIn = dialIns[views[i].Room.ID]
		views[i].Accesses = accesses[views[i].Room.ID]
	}
	return views, nil
}

// view is views of one room.
func (s *Service) view(ctx context.Context, caller Caller, h Held) (View, error) {
	views, err := s.views(ctx, caller, h)
	if err != nil {
		return View{}, err
	}
	return views[0], nil
}

func idsWhere(rooms []Held, wanted func(Held) bool) []string {
	var ids []string
	for _, h := range rooms {
		if wanted(h) {
			ids = append(ids, h.Room.ID)
		}
	}
	return ids
}

// dialIns returns what telephony knows of the rooms; nothing while it is away.
func (s *Service) dialIns(ctx context.Context, roomIDs []string) map[string]*telephonyv1.DialIn {
	if len(roomIDs) == 0 {
		return nil
	}
	dialIns, err := s.DialIns.ByRooms(ctx, roomIDs)
	s.dialInTrouble.Note(ctx, err)
	return dialIns
}

// accesses returns who has access to the rooms, with what auth knows of them.
// Meeting must go on while auth is away, so users are then shown by id, except
// the caller, who is known.
func (s *Service) accesses(ctx context.Context, caller Caller, roomIDs []string) (map[string][]UserAccess, error) {
	if len(roomIDs) == 0 {
		return nil, nil
	}
	list, err := s.Accesses.Accesses(ctx, roomIDs)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var ids []string
	for _, access := range list {
		if !seen[access.UserID] {
			seen[access.UserID] = true
			ids = append(ids, access.UserID)
		}
	}
	users, err := s.Users.ByIDs(ctx, ids)
	s.userTrouble.Note(ctx, err)
	byRoom := make(map[string][]UserAccess, len(roomIDs))
	for _, access := range list {
		user := users[access.UserID]
		if user == nil {
			user = caller.user(access.UserID)
		}
		byRoom[access.RoomID] = append(byRoom[access.RoomID], UserAccess{access, user})
	}
	return byRoom, nil
}

// user returns what is known of a user without asking auth.
func (c Caller) user(id string) *authv1.User {
	user := &authv1.User{Id: id}
	if c.User != nil && c.User.ID == id {
		user.Sub, user.Email = c.User.Sub, c.User.Email
		user.FullName, user.ShortName = c.User.FullName, c.User.ShortName
	}
	return user
}

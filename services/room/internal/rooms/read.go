package rooms

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/parleymeet/parley/pkg/apierr"
)

// defaultPage is the number of rooms on a page when none is asked for.
const defaultPage = 20

// Get returns the room that idOrSlug names. Everybody may know that a room
// exists; the view shows no more than the caller may see. Errors:
// ROOM_NOT_FOUND, UNAVAILABLE.
func (s *Service) Get(ctx context.Context, caller Caller, idOrSlug string) (View, error) {
	held, err := s.Rooms.Find(ctx, ParseKey(idOrSlug), caller.userID())
	if err != nil {
		return View{}, err
	}
	return s.view(ctx, caller, held)
}

// Find returns the room that idOrSlug names with the caller's role, and asks no
// peer. Errors: ROOM_NOT_FOUND, UNAVAILABLE.
func (s *Service) Find(ctx context.Context, caller Caller, idOrSlug string) (Held, error) {
	return s.Rooms.Find(ctx, ParseKey(idOrSlug), caller.userID())
}

// Moderated is Find for what only administrators and owners may do to people in
// the room. Errors: as Find, UNAUTHENTICATED, PERMISSION_DENIED.
func (s *Service) Moderated(ctx context.Context, caller Caller, idOrSlug string) (Held, error) {
	if err := caller.known(); err != nil {
		return Held{}, err
	}
	held, err := s.Find(ctx, caller, idOrSlug)
	if err != nil {
		return Held{}, err
	}
	if !held.Role.Administers() {
		return Held{}, apierr.New(apierr.PermissionDenied, "You must have privileges on room to perform this action.")
	}
	return held, nil
}

// Page asks for a part of a list.
type Page struct {
	// Size is the most rooms to return; 0 for the default.
	Size int
	// Token is where the page begins, from the page before; empty for the start.
	Token string
	// Skip rooms from there.
	Skip int
}

// List returns a page of the rooms on which the user holds a role, by name; for
// the operator, of all rooms. next is empty on the last page. Errors:
// UNAUTHENTICATED, INVALID_PAGE (a token that List did not give), UNAVAILABLE.
func (s *Service) List(ctx context.Context, caller Caller, page Page) (views []View, next string, total int, err error) {
	if err := caller.known(); err != nil {
		return nil, "", 0, err
	}
	after, err := parseToken(page.Token)
	if err != nil {
		return nil, "", 0, err
	}
	size := page.Size
	if size == 0 {
		size = defaultPage
	}
	// One more than asked for tells whether there is another page.
	rooms, total, err := s.Rooms.List(ctx, ListQuery{UserID: caller.userID(), After: after, Skip: page.Skip, Limit: size + 1})
	if err != nil {
		return nil, "", 0, err
	}
	if len(rooms) > size {
		rooms = rooms[:size]
		last := rooms[size-1].Room
		next = Cursor{Name: last.Name, ID: last.ID}.token()
	}
	views, err = s.views(ctx, caller, rooms...)
	return views, next, total, err
}

// token returns the cursor in a form that is not to be looked into.
func (c Cursor) token() string {
	text, _ := json.Marshal(c) // two strings always marshal
	return base64.RawURLEncoding.EncodeToString(text)
}

func parseToken(token string) (Cursor, error) {
	if token == "" {
		return Cursor{}, nil
	}
	var c Cursor
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	id, ok := parseID(c.ID)
	if err != nil || !ok || id != c.ID || strings.ContainsRune(c.Name, 0) {
		return Cursor{}, apierr.New(apierr.InvalidPage, "")
	}
	return c, nil
}

// Admission is the room's answer for somebody who knows the PIN.
type Admission int

// The admissions.
const (
	Admit Admission = iota
	Lobby
	Deny
)

// AdmitPhone says whether a phone enters the room at once. A phone proves no
// log-in and no role, so unless the room says otherwise a moderator decides
// everywhere but in a public room. Errors: ROOM_NOT_FOUND, UNAVAILABLE.
func (s *Service) AdmitPhone(ctx context.Context, roomID string) (Admission, error) {
	id, ok := parseID(roomID)
	if !ok {
		return Deny, NotFound()
	}
	held, err := s.Rooms.Find(ctx, Key{ID: id}, "")
	if err != nil {
		return Deny, err
	}
	switch held.Room.PhoneAccess {
	case PhonesEnter:
		return Admit, nil
	case PhonesWait:
		return Lobby, nil
	case PhonesStay:
		return Deny, nil
	}
	if held.Room.AccessLevel.admits(false, NoRole) {
		return Admit, nil
	}
	return Lobby, nil
}

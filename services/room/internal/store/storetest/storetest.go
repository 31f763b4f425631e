package storetest

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/accesses"
	"github.com/parleymeet/parley/services/room/internal/invitations"
	"github.com/parleymeet/parley/services/room/internal/live"
	"github.com/parleymeet/parley/services/room/internal/lobby"
	"github.com/parleymeet/parley/services/room/internal/moderation"
	"github.com/parleymeet/parley/services/room/internal/outbox"
	"github.com/parleymeet/parley/services/room/internal/phones"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// Store is what the room service needs of its database.
type Store interface {
	rooms.Store
	rooms.AccessStore
	accesses.Store
	outbox.Store
	lobby.Store
	invitations.Store
	moderation.Roles
	live.Store
	phones.Store
}

// Run runs every test, each on an empty store of its own.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for name, test := range map[string]func(*testing.T, Store){
		"create and find":         createAndFind,
		"find by user":            findByUser,
		"slug is unique":          slugIsUnique,
		"update":                  update,
		"update keeps the rest":   updateKeepsTheRest,
		"delete":                  deleteRoom,
		"accesses":                accessesOfRooms,
		"list":                    list,
		"list everything":         listEverything,
		"claim":                   claim,
		"settle":                  settle,
		"settle is for the claim": settleIsForTheClaim,
		"delete replaces task":    deleteReplacesTask,
		"hold":                    hold,
		"set role":                setRole,
		"roles by many":           rolesByMany,
		"claim created room":      claimCreated,
		"claimed by many":         claimedByMany,
		"keep invitations":        keepInvitations,
		"invitations by many":     invitationsByMany,
		"manage access":           manageAccess,
		"last owner":              lastOwner,
		"administered":            administered,
		"act as judged":           actAsJudged,
		"rivals at once":          rivalsAtOnce,
		"owners leave at once":    ownersLeaveAtOnce,
		"ask to enter":            askToEnter,
		"ask together":            askTogether,
		"return to the lobby":     returnToLobby,
		"lasting in the lobby":    lastingInLobby,
		"lobby queue":             lobbyQueue,
		"decide entry":            decideEntry,
		"forget entry":            forgetEntry,
		"clear lobby":             clearLobby,
		"sweep lobby":             sweepLobby,
		"asked by many":           askedByMany,
		"asked while cleared":     askedWhileCleared,
		"a room begins and ends":  beginAndEnd,
		"lives out of order":      livesOutOfOrder,
		"telephony is owed":       telephonyIsOwed,
		"metadata is owed":        metadataIsOwed,
		"told by many":            toldByMany,
		"callers wait":            callersWait,
		"decide on a caller":      decidePhone,
		"see and hang up":         seeAndHangup,
		"deny a caller":           denyPhone,
		"a caller by many":        phoneByMany,
		"begun by many":           begunByMany,
		"same slug by many":       sameSlugByMany,
		"claims by many":          claimsByMany,
		"update and delete":       updateAndDelete,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// start is an instant with microseconds, which stores must keep.
var start = time.Date(2026, 3, 1, 10, 20, 30, 123456000, time.UTC)

// lease is how long the task of a new room is not due.
const lease = 3 * time.Second

// made is a room in a store, with its owner and its task.
type made struct {
	room  rooms.Room
	owner rooms.Access
	task  outbox.Task
}

// due returns the creation with a task that is due at the time.
func (m made) due(at time.Time) rooms.Creation {
	return rooms.Creation{Room: m.room, Owner: m.owner, Task: m.task, Due: at}
}

// newRoom returns a room that is not stored yet, owned by the user.
func newRoom(name, userID string) made {
	room := rooms.Room{
		ID: uuid.NewString(), Name: name, Slug: rooms.Slugify(name),
		AccessLevel: rooms.Restricted, CreatedAt: start, UpdatedAt: start,
	}
	return made{
		room:  room,
		owner: rooms.Access{ID: uuid.NewString(), RoomID: room.ID, UserID: userID, Role: rooms.Owner, CreatedAt: start},
		task:  outbox.Task{RoomID: room.ID, Action: outbox.Allocate, Version: start.UnixMicro()},
	}
}

// create stores a room.
func create(t *testing.T, s Store, name, userID string) made {
	t.Helper()
	m := newRoom(name, userID)
	if err := s.Create(t.Context(), m.due(start.Add(lease))); err != nil {
		t.Fatalf("create %q: %v", name, err)
	}
	return m
}

// configuration parses what the test knows to be right.
func configuration(t *testing.T, values map[string]any) rooms.Configuration {
	t.Helper()
	sent, err := structpb.NewStruct(values)
	if err != nil {
		t.Fatal(err)
	}
	c, wrong := rooms.ParseConfiguration(sent)
	if wrong != nil {
		t.Fatal(wrong)
	}
	return c
}

func wantReason(t *testing.T, err error, reason apierr.Reason) {
	t.Helper()
	if !apierr.Has(err, reason) {
		t.Fatalf("error %v, want %v", err, reason)
	}
}

func wantSlugTaken(t *testing.T, err error) {
	t.Helper()
	wantReason(t, err, apierr.InvalidFields)
	if v := apierr.From(err).Violations; len(v) != 1 || v[0].Field != "slug" || v[0].Text != "Room with this Slug already exists." {
		t.Fatalf("violations %v", v)
	}
}

// sameRoom compares every field.
func sameRoom(t *testing.T, got, want rooms.Room) {
	t.Helper()
	if !got.Configuration.Equal(want.Configuration) {
		t.Errorf("configuration %v, want %v", got.Configuration, want.Configuration)
	}
	got.Configuration, want.Configuration = rooms.Configuration{}, rooms.Configuration{}
	if got.PhoneAccess != want.PhoneAccess || got.PhoneCountry != want.PhoneCountry || got.ID != want.ID || got.Name != want.Name || got.Slug != want.Slug || got.AccessLevel != want.AccessLevel ||
		got.CreatedAt != want.CreatedAt || got.UpdatedAt != want.UpdatedAt {
		t.Errorf("room %+v\nwant %+v", got, want)
	}
}

// claimAll claims every task of the action that is due at now.
func claimAll(t *testing.T, s Store, action outbox.Action, now time.Time) []outbox.Task {
	t.Helper()
	tasks, err := s.Claim(t.Context(), action, now, now.Add(lease), 1000)
	if err != nil {
		t.Fatalf("claim: %v", err)
	}
	return tasks
}

func pending(t *testing.T, s Store, action outbox.Action) int {
	t.Helper()
	n, err := s.Pending(t.Context(), action)
	if err != nil {
		t.Fatalf("pending: %v", err)
	}
	return n
}

package room

import (
	"errors"
	"strings"

	"google.golang.org/grpc"

	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/secret"
	"github.com/parleymeet/parley/pkg/throttle"
	"github.com/parleymeet/parley/services/internal/livekit"
	"github.com/parleymeet/parley/services/room/internal/accesses"
	"github.com/parleymeet/parley/services/room/internal/invitations"
	"github.com/parleymeet/parley/services/room/internal/live"
	"github.com/parleymeet/parley/services/room/internal/lobby"
	"github.com/parleymeet/parley/services/room/internal/moderation"
	"github.com/parleymeet/parley/services/room/internal/outbox"
	"github.com/parleymeet/parley/services/room/internal/peers"
	"github.com/parleymeet/parley/services/room/internal/phones"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// builder puts the service together, one part a method.
type builder struct {
	cfg     Config
	deps    Deps
	key     *secret.Key
	store   store
	users   *peers.Users
	tokens  *peers.Tokens
	dialIns *peers.DialIns
	// livekit is nil without LIVEKIT_API_URL: nothing is done in meetings then.
	livekit *livekit.Rooms
	// owed is signalled when something is owed to the people in a room. Of
	// capacity 1: a signal is kept, not counted.
	owed chan struct{}
}

func newBuilder(cfg Config, deps Deps, key *secret.Key, store store) *builder {
	b := &builder{
		cfg: cfg, deps: deps, key: key, store: store,
		users: peers.NewUsers(deps.Auth), tokens: peers.NewTokens(deps.Token), dialIns: peers.NewDialIns(deps.Telephony),
		owed: make(chan struct{}, 1),
	}
	if cfg.LiveKitAPIURL != "" {
		b.livekit = livekit.NewRooms(cfg.LiveKitAPIURL, cfg.LiveKitAPIKey, cfg.LiveKitAPISecret.Reveal())
	}
	return b
}

func (b *builder) build() (*Service, error) {
	box, err := outbox.New(b.store, b.dialIns, b.deps.Clock, b.deps.Logger, b.deps.Registry)
	if err != nil {
		return nil, err
	}
	domain, bell := b.domain(box), b.bell()
	callers, err := b.callers(domain, bell)
	if err != nil {
		return nil, err
	}
	known, liveErr := b.live(domain, callers)
	letters, lettersErr := b.letters(domain)
	if err := errors.Join(liveErr, lettersErr); err != nil {
		return nil, err
	}
	return &Service{
		store: b.store, outbox: box, rooms: domain, live: known, phones: callers, bell: bell, letters: letters,
		lobby: b.lobby(domain, callers, bell), people: b.people(domain, callers),
		roles: accesses.New(accesses.Parts{Store: b.store, Rooms: domain, Users: b.users, Clock: b.deps.Clock}),
		peers: map[string]grpc.ClientConnInterface{
			identity.CallerAuth: b.deps.Auth, identity.CallerTelephony: b.deps.Telephony, identity.CallerToken: b.deps.Token,
		},
	}, nil
}

func (b *builder) domain(box *outbox.Outbox) *rooms.Service {
	parts := rooms.Parts{
		Rooms: b.store, Accesses: b.store, Outbox: box, Users: b.users, Tokens: b.tokens, DialIns: b.dialIns, Owed: b.owed,
		Clock: b.deps.Clock, Logger: b.deps.Logger,
	}
	if b.livekit != nil {
		parts.LiveRooms = b.livekit
	}
	return rooms.New(b.cfg.settings(), parts)
}

func (b *builder) bell() *lobby.Bell {
	var meetings lobby.Meetings
	if b.livekit != nil {
		meetings = b.livekit
	}
	return lobby.NewBell(meetings, b.deps.Clock, b.deps.Logger)
}

func (b *builder) callers(domain *rooms.Service, bell *lobby.Bell) (*phones.Service, error) {
	parts := phones.Parts{
		Store: b.store, Rooms: domain, Bell: bell, Clock: b.deps.Clock, Logger: b.deps.Logger, Registry: b.deps.Registry,
	}
	if b.livekit != nil {
		parts.Server = b.livekit
	}
	return phones.New(b.cfg.phoneSettings(), parts)
}

func (b *builder) live(domain *rooms.Service, callers *phones.Service) (*live.Service, error) {
	parts := live.Parts{
		Store: b.store, Lobby: b.store, Telephony: b.dialIns, Meetings: domain, Owed: b.owed, Phones: callers,
		Clock: b.deps.Clock, Logger: b.deps.Logger, Registry: b.deps.Registry,
	}
	if b.cfg.LiveKitAPIKey != "" {
		parts.Reader = livekit.NewEvents(b.cfg.LiveKitAPIKey, b.cfg.LiveKitAPISecret.Reveal())
	}
	if b.livekit != nil {
		parts.Server = b.livekit
	}
	return live.New(b.cfg.LiveRoomsInterval, parts)
}

func (b *builder) lobby(domain *rooms.Service, callers *phones.Service, bell *lobby.Bell) *lobby.Service {
	return lobby.New(b.cfg.lobbySettings(), lobby.Parts{
		Store: b.store, Rooms: domain, Phones: callers, Bell: bell,
		Limiter: throttle.New(b.cfg.RequestEntryRate, b.deps.Clock), PassKey: b.key.Derive("lobby pass"),
		Clock: b.deps.Clock, Logger: b.deps.Logger,
	})
}

func (b *builder) people(domain *rooms.Service, callers *phones.Service) *moderation.Service {
	parts := moderation.Parts{
		Roles: b.store, Lobby: b.store, Phones: callers, Rooms: domain, Users: b.users, Tokens: b.tokens,
		Clock: b.deps.Clock, Logger: b.deps.Logger,
	}
	if b.livekit != nil {
		parts.Meetings = b.livekit
	}
	return moderation.New(parts)
}

func (b *builder) letters(domain *rooms.Service) (*invitations.Service, error) {
	mail := b.cfg.Mail
	post, err := mail.post()
	if err != nil {
		return nil, err
	}
	return invitations.New(invitations.Parts{
		Store: b.store, Rooms: domain, DialIns: b.dialIns, Post: post, BaseURL: strings.TrimRight(mail.BaseURL, "/"),
		PerUser: throttle.New(mail.UserRate, b.deps.Clock), PerRoom: throttle.New(mail.RoomRate, b.deps.Clock),
		Clock: b.deps.Clock, Logger: b.deps.Logger,
	}, b.deps.Registry)
}

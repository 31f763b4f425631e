package live

import (
	"context"
	"time"

	"github.com/parleymeet/parley/services/internal/livekit"
)

// listTimeout bounds asking LiveKit and writing down what it says.
const listTimeout = 30 * time.Second

// listen asks LiveKit for all its rooms and mends what is known of them.
func (s *Service) listen(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	before := s.now()
	sessions, err := s.Server.Sessions(ctx)
	if s.listing.Note(ctx, err); err != nil {
		return
	}
	s.Phones.Listed(ctx, sessions)
	if err := s.mend(ctx, sessions, before); err != nil && ctx.Err() == nil {
		s.Logger.WarnContext(ctx, "what is known of live rooms could not be mended", "error", err)
	}
}

// mend makes what is known what LiveKit says. A room that began while LiveKit was
// asked may not be among those it named, so that only what was known before can
// have ended.
func (s *Service) mend(ctx context.Context, sessions []livekit.Session, before time.Time) error {
	known, err := s.Store.On(ctx, before)
	if err != nil {
		return err
	}
	missing := make(map[string]livekit.Session, len(known))
	for _, session := range known {
		missing[session.Room] = session
	}
	for _, session := range sessions {
		if !isRoomID(session.Room) {
			continue
		}
		if missing[session.Room].SID != session.SID {
			if err := s.note(ctx, session); err != nil {
				return err
			}
		}
		delete(missing, session.Room)
	}
	for _, session := range missing {
		if _, err := s.end(ctx, session, before); err != nil {
			return err
		}
		s.metrics.mended.Inc()
	}
	return nil
}

func (s *Service) note(ctx context.Context, session livekit.Session) error {
	news, err := s.Store.Begun(ctx, session, s.now())
	if news {
		s.metrics.mended.Inc()
	}
	return err
}

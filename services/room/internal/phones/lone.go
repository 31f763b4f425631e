package phones

import (
	"context"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/internal/livekit"
)

// Listed takes all rooms that LiveKit has, and ends the calls of those who have
// been alone for too long. Rooms are counted by LiveKit; only one in which
// somebody seems to be alone for long is looked into. The time begins with the
// first list that shows it, so it begins again with a new process, and when
// somebody joins.
func (s *Service) Listed(ctx context.Context, sessions []livekit.Session) {
	if s.Lone == 0 {
		return
	}
	for _, roomID := range s.longAlone(sessions) {
		if err := s.endLone(ctx, roomID); err != nil && ctx.Err() == nil {
			s.Logger.WarnContext(ctx, "it is not known who is alone in a room", "room_id", roomID, "error", err)
		}
	}
}

// longAlone keeps since when rooms have one participant, and returns those that
// have for long.
func (s *Service) longAlone(sessions []livekit.Session) []string {
	now := s.Clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	lone := map[string]time.Time{}
	var long []string
	for _, session := range sessions {
		if session.Participants != 1 {
			continue
		}
		since, known := s.lone[session.Room]
		if !known {
			since = now
		}
		lone[session.Room] = since
		if now.Sub(since) >= s.Lone {
			long = append(long, session.Room)
		}
	}
	s.lone = lone
	return long
}

func (s *Service) endLone(ctx context.Context, roomID string) error {
	ctx, cancel := context.WithTimeout(ctx, attendTimeout)
	defer cancel()
	people, err := s.Server.People(ctx, roomID)
	if err != nil || len(people) != 1 || !people[0].Phone || s.Clock.Now().Sub(people[0].Joined) < s.Lone {
		return err
	}
	err = s.Server.Remove(ctx, roomID, people[0].Identity)
	if apierr.Has(err, apierr.ParticipantNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	s.metrics.count(alone)
	s.Logger.InfoContext(ctx, "a call is ended: nobody else came", "room_id", roomID)
	return nil
}

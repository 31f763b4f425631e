package rooms

import (
	"context"
	"time"

	"github.com/google/uuid"

	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
)

const (
	// TestRoomPrefix begins the names of LiveKit rooms that are no room of ours.
	TestRoomPrefix = "connection-test-"
	// testName is who tests a connection.
	testName = "Connection Test"
	// testTime is for how long a connection may be tested.
	testTime = 5 * time.Minute
)

// TestConnection returns the way into a LiveKit room of the caller's own, to see
// whether it gets there at all, and for how long it is open. LiveKit removes the
// room when nobody is in it. Errors: UNAVAILABLE.
func (s *Service) TestConnection(ctx context.Context, caller Caller) (*tokenv1.Connection, time.Duration, error) {
	caller.DisplayName = testName
	p := s.participant(caller, Held{})
	p.TimeToLive = testTime
	connection, err := s.Tokens.Mint(ctx, TestRoomPrefix+uuid.NewString(), p)
	return connection, testTime, err
}

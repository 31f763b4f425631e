package livekit

import (
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"
)

// Attributes of the participant of a telephone call.
const (
	// CallAttribute is LiveKit's id of the call.
	CallAttribute = livekit.AttrSIPCallID
	// TrunkAttribute is Parley's id of the trunk.
	TrunkAttribute = "parley.trunk_id"
)

// Call is what a participant tells of the telephone call that it is.
type Call struct {
	// ID is LiveKit's.
	ID string
	// TrunkID is Parley's, of calls that Parley or a rule of its own let in; else
	// empty.
	TrunkID string
	// Joined tells the participants of one call apart: LiveKit SIP may come back.
	Joined time.Time
	// Left is zero while the participant is in the room, and not before Joined.
	Left time.Time
	// LeaveReason is LiveKit's word for why it left; empty where it says none.
	LeaveReason string
}

// callOf returns the call that a participant is, nil for others. Its kind counts,
// which only who has LiveKit's secret can give it; attributes alone make no call.
func callOf(name string, at time.Time, p *livekit.ParticipantInfo) *Call {
	id := Text(p.GetAttributes()[CallAttribute])
	if p.GetKind() != livekit.ParticipantInfo_SIP || id == "" {
		return nil
	}
	joined := time.Unix(p.GetJoinedAt(), 0)
	if ms := p.GetJoinedAtMs(); ms > 0 {
		joined = time.UnixMilli(ms)
	}
	call := &Call{ID: id, TrunkID: Text(p.GetAttributes()[TrunkAttribute]), Joined: joined.UTC()}
	if name != ParticipantLeft {
		return call
	}
	call.Left = at
	if at.Before(call.Joined) { // it is told to the second
		call.Left = call.Joined
	}
	if reason := p.GetDisconnectReason(); reason != livekit.DisconnectReason_UNKNOWN_REASON {
		call.LeaveReason = reason.String()
	}
	return call
}

// maxText bounds what is kept of a text from LiveKit.
const maxText = 256

// Text returns a text from LiveKit bounded and without what a database would
// refuse.
func Text(text string) string {
	text = strings.ReplaceAll(text, "\x00", "")
	return strings.ToValidUTF8(text[:min(len(text), maxText)], "")
}

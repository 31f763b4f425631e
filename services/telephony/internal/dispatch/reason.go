package dispatch

// Reason is why a call was refused, for operators. Empty: it was not.
type Reason string

// The reasons, as in logs, metrics and call records.
const (
	NumberUnknown    Reason = "number_unknown"
	SourceNotAllowed Reason = "source_not_allowed"
	TrunkUnknown     Reason = "trunk_unknown"
	TrunkDisabled    Reason = "trunk_disabled"
	PINMalformed     Reason = "pin_malformed"
	PINUnknown       Reason = "pin_unknown"
	PINQuarantined   Reason = "pin_quarantined"
	PINNotArmed      Reason = "pin_not_armed"
	RoomDenied       Reason = "room_denied"
	LobbyUnavailable Reason = "lobby_unavailable"
	RoomGone         Reason = "room_gone"
	DependencyDown   Reason = "dependency_down"
	Throttled        Reason = "throttled"
	TrunkBusy        Reason = "trunk_busy"
)

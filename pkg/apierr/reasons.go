package apierr

import commonv1 "github.com/parleymeet/parley/gen/parley/common/v1"

// The reasons, under short names.
const (
	Internal            = commonv1.ErrorReason_ERROR_REASON_INTERNAL
	Unavailable         = commonv1.ErrorReason_ERROR_REASON_UNAVAILABLE
	DeadlineExceeded    = commonv1.ErrorReason_ERROR_REASON_DEADLINE_EXCEEDED
	Cancelled           = commonv1.ErrorReason_ERROR_REASON_CANCELLED
	MethodUnknown       = commonv1.ErrorReason_ERROR_REASON_METHOD_UNKNOWN
	Throttled           = commonv1.ErrorReason_ERROR_REASON_THROTTLED
	InvalidFields       = commonv1.ErrorReason_ERROR_REASON_INVALID_FIELDS
	InvalidPage         = commonv1.ErrorReason_ERROR_REASON_INVALID_PAGE
	Unauthenticated     = commonv1.ErrorReason_ERROR_REASON_UNAUTHENTICATED
	CallerNotAllowed    = commonv1.ErrorReason_ERROR_REASON_CALLER_NOT_ALLOWED
	PermissionDenied    = commonv1.ErrorReason_ERROR_REASON_PERMISSION_DENIED
	OperatorRequired    = commonv1.ErrorReason_ERROR_REASON_OPERATOR_REQUIRED
	RoomNotFound        = commonv1.ErrorReason_ERROR_REASON_ROOM_NOT_FOUND
	UserNotFound        = commonv1.ErrorReason_ERROR_REASON_USER_NOT_FOUND
	TrunkNotFound       = commonv1.ErrorReason_ERROR_REASON_TRUNK_NOT_FOUND
	NumberNotFound      = commonv1.ErrorReason_ERROR_REASON_NUMBER_NOT_FOUND
	PinNotFound         = commonv1.ErrorReason_ERROR_REASON_PIN_NOT_FOUND
	CallNotFound        = commonv1.ErrorReason_ERROR_REASON_CALL_NOT_FOUND
	SessionNotFound     = commonv1.ErrorReason_ERROR_REASON_SESSION_NOT_FOUND
	PinsExhausted       = commonv1.ErrorReason_ERROR_REASON_PINS_EXHAUSTED
	TrunkNotEmpty       = commonv1.ErrorReason_ERROR_REASON_TRUNK_NOT_EMPTY
	LastOwner           = commonv1.ErrorReason_ERROR_REASON_LAST_OWNER
	TrunkState          = commonv1.ErrorReason_ERROR_REASON_TRUNK_STATE
	LoginStateUnknown   = commonv1.ErrorReason_ERROR_REASON_LOGIN_STATE_UNKNOWN
	LoginRefused        = commonv1.ErrorReason_ERROR_REASON_LOGIN_REFUSED
	TokenInvalid        = commonv1.ErrorReason_ERROR_REASON_TOKEN_INVALID
	LogoutTokenInvalid  = commonv1.ErrorReason_ERROR_REASON_LOGOUT_TOKEN_INVALID
	RoomHasNoLobby      = commonv1.ErrorReason_ERROR_REASON_ROOM_HAS_NO_LOBBY
	LobbyEntryNotFound  = commonv1.ErrorReason_ERROR_REASON_LOBBY_ENTRY_NOT_FOUND
	ParticipantNotFound = commonv1.ErrorReason_ERROR_REASON_PARTICIPANT_NOT_FOUND
	LiveKitFailed       = commonv1.ErrorReason_ERROR_REASON_LIVEKIT_FAILED
	ModerationRefused   = commonv1.ErrorReason_ERROR_REASON_MODERATION_REFUSED
	ForbiddenField      = commonv1.ErrorReason_ERROR_REASON_FORBIDDEN_FIELD
	AccessNotFound      = commonv1.ErrorReason_ERROR_REASON_ACCESS_NOT_FOUND
	MailOff             = commonv1.ErrorReason_ERROR_REASON_MAIL_OFF

	ApplicationNotFound    = commonv1.ErrorReason_ERROR_REASON_APPLICATION_NOT_FOUND
	ApplicationCredentials = commonv1.ErrorReason_ERROR_REASON_APPLICATION_CREDENTIALS
	ApplicationToken       = commonv1.ErrorReason_ERROR_REASON_APPLICATION_TOKEN
	DelegationMalformed    = commonv1.ErrorReason_ERROR_REASON_DELEGATION_MALFORMED
	DelegationRefused      = commonv1.ErrorReason_ERROR_REASON_DELEGATION_REFUSED
	UserConflict           = commonv1.ErrorReason_ERROR_REASON_USER_CONFLICT
)

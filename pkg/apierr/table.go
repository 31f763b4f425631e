package apierr

import (
	"net/http"

	"google.golang.org/grpc/codes"
)

// Row is what one reason means on the wire.
type Row struct {
	Code codes.Code
	HTTP int
	// Text is the caller's text when the error has none of its own.
	Text string
	// Retryable says that the same call may succeed later, unchanged.
	Retryable bool
}

// StatusClientClosedRequest is the status logged when the caller went away.
const StatusClientClosedRequest = 499

var table = map[Reason]Row{
	Internal:         {codes.Internal, http.StatusInternalServerError, "Something went wrong on our side. The request id finds it in the logs.", false},
	Unavailable:      {codes.Unavailable, http.StatusServiceUnavailable, "The service is not available at the moment. Try again.", true},
	DeadlineExceeded: {codes.DeadlineExceeded, http.StatusGatewayTimeout, "The service did not answer in time. Try again.", true},
	Cancelled:        {codes.Canceled, StatusClientClosedRequest, "The call was cancelled.", false},
	MethodUnknown:    {codes.Unimplemented, http.StatusNotFound, "There is no such method.", false},
	Throttled:        {codes.ResourceExhausted, http.StatusTooManyRequests, "Request was throttled.", true},

	InvalidFields: {codes.InvalidArgument, http.StatusBadRequest, "Some fields are not valid.", false},
	InvalidPage:   {codes.InvalidArgument, http.StatusNotFound, "Invalid page.", false},

	Unauthenticated:  {codes.Unauthenticated, http.StatusUnauthorized, "Authentication credentials were not provided.", false},
	CallerNotAllowed: {codes.PermissionDenied, http.StatusForbidden, "You do not have permission to perform this action.", false},
	PermissionDenied: {codes.PermissionDenied, http.StatusForbidden, "You do not have permission to perform this action.", false},
	OperatorRequired: {codes.PermissionDenied, http.StatusForbidden, "Only operators may do this.", false},

	RoomNotFound:    {codes.NotFound, http.StatusNotFound, "No Room matches the given query.", false},
	UserNotFound:    {codes.NotFound, http.StatusNotFound, "No User matches the given query.", false},
	TrunkNotFound:   {codes.NotFound, http.StatusNotFound, "No Trunk matches the given query.", false},
	NumberNotFound:  {codes.NotFound, http.StatusNotFound, "No Number matches the given query.", false},
	PinNotFound:     {codes.NotFound, http.StatusNotFound, "No PIN matches the given query.", false},
	CallNotFound:    {codes.NotFound, http.StatusNotFound, "No Call matches the given query.", false},
	SessionNotFound: {codes.Unauthenticated, http.StatusUnauthorized, "Authentication credentials were not provided.", false},

	PinsExhausted: {codes.ResourceExhausted, http.StatusServiceUnavailable, "No trunk has a PIN left. Add a trunk, or give a trunk longer PINs.", true},
	TrunkNotEmpty: {codes.FailedPrecondition, http.StatusConflict, "The trunk still holds PINs of rooms. Drain it first.", false},
	LastOwner:     {codes.FailedPrecondition, http.StatusForbidden, "A resource should keep at least one owner.", false},
	TrunkState:    {codes.FailedPrecondition, http.StatusConflict, "The trunk's state does not allow this.", false},

	LoginStateUnknown: {codes.InvalidArgument, http.StatusBadRequest, "This log-in is unknown or too old. Start again.", false},
	LoginRefused:      {codes.PermissionDenied, http.StatusForbidden, "The log-in was refused.", false},
	TokenInvalid:      {codes.Unauthenticated, http.StatusForbidden, "Invalid LiveKit token.", false},

	LogoutTokenInvalid: {codes.InvalidArgument, http.StatusBadRequest, "The logout token is not valid.", false},

	RoomHasNoLobby:      {codes.FailedPrecondition, http.StatusNotFound, "Room has no lobby system.", false},
	LobbyEntryNotFound:  {codes.NotFound, http.StatusNotFound, "Participant not found.", false},
	ParticipantNotFound: {codes.NotFound, http.StatusNotFound, "Participant not found", false},
	LiveKitFailed:       {codes.Unavailable, http.StatusInternalServerError, "LiveKit failed", true},
	ModerationRefused:   {codes.FailedPrecondition, http.StatusForbidden, "This is not allowed.", false},
	ForbiddenField:      {codes.InvalidArgument, http.StatusBadRequest, "A field was sent that nobody may set.", false},
	AccessNotFound:      {codes.NotFound, http.StatusNotFound, "No ResourceAccess matches the given query.", false},

	MailOff:                {codes.FailedPrecondition, http.StatusNotImplemented, "This server sends no e-mail. Share the link of the room instead.", false},
	ApplicationNotFound:    {codes.NotFound, http.StatusNotFound, "No Application matches the given query.", false},
	ApplicationCredentials: {codes.Unauthenticated, http.StatusUnauthorized, "Invalid credentials", false},
	ApplicationToken:       {codes.Unauthenticated, http.StatusUnauthorized, "Invalid token.", false},
	DelegationMalformed:    {codes.InvalidArgument, http.StatusBadRequest, "Scope should be a valid email address.", false},
	DelegationRefused:      {codes.PermissionDenied, http.StatusForbidden, "This application is not authorized for this email domain.", false},
	UserConflict:           {codes.AlreadyExists, http.StatusConflict, "Failed to create or retrieve provisional user.", false},
}

// rowOf returns the row of a reason. A reason from a newer server, unknown
// here, counts as INTERNAL.
func rowOf(reason Reason) Row {
	if row, ok := table[reason]; ok {
		return row
	}
	return table[Internal]
}

// Row returns what the error means on the wire.
func (e *Error) Row() Row { return rowOf(e.Reason) }

// PublicText returns the text for the caller. INTERNAL has a fixed one, whatever the error says.
func (e *Error) PublicText() string {
	if e.Text == "" || e.Reason == Internal {
		return rowOf(e.Reason).Text
	}
	return e.Text
}

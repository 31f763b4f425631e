package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
)

// refusal is what a route of a feature that is off answers to who may use it.
type refusal int

const (
	// unavailable: the feature is off.
	unavailable refusal = iota
	// noneStored: nothing of the kind exists, so none is found.
	noneStored
	// noneListed is an empty list.
	noneListed
)

// offRoute is a row of the table of features that are off.
type offRoute struct {
	mode   mode
	limit  class
	answer refusal
}

// off is the table of the contract's features that are off here, and of how much
// of a visitor's credentials they look at before they say so: clients tell by it
// whether to log in. Uploads (files) are off before anything is looked at, so
// they are like any path that does not exist and have no row.
func off() map[string]offRoute {
	return map[string]offRoute{
		"POST /api/v1.0/rooms/{id}/start-recording":       {mode: member},
		"POST /api/v1.0/rooms/{id}/stop-recording":        {mode: member},
		"POST /api/v1.0/rooms/{id}/start-subtitle":        {mode: bearer, limit: meeting},
		"GET /api/v1.0/recordings":                        {mode: member, answer: noneListed},
		"GET /api/v1.0/recordings/{id}":                   {mode: member, answer: noneStored},
		"DELETE /api/v1.0/recordings/{id}":                {mode: member, answer: noneStored},
		"GET /api/v1.0/recordings/media-auth":             {mode: member},
		"POST /api/v1.0/recordings/storage-hook":          {mode: secret},
		"POST /api/v1.0/recordings/external-process-hook": {mode: secret},
		"POST /api/v1.0/roomkit/join":                     {mode: secret},
		"POST /api/v1.0/addons/sessions/init":             {mode: open},
		"POST /api/v1.0/addons/sessions/poll":             {mode: open},
		"POST /api/v1.0/addons/sessions/exchange":         {mode: member},
	}
}

// refuse answers a request for a feature that is off.
func (a *api) refuse(w http.ResponseWriter, r *http.Request, row offRoute) {
	v, err := a.sessions.visit(r, route{mode: row.mode, audience: forNobody})
	if err == nil {
		err = a.limits.admit(row.limit, v)
	}
	if err == nil && v.Bearer != "" {
		err = a.checkMeetingToken(r, v.Bearer)
	}
	if apierr.Has(err, apierr.TokenInvalid) {
		a.limits.blame(row.limit, v)
	}
	switch {
	case err != nil:
		a.failures.write(w, r, err)
	case row.answer == noneStored:
		a.failures.write(w, r, newFault(http.StatusNotFound, detail("No Recording matches the given query.")))
	case row.answer == unavailable:
		a.failures.write(w, r, notFound())
	case slices.Contains([]string{"", "1", "last"}, r.URL.Query().Get("page")):
		writeJSON(w, http.StatusOK, json.RawMessage(`{"count":0,"next":null,"previous":null,"results":[]}`))
	default:
		a.failures.write(w, r, apierr.New(apierr.InvalidPage, ""))
	}
}

// checkMeetingToken returns what is wrong with a meeting token, whatever it
// opens. Errors: TOKEN_INVALID, UNAVAILABLE.
func (a *api) checkMeetingToken(r *http.Request, token string) error {
	_, err := a.meetings.Authorize(r.Context(), &roomv1.AuthorizeRequest{
		IdOrSlug: strings.Split(strings.TrimPrefix(r.URL.Path, prefix+"/rooms/"), "/")[0], MeetingToken: token,
		Action: roomv1.ModerationAction_MODERATION_ACTION_SELF,
	})
	if apierr.Has(err, apierr.TokenInvalid) || apierr.Has(err, apierr.Unavailable) {
		return err
	}
	return nil
}

// secretOnly judges the shared secret of a machine: as the feature is off, there
// is none that could be right.
func secretOnly(r *http.Request) error {
	header := r.Header.Get("Authorization")
	words := strings.Fields(header)
	switch {
	case header == "":
		return machineFault("Authorization header is missing.")
	case len(words) != 2 || words[0] != "Bearer":
		return machineFault("Invalid authorization header.")
	default:
		return machineFault("Server-to-server token is not configured.")
	}
}

func machineFault(text string) error {
	return &fault{status: http.StatusUnauthorized, body: detail(text), challenge: "Bearer realm='api'"}
}

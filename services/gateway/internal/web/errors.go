package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/obs"
	"github.com/parleymeet/parley/services/gateway/internal/texts"
)

const (
	jsonType       = "application/json"
	nonFieldErrors = "non_field_errors"
)

// badRequestPage is the contract's page for fields that nobody may set.
const badRequestPage = "<!doctype html><html lang=\"en\"><head><title>Bad Request</title></head><body><h1>Bad Request (400)</h1></body></html>"

// fault is a failure that only HTTP knows, with its status and body.
type fault struct {
	status int
	body   any
	allow  []string
	// challenge is what WWW-Authenticate says; empty for none.
	challenge string
}

func (f *fault) Error() string { return http.StatusText(f.status) }

func newFault(status int, body any) error { return &fault{status: status, body: body} }

func detail(text string) map[string]string { return map[string]string{"detail": text} }

func methodNotAllowed(method string, allow []string) error {
	return &fault{status: http.StatusMethodNotAllowed, body: detail(fmt.Sprintf("Method \"%s\" not allowed.", method)), allow: allow}
}

// failures turns errors into answers, in the language of who asked.
type failures struct {
	log   *slog.Logger
	texts texts.Texts
}

// write answers with an error.
func (f failures) write(w http.ResponseWriter, r *http.Request, err error) {
	var known *fault
	if errors.As(err, &known) {
		if known.allow != nil {
			w.Header().Set("Allow", strings.Join(known.allow, ", "))
		}
		if known.challenge != "" {
			w.Header().Set("WWW-Authenticate", known.challenge)
		}
		f.answer(w, r, known.status, known.body)
		return
	}
	if text, ok := undecodable(err); ok {
		f.write(w, r, parseError(text))
		return
	}
	failed := apierr.From(err)
	row := failed.Row()
	if row.HTTP >= http.StatusInternalServerError {
		f.log.ErrorContext(r.Context(), "request failed", "route", notesOf(r.Context()).route, "error", failed)
	}
	switch {
	case row.HTTP == http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", challenge(r, failed))
	case failed.RetryAfter > 0:
		w.Header().Set("Retry-After", strconv.Itoa(wholeSeconds(failed.RetryAfter)))
	}
	if failed.Reason == apierr.ForbiddenField { // the contract answers what smells of an attack with a page
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(row.HTTP)
		_, _ = w.Write([]byte(badRequestPage)) // the client may have gone
		return
	}
	f.answer(w, r, row.HTTP, bodyOf(failed, r))
}

// answer writes the body of an error, its texts translated.
func (f failures) answer(w http.ResponseWriter, r *http.Request, status int, body any) {
	language := languageOf(r)
	speaks(w, language)
	writeJSON(w, status, translated(body, func(english string) string { return f.texts.In(language, english) }))
}

// challenge says how the client may prove who it is.
func challenge(r *http.Request, failed *apierr.Error) string {
	if strings.HasPrefix(r.URL.Path, externalPrefix) || failed.Reason == apierr.ApplicationToken {
		return "Bearer"
	}
	return "Session"
}

// undecodable recognises what grpc-gateway itself says about a body or a query
// that fits no message. Errors of services never look like it: they name a reason.
func undecodable(err error) (string, bool) {
	if named := (*apierr.Error)(nil); errors.As(err, &named) {
		return "", false
	}
	st, ok := status.FromError(err)
	if !ok || st.Code() != codes.InvalidArgument || len(st.Details()) > 0 {
		return "", false
	}
	return "the value does not fit", true
}

// bodyOf returns the body for an error with a reason.
func bodyOf(failed *apierr.Error, r *http.Request) any {
	switch {
	case failed.Reason == apierr.InvalidFields && len(failed.Violations) > 0:
		return fieldErrors(failed.Violations, notesOf(r.Context()).body)
	case failed.Reason == apierr.InvalidFields:
		return map[string][]string{nonFieldErrors: {failed.PublicText()}}
	case failed.Reason == apierr.Throttled && failed.RetryAfter > 0:
		if seconds := wholeSeconds(failed.RetryAfter); seconds > 1 {
			return detail(fmt.Sprintf("Request was throttled. Expected available in %d seconds.", seconds))
		}
		return detail("Request was throttled. Expected available in 1 second.")
	case failed.Reason == apierr.Internal:
		return map[string]string{"detail": failed.PublicText(), "request_id": obs.RequestID(r.Context())}
	case failed.Reason == apierr.RoomHasNoLobby, failed.Reason == apierr.LobbyEntryNotFound:
		return map[string]string{"message": failed.PublicText()}
	case failed.Reason == apierr.ParticipantNotFound, failed.Reason == apierr.LiveKitFailed, failed.Reason == apierr.ModerationRefused,
		failed.Reason == apierr.DelegationMalformed, failed.Reason == apierr.DelegationRefused, failed.Reason == apierr.UserConflict:
		return map[string]string{"error": failed.PublicText()}
	default:
		return detail(failed.PublicText())
	}
}

func wholeSeconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// writeJSON writes compact JSON with unescaped UTF-8.
func writeJSON(w http.ResponseWriter, status int, body any) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	raw := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	w.Header().Set("Content-Type", jsonType)
	w.Header().Set("Content-Length", strconv.Itoa(len(raw)))
	w.WriteHeader(status)
	_, _ = w.Write(raw) // the client may have gone
}

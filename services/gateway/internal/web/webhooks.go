package web

import (
	"errors"
	"io"
	"log/slog"
	"net/http"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
)

// webhooksPath is where LiveKit posts its events.
const webhooksPath = prefix + "/rooms/webhooks-livekit"

// maxEvent bounds the body of an event.
const maxEvent = 256 << 10

// webhooks passes LiveKit's events on to room, byte by byte: they are signed,
// and the gateway cannot check that. LiveKit repeats what is answered with 429
// or 5xx.
type webhooks struct {
	client roomv1.EventServiceClient
	log    *slog.Logger
}

func (h *webhooks) page() page {
	return page{webhooksPath, reporting, []string{http.MethodPost}, h.receive}
}

func (h *webhooks) receive(w http.ResponseWriter, r *http.Request) {
	authorization := r.Header.Get("Authorization")
	if authorization == "" {
		writeJSON(w, http.StatusUnauthorized, outcome("error"))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEvent))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		writeJSON(w, http.StatusRequestEntityTooLarge, outcome("error"))
		return
	} else if err != nil {
		writeJSON(w, http.StatusBadRequest, outcome("error"))
		return
	}
	_, err = h.client.ReceiveLiveKitEvent(r.Context(), &roomv1.ReceiveLiveKitEventRequest{Body: body, Authorization: authorization})
	if err != nil {
		writeJSON(w, h.status(r, err), outcome("error"))
		return
	}
	writeJSON(w, http.StatusOK, outcome("success"))
}

func (h *webhooks) status(r *http.Request, err error) int {
	if apierr.Has(err, apierr.TokenInvalid) || apierr.Has(err, apierr.InvalidFields) {
		return http.StatusBadRequest
	}
	h.log.WarnContext(r.Context(), "an event of LiveKit is not taken; it is sent again", "error", err)
	return max(apierr.From(err).Row().HTTP, http.StatusInternalServerError)
}

func outcome(status string) map[string]string { return map[string]string{"status": status} }

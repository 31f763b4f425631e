package contract

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// attackPages sends what nobody wants to the paths that are not in the OpenAPI
// document: log-in and log-out, the identity provider's word, LiveKit's webhooks.
func (h *hostility) attackPages(t *testing.T) {
	t.Helper()
	const api = "/api/v1.0/"
	texts := slices.Concat(everywhere(), hostileBodies(), h.some(hostileValues(), 8))
	for i, value := range texts {
		texts[i] = strings.Trim(value, `"`)
	}
	queries := make([]string, len(texts))
	for i, text := range texts {
		queries[i] = url.QueryEscape(text[:min(len(text), 8000)]) // the whole head of a request has 64 KiB
	}
	for page, parameters := range map[string][]string{
		"authenticate":    {"returnTo", "login_hint", "silent", "prompt"},
		"callback":        {"code", "state", "error"},
		"logout-callback": {"state"},
		"logout":          {"x"},
	} {
		for _, parameter := range parameters {
			for _, value := range slices.Concat(queries, []string{"%00", "%FF%FE", "%zz", "%0d%0aX-Evil:%201"}) {
				h.page(t, h.visitor, http.MethodGet, api+page+"/?"+parameter+"="+value, "")
			}
		}
	}
	form := h.visitor.sending("Content-Type", "application/x-www-form-urlencoded")
	for _, text := range texts {
		h.page(t, form, http.MethodPost, api+"backchannel-logout/", "logout_token="+url.QueryEscape(text))
		h.page(t, form, http.MethodPost, api+"backchannel-logout/", text)
		h.page(t, form, http.MethodPost, api+"logout/", text)
		h.page(t, h.visitor.sending("Authorization", "x.y.z"), http.MethodPost, api+"rooms/webhooks-livekit/", text)
	}
	for _, authorization := range []string{"x", "Bearer x", strings.Repeat("x", 30_000), "a.b.c", "e30.e30.e30", "e30.e30.", "\xff\xfe", "..", "%00"} {
		h.page(t, h.visitor.sending("Authorization", authorization), http.MethodPost, api+"rooms/webhooks-livekit/", `{"event":"room_started"}`)
	}
}

// page asks one; it must refuse, send elsewhere or ask who is there, and not fail.
func (h *hostility) page(t *testing.T, b *browser, method, path, body string) {
	t.Helper()
	h.sent++
	got := b.noRedirects().do(t, method, path, body)
	if got.status >= http.StatusInternalServerError || method == http.MethodPost && got.status < http.StatusMultipleChoices || got.header.Get("X-Evil") != "" {
		t.Errorf("%s %.120s with %.300q: %d %.300s", method, path, body, got.status, got.raw)
	}
}

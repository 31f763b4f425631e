package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
)

const passCookie = "lobbyParticipantId"

// Guests wait in the lobby of one room, each with a cookie and an address of
// its own, as its limits count them. Different guests may ask at the same time.
type Guests struct {
	url    string
	http   *http.Client
	passes []atomic.Pointer[string]
}

// NewGuests returns so many guests of a room, who share so many connections.
func NewGuests(base, room string, count, connections int) *Guests {
	return &Guests{
		url:    base + RoomsPath + room + "/request-entry/",
		http:   &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}},
		passes: make([]atomic.Pointer[string], count),
	}
}

// Count returns how many there are.
func (g *Guests) Count() int { return len(g.passes) }

// Ask lets a guest, from 0, ask to enter. Anything but that it waits, as the
// one it was before, is an error.
func (g *Guests) Ask(ctx context.Context, guest int) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url, strings.NewReader(`{"username":"Guest"}`))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	// Suites of this laboratory believe it, so that the limits of one address hold.
	req.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", guest>>16&0xff, guest>>8&0xff, guest&0xff))
	before := g.passes[guest].Load()
	if before != nil {
		req.AddCookie(&http.Cookie{Name: passCookie, Value: *before}) // #nosec G124 -- sent, not set
	}
	resp, err := g.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	var entry struct {
		Status string `json:"status"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&entry); err != nil {
		return fmt.Errorf("request-entry: %s: %w", resp.Status, err)
	}
	_, _ = io.Copy(io.Discard, resp.Body) // the connection is kept only when all is read
	if resp.StatusCode != http.StatusOK || entry.Status != "waiting" {
		return fmt.Errorf("request-entry: %s, %q", resp.Status, entry.Status)
	}
	for _, cookie := range resp.Cookies() {
		if cookie.Name != passCookie {
			continue
		}
		if before != nil && cookie.Value != *before {
			return fmt.Errorf("guest %d has become another person", guest)
		}
		g.passes[guest].Store(&cookie.Value)
	}
	return nil
}

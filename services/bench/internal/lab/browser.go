package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
)

// RoomsPath is where rooms are created; a room's id follows.
const RoomsPath = "/api/v1.0/rooms/"

// Browser is a REST client that keeps cookies and connections, as the
// frontend's page does.
type Browser struct {
	base, csrf string
	http       *http.Client
}

// NewBrowser returns a browser that keeps so many connections.
func NewBrowser(base string, connections int) (*Browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{MaxIdleConnsPerHost: connections}
	return &Browser{base: base, http: &http.Client{Jar: jar, Transport: transport}}, nil
}

// Login logs a person in by the development log-in.
func (b *Browser) Login(ctx context.Context, email string) error {
	me := b.base + "/api/v1.0/users/me/"
	path := "/api/v1.0/authenticate/?login_hint=" + url.QueryEscape(email) + "&returnTo=" + url.QueryEscape(me)
	if err := b.Do(ctx, http.MethodGet, path, nil, http.StatusOK, nil); err != nil {
		return fmt.Errorf("log-in: %w", err)
	}
	u, err := url.Parse(b.base)
	if err != nil {
		return err
	}
	for _, cookie := range b.http.Jar.Cookies(u) {
		if cookie.Name == "csrftoken" {
			b.csrf = cookie.Value
			return nil
		}
	}
	return errors.New("log-in gave no csrftoken")
}

// Do sends a request with a JSON body, if any, checks the status and reads the
// answer into result, if any.
func (b *Browser) Do(ctx context.Context, method, path string, body any, status int, result any) error {
	var reader io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, b.base+path, reader)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if b.csrf != "" {
		req.Header.Set("X-CSRFToken", b.csrf)
	}
	resp, err := b.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode != status:
		return fmt.Errorf("%s %s: %d, want %d: %s", method, req.URL.Path, resp.StatusCode, status, raw)
	case result != nil:
		return json.Unmarshal(raw, result)
	}
	return nil
}

// GetMe asks who the owner of a session is. The browser itself must not be logged in.
func (b *Browser) GetMe(ctx context.Context, session string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+"/api/v1.0/users/me/", http.NoBody)
	if err != nil {
		return err
	}
	req.AddCookie(&http.Cookie{Name: "sessionid", Value: session}) // #nosec G124 -- sent, not set
	resp, err := b.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	var me struct {
		Email string `json:"email"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&me); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || me.Email == "" {
		return fmt.Errorf("users/me: %s", resp.Status)
	}
	return nil
}

// Room is what a figure needs of a room.
type Room struct {
	ID string `json:"id"`
	// PIN is empty while the room has none.
	PIN     string `json:"pin_code"`
	LiveKit struct {
		Token string `json:"token"`
	} `json:"livekit"`
}

// CreateRoom creates a room. One without PIN or token is an error.
func (b *Browser) CreateRoom(ctx context.Context, name string, status int) (Room, error) {
	var room Room
	err := b.Do(ctx, http.MethodPost, RoomsPath, map[string]string{"name": name}, status, &room)
	return room, errors.Join(err, room.complete(err))
}

// GetRoom gets a room of which the browser's user is the owner.
func (b *Browser) GetRoom(ctx context.Context, id string) (Room, error) {
	var room Room
	err := b.Do(ctx, http.MethodGet, RoomsPath+id+"/", nil, http.StatusOK, &room)
	return room, errors.Join(err, room.complete(err))
}

// CreateLobby creates a room into which nobody but its owner comes without
// being let in, and returns its id.
func (b *Browser) CreateLobby(ctx context.Context, name string) (id string, err error) {
	var room Room
	err = b.Do(ctx, http.MethodPost, RoomsPath, map[string]string{"name": name, "access_level": "restricted"}, http.StatusCreated, &room)
	return room.ID, err
}

// CountWaiting returns how many a room's owner is shown who wait.
func (b *Browser) CountWaiting(ctx context.Context, room string) (int, error) {
	var list struct {
		Participants []struct{} `json:"participants"`
	}
	err := b.Do(ctx, http.MethodGet, RoomsPath+room+"/waiting-participants/", nil, http.StatusOK, &list)
	return len(list.Participants), err
}

func (r Room) complete(err error) error {
	if err == nil && (r.ID == "" || r.PIN == "" || r.LiveKit.Token == "") {
		return errors.New("the answer lacks id, PIN or token")
	}
	return nil
}

// CreateTrunk adds a trunk that takes calls from this machine, as an operator.
func (b *Browser) CreateTrunk(ctx context.Context, number string, pinLength int) (id string, err error) {
	var trunk struct {
		ID string `json:"id"`
	}
	err = b.Do(ctx, http.MethodPost, "/api/v1.0/telephony/trunks/", map[string]any{
		"name": "Bench " + number, "pin_length": pinLength, "allowed_addresses": []string{"127.0.0.0/8"},
		"numbers": []map[string]string{{"number": number}},
	}, http.StatusCreated, &trunk)
	return trunk.ID, err
}

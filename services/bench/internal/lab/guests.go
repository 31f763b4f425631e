package lab

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
)

const passCookie = "lobbyParticipantId"

// Guests wait in the lobby of one room, each with a cookie and an address of
// its own, as its limits count them. Different guests may ask at the same time.
//
// They speak HTTP on connections of their own, a request and its answer at a
// time: net/http's client would take more of the machine that they share with the server.
type Guests struct {
	address, path string
	conns         chan *wire
	passes        []atomic.Pointer[string]
}

// wire is a connection to the server; nil while there is none.
type wire struct {
	net.Conn
	answers *bufio.Reader
}

// NewGuests returns so many guests of a room at the server's URL, who share so
// many connections.
func NewGuests(base, room string, count, connections int) *Guests {
	g := &Guests{
		address: strings.TrimPrefix(base, "http://"), path: RoomsPath + room + "/request-entry/",
		conns: make(chan *wire, connections), passes: make([]atomic.Pointer[string], count),
	}
	for range connections {
		g.conns <- nil
	}
	return g
}

// Count returns how many there are.
func (g *Guests) Count() int { return len(g.passes) }

// Close ends the connections. Nobody asks then.
func (g *Guests) Close() error {
	var errs []error
	for range cap(g.conns) {
		if w := <-g.conns; w != nil {
			errs = append(errs, w.Close())
		}
		g.conns <- nil
	}
	return errors.Join(errs...)
}

// Ask lets a guest, from 0, ask to enter. Anything but that it waits, as the
// one it was before, is an error.
func (g *Guests) Ask(ctx context.Context, guest int) error {
	before := g.passes[guest].Load()
	resp, err := g.exchange(ctx, g.request(guest, before))
	if err != nil {
		return fmt.Errorf("request-entry: %w", err)
	}
	if resp.code != http.StatusOK || resp.status != "waiting" {
		return fmt.Errorf("request-entry: %d, %q", resp.code, resp.status)
	}
	if resp.pass == "" {
		return nil
	}
	if before != nil && resp.pass != *before {
		return fmt.Errorf("guest %d has become another person", guest)
	}
	g.passes[guest].Store(&resp.pass)
	return nil
}

// request is what a guest sends. Suites of this laboratory believe its address,
// so that the limits of one address hold.
func (g *Guests) request(guest int, pass *string) string {
	const body = `{"username":"Guest"}`
	cookie := ""
	if pass != nil {
		cookie = "Cookie: " + passCookie + "=" + *pass + "\r\n"
	}
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nX-Forwarded-For: 10.%d.%d.%d\r\n%s\r\n%s",
		g.path, g.address, len(body), guest>>16&0xff, guest>>8&0xff, guest&0xff, cookie, body)
}

// entered is an answer: its status code, and what it says of the guest.
type entered struct {
	code         int
	status, pass string
}

func (g *Guests) exchange(ctx context.Context, request string) (answer entered, err error) {
	w := <-g.conns
	defer func() {
		if err != nil && w != nil { // the answer may be half read
			_ = w.Close()
			w = nil
		}
		g.conns <- w
	}()
	if w == nil {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", g.address)
		if err != nil {
			return answer, err
		}
		w = &wire{Conn: conn, answers: bufio.NewReader(conn)}
	}
	deadline, _ := ctx.Deadline() // the zero time is no deadline
	if err := w.SetDeadline(deadline); err != nil {
		return answer, err
	}
	if _, err := io.WriteString(w, request); err != nil {
		return answer, err
	}
	return w.read()
}

// read reads what of an answer matters here: the status, the length, the cookie,
// and the status in the body.
func (w *wire) read() (answer entered, err error) {
	first, err := w.answers.ReadSlice('\n')
	if err != nil {
		return answer, err
	}
	code, ok := bytes.CutPrefix(first, []byte("HTTP/1.1 "))
	if !ok || len(code) < 3 {
		return answer, fmt.Errorf("status line %q", first)
	}
	if answer.code, err = strconv.Atoi(string(code[:3])); err != nil {
		return answer, fmt.Errorf("status line %q: %w", first, err)
	}
	length := 0
	for {
		line, err := w.answers.ReadSlice('\n')
		if err != nil {
			return answer, err
		}
		name, value, header := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(": "))
		if !header { // the empty line at their end
			break
		}
		switch string(name) {
		case "Content-Length":
			if length, err = strconv.Atoi(string(value)); err != nil {
				return answer, err
			}
		case "Set-Cookie":
			if pass, ours := bytes.CutPrefix(value, []byte(passCookie+"=")); ours {
				pass, _, _ = bytes.Cut(pass, []byte(";"))
				answer.pass = string(pass)
			}
		}
	}
	content, err := w.answers.Peek(length)
	if err != nil {
		return answer, err
	}
	_, status, _ := bytes.Cut(content, []byte(`"status":"`))
	status, _, _ = bytes.Cut(status, []byte(`"`))
	answer.status = string(status)
	_, err = w.answers.Discard(length)
	return answer, err
}

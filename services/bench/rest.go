package main

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/parleymeet/parley/services/bench/internal/lab"
	"github.com/parleymeet/parley/services/bench/internal/measure"
	"github.com/parleymeet/parley/services/bench/internal/peer"
)

// readRooms is how many rooms are read in turn.
const readRooms = 50

// site is a server of the REST contract with rooms in it.
type site struct {
	name    string
	browser *lab.Browser
	rooms   []string
	created int // status of a creation
	turn    atomic.Int64
}

// rest measures rooms over REST.
func rest(ctx context.Context, b *bench) error {
	bare, err := bareSite(ctx, b)
	if err != nil {
		return err
	}
	onSQLite, err := standaloneSite(ctx, b, "standalone, SQLite", "")
	if err != nil {
		return err
	}
	database, err := b.Database(ctx)
	if err != nil {
		return err
	}
	onPostgres, err := standaloneSite(ctx, b, "standalone, PostgreSQL", database)
	if err != nil {
		return err
	}
	sites := []*site{bare, onSQLite, onPostgres}
	b.Linef("4. Rooms over REST, logged in, connections kept. Goal: none but to know the ratio")
	for _, kind := range []struct {
		name   string
		series func(*site) measure.Series
	}{{"create a room", (*site).creating}, {"get a room", (*site).getting}} {
		for _, clients := range []int{1, rateClients} {
			var series []measure.Series
			for _, s := range sites {
				series = append(series, kind.series(s))
			}
			results, err := measure.Run(ctx, b.plan(clients), series...)
			if err != nil {
				return err
			}
			b.Linef("   %s, clients: %d", kind.name, clients)
			b.Rates(results...)
		}
	}
	return nil
}

func bareSite(ctx context.Context, b *bench) (*site, error) {
	address, err := lab.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.Peer(ctx, peer.Gateway, address); err != nil {
		return nil, err
	}
	browser, err := lab.NewBrowser("http://"+address, rateClients)
	if err != nil {
		return nil, err
	}
	// A bare gateway knows no other status of success.
	return &site{name: "grpc-gateway echo (peer)", browser: browser, rooms: []string{"any"}, created: http.StatusOK}, nil
}

// standaloneSite starts standalone and creates a trunk and rooms.
func standaloneSite(ctx context.Context, b *bench, name, database string) (*site, error) {
	dir, err := b.Dir()
	if err != nil {
		return nil, err
	}
	suite, err := b.Standalone(ctx, dir, database)
	if err != nil {
		return nil, err
	}
	if err := suite.WaitReady(ctx); err != nil {
		return nil, err
	}
	browser, err := lab.NewBrowser(suite.HTTP, rateClients)
	if err != nil {
		return nil, err
	}
	s := &site{name: name, browser: browser, created: http.StatusCreated}
	if err := browser.Login(ctx, lab.OperatorEmail); err != nil {
		return nil, err
	}
	if _, err := browser.CreateTrunk(ctx, number, pinLength); err != nil {
		return nil, err
	}
	for i := range readRooms {
		room, err := browser.CreateRoom(ctx, fmt.Sprintf("Read %d", i), s.created)
		if err != nil {
			return nil, err
		}
		s.rooms = append(s.rooms, room.ID)
	}
	return s, nil
}

func (s *site) creating() measure.Series {
	return measure.Series{Name: s.name, Do: func(ctx context.Context, _ int) error {
		_, err := s.browser.CreateRoom(ctx, fmt.Sprintf("Room %d", s.turn.Add(1)), s.created)
		return err
	}}
}

func (s *site) getting() measure.Series {
	return measure.Series{Name: s.name, Do: func(ctx context.Context, _ int) error {
		_, err := s.browser.GetRoom(ctx, s.rooms[int(s.turn.Add(1))%len(s.rooms)])
		return err
	}}
}

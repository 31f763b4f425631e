package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"

	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/services/bench/internal/lab"
)

const (
	number    = "+33199000123"
	pinLength = 10
	// dialledRooms is how many rooms exist; the PINs of the others lead nowhere
	// and are never dialled.
	dialledRooms = 200

	// settleTime bounds the wait for call records, settleInterval is how often
	// they are counted.
	settleTime     = 30 * time.Second
	settleInterval = 20 * time.Millisecond
	// sliceCalls is how many calls a slice has at most: half of what telephony's
	// queue of call records holds.
	sliceCalls = 2000
)

// telephony is a telephony service with PINs.
type telephony struct {
	*lab.Split
	db    *pgxpool.Pool
	trunk string
	// rooms exist and have a PIN here.
	rooms []lab.Room
	// calls is how many calls it was asked about, each with an id of its own.
	calls atomic.Int64
	turn  atomic.Int64
}

// populate starts the five services with rooms and PINs.
func populate(ctx context.Context, b *bench) (*telephony, error) {
	split, err := b.Split(ctx)
	if err != nil {
		return nil, err
	}
	t := &telephony{Split: split}
	return t, t.fill(ctx, b)
}

// alone starts the suite in one process, on the same kinds of database and bus.
func alone(ctx context.Context, b *bench) (*telephony, error) {
	redis, err := b.Redis(ctx)
	if err != nil {
		return nil, err
	}
	database, err := b.Database(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := b.Dir()
	if err != nil {
		return nil, err
	}
	suite, err := b.StandaloneOnBus(ctx, dir, database, redis)
	if err != nil {
		return nil, err
	}
	t := &telephony{Split: &lab.Split{HTTP: suite.HTTP, Redis: redis, Database: database}}
	return t, errors.Join(suite.WaitReady(ctx), t.fill(ctx, b))
}

// fill creates rooms as their users do, and adds PINs to the trunk until it
// holds b.pins.
func (t *telephony) fill(ctx context.Context, b *bench) error {
	operator, err := lab.NewBrowser(t.HTTP, 1)
	if err != nil {
		return err
	}
	if err := operator.Login(ctx, lab.OperatorEmail); err != nil {
		return err
	}
	if t.trunk, err = operator.CreateTrunk(ctx, number, pinLength); err != nil {
		return err
	}
	for i := range dialledRooms {
		room, err := operator.CreateRoom(ctx, fmt.Sprintf("Bench %d", i), http.StatusCreated)
		if err != nil {
			return err
		}
		t.rooms = append(t.rooms, room)
	}
	if t.db, err = b.Pool(ctx, t.Database); err != nil {
		return err
	}
	if err := lab.Seed(ctx, t.db, t.trunk, pinLength, b.pins); err != nil {
		return err
	}
	return lab.Rest(ctx, t.db)
}

// second starts another telephony service, which has PINs for these rooms alone.
func (t *telephony) second(ctx context.Context, b *bench, rooms []lab.Room) (*telephony, error) {
	split, err := t.SecondTelephony(ctx)
	if err != nil {
		return nil, err
	}
	s := &telephony{Split: split}
	if s.db, err = b.Pool(ctx, split.Database); err != nil {
		return nil, err
	}
	if s.trunk, err = s.addTrunk(ctx, number, pinLength); err != nil {
		return nil, err
	}
	conn, err := s.Dial(identity.CallerRoom, identity.CallerTelephony)
	if err != nil {
		return nil, err
	}
	for _, room := range rooms {
		answer, err := telephonyv1.NewPinServiceClient(conn).AllocatePin(ctx, &telephonyv1.AllocatePinRequest{RoomId: room.ID})
		if err != nil {
			return nil, err
		}
		room.PIN = answer.GetDialIn().GetPin()
		s.rooms = append(s.rooms, room)
	}
	return s, lab.Rest(ctx, s.db)
}

// addTrunk adds a trunk as the operator's command line does.
func (t *telephony) addTrunk(ctx context.Context, number string, pinLength int32) (id string, err error) {
	conn, err := t.Dial(identity.CallerOperator, identity.CallerTelephony)
	if err != nil {
		return "", err
	}
	answer, err := telephonyv1.NewTrunkServiceClient(conn).CreateTrunk(ctx, &telephonyv1.CreateTrunkRequest{
		Trunk: &telephonyv1.Trunk{
			Name: "Bench " + number, PinLength: pinLength, AllowedAddresses: []string{"127.0.0.0/8"},
			Numbers: []*telephonyv1.PhoneNumber{{Number: number}},
		},
	})
	return answer.GetTrunk().GetId(), err
}

// next returns the rooms one after the other.
func (t *telephony) next() lab.Room {
	return t.rooms[int(t.turn.Add(1))%len(t.rooms)]
}

// settle waits until every call has its record, which is written in the background.
func (t *telephony) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, settleTime, errors.New("call records are missing"))
	defer cancel()
	tick := time.NewTicker(settleInterval)
	defer tick.Stop()
	for {
		var recorded int64
		if err := t.db.QueryRow(ctx, `SELECT count(*) FROM parley_telephony.calls`).Scan(&recorded); err != nil {
			return errors.Join(err, context.Cause(ctx))
		}
		if recorded >= t.calls.Load() {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

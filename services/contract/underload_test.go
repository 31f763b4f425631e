package contract

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/livekit/protocol/rpc"

	"github.com/parleymeet/parley/pkg/testkit"
)

const (
	// steady is how long every call must be answered well for service to be back.
	steady = time.Second
	// answerReserve is what an answer may take above DISPATCH_DEADLINE: the bus,
	// and a busy machine.
	dispatchDeadline = 1500 * time.Millisecond
	answerReserve    = time.Second
)

// loadRate is calls a second, and backWithin how soon service must be back. The
// race detector makes programs slow by ten times.
func loadRate() (rate int, backWithin time.Duration) {
	if raceEnabled {
		return 40, 15 * time.Second
	}
	return 200, 5 * time.Second
}

// asked is one question to the bus and what came of it.
type asked struct {
	at     time.Time
	took   time.Duration
	result rpc.SIPDispatchResult
	lost   bool // no answer
}

func (a asked) good() bool { return !a.lost && a.result == rpc.SIPDispatchResult_ACCEPT }

// load asks where calls with the PINs of rooms go, at a steady rate whatever
// becomes of the calls before.
type load struct {
	mu   sync.Mutex
	done []asked
}

// startLoad loads the bus until the test's load is stopped.
func startLoad(t *testing.T, bus rpc.IOInfoClient, rooms []map[string]any, rate int) (l *load, stop func()) {
	t.Helper()
	l = &load{}
	var calls, ticker sync.WaitGroup
	ended := make(chan struct{})
	ticker.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-ended:
				return
			case <-tick.C:
				room := rooms[i%len(rooms)]
				question := call(fmt.Sprintf("+336%08d", i), "+33199000123")
				calls.Go(func() { l.ask(t, bus, question, room) })
			}
		}
	})
	return l, func() {
		close(ended)
		ticker.Wait()
		calls.Wait()
	}
}

func (l *load) ask(t *testing.T, bus rpc.IOInfoClient, question *rpc.SIPCall, room map[string]any) {
	a := asked{at: time.Now()}
	answer, err := bus.EvaluateSIPDispatchRules(t.Context(), &rpc.EvaluateSIPDispatchRulesRequest{
		Call: question, Pin: room["pin_code"].(string),
	})
	a.took, a.lost, a.result = time.Since(a.at), err != nil, answer.GetResult()
	if a.good() && answer.GetRoomName() != room["id"] {
		t.Errorf("the PIN of room %v leads to %s", room["id"], answer.GetRoomName())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = append(l.done, a)
}

// between returns what was asked in a time and has been answered or lost.
func (l *load) between(from, to time.Time) []asked {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []asked
	for _, a := range l.done {
		if !a.at.Before(from) && a.at.Before(to) {
			list = append(list, a)
		}
	}
	return list
}

// back waits until all that was asked in a whole second was answered well, and
// returns how long after the instant that second began.
func (l *load) back(t *testing.T, since time.Time, rate int, within time.Duration) time.Duration {
	t.Helper()
	from := since
	testkit.Eventually(t, within+steady+dispatchDeadline, func() error {
		if time.Since(from) < steady {
			return fmt.Errorf("not yet %v after %v", steady, from.Sub(since))
		}
		good := 0
		for _, a := range l.between(from, from.Add(steady)) {
			if !a.good() {
				from = a.at.Add(time.Microsecond)
				return fmt.Errorf("%v later a call: lost %v, %v", a.at.Sub(since), a.lost, a.result)
			}
			good++
		}
		if good < rate/2 {
			return fmt.Errorf("%d answers to what was asked in a second, %v later", good, from.Sub(since))
		}
		return nil
	})
	if took := from.Sub(since); took > within {
		t.Errorf("back after %v, want %v at most", took, within)
	}
	return from.Sub(since)
}

// tally counts outcomes, and the longest time to a refusal.
func tally(list []asked) (refused, lost int, slowest time.Duration) {
	for _, a := range list {
		switch {
		case a.lost:
			lost++
		case !a.good():
			refused++
			slowest = max(slowest, a.took)
		}
	}
	return refused, lost, slowest
}

// TestOutagesUnderLoad kills a replica of telephony, restarts Redis, restarts
// PostgreSQL and then makes it slow, under a steady load of calls. Nothing of
// the suite is restarted, and each time every call is answered again within
// seconds.
func TestOutagesUnderLoad(t *testing.T) {
	rate, within := loadRate()
	redis, database := testkit.StartRedis(t, 0), testkit.StartPostgres(t)
	d := startSplit(t, splitOptions{replicas: 2, redis: redis.URL, postgres: database.URL, more: []string{"CROWD_CALLERS", "off"}})
	d.login(t, "operator@example.org").createTrunk(t, "Carrier", "+33199000123", 10)
	ada := d.login(t, "ada.lovelace@example.org")
	rooms := make([]map[string]any, 10)
	for i := range rooms {
		rooms[i] = ada.createRoom(t, fmt.Sprintf("loaded-%d", i))
	}
	l, stop := startLoad(t, d.sipBus(t), rooms, rate)
	defer stop()
	l.back(t, time.Now(), rate, within)

	// The calls that it had claimed are lost, and no others.
	killed := time.Now()
	d.processes["telephony-2"].kill()
	took := l.back(t, killed, rate, within)
	time.Sleep(3 * time.Second) // what was lost is known when LiveKit SIP's client gives up
	refused, lost, _ := tally(l.between(killed.Add(-steady), killed.Add(within)))
	t.Logf("a replica killed under %d calls a second: %d refused, %d lost; all answered again after %v", rate, refused, lost, took)
	if refused+lost > rate {
		t.Errorf("%d calls refused and %d lost, more than a second's", refused, lost)
	}
	d.processes["telephony-2"].start()
	d.waitReady(t, "telephony-2")

	redis.Stop()
	time.Sleep(time.Second)
	redis.Start()
	started := time.Now()
	t.Logf("Redis restarted: all answered again after %v", l.back(t, started, rate, within).Round(time.Millisecond))

	d.withoutDatabase(t, l, "stopped", func() (back func()) {
		database.Stop()
		return database.Start
	})
	d.withoutDatabase(t, l, "locked", func() (back func()) {
		conn, err := pgx.Connect(t.Context(), database.URL)
		if err == nil {
			_, err = conn.Exec(t.Context(), "BEGIN; LOCK TABLE parley_telephony.throttles")
		}
		if err != nil {
			t.Fatal(err)
		}
		return func() { _ = conn.Close(t.Context()) }
	})
}

// withoutDatabase wants refusals in time while PostgreSQL gives no answers, and
// service when it does again.
func (d *deployment) withoutDatabase(t *testing.T, l *load, how string, leave func() (back func())) {
	t.Helper()
	rate, within := loadRate()
	down := func() int {
		return strings.Count(d.processes["telephony"].logs.String()+d.processes["telephony-2"].logs.String(), "dependency_down")
	}
	before, left := down(), time.Now()
	back := leave()
	time.Sleep(2 * time.Second)
	back()
	returned := time.Now()
	took := l.back(t, returned, rate, within)
	all := l.between(left, returned.Add(took))
	refused, lost, slowest := tally(all)
	t.Logf("PostgreSQL %s for %v: %d calls asked, %d refused, %d lost; the slowest refusal took %v; all answered again after %v",
		how, returned.Sub(left).Round(time.Millisecond), len(all), refused, lost, slowest.Round(time.Millisecond), took)
	if refused == 0 || lost > 0 || slowest > dispatchDeadline+answerReserve {
		t.Errorf("%d refused, %d lost, the slowest refusal after %v", refused, lost, slowest)
	}
	if n := down() - before; n < refused {
		t.Errorf("%d refusals because of a dependency in the log, want the %d", n, refused)
	}
}

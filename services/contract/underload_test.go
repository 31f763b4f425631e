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

// steady is how long every call must be answered well for service to be back.
const steady = time.Second

// pace is how much load there is, and what is wanted under it.
type pace struct {
	rate   int           // calls a second
	back   time.Duration // how soon service must be back
	answer time.Duration // how soon a refusal must come: DISPATCH_DEADLINE, the bus, and a busy machine
	lost   float64       // the part of calls that may be lost while the database is away
}

// loadPace is for programs as they are, and for such as the race detector makes
// slow by ten times.
func loadPace() pace {
	if raceEnabled {
		return pace{rate: 40, back: 15 * time.Second, answer: 3 * time.Second, lost: 0.05}
	}
	return pace{rate: 200, back: 5 * time.Second, answer: 2500 * time.Millisecond}
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
func startLoad(t *testing.T, bus rpc.IOInfoClient, rooms []map[string]any) (l *load, stop func()) {
	t.Helper()
	l = &load{}
	var calls, ticker sync.WaitGroup
	ended := make(chan struct{})
	ticker.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(loadPace().rate))
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
func (l *load) back(t *testing.T, since time.Time) time.Duration {
	t.Helper()
	from, want := since, loadPace()
	testkit.Eventually(t, want.back+steady+want.answer, func() error {
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
		if good < want.rate/2 {
			return fmt.Errorf("%d answers to what was asked in a second, %v later", good, from.Sub(since))
		}
		return nil
	})
	if took := from.Sub(since); took > want.back {
		t.Errorf("back after %v, want %v at most", took, want.back)
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
	redis, database := testkit.StartRedis(t, 0), testkit.StartPostgres(t)
	d := startSplit(t, splitOptions{replicas: 2, redis: redis.URL, database: database.URL, more: []string{"CROWD_CALLERS", "off"}})
	d.login(t, "operator@example.org").createTrunk(t, "Carrier", "+33199000123", 10)
	ada := d.login(t, "ada.lovelace@example.org")
	rooms := make([]map[string]any, 10)
	for i := range rooms {
		rooms[i] = ada.createRoom(t, fmt.Sprintf("loaded-%d", i))
	}
	l, stop := startLoad(t, d.sipBus(t), rooms)
	defer stop()
	l.back(t, time.Now())

	// The calls that it had claimed are lost, and no others.
	killed := time.Now()
	d.processes["telephony-2"].kill()
	took := l.back(t, killed)
	time.Sleep(3 * time.Second) // what was lost is known when LiveKit SIP's client gives up
	refused, lost, _ := tally(l.between(killed.Add(-steady), killed.Add(loadPace().back)))
	t.Logf("a replica killed under %d calls a second: %d refused, %d lost; all answered again after %v", loadPace().rate, refused, lost, took)
	if refused+lost > loadPace().rate {
		t.Errorf("%d calls refused and %d lost, more than a second's", refused, lost)
	}
	d.processes["telephony-2"].start()
	d.waitReady(t, "telephony-2")

	stopped := time.Now()
	redis.Stop()
	time.Sleep(time.Second)
	redis.Start()
	started := time.Now()
	took = l.back(t, started)
	all := l.between(stopped, started.Add(took))
	refused, lost, _ = tally(all)
	t.Logf("Redis away for %v: %d calls asked, %d refused, %d lost; all answered again after %v",
		started.Sub(stopped).Round(time.Millisecond), len(all), refused, lost, took.Round(time.Millisecond))

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
	want := loadPace()
	down := func() int {
		return strings.Count(d.processes["telephony"].logs.String()+d.processes["telephony-2"].logs.String(), "dependency_down")
	}
	before, left := down(), time.Now()
	back := leave()
	time.Sleep(2 * time.Second)
	back()
	returned := time.Now()
	took := l.back(t, returned)
	all := l.between(left, returned.Add(took))
	refused, lost, slowest := tally(all)
	t.Logf("PostgreSQL %s for %v: %d calls asked, %d refused, %d lost; the slowest refusal took %v; all answered again after %v",
		how, returned.Sub(left).Round(time.Millisecond), len(all), refused, lost, slowest.Round(time.Millisecond), took)
	if refused == 0 || float64(lost) > want.lost*float64(len(all)) || slowest > want.answer {
		t.Errorf("%d refused, %d lost, the slowest refusal after %v", refused, lost, slowest)
	}
	if n := down() - before; n < refused {
		t.Errorf("%d refusals because of a dependency in the log, want the %d", n, refused)
	}
}

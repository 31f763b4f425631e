package telephony

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/livekit/protocol/livekit"
	lkrpc "github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"
	"github.com/redis/go-redis/v9"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"

	"github.com/parleymeet/parley/pkg/config"
	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/pkg/identity"
	"github.com/parleymeet/parley/pkg/testkit"
)

// exchange is two replicas on one bus and one database, and a bridge before them.
type exchange struct {
	t      *testing.T
	server *grpcx.Server
	bus    lkrpc.IOInfoClient
	calls  int
	// rooms by number and PIN.
	rooms map[string]string
}

func newExchange(t *testing.T) *exchange {
	t.Helper()
	cfg := testConfig(t)
	cfg.DatabaseURL = config.Secret(testkit.Postgres(t))
	cfg.SIPRedisURL = config.Secret(testkit.Redis(t))
	// Above what the first guessers are let test together, 33 PINs, so that the
	// trunk is guarded after the last of them however slow the machine is.
	cfg.GuardRate = 40
	x := &exchange{t: t, server: start(t, cfg), rooms: map[string]string{}}
	start(t, cfg)
	x.bus = dialBus(t, cfg.SIPRedisURL.Reveal())
	return x
}

// dialBus returns LiveKit SIP's client on a bus that answers it.
func dialBus(t *testing.T, url string) lkrpc.IOInfoClient {
	t.Helper()
	options, err := redis.ParseURL(url)
	must(t, err)
	rc := redis.NewClient(options)
	t.Cleanup(func() { _ = rc.Close() })
	bus, err := lkrpc.NewIOInfoClient(psrpc.NewRedisMessageBus(rc))
	must(t, err)
	testkit.Eventually(t, 10*time.Second, func() error {
		_, err := bus.EvaluateSIPDispatchRules(t.Context(), &lkrpc.EvaluateSIPDispatchRulesRequest{}, psrpc.WithRequestTimeout(300*time.Millisecond))
		return err
	})
	return bus
}

// trunks adds a trunk of four digits for each number, fills them together with
// PINs, and returns the PINs of each.
func (x *exchange) trunks(numbers ...string) map[string][]string {
	x.t.Helper()
	byID, taken := map[string]string{}, map[string][]string{}
	for _, number := range numbers {
		trunk := createTrunk(x.t, x.server, &telephonyv1.Trunk{
			Name: "Carrier", PinLength: 4, Numbers: []*telephonyv1.PhoneNumber{{Number: number}}, AllowedAddresses: []string{"192.0.2.1"},
		})
		byID[trunk.GetId()] = number
	}
	pins := telephonyv1.NewPinServiceClient(x.server.Local(identity.CallerRoom))
	for range 100 * len(numbers) {
		room := uuid.NewString()
		answer, err := pins.AllocatePin(x.t.Context(), &telephonyv1.AllocatePinRequest{RoomId: room})
		must(x.t, err)
		number := byID[answer.GetDialIn().GetTrunkId()]
		taken[number] = append(taken[number], answer.GetDialIn().GetPin())
		x.rooms[number+answer.GetDialIn().GetPin()] = room
	}
	time.Sleep(1100 * time.Millisecond) // by then the other replica sees the trunks
	return taken
}

// outcome is how a call ended.
type outcome int

const (
	notRung outcome = iota // refused before it rang
	refused
	accepted
)

// call goes the way of LiveKit SIP: authentication, prompt, PIN.
func (x *exchange) call(from, to, pin string) outcome {
	x.t.Helper()
	x.calls++
	call := &lkrpc.SIPCall{
		LkCallId: fmt.Sprintf("SCL_%d", x.calls), SourceIp: "192.0.2.1",
		To: &livekit.SIPUri{User: to}, From: &livekit.SIPUri{User: from},
	}
	auth, err := x.bus.GetSIPTrunkAuthentication(x.t.Context(), &lkrpc.GetSIPTrunkAuthenticationRequest{Call: call})
	must(x.t, err)
	switch auth.GetErrorCode() {
	case lkrpc.SIPTrunkAuthenticationError_SIP_TRUNK_AUTH_ERROR_NONE:
	case lkrpc.SIPTrunkAuthenticationError_SIP_TRUNK_AUTH_ERROR_QUOTA_EXCEEDED:
		// Whoever asks all the same is told nothing either.
		if answer := x.evaluate(call, pin); answer.GetResult() != lkrpc.SIPDispatchResult_REJECT {
			x.t.Errorf("refused before it rang, then %v", answer)
		}
		return notRung
	default:
		x.t.Fatalf("authentication %v", auth)
	}
	if prompt := x.evaluate(call, ""); prompt.GetResult() != lkrpc.SIPDispatchResult_REQUEST_PIN {
		x.t.Errorf("prompt %v", prompt)
	}
	if x.evaluate(call, pin).GetResult() == lkrpc.SIPDispatchResult_ACCEPT {
		return accepted
	}
	return refused
}

func (x *exchange) evaluate(call *lkrpc.SIPCall, pin string) *lkrpc.EvaluateSIPDispatchRulesResponse {
	x.t.Helper()
	answer, err := x.bus.EvaluateSIPDispatchRules(x.t.Context(), &lkrpc.EvaluateSIPDispatchRulesRequest{Call: call, Pin: pin})
	must(x.t, err)
	if answer.GetResult() == lkrpc.SIPDispatchResult_REJECT && answer.String() != (&lkrpc.EvaluateSIPDispatchRulesResponse{Result: lkrpc.SIPDispatchResult_REJECT}).String() {
		x.t.Errorf("a refusal says more than that it is one: %v", answer)
	}
	return answer
}

// free returns n PINs that are not taken.
func free(taken []string, n int) []string {
	used := map[string]bool{}
	for _, pin := range taken {
		used[pin] = true
	}
	var list []string
	for i := 0; len(list) < n; i++ {
		if pin := fmt.Sprintf("%04d", i); !used[pin] {
			list = append(list, pin)
		}
	}
	return list
}

// TestGuessers lets three guessers loose on one trunk, and honest people who
// mistype on another.
func TestGuessers(t *testing.T) {
	t.Parallel()
	x := newExchange(t)
	const attacked, quiet = "+33123456789", "+33123456780"
	pins := x.trunks(attacked, quiet)
	taken, own := pins[attacked], pins[quiet]
	guesses := free(taken, 60)

	t.Run("one caller", func(t *testing.T) {
		if tested := x.tested(guesses, attacked, func(int) string { return "+33612345601" }); tested != 5 {
			t.Errorf("%d PINs tested, want 5", tested)
		}
	})
	t.Run("one caller who has a PIN", func(t *testing.T) {
		tested := 0
		for i, pin := range guesses {
			if x.call("+33612345602", attacked, pin) == refused {
				tested++
			}
			if i%3 == 2 {
				x.call("+33612345602", attacked, taken[0])
			}
		}
		if tested != 8 {
			t.Errorf("%d PINs tested, want 5 and 3 forgiven", tested)
		}
		if x.call("+33612345602", attacked, taken[0]) != notRung {
			t.Error("his own PIN lets him in still")
		}
	})
	t.Run("withheld", func(t *testing.T) {
		from := []string{"anonymous", "", "nobody@invalid", "Restricted"}
		if tested := x.tested(guesses, attacked, func(i int) string { return from[i%len(from)] }); tested != 20 {
			t.Errorf("%d PINs tested, want 20", tested)
		}
	})
	t.Run("forged numbers have an account each", func(t *testing.T) {
		if tested := x.tested(guesses, attacked, func(i int) string { return fmt.Sprintf("+3361234%04d", 7000+i%6) }); tested != 6*5 {
			t.Errorf("%d PINs tested, want 5 for each of 6 numbers", tested)
		}
	})
	t.Run("the trunk is guarded then", func(t *testing.T) {
		client := telephonyv1.NewTrunkServiceClient(x.server.Local(identity.CallerOperator))
		testkit.Eventually(t, 15*time.Second, func() error {
			list, err := client.ListTrunks(t.Context(), &telephonyv1.ListTrunksRequest{})
			for _, trunk := range list.GetTrunks() {
				if trunk.GetGuarded() != (trunk.GetNumbers()[0].GetNumber() == attacked) {
					return errors.Join(err, fmt.Errorf("trunk %v", trunk))
				}
			}
			return err
		})
		const honest = "+33612345603"
		for range 6 { // too early, which is no wrong PIN
			if x.call(honest, attacked, taken[0]) != refused {
				t.Error("a room in which nobody is takes calls")
			}
		}
		_, err := telephonyv1.NewPinServiceClient(x.server.Local(identity.CallerRoom)).
			SetRoomLive(t.Context(), &telephonyv1.SetRoomLiveRequest{RoomId: x.rooms[attacked+taken[0]], Live: true})
		must(t, err)
		if x.call(honest, attacked, taken[0]) != accepted {
			t.Error("somebody with a number and the PIN of a live room is not let in")
		}
	})
	t.Run("honest callers", func(t *testing.T) {
		wrong := free(own, 3)
		for i := range 6 {
			from := fmt.Sprintf("+3361234%04d", 9000+i)
			for range 2 {
				for _, pin := range wrong[:i%4] {
					if x.call(from, quiet, pin) != refused {
						t.Errorf("caller %d: a slip was not answered as one", i)
					}
				}
				if x.call(from, quiet, own[i]) != accepted {
					t.Errorf("caller %d is not let in", i)
				}
			}
		}
		if x.call("anonymous", quiet, own[0]) != accepted {
			t.Error("withheld numbers pay for the other trunk's")
		}
	})
}

// tested returns how many of the guesses were put to the test.
func (x *exchange) tested(guesses []string, to string, from func(i int) string) int {
	x.t.Helper()
	n := 0
	for i, pin := range guesses {
		switch x.call(from(i), to, pin) {
		case refused:
			n++
		case accepted:
			x.t.Errorf("guess %d is right", i)
		}
	}
	return n
}

package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/protocol/utils/guid"
	"github.com/livekit/psrpc"
	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"
)

// simulation is one call, as LiveKit SIP would bring it to the bus.
type simulation struct {
	to, from, pin, source string
}

func (c *Connection) callSimulate() *cobra.Command {
	var s simulation
	cmd := &cobra.Command{
		Use:   "simulate --to +33123456789 --pin 0123456789",
		Short: "Ask the SIP bus where a call goes, exactly as LiveKit SIP does",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.settings.DispatchMode == "rules" {
				return errors.New("with DISPATCH_MODE=rules nobody is asked on the SIP bus: LiveKit decides by its own dispatch rules, one for each PIN of a live room")
			}
			options, err := redis.ParseURL(c.settings.SIPRedisURL)
			if err != nil {
				return fmt.Errorf("SIP_REDIS_URL: %w", err)
			}
			redis.SetLogger(quiet{}) // its failures are told once, by us
			bus := redis.NewClient(options)
			defer func() { _ = bus.Close() }()
			if err := bus.Ping(cmd.Context()).Err(); err != nil {
				return fmt.Errorf("no SIP bus at %s (SIP_REDIS_URL; with DISPATCH_MODE=rules there is none): %w", options.Addr, err)
			}
			client, err := rpc.NewIOInfoClient(psrpc.NewRedisMessageBus(bus))
			if err != nil {
				return fmt.Errorf("SIP bus: %w", err)
			}
			defer client.Close()
			return s.run(cmd.Context(), client, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&s.to, "to", "", "called number")
	cmd.Flags().StringVar(&s.pin, "pin", "", "PIN that the caller types; empty to stop at the prompt")
	cmd.Flags().StringVar(&s.from, "from", "+33612345678", "caller's number; \"anonymous\" for a withheld one")
	cmd.Flags().StringVar(&s.source, "source", "127.0.0.1", "address from which the carrier sends the call")
	_ = cmd.MarkFlagRequired("to") // the flag exists
	return cmd
}

// quiet drops what the Redis client would print.
type quiet struct{}

// Printf implements the Redis client's logger.
func (quiet) Printf(context.Context, string, ...any) {}

// run asks the three questions of a call in turn and prints each answer. However
// that ends, a call that was taken hangs up.
func (s *simulation) run(ctx context.Context, bus rpc.IOInfoClient, w io.Writer) error {
	call := &rpc.SIPCall{
		LkCallId: guid.New("SCL_"),
		SourceIp: s.source,
		Address:  &livekit.SIPUri{User: s.to, Host: "sip.invalid"},
		From:     &livekit.SIPUri{User: s.from, Host: s.source},
		To:       &livekit.SIPUri{User: s.to, Host: "sip.invalid"},
	}
	trunk, err := authenticate(ctx, bus, call)
	if err != nil {
		return fmt.Errorf("trunk authentication: %w", err)
	}
	switch {
	case trunk.GetDrop():
		_, err = fmt.Fprintln(w, "DROP     the source address may not call this number")
		return err
	case trunk.GetErrorCode() != rpc.SIPTrunkAuthenticationError_SIP_TRUNK_AUTH_ERROR_NONE:
		_, err = fmt.Fprintf(w, "REJECT   %s\n", strings.ToLower(strings.TrimPrefix(trunk.GetErrorCode().String(), "SIP_TRUNK_AUTH_ERROR_")))
		return err
	}
	credentials := "no credentials asked"
	if trunk.GetUsername() != "" {
		credentials = "digest credentials of " + trunk.GetUsername()
	}
	if _, err := fmt.Fprintf(w, "TRUNK    %s (%s)\n", trunk.GetSipTrunkId(), credentials); err != nil {
		return err
	}
	err = s.dispatch(ctx, bus, w, call, trunk.GetSipTrunkId(), "")
	if err == nil && s.pin != "" {
		err = s.dispatch(ctx, bus, w, call, trunk.GetSipTrunkId(), s.pin)
	}
	return errors.Join(err, hangUp(ctx, bus, call, trunk.GetSipTrunkId()))
}

// hangUp tells that the call is over, so that it is not listed as a live one.
func hangUp(ctx context.Context, bus rpc.IOInfoClient, call *rpc.SIPCall, trunkID string) error {
	_, err := bus.UpdateSIPCallState(ctx, &rpc.UpdateSIPCallStateRequest{CallInfo: &livekit.SIPCallInfo{
		CallId: call.GetLkCallId(), TrunkId: trunkID, FromUri: call.GetFrom(), ToUri: call.GetTo(),
		CallStatus: livekit.SIPCallStatus_SCS_DISCONNECTED, DisconnectReason: livekit.DisconnectReason_CLIENT_INITIATED,
		EndedAtNs: time.Now().UnixNano(),
	}})
	if err != nil {
		return fmt.Errorf("end of the call: %w", err)
	}
	return nil
}

// subscribing is how long a new client of the bus may take to hear answers.
const subscribing = 5 * time.Second

// authenticate asks the first question. A client that has just come to the bus
// asks before its subscriptions hold and then hears nothing, so it asks again;
// LiveKit SIP's client lives long.
func authenticate(ctx context.Context, bus rpc.IOInfoClient, call *rpc.SIPCall) (*rpc.GetSIPTrunkAuthenticationResponse, error) {
	until := time.Now().Add(subscribing)
	for {
		answer, err := bus.GetSIPTrunkAuthentication(ctx, &rpc.GetSIPTrunkAuthenticationRequest{Call: call})
		if errors.Is(err, psrpc.ErrNoResponse) && time.Now().Before(until) {
			continue // each try waits for an answer itself
		}
		if errors.Is(err, psrpc.ErrNoResponse) {
			return nil, errors.New("nobody answers on the SIP bus: is telephony up, on the same SIP_REDIS_URL, and not in DISPATCH_MODE=rules?")
		}
		return answer, err
	}
}

func (s *simulation) dispatch(ctx context.Context, bus rpc.IOInfoClient, w io.Writer, call *rpc.SIPCall, trunkID, pin string) error {
	answer, err := bus.EvaluateSIPDispatchRules(ctx, &rpc.EvaluateSIPDispatchRulesRequest{SipTrunkId: trunkID, Pin: pin, Call: call})
	if err != nil {
		return fmt.Errorf("dispatch: %w", err)
	}
	switch answer.GetResult() {
	case rpc.SIPDispatchResult_REQUEST_PIN:
		_, err = fmt.Fprintln(w, "REQUEST_PIN")
	case rpc.SIPDispatchResult_ACCEPT:
		_, err = fmt.Fprintf(w, "ACCEPT   room %s as %q (%s) at %s\n",
			answer.GetRoomName(), answer.GetParticipantName(), answer.GetParticipantIdentity(), answer.GetWsUrl())
	default:
		_, err = fmt.Fprintln(w, answer.GetResult())
	}
	return err
}

package operator

import (
	"github.com/spf13/cobra"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
)

func (c *Connection) callExplain() *cobra.Command {
	request := &telephonyv1.ExplainCallRequest{}
	cmd := &cobra.Command{
		Use:   "explain --to +33123456789 --from +33612345678 --pin 0123456789",
		Short: "Say step by step what would become of a call, without making one",
		Args:  cobra.NoArgs,
		RunE: with(c.dispatch, func(cmd *cobra.Command, _ []string, client telephonyv1.DispatchServiceClient) error {
			resp, err := client.ExplainCall(cmd.Context(), request)
			if err != nil {
				return err
			}
			rows := make([]row, 0, len(resp.GetSteps())+1)
			for _, step := range resp.GetSteps() {
				rows = append(rows, row{step.GetName(), verdict(step.GetReason(), "pass"), dash(step.GetDetail())})
			}
			rows = append(rows, row{"result", verdict(resp.GetReason(), word(resp.GetResult().String(), "DISPATCH_RESULT_")), dash(resp.GetRoomId())})
			return c.print(cmd.OutOrStdout(), resp, row{"STEP", "OUTCOME", "FOUND"}, rows)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&request.Number, "to", "", "called number")
	flags.StringVar(&request.TrunkId, "trunk", "", "trunk, instead of a number")
	flags.StringVar(&request.Caller, "from", "", "caller's number; empty for a withheld one")
	flags.StringVar(&request.SourceIp, "source", "", "address from which the carrier sends the call; empty to leave it out")
	flags.StringVar(&request.Pin, "pin", "", "PIN that the caller types; empty to stop at the prompt")
	return cmd
}

// verdict returns why a step refuses, or what it does else.
func verdict(reason telephonyv1.RefusalReason, otherwise string) string {
	if reason == telephonyv1.RefusalReason_REFUSAL_REASON_UNSPECIFIED {
		return otherwise
	}
	return "refuse: " + word(reason.String(), "REFUSAL_REASON_")
}

func (c *Connection) callForgive() *cobra.Command {
	request := &telephonyv1.ForgiveCallerRequest{}
	cmd := &cobra.Command{
		Use: "forgive --from +33612345678", Short: "Forget the wrong PINs of a caller, who is let in again", Args: cobra.NoArgs,
		RunE: with(c.calls, func(cmd *cobra.Command, _ []string, client telephonyv1.CallServiceClient) error {
			resp, err := client.ForgiveCaller(cmd.Context(), request)
			if err != nil {
				return err
			}
			if resp.GetAccounts() == 0 {
				cmd.Println("nothing to forgive: no wrong PINs are known of this caller")
				return nil
			}
			cmd.Println("forgiven")
			return nil
		}),
	}
	cmd.Flags().StringVar(&request.Caller, "from", "", "caller's number with its country code, or \"anonymous\" for withheld numbers")
	cmd.Flags().StringVar(&request.TrunkId, "trunk", "", "only on this trunk")
	_ = cmd.MarkFlagRequired("from") // the flag exists
	return cmd
}

package operator

import (
	"github.com/spf13/cobra"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
)

func (c *Connection) callCommand() *cobra.Command {
	command := &cobra.Command{Use: "call", Short: "Telephone calls"}
	command.AddCommand(c.callList(), c.callExplain(), c.callForgive(), c.callSimulate())
	return command
}

func (c *Connection) callList() *cobra.Command {
	request := &telephonyv1.ListCallsRequest{}
	cmd := &cobra.Command{
		Use: "list", Short: "List calls, newest first", Args: cobra.NoArgs,
		RunE: with(c.calls, func(cmd *cobra.Command, _ []string, client telephonyv1.CallServiceClient) error {
			resp, err := client.ListCalls(cmd.Context(), request)
			if err != nil {
				return err
			}
			rows := make([]row, 0, len(resp.GetCalls()))
			for _, call := range resp.GetCalls() {
				rows = append(rows, row{
					when(call.GetStartTime()), call.GetId(), word(call.GetState().String(), "CALL_STATE_"), dash(call.GetCaller()),
					dash(call.GetCalled()), dash(call.GetTrunkId()), dash(call.GetRoomId()), dash(call.GetRefusal()),
				})
			}
			return c.print(cmd.OutOrStdout(), resp, row{"START", "CALL", "STATE", "CALLER", "CALLED", "TRUNK", "ROOM", "REFUSAL"}, rows)
		}),
	}
	cmd.Flags().StringVar(&request.RoomId, "room", "", "only calls of this room (id)")
	cmd.Flags().StringVar(&request.TrunkId, "trunk", "", "only calls of this trunk")
	cmd.Flags().BoolVar(&request.Live, "live", false, "only calls that have not ended")
	cmd.Flags().Int32Var(&request.PageSize, "limit", 20, "calls to list, at most 100")
	return cmd
}

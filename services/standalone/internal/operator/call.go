package operator

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"

	"github.com/parleymeet/parley/pkg/apierr"
)

func (c *Connection) callCommand() *cobra.Command {
	command := &cobra.Command{Use: "call", Short: "Telephone calls"}
	command.AddCommand(c.callList(), c.callShow(), c.callWatch(), c.callExplain(), c.callForgive(), c.callSimulate())
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
			return c.print(cmd.OutOrStdout(), resp, callHeader, callRows(resp.GetCalls()))
		}),
	}
	cmd.Flags().StringVar(&request.RoomId, "room", "", "only calls of this room (id)")
	cmd.Flags().StringVar(&request.TrunkId, "trunk", "", "only calls of this trunk")
	cmd.Flags().BoolVar(&request.Live, "live", false, "only calls that have not ended")
	cmd.Flags().Int32Var(&request.PageSize, "limit", 20, "calls to list, at most 100")
	return cmd
}

var callHeader = row{"START", "CALL", "STATE", "CALLER", "CALLED", "TRUNK", "ROOM", "REFUSAL", "SIP"}

func callRows(calls []*telephonyv1.Call) []row {
	rows := make([]row, 0, len(calls))
	for _, call := range calls {
		rows = append(rows, row{
			when(call.GetStartTime()), call.GetId(), word(call.GetState().String(), "CALL_STATE_"), dash(call.GetCaller()),
			dash(call.GetCalled()), dash(call.GetTrunkId()), dash(call.GetRoomId()), dash(call.GetRefusal()), sipStatus(call),
		})
	}
	return rows
}

// sipStatus returns the code with which a call ended.
func sipStatus(call *telephonyv1.Call) string {
	if call.GetSipStatus() == 0 {
		return "-"
	}
	return strconv.Itoa(int(call.GetSipStatus()))
}

func (c *Connection) callShow() *cobra.Command {
	request := &telephonyv1.GetCallRequest{}
	cmd := &cobra.Command{
		Use: "show CALL", Short: "Show a call", Args: cobra.ExactArgs(1),
		RunE: with(c.calls, func(cmd *cobra.Command, args []string, client telephonyv1.CallServiceClient) error {
			request.CallId = args[0]
			resp, err := client.GetCall(cmd.Context(), request)
			if err != nil {
				return err
			}
			call := resp.GetCall()
			header := append(row{}, callHeader...)
			values := callRows([]*telephonyv1.Call{call})[0]
			header, values = append(header, "SIP REASON", "ANSWER", "END", "END REASON"),
				append(values, dash(call.GetSipReason()), when(call.GetAnswerTime()), when(call.GetEndTime()), dash(call.GetEndReason()))
			if request.GetReveal() {
				header, values = append(header, "CALLER'S NUMBER"), append(values, dash(call.GetCallerNumber()))
			}
			sheet := make([]row, len(header))
			for i := range header {
				sheet[i] = row{header[i], values[i]}
			}
			return c.print(cmd.OutOrStdout(), call, row{"FIELD", "VALUE"}, sheet)
		}),
	}
	cmd.Flags().BoolVar(&request.Reveal, "reveal", false, "show the caller's whole number; this is written to telephony's log")
	return cmd
}

func (c *Connection) trunkRefusals() *cobra.Command {
	request := &telephonyv1.ListRefusalsRequest{}
	cmd := &cobra.Command{
		Use: "refusals [TRUNK]", Short: "List the calls that were refused on a trunk, or that no trunk has, newest first, and count the reasons of a day", Args: cobra.MaximumNArgs(1),
		RunE: with(c.calls, func(cmd *cobra.Command, args []string, client telephonyv1.CallServiceClient) error {
			if len(args) > 0 {
				request.TrunkId = args[0]
			}
			resp, err := client.ListRefusals(cmd.Context(), request)
			if err != nil {
				return err
			}
			if !c.asJSON {
				for _, reason := range slices.Sorted(maps.Keys(resp.GetReasons())) {
					cmd.Printf("%d %s in 24 hours\n", resp.GetReasons()[reason], reason)
				}
			}
			rows := make([]row, 0, len(resp.GetCalls()))
			for _, call := range resp.GetCalls() {
				rows = append(rows, row{when(call.GetEndTime()), call.GetId(), dash(call.GetRefusal()), dash(call.GetCaller()), dash(call.GetCalled())})
			}
			return c.print(cmd.OutOrStdout(), resp, row{"TIME", "CALL", "REASON", "CALLER", "CALLED"}, rows)
		}),
	}
	cmd.Flags().Int32Var(&request.PageSize, "limit", 20, "calls to list, at most 100")
	return cmd
}

func (c *Connection) callWatch() *cobra.Command {
	request := &telephonyv1.WatchCallsRequest{}
	cmd := &cobra.Command{
		Use: "watch", Short: "Print calls as they go on: the live ones, then each that changes", Args: cobra.NoArgs,
		RunE: with(c.calls, func(cmd *cobra.Command, _ []string, client telephonyv1.CallServiceClient) error {
			stream, err := client.WatchCalls(cmd.Context(), request)
			if err != nil {
				return err
			}
			for {
				resp, err := stream.Recv()
				switch {
				case errors.Is(err, io.EOF):
					return nil
				case err != nil:
					return apierr.From(err)
				case c.asJSON:
					err = printJSON(cmd.OutOrStdout(), resp.GetCall())
				default:
					_, err = fmt.Fprintln(cmd.OutOrStdout(), strings.Join(callRows([]*telephonyv1.Call{resp.GetCall()})[0], "  "))
				}
				if err != nil {
					return err
				}
			}
		}),
	}
	cmd.Flags().StringVar(&request.RoomId, "room", "", "only calls of this room (id)")
	cmd.Flags().StringVar(&request.TrunkId, "trunk", "", "only calls of this trunk")
	return cmd
}

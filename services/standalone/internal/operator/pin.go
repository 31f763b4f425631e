package operator

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
)

func (c *Connection) pinCommand() *cobra.Command {
	command := &cobra.Command{Use: "pin", Short: "PINs of rooms"}
	command.AddCommand(c.pinShow(), c.pinRotate(), c.pinResolve(), c.pinImport())
	return command
}

func (c *Connection) pinShow() *cobra.Command {
	var digits bool
	cmd := &cobra.Command{
		Use: "show ROOM", Short: "Show how to dial into a room", Args: cobra.ExactArgs(1),
		RunE: with(c.rooms, func(cmd *cobra.Command, args []string, client roomv1.RoomServiceClient) error {
			resp, err := client.GetRoom(cmd.Context(), &roomv1.GetRoomRequest{IdOrSlug: args[0]})
			if err != nil {
				return err
			}
			if pin := resp.GetRoom().GetDialIn().GetPin(); digits && pin != "" {
				cmd.Println(pin)
				return nil
			}
			return c.printDialIn(cmd, resp.GetRoom())
		}),
	}
	cmd.Flags().BoolVar(&digits, "digits", false, "print the PIN alone, without spaces, for scripts")
	return cmd
}

func (c *Connection) printDialIn(cmd *cobra.Command, view *roomv1.RoomView) error {
	dialIn := view.GetDialIn()
	if dialIn == nil {
		return errors.New("the room has no PIN now: no trunk has one left, or telephony does not answer")
	}
	var rows []row
	for _, n := range dialIn.GetNumbers() {
		rows = append(rows, row{dialIn.GetTrunkId(), n.GetNumber().GetDisplay(), dialIn.GetPinDisplay(), n.GetTel()})
	}
	if len(rows) == 0 {
		rows = []row{{dialIn.GetTrunkId(), "-", dialIn.GetPinDisplay(), "-"}}
	}
	return c.print(cmd.OutOrStdout(), dialIn, row{"TRUNK", "NUMBER", "PIN", "ONE TAP"}, rows)
}

func (c *Connection) pinRotate() *cobra.Command {
	var revoke bool
	cmd := &cobra.Command{
		Use: "rotate ROOM", Short: "Give a room a new PIN; the old one works for the grace period, or no longer", Args: cobra.ExactArgs(1),
		RunE: with(c.rooms, func(cmd *cobra.Command, args []string, client roomv1.RoomServiceClient) error {
			resp, err := client.RotatePin(cmd.Context(), &roomv1.RotatePinRequest{IdOrSlug: args[0], Revoke: revoke})
			if err != nil {
				return err
			}
			return c.printDialIn(cmd, resp.GetRoom())
		}),
	}
	cmd.Flags().BoolVar(&revoke, "revoke", false, "make all older PINs of the room stop working at once")
	return cmd
}

func (c *Connection) pinResolve() *cobra.Command {
	request := &telephonyv1.ResolvePinRequest{}
	cmd := &cobra.Command{
		Use: "resolve PIN --to +33123456789", Short: "Say which room a PIN opens, and why if none", Args: cobra.ExactArgs(1),
		RunE: with(c.dispatch, func(cmd *cobra.Command, args []string, client telephonyv1.DispatchServiceClient) error {
			request.Pin = args[0]
			resp, err := client.ResolvePin(cmd.Context(), request)
			if err != nil {
				return err
			}
			result := word(resp.GetResult().String(), "DISPATCH_RESULT_")
			reason := ""
			if resp.GetReason() != 0 {
				reason = word(resp.GetReason().String(), "REFUSAL_REASON_")
			}
			if err := c.print(cmd.OutOrStdout(), resp, row{"RESULT", "ROOM", "TRUNK", "REASON"},
				[]row{{result, dash(resp.GetRoomId()), dash(resp.GetTrunkId()), dash(reason)}}); err != nil {
				return fmt.Errorf("print: %w", err)
			}
			return nil
		}),
	}
	cmd.Flags().StringVar(&request.Number, "to", "", "called number")
	cmd.Flags().StringVar(&request.TrunkId, "trunk", "", "trunk, instead of a number")
	return cmd
}

package operator

import (
	"fmt"

	"github.com/spf13/cobra"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
)

func (c *Connection) numberCommand() *cobra.Command {
	command := &cobra.Command{Use: "number", Short: "Phone numbers of trunks"}
	command.AddCommand(c.numberList(), c.numberAdd(), c.numberRemove())
	return command
}

func (c *Connection) numberList() *cobra.Command {
	return &cobra.Command{
		Use: "list TRUNK", Short: "List the numbers of a trunk", Args: cobra.ExactArgs(1),
		RunE: with(c.trunks, func(cmd *cobra.Command, args []string, client telephonyv1.TrunkServiceClient) error {
			resp, err := client.GetTrunk(cmd.Context(), &telephonyv1.GetTrunkRequest{TrunkId: args[0]})
			if err != nil {
				return err
			}
			rows := make([]row, 0, len(resp.GetTrunk().GetNumbers()))
			for _, n := range resp.GetTrunk().GetNumbers() {
				rows = append(rows, row{n.GetNumber(), n.GetDisplay(), n.GetCountry(), dash(n.GetLabel()), word(n.GetKind().String(), "NUMBER_KIND_")})
			}
			return c.print(cmd.OutOrStdout(), resp.GetTrunk(), row{"NUMBER", "DISPLAY", "COUNTRY", "LABEL", "KIND"}, rows)
		}),
	}
}

func (c *Connection) numberAdd() *cobra.Command {
	var label, country, kind string
	cmd := &cobra.Command{
		Use: "add TRUNK NUMBER", Short: "Add a number to a trunk", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			value, err := enum(telephonyv1.NumberKind_value, "NUMBER_KIND_", kind)
			if err != nil {
				return fmt.Errorf("--kind: %w", err)
			}
			client, done, err := c.trunks()
			if err != nil {
				return err
			}
			defer done()
			resp, err := client.AddNumber(cmd.Context(), &telephonyv1.AddNumberRequest{TrunkId: args[0], Number: &telephonyv1.PhoneNumber{
				Number: args[1], Country: country, Label: label, Kind: telephonyv1.NumberKind(value),
			}})
			if err != nil {
				return err
			}
			return c.printTrunk(cmd.OutOrStdout(), resp.GetTrunk())
		},
	}
	cmd.Flags().StringVar(&label, "label", "", "city or name shown to people")
	cmd.Flags().StringVar(&country, "country", "", "ISO 3166-1 alpha-2 code; derived from the number when not given")
	cmd.Flags().StringVar(&kind, "kind", "local", "local, national, mobile or toll-free")
	return cmd
}

func (c *Connection) numberRemove() *cobra.Command {
	return &cobra.Command{
		Use: "remove TRUNK NUMBER", Short: "Remove a number from a trunk", Args: cobra.ExactArgs(2),
		RunE: with(c.trunks, func(cmd *cobra.Command, args []string, client telephonyv1.TrunkServiceClient) error {
			resp, err := client.RemoveNumber(cmd.Context(), &telephonyv1.RemoveNumberRequest{TrunkId: args[0], Number: args[1]})
			if err != nil {
				return err
			}
			return c.printTrunk(cmd.OutOrStdout(), resp.GetTrunk())
		}),
	}
}

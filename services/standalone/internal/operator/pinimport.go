package operator

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
)

// importBatch is how many PINs one request has.
const importBatch = 500

func (c *Connection) pinImport() *cobra.Command {
	var trunkID string
	cmd := &cobra.Command{
		Use:   "import --trunk ST_... FILE",
		Short: "Take over PINs that rooms have elsewhere",
		Long: "Reads rooms and PINs from a file, or from standard input for \"-\", and makes each PIN its room's current one on the trunk.\n\n" +
			"The file is CSV with the columns id (or room_id) and pin (or pin_code), in this order where there is no header; or JSON, as a\n" +
			"list of objects with id and pin_code, or as Django dumps rooms (dumpdata core.room). Other columns and fields do not matter;\n" +
			"rooms without a PIN are left out. Importing a file again changes nothing.",
		Args: cobra.ExactArgs(1),
		RunE: with(c.trunks, func(cmd *cobra.Command, args []string, client telephonyv1.TrunkServiceClient) error {
			lines, err := pinFile(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			return importPINs(cmd.Context(), cmd.OutOrStdout(), client, trunkID, lines)
		}),
	}
	cmd.Flags().StringVar(&trunkID, "trunk", "", "trunk that gets the PINs")
	_ = cmd.MarkFlagRequired("trunk") // the flag exists
	return cmd
}

func pinFile(name string, stdin io.Reader) ([]pinLine, error) {
	if name == "-" {
		return readPINs(stdin)
	}
	file, err := os.Open(name) // #nosec G304 -- the operator names it
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return readPINs(file)
}

// importPINs imports batch by batch and writes a line for each PIN, and a sum.
// A PIN itself is never written.
func importPINs(ctx context.Context, w io.Writer, client telephonyv1.TrunkServiceClient, trunkID string, lines []pinLine) error {
	once, again := withoutDuplicates(lines)
	counts := map[string]int{}
	tell := func(line pinLine, outcome string) error {
		counts[outcome]++
		_, err := fmt.Fprintf(w, "%s\t%s\t%s\n", strconv.Itoa(line.where), bounded(line.room), outcome)
		return err
	}
	for batch := range slices.Chunk(once, importBatch) {
		resp, err := client.ImportPins(ctx, &telephonyv1.ImportPinsRequest{TrunkId: trunkID, Pins: importMessages(batch)})
		if err != nil {
			return fmt.Errorf("stopped at line %d; import the file again to go on: %w", batch[0].where, err)
		}
		if len(resp.GetOutcomes()) != len(batch) {
			return fmt.Errorf("%d answers to %d PINs from line %d", len(resp.GetOutcomes()), len(batch), batch[0].where)
		}
		for i, outcome := range resp.GetOutcomes() {
			if err := tell(batch[i], word(outcome.String(), "IMPORT_OUTCOME_")); err != nil {
				return err
			}
		}
	}
	for _, line := range again {
		if err := tell(line, duplicate); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%d imported, %d present already, %d taken, %d duplicate, %d malformed\n",
		counts["imported"], counts["present"], counts["taken"], counts[duplicate], counts["malformed"])
	if failed := counts["taken"] + counts[duplicate] + counts["malformed"]; err == nil && failed > 0 {
		err = fmt.Errorf("%d of %d PINs were not imported", failed, len(lines))
	}
	return err
}

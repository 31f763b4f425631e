package operator

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
)

func sorted(words []string) []string {
	slices.Sort(words)
	return words
}

func (c *Connection) trunkCommand() *cobra.Command {
	command := &cobra.Command{Use: "trunk", Short: "SIP trunks: each is a carrier's line and a PIN namespace of its own"}
	command.AddCommand(c.trunkList(), c.trunkShow(), c.trunkCreate(), c.trunkUpdate(), c.trunkDrain(), c.trunkDelete(), c.trunkRefusals())
	return command
}

func trunkRow(t *telephonyv1.Trunk) row {
	numbers := make([]string, 0, len(t.GetNumbers()))
	for _, n := range t.GetNumbers() {
		numbers = append(numbers, n.GetNumber())
	}
	state := word(t.GetState().String(), "TRUNK_STATE_")
	if t.GetGuarded() {
		state += ", guarded"
	}
	density := "-" // not known now
	if t.GetSuggestedPinLength() > 0 {
		density = fmt.Sprintf("%.2g", t.GetDensity())
	}
	if t.GetSuggestedPinLength() > t.GetPinLength() {
		density += fmt.Sprintf(" (better %d digits)", t.GetSuggestedPinLength())
	}
	return row{
		t.GetId(), dash(t.GetName()), state,
		strconv.Itoa(int(t.GetPinLength())), strconv.FormatInt(t.GetPinsHeld(), 10), density,
		dash(strings.Join(numbers, " ")), dash(strings.Join(t.GetAllowedAddresses(), " ")),
	}
}

var trunkHeader = row{"TRUNK", "NAME", "STATE", "DIGITS", "PINS", "DENSITY", "NUMBERS", "SOURCES"}

func (c *Connection) printTrunk(w io.Writer, t *telephonyv1.Trunk) error {
	return c.print(w, t, trunkHeader, []row{trunkRow(t)})
}

func (c *Connection) trunkList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List trunks", Args: cobra.NoArgs,
		RunE: with(c.trunks, func(cmd *cobra.Command, _ []string, client telephonyv1.TrunkServiceClient) error {
			all := &telephonyv1.ListTrunksResponse{}
			for token, first := "", true; first || token != ""; first = false {
				page, err := client.ListTrunks(cmd.Context(), &telephonyv1.ListTrunksRequest{PageSize: 100, PageToken: token})
				if err != nil {
					return err
				}
				all.Trunks, all.TotalSize, token = append(all.Trunks, page.GetTrunks()...), page.GetTotalSize(), page.GetNextPageToken()
			}
			rows := make([]row, 0, len(all.GetTrunks()))
			for _, t := range all.GetTrunks() {
				rows = append(rows, trunkRow(t))
			}
			return c.print(cmd.OutOrStdout(), all, trunkHeader, rows)
		}),
	}
}

func (c *Connection) trunkShow() *cobra.Command {
	return &cobra.Command{
		Use: "show TRUNK", Short: "Show a trunk", Args: cobra.ExactArgs(1),
		RunE: with(c.trunks, func(cmd *cobra.Command, args []string, client telephonyv1.TrunkServiceClient) error {
			resp, err := client.GetTrunk(cmd.Context(), &telephonyv1.GetTrunkRequest{TrunkId: args[0]})
			if err != nil {
				return err
			}
			t := resp.GetTrunk()
			return c.print(cmd.OutOrStdout(), t, row{"FIELD", "VALUE"}, trunkSheet(t))
		}),
	}
}

// trunkSheet is all of a trunk, one field a line.
func trunkSheet(t *telephonyv1.Trunk) []row {
	brief := trunkRow(t)
	sheet := make([]row, 0, len(trunkHeader)+8)
	for i, name := range trunkHeader {
		sheet = append(sheet, row{name, brief[i]})
	}
	count := func(n int64, zero string) string {
		if n == 0 {
			return zero
		}
		return strconv.FormatInt(n, 10)
	}
	budget := "-"
	if t.GetDailyBudget() > 0 {
		budget = fmt.Sprintf("%.3g wrong PINs", t.GetDailyBudget())
	}
	return append(sheet,
		row{"SUGGESTED DIGITS", strconv.Itoa(int(t.GetSuggestedPinLength()))},
		row{"BUDGET A DAY", budget},
		row{"WRONG PINS, 24 H", strconv.FormatInt(t.GetWrongPins(), 10)},
		row{"ARMING", word(t.GetArming().String(), "ARMING_")},
		row{"GUARD", word(t.GetGuard().String(), "GUARD_")},
		row{"MOST CALLS", count(int64(t.GetMaxCalls()), "any")},
		row{"MOST WITHOUT PIN", count(int64(t.GetMaxPending()), "any")},
		row{"CREDENTIALS", dash(t.GetAuthUsername())},
		row{"LIVEKIT TRUNK", dash(t.GetLivekitTrunkId())},
	)
}

// trunkFlags are the fields of a trunk on the command line.
type trunkFlags struct {
	name, username, arming, guard, state, livekit string
	maxCalls, maxPending                          int32
	numbers, sources                              []string
	digits                                        int32
	password                                      bool
}

func (f *trunkFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.name, "name", "", "name of the trunk")
	flags.StringSliceVar(&f.sources, "source", nil, "address or network (CIDR) from which the carrier sends calls; repeat for several")
	flags.Int32Var(&f.digits, "pin-length", 0, "digits of new PINs, 4 to 16")
	flags.StringVar(&f.username, "username", "", "digest user name asked from the carrier")
	flags.BoolVar(&f.password, "password-stdin", false, "read the digest password from standard input")
	flags.StringVar(&f.arming, "arming", "", "when PINs are accepted: always, or live: while LiveKit has the room")
	flags.StringVar(&f.guard, "guard", "", "when the trunk is guarded: auto, on or off")
	flags.Int32Var(&f.maxCalls, "max-calls", 0, "calls at once; 0 for any number")
	flags.StringVar(&f.livekit, "livekit-trunk", "", "the trunk's id in LiveKit, for DISPATCH_MODE=rules")
	flags.Int32Var(&f.maxPending, "max-pending", 0, "calls at once that are still without a PIN; 0 for any number")
}

// trunk returns the trunk that the flags describe.
func (f *trunkFlags) trunk(stdin io.Reader) (*telephonyv1.Trunk, error) {
	t := &telephonyv1.Trunk{Name: f.name, AllowedAddresses: f.sources, PinLength: f.digits, AuthUsername: f.username, MaxCalls: f.maxCalls, MaxPending: f.maxPending, LivekitTrunkId: f.livekit}
	for _, n := range f.numbers {
		t.Numbers = append(t.Numbers, &telephonyv1.PhoneNumber{Number: n})
	}
	if f.arming != "" {
		value, err := enum(telephonyv1.Arming_value, "ARMING_", f.arming)
		if err != nil {
			return nil, fmt.Errorf("--arming: %w", err)
		}
		t.Arming = telephonyv1.Arming(value)
	}
	if f.guard != "" {
		value, err := enum(telephonyv1.Guard_value, "GUARD_", f.guard)
		if err != nil {
			return nil, fmt.Errorf("--guard: %w", err)
		}
		t.Guard = telephonyv1.Guard(value)
	}
	if f.state != "" {
		value, err := enum(telephonyv1.TrunkState_value, "TRUNK_STATE_", f.state)
		if err != nil {
			return nil, fmt.Errorf("--state: %w", err)
		}
		t.State = telephonyv1.TrunkState(value)
	}
	if f.password {
		line, err := bufio.NewReader(stdin).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("--password-stdin: %w", err)
		}
		t.AuthPassword = strings.TrimRight(line, "\r\n")
	}
	return t, nil
}

func (c *Connection) trunkCreate() *cobra.Command {
	var f trunkFlags
	cmd := &cobra.Command{
		Use: "create --name NAME --number +33123456789", Short: "Add a trunk, active at once", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			trunk, err := f.trunk(cmd.InOrStdin())
			if err != nil {
				return err
			}
			client, done, err := c.trunks()
			if err != nil {
				return err
			}
			defer done()
			resp, err := client.CreateTrunk(cmd.Context(), &telephonyv1.CreateTrunkRequest{Trunk: trunk})
			if err != nil {
				return err
			}
			warn(cmd, resp.GetWarnings())
			return c.printTrunk(cmd.OutOrStdout(), resp.GetTrunk())
		},
	}
	f.add(cmd)
	cmd.Flags().StringSliceVar(&f.numbers, "number", nil, "phone number in E.164 form; repeat for several")
	return cmd
}

func warn(cmd *cobra.Command, warnings []string) {
	for _, warning := range warnings {
		cmd.PrintErrln("warning: " + warning)
	}
}

func (c *Connection) trunkUpdate() *cobra.Command {
	var f trunkFlags
	masks := map[string]string{
		"name": "name", "source": "allowed_addresses", "pin-length": "pin_length", "username": "auth_username",
		"password-stdin": "auth_password", "arming": "arming", "guard": "guard", "max-calls": "max_calls", "max-pending": "max_pending",
		"livekit-trunk": "livekit_trunk_id", "state": "state",
	}
	cmd := &cobra.Command{
		Use: "update TRUNK", Short: "Change a trunk; what is not named stays", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			trunk, err := f.trunk(cmd.InOrStdin())
			if err != nil {
				return err
			}
			trunk.Id = args[0]
			mask := &fieldmaskpb.FieldMask{}
			for flag, field := range masks {
				if cmd.Flags().Changed(flag) {
					mask.Paths = append(mask.Paths, field)
				}
			}
			if len(mask.GetPaths()) == 0 {
				return errors.New("nothing to change: name at least one flag, see --help")
			}
			client, done, err := c.trunks()
			if err != nil {
				return err
			}
			defer done()
			resp, err := client.UpdateTrunk(cmd.Context(), &telephonyv1.UpdateTrunkRequest{Trunk: trunk, UpdateMask: mask})
			if err != nil {
				return err
			}
			warn(cmd, resp.GetWarnings())
			return c.printTrunk(cmd.OutOrStdout(), resp.GetTrunk())
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.state, "state", "", "active or disabled")
	return cmd
}

func (c *Connection) trunkDrain() *cobra.Command {
	return &cobra.Command{
		Use: "drain TRUNK", Short: "Stop new PINs on a trunk and move its rooms to others", Args: cobra.ExactArgs(1),
		RunE: with(c.trunks, func(cmd *cobra.Command, args []string, client telephonyv1.TrunkServiceClient) error {
			resp, err := client.DrainTrunk(cmd.Context(), &telephonyv1.DrainTrunkRequest{TrunkId: args[0]})
			if err != nil {
				return err
			}
			return c.printTrunk(cmd.OutOrStdout(), resp.GetTrunk())
		}),
	}
}

func (c *Connection) trunkDelete() *cobra.Command {
	return &cobra.Command{
		Use: "delete TRUNK", Short: "Delete a trunk that holds no usable PIN", Args: cobra.ExactArgs(1),
		RunE: with(c.trunks, func(cmd *cobra.Command, args []string, client telephonyv1.TrunkServiceClient) error {
			if _, err := client.DeleteTrunk(cmd.Context(), &telephonyv1.DeleteTrunkRequest{TrunkId: args[0]}); err != nil {
				return err
			}
			cmd.Println("deleted " + args[0])
			return nil
		}),
	}
}

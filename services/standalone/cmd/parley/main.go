// Command parley runs the whole suite in one process (parley serve) and is the
// operator's tool for a running suite (parley trunk, number, room, pin, call,
// user, application).
package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/parleymeet/parley/pkg/obs"
	"github.com/parleymeet/parley/pkg/run"
	"github.com/parleymeet/parley/services/standalone"
	"github.com/parleymeet/parley/services/standalone/internal/operator"
)

func main() {
	os.Exit(run.Main("parley", func(ctx context.Context) error {
		root := &cobra.Command{
			Use:           "parley",
			Short:         "Video meetings on LiveKit, with telephone dial-in",
			Version:       obs.Version(),
			SilenceErrors: true,
			SilenceUsage:  true,
		}
		root.SetOut(os.Stdout)
		root.SetErr(os.Stderr)
		root.AddCommand(serveCommand(), migrateCommand())
		root.AddCommand(operator.NewCommands()...)
		return root.ExecuteContext(ctx)
	}))
}

func serveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run all services in this process",
		Long:  "Run all services in this process. Settings come from the environment; see docs/operations.md.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return standalone.Serve(cmd.Context(), os.Environ(), cmd.OutOrStdout())
		},
	}
}

func migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the databases of all services up to date, and end",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return standalone.Migrate(cmd.Context(), os.Environ())
		},
	}
}

package operator

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
)

func (c *Connection) applications() (authv1.ApplicationServiceClient, func(), error) {
	return client(authv1.NewApplicationServiceClient)(c.dial("auth", c.settings.AuthAddr))
}

func (c *Connection) applicationCommand() *cobra.Command {
	command := &cobra.Command{Use: "application", Short: "Applications: machines that create rooms for people, or ask where calls go"}
	command.AddCommand(c.applicationList(), c.applicationShow(), c.applicationCreate(), c.applicationUpdate(),
		c.applicationRotate(), c.applicationDelete())
	return command
}

var applicationHeader = row{"CLIENT ID", "NAME", "ACTIVE", "SCOPES", "DOMAINS", "CREATED", "LAST USED", "OLD SECRET UNTIL"}

func applicationRow(a *authv1.Application) row {
	active := "no"
	if a.GetActive() {
		active = "yes"
	}
	domains := strings.Join(a.GetAllowedDomains(), " ")
	if domains == "" {
		domains = "all"
	}
	return row{
		a.GetClientId(), a.GetName(), active, dash(strings.Join(a.GetScopes(), " ")), domains,
		when(a.GetCreateTime()), when(a.GetLastUseTime()), when(a.GetOldSecretExpireTime()),
	}
}

func (c *Connection) printApplication(w io.Writer, a *authv1.Application) error {
	return c.print(w, a, applicationHeader, []row{applicationRow(a)})
}

// printSecret prints an application with its secret, which cannot be shown again.
func (c *Connection) printSecret(cmd *cobra.Command, message proto.Message, a *authv1.Application, secret string) error {
	if c.asJSON {
		return printJSON(cmd.OutOrStdout(), message)
	}
	if err := c.printApplication(cmd.OutOrStdout(), a); err != nil {
		return err
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "\nclient secret, shown this once: %s\n", secret)
	return err
}

func (c *Connection) applicationList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List applications, by name", Args: cobra.NoArgs,
		RunE: with(c.applications, func(cmd *cobra.Command, _ []string, client authv1.ApplicationServiceClient) error {
			all := &authv1.ListApplicationsResponse{}
			for token, first := "", true; first || token != ""; first = false {
				page, err := client.ListApplications(cmd.Context(), &authv1.ListApplicationsRequest{PageSize: 100, PageToken: token})
				if err != nil {
					return err
				}
				all.Applications, all.TotalSize, token = append(all.Applications, page.GetApplications()...), page.GetTotalSize(), page.GetNextPageToken()
			}
			rows := make([]row, 0, len(all.GetApplications()))
			for _, a := range all.GetApplications() {
				rows = append(rows, applicationRow(a))
			}
			return c.print(cmd.OutOrStdout(), all, applicationHeader, rows)
		}),
	}
}

func (c *Connection) applicationShow() *cobra.Command {
	return &cobra.Command{
		Use: "show CLIENT_ID", Short: "Show an application", Args: cobra.ExactArgs(1),
		RunE: with(c.applications, func(cmd *cobra.Command, args []string, client authv1.ApplicationServiceClient) error {
			resp, err := client.GetApplication(cmd.Context(), &authv1.GetApplicationRequest{ClientId: args[0]})
			if err != nil {
				return err
			}
			return c.printApplication(cmd.OutOrStdout(), resp.GetApplication())
		}),
	}
}

// applicationFlags adds the fields of an application to a command.
func applicationFlags(cmd *cobra.Command) *authv1.Application {
	a := &authv1.Application{}
	cmd.Flags().StringVar(&a.Name, "name", "", "name of the application")
	cmd.Flags().StringSliceVar(&a.Scopes, "scope", nil, "rooms:list, rooms:retrieve, rooms:create or telephony:resolve; repeat for several")
	cmd.Flags().StringSliceVar(&a.AllowedDomains, "domain", nil, "domain of the e-mails of users for whom it may act; repeat for several, none for all")
	return a
}

func (c *Connection) applicationCreate() *cobra.Command {
	var application *authv1.Application
	cmd := &cobra.Command{
		Use: "create --name NAME --scope SCOPE", Short: "Add an application and show its secret", Args: cobra.NoArgs,
		RunE: with(c.applications, func(cmd *cobra.Command, _ []string, client authv1.ApplicationServiceClient) error {
			resp, err := client.CreateApplication(cmd.Context(), &authv1.CreateApplicationRequest{Application: application})
			if err != nil {
				return err
			}
			return c.printSecret(cmd, resp, resp.GetApplication(), resp.GetClientSecret())
		}),
	}
	application = applicationFlags(cmd)
	_ = cmd.MarkFlagRequired("name") // the flag exists
	return cmd
}

func (c *Connection) applicationUpdate() *cobra.Command {
	var application *authv1.Application
	masks := map[string]string{"name": "name", "active": "active", "scope": "scopes", "domain": "allowed_domains"}
	cmd := &cobra.Command{
		Use: "update CLIENT_ID", Short: "Change an application and its tokens; what is not named stays", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			application.ClientId = args[0]
			mask := &fieldmaskpb.FieldMask{}
			for flag, field := range masks {
				if cmd.Flags().Changed(flag) {
					mask.Paths = append(mask.Paths, field)
				}
			}
			if len(mask.GetPaths()) == 0 {
				return errors.New("nothing to change: name at least one flag, see --help")
			}
			client, done, err := c.applications()
			if err != nil {
				return err
			}
			defer done()
			resp, err := client.UpdateApplication(cmd.Context(), &authv1.UpdateApplicationRequest{Application: application, UpdateMask: mask})
			if err != nil {
				return err
			}
			return c.printApplication(cmd.OutOrStdout(), resp.GetApplication())
		},
	}
	application = applicationFlags(cmd)
	cmd.Flags().BoolVar(&application.Active, "active", true, "whether it is given tokens, and those it has are good")
	return cmd
}

func (c *Connection) applicationRotate() *cobra.Command {
	var grace time.Duration
	cmd := &cobra.Command{
		Use: "rotate-secret CLIENT_ID", Short: "Give an application a new secret and show it", Args: cobra.ExactArgs(1),
		RunE: with(c.applications, func(cmd *cobra.Command, args []string, client authv1.ApplicationServiceClient) error {
			resp, err := client.RotateSecret(cmd.Context(), &authv1.RotateSecretRequest{ClientId: args[0], Grace: durationpb.New(grace)})
			if err != nil {
				return err
			}
			return c.printSecret(cmd, resp, resp.GetApplication(), resp.GetClientSecret())
		}),
	}
	cmd.Flags().DurationVar(&grace, "grace", 24*time.Hour, "how long the old secret stays good; 720h at most")
	return cmd
}

func (c *Connection) applicationDelete() *cobra.Command {
	return &cobra.Command{
		Use: "delete CLIENT_ID", Short: "Delete an application; its tokens are good no longer", Args: cobra.ExactArgs(1),
		RunE: with(c.applications, func(cmd *cobra.Command, args []string, client authv1.ApplicationServiceClient) error {
			if _, err := client.DeleteApplication(cmd.Context(), &authv1.DeleteApplicationRequest{ClientId: args[0]}); err != nil {
				return err
			}
			cmd.Println("deleted " + args[0])
			return nil
		}),
	}
}

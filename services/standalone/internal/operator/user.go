package operator

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
)

func (c *Connection) userCommand() *cobra.Command {
	operators := &cobra.Command{Use: "operator", Short: "Who may run the suite"}
	operators.AddCommand(c.operatorList(),
		c.operatorSet("grant", "Let a user run the suite", true), c.operatorSet("revoke", "Take back what grant gave", false))
	command := &cobra.Command{Use: "user", Short: "People who have logged in"}
	command.AddCommand(operators,
		c.userActive("enable", "Let a user log in again", true), c.userActive("disable", "Log a user out and let it log in no more", false))
	return command
}

// userID finds a user by its id or e-mail. Of several with an e-mail it is the
// one who logged in first; the command prints whom it took.
func userID(ctx context.Context, client authv1.UserServiceClient, user string) (string, error) {
	if uuid.Validate(user) == nil {
		return user, nil
	}
	resp, err := client.GetUser(ctx, &authv1.GetUserRequest{Key: &authv1.GetUserRequest_Email{Email: user}})
	if err != nil {
		return "", fmt.Errorf("%s: %w; people are known once they have logged in", user, err)
	}
	return resp.GetUser().GetId(), nil
}

var operatorHeader = row{"USER", "E-MAIL", "SUB", "OPERATOR BY"}

func operatorRow(o *authv1.Operator) row {
	var reasons []string
	for _, reason := range []struct {
		name  string
		holds bool
	}{{"grant", o.GetGranted()}, {"provider's claim", o.GetClaimed()}, {"OPERATOR_EMAILS", o.GetConfigured()}} {
		if reason.holds {
			reasons = append(reasons, reason.name)
		}
	}
	return row{o.GetUser().GetId(), dash(o.GetUser().GetEmail()), o.GetUser().GetSub(), dash(strings.Join(reasons, ", "))}
}

func (c *Connection) operatorList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List who may run the suite, and why", Args: cobra.NoArgs,
		RunE: with(c.users, func(cmd *cobra.Command, _ []string, client authv1.UserServiceClient) error {
			resp, err := client.ListOperators(cmd.Context(), &authv1.ListOperatorsRequest{})
			if err != nil {
				return err
			}
			rows := make([]row, 0, len(resp.GetOperators()))
			for _, o := range resp.GetOperators() {
				rows = append(rows, operatorRow(o))
			}
			return c.print(cmd.OutOrStdout(), resp, operatorHeader, rows)
		}),
	}
}

func (c *Connection) operatorSet(verb, short string, operator bool) *cobra.Command {
	return &cobra.Command{
		Use: verb + " E-MAIL|USER", Short: short, Args: cobra.ExactArgs(1),
		RunE: with(c.users, func(cmd *cobra.Command, args []string, client authv1.UserServiceClient) error {
			id, err := userID(cmd.Context(), client, args[0])
			if err != nil {
				return err
			}
			resp, err := client.SetOperator(cmd.Context(), &authv1.SetOperatorRequest{UserId: id, Operator: operator})
			if err != nil {
				return err
			}
			if !operator && resp.GetOperator().GetUser().GetOperator() {
				cmd.PrintErrln("still an operator, by the provider's claim or OPERATOR_EMAILS")
			}
			return c.print(cmd.OutOrStdout(), resp.GetOperator(), operatorHeader, []row{operatorRow(resp.GetOperator())})
		}),
	}
}

func (c *Connection) userActive(verb, short string, active bool) *cobra.Command {
	return &cobra.Command{
		Use: verb + " E-MAIL|USER", Short: short, Args: cobra.ExactArgs(1),
		RunE: with(c.users, func(cmd *cobra.Command, args []string, client authv1.UserServiceClient) error {
			id, err := userID(cmd.Context(), client, args[0])
			if err != nil {
				return err
			}
			resp, err := client.SetActive(cmd.Context(), &authv1.SetActiveRequest{UserId: id, Active: active})
			if err != nil {
				return err
			}
			user, state := resp.GetUser(), "disabled"
			if user.GetActive() {
				state = "enabled"
			}
			return c.print(cmd.OutOrStdout(), user, row{"USER", "E-MAIL", "SUB", "STATE"},
				[]row{{user.GetId(), dash(user.GetEmail()), user.GetSub(), state}})
		}),
	}
}

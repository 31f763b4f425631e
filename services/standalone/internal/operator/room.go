package operator

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
)

func (c *Connection) roomCommand() *cobra.Command {
	command := &cobra.Command{Use: "room", Short: "Rooms"}
	command.AddCommand(c.roomList(), c.roomShow(), c.roomCreate(), c.roomDelete())
	return command
}

var roomHeader = row{"ROOM", "SLUG", "ACCESS", "PIN", "NUMBER", "CREATED"}

func roomRow(view *roomv1.RoomView) row {
	r, number := view.GetRoom(), ""
	if numbers := view.GetDialIn().GetNumbers(); len(numbers) > 0 {
		number = numbers[0].GetNumber().GetNumber()
	}
	return row{
		r.GetId(), r.GetSlug(), word(r.GetAccessLevel().String(), "ACCESS_LEVEL_"),
		dash(view.GetDialIn().GetPin()), dash(number), when(r.GetCreateTime()),
	}
}

func (c *Connection) printRoom(w io.Writer, view *roomv1.RoomView) error {
	return c.print(w, view, roomHeader, []row{roomRow(view)})
}

func (c *Connection) roomList() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List rooms, by name", Args: cobra.NoArgs,
		RunE: with(c.rooms, func(cmd *cobra.Command, _ []string, client roomv1.RoomServiceClient) error {
			all := &roomv1.ListRoomsResponse{}
			for token, first := "", true; (first || token != "") && len(all.GetRooms()) < limit; first = false {
				size := min(100, limit-len(all.GetRooms()))
				page, err := client.ListRooms(cmd.Context(), &roomv1.ListRoomsRequest{PageSize: int32(size), PageToken: token}) // #nosec G115 -- at most 100
				if err != nil {
					return err
				}
				all.Rooms, all.TotalSize, token = append(all.Rooms, page.GetRooms()...), page.GetTotalSize(), page.GetNextPageToken()
			}
			rows := make([]row, 0, len(all.GetRooms()))
			for _, view := range all.GetRooms() {
				rows = append(rows, roomRow(view))
			}
			if err := c.print(cmd.OutOrStdout(), all, roomHeader, rows); err != nil {
				return err
			}
			if left := int(all.GetTotalSize()) - len(rows); left > 0 {
				cmd.PrintErrf("%d more; see --limit\n", left)
			}
			return nil
		}),
	}
	cmd.Flags().IntVar(&limit, "limit", 100, "rooms to list at most")
	return cmd
}

func (c *Connection) roomShow() *cobra.Command {
	return &cobra.Command{
		Use: "show ROOM", Short: "Show a room by id or slug", Args: cobra.ExactArgs(1),
		RunE: with(c.rooms, func(cmd *cobra.Command, args []string, client roomv1.RoomServiceClient) error {
			resp, err := client.GetRoom(cmd.Context(), &roomv1.GetRoomRequest{IdOrSlug: args[0]})
			if err != nil {
				return err
			}
			return c.printRoom(cmd.OutOrStdout(), resp.GetRoom())
		}),
	}
}

func (c *Connection) roomCreate() *cobra.Command {
	var owner, access string
	cmd := &cobra.Command{
		Use: "create NAME --owner EMAIL", Short: "Create a room for a user who has logged in before", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			level, err := enum(roomv1.AccessLevel_value, "ACCESS_LEVEL_", access)
			if err != nil {
				return fmt.Errorf("--access: %w", err)
			}
			users, closeUsers, err := c.users()
			if err != nil {
				return err
			}
			defer closeUsers()
			user, err := users.GetUser(cmd.Context(), &authv1.GetUserRequest{Key: &authv1.GetUserRequest_Email{Email: owner}})
			if err != nil {
				return fmt.Errorf("owner %s: %w", owner, err)
			}
			client, done, err := c.rooms()
			if err != nil {
				return err
			}
			defer done()
			resp, err := client.CreateRoom(cmd.Context(), &roomv1.CreateRoomRequest{
				Name: args[0], OwnerId: user.GetUser().GetId(), AccessLevel: roomv1.AccessLevel(level),
			})
			if err != nil {
				return err
			}
			return c.printRoom(cmd.OutOrStdout(), resp.GetRoom())
		},
	}
	cmd.Flags().StringVar(&owner, "owner", "", "e-mail address of the owner")
	cmd.Flags().StringVar(&access, "access", "public", "public, trusted or restricted")
	_ = cmd.MarkFlagRequired("owner") // the flag exists
	return cmd
}

func (c *Connection) roomDelete() *cobra.Command {
	return &cobra.Command{
		Use: "delete ROOM", Short: "Delete a room by id or slug; its PIN is not given to another for a year", Args: cobra.ExactArgs(1),
		RunE: with(c.rooms, func(cmd *cobra.Command, args []string, client roomv1.RoomServiceClient) error {
			if _, err := client.DeleteRoom(cmd.Context(), &roomv1.DeleteRoomRequest{IdOrSlug: args[0]}); err != nil {
				return err
			}
			cmd.Println("deleted " + args[0])
			return nil
		}),
	}
}

package peers

import (
	"context"
	"slices"

	"google.golang.org/grpc"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/room/internal/moderation"
	"github.com/parleymeet/parley/services/room/internal/rooms"
)

// userBatch is the most users that auth returns at once.
const userBatch = 500

// Users implements rooms.Users and moderation.Users with the auth service.
type Users struct {
	client authv1.UserServiceClient
}

var (
	_ rooms.Users      = (*Users)(nil)
	_ moderation.Users = (*Users)(nil)
)

// NewUsers asks auth on the connection.
func NewUsers(auth grpc.ClientConnInterface) *Users {
	return &Users{client: authv1.NewUserServiceClient(auth)}
}

// Get implements rooms.Users.
func (u *Users) Get(ctx context.Context, id string) (*authv1.User, error) {
	ctx, cancel := context.WithTimeout(ctx, neededTimeout)
	defer cancel()
	resp, err := u.client.GetUser(ctx, &authv1.GetUserRequest{Key: &authv1.GetUserRequest_Id{Id: id}})
	return resp.GetUser(), fault("auth", err, apierr.UserNotFound)
}

// BySub implements moderation.Users.
func (u *Users) BySub(ctx context.Context, sub string) (*authv1.User, error) {
	ctx, cancel := context.WithTimeout(ctx, neededTimeout)
	defer cancel()
	resp, err := u.client.GetUser(ctx, &authv1.GetUserRequest{Key: &authv1.GetUserRequest_Sub{Sub: sub}})
	return resp.GetUser(), fault("auth", err, apierr.UserNotFound)
}

// ByIDs implements rooms.Users.
func (u *Users) ByIDs(ctx context.Context, ids []string) (map[string]*authv1.User, error) {
	ctx, cancel := context.WithTimeout(ctx, viewTimeout)
	defer cancel()
	users := make(map[string]*authv1.User, len(ids))
	for some := range slices.Chunk(ids, userBatch) {
		resp, err := u.client.BatchGetUsers(ctx, &authv1.BatchGetUsersRequest{Ids: some})
		if err != nil {
			return users, fault("auth", err)
		}
		for _, user := range resp.GetUsers() {
			users[user.GetId()] = user
		}
	}
	return users, nil
}

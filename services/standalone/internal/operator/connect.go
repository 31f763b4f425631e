package operator

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
	"github.com/parleymeet/parley/pkg/config"
	"github.com/parleymeet/parley/pkg/grpcx"
	"github.com/parleymeet/parley/services/internal/serve"
)

// settings are what the commands read from the environment beside the common ones.
type settings struct {
	serve.Config
	// DataDir is where the server that runs beside the command keeps its socket,
	// unless Socket tells another place.
	DataDir     string `env:"DATA_DIR" envDefault:"./data"`
	Socket      string `env:"OPERATOR_SOCKET"`
	SIPRedisURL string `env:"SIP_REDIS_URL" envDefault:"redis://127.0.0.1:6380"`
	// DispatchMode is how the server answers calls, if it is told here.
	DispatchMode string `env:"DISPATCH_MODE"`
}

// Connection finds the services of a running suite.
type Connection struct {
	settings settings
	asJSON   bool
}

// NewCommands returns the command of each noun.
func NewCommands() []*cobra.Command {
	c := &Connection{}
	commands := []*cobra.Command{
		c.trunkCommand(), c.numberCommand(), c.roomCommand(), c.pinCommand(), c.callCommand(), c.userCommand(),
		c.applicationCommand(),
	}
	for _, command := range commands {
		command.PersistentFlags().BoolVar(&c.asJSON, "json", false, "print JSON instead of a table")
		command.PersistentPreRunE = func(*cobra.Command, []string) error {
			if err := config.Load(&c.settings, os.Environ()); err != nil {
				return err
			}
			if c.settings.Socket == "" {
				c.settings.Socket = filepath.Join(c.settings.DataDir, "operator.sock")
			}
			return nil
		}
	}
	return commands
}

// dial connects to the named service: over TLS where certificates are
// configured, else over the socket of a standalone suite.
func (c *Connection) dial(service, address string) (*grpc.ClientConn, error) {
	if c.settings.HasTLS() {
		files, err := grpcx.NewTLS(c.settings.TLSCertFile, c.settings.TLSKeyFile, c.settings.TLSCAFile)
		if err != nil {
			return nil, err
		}
		return grpcx.Dial(address, files.Client(service))
	}
	if _, err := os.Stat(c.settings.Socket); err != nil {
		return nil, fmt.Errorf("no running suite at OPERATOR_SOCKET=%s (%w); start one, run this in its directory, or set TLS_CERT_FILE, TLS_KEY_FILE and TLS_CA_FILE to reach services of their own processes",
			c.settings.Socket, errors.Unwrap(err))
	}
	return grpcx.Dial("unix:"+c.settings.Socket, nil)
}

func (c *Connection) telephony() (*grpc.ClientConn, error) {
	return c.dial("telephony", c.settings.TelephonyAddr)
}

func (c *Connection) users() (authv1.UserServiceClient, func(), error) {
	return client(authv1.NewUserServiceClient)(c.dial("auth", c.settings.AuthAddr))
}

func (c *Connection) rooms() (roomv1.RoomServiceClient, func(), error) {
	return client(roomv1.NewRoomServiceClient)(c.dial("room", c.settings.RoomAddr))
}

func (c *Connection) trunks() (telephonyv1.TrunkServiceClient, func(), error) {
	return client(telephonyv1.NewTrunkServiceClient)(c.telephony())
}

func (c *Connection) calls() (telephonyv1.CallServiceClient, func(), error) {
	return client(telephonyv1.NewCallServiceClient)(c.telephony())
}

func (c *Connection) dispatch() (telephonyv1.DispatchServiceClient, func(), error) {
	return client(telephonyv1.NewDispatchServiceClient)(c.telephony())
}

// client turns a new connection into a service's client and what closes it.
func client[C any](build func(grpc.ClientConnInterface) C) func(*grpc.ClientConn, error) (C, func(), error) {
	return func(conn *grpc.ClientConn, err error) (c C, done func(), _ error) {
		if err != nil {
			return c, nil, err
		}
		return build(conn), func() { _ = conn.Close() }, nil
	}
}

// with makes a command's function of one that needs a service's client: it
// connects first and closes the connection after.
func with[C any](connect func() (C, func(), error), do func(cmd *cobra.Command, args []string, client C) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		client, done, err := connect()
		if err != nil {
			return err
		}
		defer done()
		return do(cmd, args, client)
	}
}

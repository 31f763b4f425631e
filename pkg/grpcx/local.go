package grpcx

import (
	"context"
	"errors"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"
)

// Local connects services that live in one process. Each connection says which
// service dialled it, as a client certificate would: the name is given by the
// code that wires the process, never by the data on the connection.
type Local struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// NewLocal returns a network for one server and any number of callers.
func NewLocal() *Local {
	return &Local{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// localConn is the server's end of a pipe, with the name of its caller.
type localConn struct {
	net.Conn
	caller string
}

// DialAs returns a client connection on which the named service calls.
func (l *Local) DialAs(caller string, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	dialer := grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
		clientEnd, serverEnd, err := bufferedPipe(ctx)
		if err != nil {
			return nil, err
		}
		select {
		case l.conns <- &localConn{Conn: serverEnd, caller: caller}:
			return clientEnd, nil
		case <-l.closed:
			return nil, net.ErrClosed
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), clientEnd.Close())
		}
	})
	return newClient("passthrough:///local", insecureCredentials(), append([]grpc.DialOption{dialer}, opts...)...)
}

// bufferedPipe returns the two ends of a connection in memory. net.Pipe would
// do, but makes every write wait for its read.
func bufferedPipe(ctx context.Context) (client, server net.Conn, err error) {
	listener := bufconn.Listen(64 << 10)
	accepted := make(chan error, 1)
	go func() {
		var acceptErr error
		server, acceptErr = listener.Accept()
		accepted <- acceptErr
	}()
	client, err = listener.DialContext(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, listener.Close())
	}
	return client, server, <-accepted
}

// Accept implements net.Listener.
func (l *Local) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *Local) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr implements net.Listener.
func (l *Local) Addr() net.Addr { return localAddr{} }

type localAddr struct{}

func (localAddr) Network() string { return "local" }
func (localAddr) String() string  { return "local" }

package run

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
)

// Address is where a server listens, and the setting that says so.
type Address struct {
	Setting string // name of the setting, for errors: "HTTP_ADDR"
	Addr    string // "host:port"; port 0 takes a free one
	// Bound, when not nil, is called with the address once it is taken, before
	// the component counts as started.
	Bound func(net.Addr)
}

// Listen takes the address. Its errors name the setting to change.
func (a Address) Listen(ctx context.Context) (net.Listener, error) {
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "tcp", a.Addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use by another process: stop it or change %s: %w", a.Addr, a.Setting, err)
	case err != nil:
		return nil, fmt.Errorf("cannot listen on %q, the value of %s: %w", a.Addr, a.Setting, err)
	}
	if a.Bound != nil {
		a.Bound(ln.Addr())
	}
	return ln, nil
}

// HTTPServer returns the component that serves srv on addr, with TLS when srv
// has a TLSConfig. Timeouts are those that the caller set on srv. Stop waits
// for requests to finish, and cuts them off when the budget ends.
func HTTPServer(name string, srv *http.Server, addr Address) Component {
	var ln net.Listener
	return Component{
		Name: name,
		Start: func(ctx context.Context) (err error) {
			ln, err = addr.Listen(ctx)
			return err
		},
		Run: func(context.Context) error {
			serve := srv.Serve
			if srv.TLSConfig != nil {
				serve = func(ln net.Listener) error { return srv.ServeTLS(ln, "", "") }
			}
			if err := serve(ln); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		},
		Stop: func(ctx context.Context) error {
			if err := srv.Shutdown(ctx); err != nil {
				return errors.Join(fmt.Errorf("requests cut off: %w", err), srv.Close())
			}
			return nil
		},
	}
}

package grpcx

import (
	"context"
	"crypto/x509"
	"net"
	"os"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	"github.com/parleymeet/parley/pkg/identity"
)

// callerInfo is the AuthInfo of connections that prove a caller without TLS.
type callerInfo struct {
	credentials.CommonAuthInfo
	caller string
}

func (callerInfo) AuthType() string { return "local" }

// callerOf returns the name that the connection proves; empty for none.
func callerOf(ctx context.Context) string {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return ""
	}
	switch info := p.AuthInfo.(type) {
	case callerInfo:
		return info.caller
	case credentials.TLSInfo:
		if len(info.State.VerifiedChains) > 0 {
			return certificateName(info.State.VerifiedChains[0][0])
		}
	}
	return ""
}

// certificateName returns the only DNS name of a service's certificate. A
// certificate with several names proves none: it would be a master key.
func certificateName(cert *x509.Certificate) string {
	if len(cert.DNSNames) != 1 {
		return ""
	}
	return cert.DNSNames[0]
}

// serverCredentials does the server's side of the handshake for each kind of
// connection that a server may listen on.
type serverCredentials struct {
	// tcp is for network connections: mutual TLS, or insecure for a server whose
	// network callers prove nothing.
	tcp credentials.TransportCredentials
}

func (c serverCredentials) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	switch typed := conn.(type) {
	case *net.UnixConn:
		return conn, localInfo(callerOfSocket(typed)), nil
	default:
		return c.tcp.ServerHandshake(conn)
	}
}

func localInfo(caller string) callerInfo {
	return callerInfo{
		CommonAuthInfo: credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity},
		caller:         caller,
	}
}

// callerOfSocket names the operator where the process at the other end runs as
// root or as the server's own user: it could read the server's files anyway.
func callerOfSocket(conn *net.UnixConn) string {
	raw, err := conn.SyscallConn()
	if err != nil {
		return ""
	}
	var cred *unix.Ucred
	var credErr error
	if err := raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) // #nosec G115 -- a descriptor fits
	}); err != nil || credErr != nil {
		return ""
	}
	if cred.Uid == 0 || int(cred.Uid) == os.Getuid() {
		return identity.CallerOperator
	}
	return ""
}

func (c serverCredentials) ClientHandshake(ctx context.Context, authority string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return c.tcp.ClientHandshake(ctx, authority, conn)
}

func (c serverCredentials) Info() credentials.ProtocolInfo { return c.tcp.Info() }

func (c serverCredentials) Clone() credentials.TransportCredentials {
	return serverCredentials{tcp: c.tcp.Clone()}
}

func (c serverCredentials) OverrideServerName(string) error { return nil }

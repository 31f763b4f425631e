package grpcx

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	commonv1 "github.com/parleymeet/parley/gen/parley/common/v1"
	tokenv1 "github.com/parleymeet/parley/gen/parley/token/v1"
	"github.com/parleymeet/parley/pkg/apierr"
)

// authority is a certificate authority in a directory.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir(), key: newKey(t)}
	a.cert = a.sign(t, "ca", &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil, a.key)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) sign(t *testing.T, name string, template, parent *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.Subject = pkix.Name{CommonName: name}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	a.write(t, name+".crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	a.write(t, name+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func (a *authority) write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// issue makes a service's certificate and returns the files' TLS.
func (a *authority) issue(t *testing.T, file string, names ...string) *TLS {
	t.Helper()
	a.sign(t, file, &x509.Certificate{
		DNSNames:    names,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}, a.cert, newKey(t))
	files, err := NewTLS(filepath.Join(a.dir, file+".crt"), filepath.Join(a.dir, file+".key"), filepath.Join(a.dir, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func serveTLS(t *testing.T, files *TLS) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, err := NewServer(Options{
		Policy:      Service(tokenv1.TokenService_ServiceDesc, Rule{Callers: []string{"room"}}),
		Credentials: files.Server(),
		Logger:      slog.New(slog.DiscardHandler),
		Registry:    prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{impl: &tokens{}}
	tokenv1.RegisterTokenServiceServer(server, b.impl)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Stop(t.Context()) })
	return listener.Addr().String()
}

func TestMutualTLS(t *testing.T) {
	ours, foreign := newAuthority(t), newAuthority(t)
	address := serveTLS(t, ours.issue(t, "token", "token"))
	for name, c := range map[string]struct {
		files   *TLS
		service string
		want    apierr.Reason
	}{
		"room":                 {ours.issue(t, "room", "room"), "token", commonv1.ErrorReason_ERROR_REASON_UNSPECIFIED},
		"gateway":              {ours.issue(t, "gateway", "gateway"), "token", apierr.CallerNotAllowed},
		"two names":            {ours.issue(t, "both", "room", "gateway"), "token", apierr.CallerNotAllowed},
		"foreign authority":    {foreign.issue(t, "room", "room"), "token", apierr.Unavailable},
		"server of other name": {ours.issue(t, "room2", "room"), "auth", apierr.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := Dial(address, c.files.Client(c.service))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			_, err = tokenv1.NewTokenServiceClient(conn).MintParticipantToken(t.Context(), &tokenv1.MintParticipantTokenRequest{Room: "r", Identity: "ada"})
			if apierr.ReasonOf(err) != c.want {
				t.Fatalf("got %v, want %v", err, c.want)
			}
		})
	}
	if conn, err := Dial(address, nil); err == nil {
		defer func() { _ = conn.Close() }()
		_, err = tokenv1.NewTokenServiceClient(conn).MintParticipantToken(t.Context(), &tokenv1.MintParticipantTokenRequest{Room: "r", Identity: "ada"})
		if !apierr.Has(err, apierr.Unavailable) {
			t.Fatalf("without TLS: %v", err)
		}
	}
}

func TestCertificatesAreReadAgain(t *testing.T) {
	a := newAuthority(t)
	files := a.issue(t, "room", "room")
	before, _ := files.current()
	a.issue(t, "room", "room") // a new certificate in the same files
	future := time.Now().Add(time.Minute)
	for _, name := range []string{"room.crt", "room.key"} {
		if err := os.Chtimes(filepath.Join(a.dir, name), future, future); err != nil {
			t.Fatal(err)
		}
	}
	files.checked = time.Time{}
	after, _ := files.current()
	if string(before.Certificate[0]) == string(after.Certificate[0]) {
		t.Fatal("the old certificate is still used")
	}
	// A half-written file must not take the service down.
	a.write(t, "room.crt", []byte("-----BEGIN"))
	files.checked = time.Time{}
	if kept, _ := files.current(); string(kept.Certificate[0]) != string(after.Certificate[0]) {
		t.Fatal("the good certificate was dropped")
	}
	if _, err := NewTLS(filepath.Join(a.dir, "room.crt"), filepath.Join(a.dir, "room.key"), filepath.Join(a.dir, "ca.crt")); err == nil {
		t.Fatal("unusable files must be an error at start")
	}
}

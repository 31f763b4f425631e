package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type Inner struct {
	Password Secret `env:"DB_PASSWORD"`
	Ports    int    `env:"DB_PORTS"`
}

type sample struct {
	Inner
	Name  string        `env:"NAME,required"`
	Size  int           `env:"SIZE" envDefault:"10"`
	Grace time.Duration `env:"GRACE" envDefault:"5s"`
	Token Secret        `env:"TOKEN"`
}

func (s *sample) Validate() error {
	var faults []error
	if s.Size < 4 {
		faults = append(faults, errors.New("SIZE must be at least 4"))
	}
	if s.Grace > time.Minute {
		faults = append(faults, errors.New("GRACE must be at most 1m"))
	}
	return errors.Join(faults...)
}

func TestLoad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var s sample
	if err := Load(&s, []string{"NAME=a", "TOKEN_FILE=" + file, "DB_PASSWORD_FILE=" + file, "SIZE=12"}); err != nil {
		t.Fatal(err)
	}
	if s.Token.Reveal() != "hunter2" || s.Password.Reveal() != "hunter2" || s.Size != 12 || s.Grace != 5*time.Second {
		t.Fatalf("got %+v", s)
	}
}

func TestLoadReportsEveryFault(t *testing.T) {
	cases := map[string]struct {
		environ []string
		want    []string
	}{
		"types and missing": {[]string{"SIZE=x", "GRACE=y", "DB_PORTS=z"}, []string{"NAME", "SIZE: ", "GRACE: ", "DB_PORTS: "}},
		"rules":             {[]string{"NAME=a", "SIZE=1", "GRACE=2m"}, []string{"SIZE must", "GRACE must"}},
		"missing file":      {[]string{"NAME=a", "TOKEN_FILE=/nonexistent/x"}, []string{"TOKEN_FILE"}},
		"both given":        {[]string{"NAME=a", "TOKEN=x", "TOKEN_FILE=/nonexistent/x"}, []string{"keep one"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := Load(&sample{}, c.environ)
			var e *Error
			if !errors.As(err, &e) || e.ExitCode() != 2 {
				t.Fatalf("got %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestSecretNeverPrints(t *testing.T) {
	s := sample{Token: "hunter2"}
	encoded, err := json.Marshal(s.Token)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(s.Token), fmt.Sprintf("%+v %#v", s, s), string(encoded), s.Token.LogValue().String()} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("the secret leaked: %s", text)
		}
	}
}

func TestIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "localhost:8080": true, "127.0.0.1:80": true, "127.9.9.9": true, "[::1]:80": true, "::1": true, "a.localhost": true,
		"": false, ":8080": false, "0.0.0.0:80": false, "10.0.0.1": false, "localhost.evil.test": false, "127.0.0.1.evil.test": false,
	} {
		if IsLoopback(host) != want {
			t.Errorf("%q: want %v", host, want)
		}
	}
}

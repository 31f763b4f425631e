package standalone

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/caarlos0/env/v11"

	"github.com/parleymeet/parley/pkg/secret"
)

const (
	defaultDataDir    = "./data"
	defaultSIPBusAddr = "127.0.0.1:6380"
)

// withDefaults returns environ with what a first run needs and it lacks. It
// makes the data directory and, in it, the secret key.
func withDefaults(environ []string) ([]string, error) {
	vars := env.ToMap(environ)
	var added []string
	set := func(name, value string) {
		if vars[name] == "" {
			vars[name] = value
			added = append(added, name+"="+value)
		}
	}
	if dir, ok := strings.CutPrefix(vars["DATABASE_URL"], "sqlite://"); ok {
		set("DATA_DIR", dir)
	}
	set("DATA_DIR", defaultDataDir)
	set("DATABASE_URL", "sqlite://"+vars["DATA_DIR"])
	set("OPERATOR_SOCKET", filepath.Join(vars["DATA_DIR"], "operator.sock"))
	set("GRPC_ADDR", "127.0.0.1:9000")
	set("SIP_BUS_ADDR", defaultSIPBusAddr)
	set("LIVEKIT_URL", "ws://127.0.0.1:7880")
	// LiveKit's API is where its clients dial, unless it is behind a proxy.
	set("LIVEKIT_API_URL", strings.Replace(vars["LIVEKIT_URL"], "ws", "http", 1))
	if vars["OIDC_ISSUER_URL"] == "" {
		set("DEVELOPMENT_LOGIN", "true")
	}
	if vars["LIVEKIT_API_SECRET_FILE"] == "" && vars["DEVELOPMENT_LOGIN"] == "true" {
		// The pair that `livekit-server --dev` takes.
		set("LIVEKIT_API_KEY", "devkey")
		set("LIVEKIT_API_SECRET", "secret")
	}
	if vars["SECRET_KEY"] == "" && vars["SECRET_KEY_FILE"] == "" {
		key, err := keyFile(vars["DATA_DIR"])
		if err != nil {
			return nil, err
		}
		set("SECRET_KEY_FILE", key)
	}
	return append(environ, added...), nil
}

// keyFile returns the file with the secret key of this data directory, made
// when there is none. It must be kept with the data: it opens what is sealed there.
func keyFile(dataDir string) (string, error) {
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return "", fmt.Errorf("DATA_DIR: %w", err)
	}
	path := filepath.Join(dataDir, "secret.key")
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // #nosec G304 -- the operator names the directory
	if errors.Is(err, fs.ErrExist) {
		return path, nil
	}
	if err != nil {
		return "", fmt.Errorf("secret key: %w", err)
	}
	_, err = file.WriteString(secret.Generate() + "\n")
	if err := errors.Join(err, file.Close()); err != nil {
		return "", fmt.Errorf("secret key: %w", err)
	}
	return path, nil
}

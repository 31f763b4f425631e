// Package database reads DATABASE_URL for all services: one setting, and each
// service finds its own database in it. `sqlite://<dir>` gives each service a
// file of its name in the directory, `postgres://...` a schema of its name.
package database

import (
	"errors"
	"path/filepath"
	"strings"
)

// Location says where one service keeps its data. Exactly one of the two is set.
type Location struct {
	// SQLitePath is the file of the service.
	SQLitePath string
	// PostgresURL is the server; the service uses Schema in it.
	PostgresURL string
	Schema      string
}

// Locate reads a DATABASE_URL for the named service.
func Locate(url, service string) (Location, error) {
	if dir, ok := strings.CutPrefix(url, "sqlite://"); ok && dir != "" {
		return Location{SQLitePath: filepath.Join(dir, service+".db")}, nil
	}
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		return Location{PostgresURL: url, Schema: "parley_" + service}, nil
	}
	// The URL may hold a password: it is not repeated.
	return Location{}, errors.New("DATABASE_URL must be sqlite://<directory> or postgres://user:password@host/database")
}

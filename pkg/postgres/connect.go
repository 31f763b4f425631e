package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	connectTimeout          = 5 * time.Second
	defaultStatementTimeout = 5 * time.Second
	defaultMaxConns         = 10
	// idleInTxTimeout frees the locks of a transaction whose client hangs.
	idleInTxTimeout = 30 * time.Second
	maxConnIdleTime = 5 * time.Minute
	// Connections are renewed so that a changed DNS answer or a rebalanced
	// proxy is followed; the jitter keeps the pool from reconnecting at once.
	maxConnLifetime       = 30 * time.Minute
	maxConnLifetimeJitter = 5 * time.Minute
)

// schemaName is stricter than PostgreSQL, so that the name never needs quotes
// in SQL, in search_path or in an operator's shell. 63 bytes is the server's
// limit, beyond which it would silently cut the name.
var schemaName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// parse turns cfg into a pool's configuration without connecting.
func parse(cfg Config) (*pgxpool.Config, error) {
	if !schemaName.MatchString(cfg.Schema) {
		return nil, fmt.Errorf("postgres: schema %q must match %s", cfg.Schema, schemaName)
	}
	pool, err := parseURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	switch {
	case cfg.MaxConns > 0:
		pool.MaxConns = cfg.MaxConns
	case !strings.Contains(cfg.URL, "pool_max_conns"):
		pool.MaxConns = defaultMaxConns
	}
	pool.MaxConnIdleTime = maxConnIdleTime
	pool.MaxConnLifetime = maxConnLifetime
	pool.MaxConnLifetimeJitter = maxConnLifetimeJitter
	pool.PingTimeout = connectTimeout
	pool.AfterConnect = readTimesAsUTC

	conn := pool.ConnConfig
	conn.ConnectTimeout = connectTimeout
	params := conn.RuntimeParams
	params["search_path"] = cfg.Schema
	switch {
	case cfg.StatementTimeout > 0:
		params["statement_timeout"] = milliseconds(cfg.StatementTimeout)
	case params["statement_timeout"] == "":
		params["statement_timeout"] = milliseconds(defaultStatementTimeout)
	}
	if params["idle_in_transaction_session_timeout"] == "" {
		params["idle_in_transaction_session_timeout"] = milliseconds(idleInTxTimeout)
	}
	return pool, nil
}

// parseURL parses a PostgreSQL URL. Its errors never carry the password: pgx's
// own error keeps the whole URL in a field and masks it only by best effort,
// so neither that error nor net/url's is wrapped.
func parseURL(raw string) (*pgxpool.Config, error) {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return nil, errors.New("postgres: the database URL must look like postgres://user:password@host:port/database")
	}
	pool, err := pgxpool.ParseConfig(raw)
	if err == nil {
		return pool, nil
	}
	// The inner error names what is wrong (a bad sslmode, a missing
	// certificate) without the URL around it.
	reason := err
	if inner := errors.Unwrap(err); inner != nil {
		reason = inner
	}
	text := reason.Error()
	secrets := append(u.Query()["password"], u.Query()["sslpassword"]...)
	if password, ok := u.User.Password(); ok {
		secrets = append(secrets, password)
	}
	for _, secret := range secrets {
		if secret != "" && strings.Contains(text, secret) {
			return nil, errors.New("postgres: the database URL is not valid")
		}
	}
	return nil, fmt.Errorf("postgres: the database URL is not valid: %s", text)
}

// readTimesAsUTC makes timestamptz scan into UTC; pgx would otherwise answer in
// the zone of the machine.
func readTimesAsUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name:  "timestamptz",
		OID:   pgtype.TimestamptzOID,
		Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}

// milliseconds writes d in the unit that PostgreSQL's timeouts default to. A
// positive duration never becomes 0, which would mean no limit.
func milliseconds(d time.Duration) string {
	return strconv.FormatInt(max(d.Milliseconds(), 1), 10)
}

// Package postgres keeps the store's database in PostgreSQL, which several processes can share: how it is
// opened, migrated and written, and what its errors ask of the operator. The statements are in the packages
// of store/sqlstore; what is for SQLite only is dropped in one place, the door.
package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/qianshao/qianshao/internal/trust"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// The pools of a process. PostgreSQL allows about a hundred connections for all processes together; beyond
// one per core they only queue in the server.
const (
	maxReaders = 8
	maxWriters = 8
)

// minVersion is the oldest supported PostgreSQL, of 2021.
const minVersion = 140000

// server is an open database.
type server struct {
	name   string // without password
	config *pgx.ConnConfig
	read   *sql.DB
	write  *sql.DB
}

// Open connects to the database and brings its schema up to date. A DSN may name several hosts; the one
// that accepts writes is used, for reads as well, since writes are often based on what was just read.
func Open(ctx context.Context, o Options) (*database.DB, error) {
	config, err := o.config()
	if err != nil {
		return nil, err
	}
	s := &server{config: config, name: fmt.Sprintf("postgres://%s/%s", net.JoinHostPort(config.Host, fmt.Sprint(config.Port)), config.Database)}
	s.write = pool(config, maxWriters, "off")
	s.read = pool(config, maxReaders, "on")
	if err := s.Fail("open", prepare(ctx, config)); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &database.DB{Read: s.read, Engine: s}, nil
}

// prepare brings the schema up to date, through connections that bypass the door: goose's statements are
// written for PostgreSQL.
func prepare(ctx context.Context, config *pgx.ConnConfig) (err error) {
	db := stdlib.OpenDB(*config)
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := suitable(ctx, conn); err != nil {
		return err
	}
	return migrate(ctx, conn, db)
}

// suitable refuses a server that is too old, and a database that does not sort texts by their bytes.
func suitable(ctx context.Context, conn *sql.Conn) error {
	var version int
	var collation, encoding string
	if err := conn.QueryRowContext(ctx, `
SELECT current_setting('server_version_num')::INTEGER, datcollate, pg_encoding_to_char(encoding)
FROM pg_database WHERE datname = current_database()`).Scan(&version, &collation, &encoding); err != nil {
		return err
	}
	if version < minVersion {
		return locales.Errorf("store.postgres.version", version/10000, minVersion/10000)
	}
	byBytes := false
	if encoding == "UTF8" { // other encodings may not even have these characters
		if err := conn.QueryRowContext(ctx, `SELECT 'B' < 'a' AND 'z' < 'é' AND '~' < '中'`).Scan(&byBytes); err != nil {
			return err
		}
	}
	if !byBytes { // datcollate says nothing of an ICU collation
		return locales.Errorf("store.postgres.collation", encoding, collation, createDatabase)
	}
	return nil
}

// Dialect implements database.Engine.
func (*server) Dialect() database.Dialect { return database.Postgres }

// Close implements database.Engine.
func (s *server) Close() error { return errors.Join(s.read.Close(), s.write.Close()) }

// SQLSTATE codes of errors that people can do something about.
const (
	wrongPassword      = "28P01"
	notAllowed         = "28000"
	noDatabase         = "3D000"
	noPrivilege        = "42501"
	diskFull           = "53100"
	tooManyConnections = "53300"
	lockNotAvailable   = "55P03"
	damagedData        = "XX001"
	damagedIndex       = "XX002"
)

// createDatabase is the statement that makes a suitable database.
const createDatabase = "CREATE DATABASE qianshao TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"

var remedies = map[string]locales.Message{
	wrongPassword:      locales.M("store.remedy.password"),
	notAllowed:         locales.M("store.remedy.pg_hba"),
	noDatabase:         locales.M("store.remedy.create", createDatabase),
	noPrivilege:        locales.M("store.remedy.owner"),
	lockNotAvailable:   locales.M("store.remedy.table_locked"),
	tooManyConnections: locales.M("store.remedy.max_connections", maxReaders+maxWriters+1),
	readOnly:           locales.M("store.remedy.read_only"),
}

// Fail implements database.Engine.
func (s *server) Fail(op string, err error) error {
	if err == nil || database.HasFailed(err) {
		return err
	}
	var connecting *pgconn.ConnectError
	var network net.Error
	var pg *pgconn.PgError
	code := ""
	if errors.As(err, &pg) {
		code = pg.Code
	}
	remedy := remedies[code].Or(trust.Remedy(err))
	err = database.Failed(op, s.name, err)
	switch {
	case code == diskFull:
		return locales.Errorf("store.postgres.disk_full", err, syscall.ENOSPC)
	case code == damagedData || code == damagedIndex:
		return locales.Errorf("store.postgres.damaged", store.ErrCorrupt, err)
	case remedy.Key != "":
		return locales.Errorf("remedied", err, remedy)
	case errors.As(err, &connecting) && errors.As(err, &network):
		return locales.Errorf("remedied", err, locales.M("store.remedy.server"))
	}
	return err
}

// Checkpoint implements database.Engine and does nothing. Deleted text leaves the server's log when its
// files are reused; see docs/operations.md.
func (*server) Checkpoint(context.Context) error { return nil }

// Snapshot implements database.Engine.
func (s *server) Snapshot(context.Context, string) error {
	return s.Fail("copy", errors.New("a copy of PostgreSQL is made with its own tools: pg_dump --format=custom"))
}

// connectTimeout bounds the wait for a server that does not answer, if the DSN sets no limit.
const connectTimeout = 5 * time.Second

// lost says whether a connection has broken or was ended by the server.
func lost(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == adminShutdown || pg.Code == crashShutdown || pg.Code == cannotConnectNow || pg.Code == readOnly || pg.Code[:2] == "08"
	}
	var connecting *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connecting) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, pgconn.ErrConnClosed) || pgconn.SafeToRetry(err)
}

package postgres

import (
	"context"
	"crypto/tls"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/qianshao/qianshao/internal/trust"
	"github.com/qianshao/qianshao/locales"
)

// Options say which database, and how to get in.
type Options struct {
	// DSN is a URL in libpq's form:
	// postgres://USER@HOST:PORT,HOST:PORT/DATABASE?target_session_attrs=read-write.
	DSN string
	// PasswordFile holds only the password, which is kept out of the DSN, since others see it in the list
	// of processes, and out of the environment. Optional.
	PasswordFile string
	// CA is a PEM file of certificates, one of which must have signed the server's. With it the connection
	// is encrypted and the server's name checked, whatever sslmode says. Optional.
	CA string
}

func (o Options) config() (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(o.DSN)
	if err != nil { // which has no password in it
		return nil, locales.Errorf("store.postgres.address", err)
	}
	if config.Database == "" || config.Host == "" {
		return nil, locales.Errorf("store.postgres.no_name")
	}
	if o.PasswordFile != "" {
		if config.Password, err = trust.Secret(o.PasswordFile); err != nil {
			return nil, err
		}
	}
	if o.CA != "" {
		if err := encrypt(config, o.CA); err != nil {
			return nil, err
		}
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = application
	}
	config.AfterConnect = func(ctx context.Context, conn *pgconn.PgConn) error { return conn.Exec(ctx, patient).Close() }
	return config, nil
}

// patient lifts, for a session, limits that an administrator may have set on how long a statement, a lock
// or a session may take. Waiting for a turn, a migration and VACUUM FULL take as long as they take. Not
// every server has all of these limits.
const patient = `SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout',
  'transaction_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout')`

// encrypt requires TLS for all hosts of the configuration, and checks their certificates.
func encrypt(config *pgx.ConnConfig, file string) error {
	checked, err := trust.TLS(file)
	if err != nil {
		return err
	}
	of := func(host string) *tls.Config {
		own := checked.Clone()
		own.ServerName = host
		return own
	}
	config.TLSConfig = of(config.Host)
	fallbacks := config.Fallbacks[:0]
	for _, f := range config.Fallbacks { // further hosts, and retries of the same host without TLS
		if f.TLSConfig == nil && f.Host == config.Host && f.Port == config.Port {
			continue
		}
		f.TLSConfig = of(f.Host)
		fallbacks = append(fallbacks, f)
	}
	config.Fallbacks = fallbacks
	return nil
}

// Package postgrestest gives tests databases of their own in a real PostgreSQL.
package postgrestest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/qianshao/qianshao/store/postgres"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// Env names the variable with the DSN of a server on which tests may create databases.
const Env = "QIANSHAO_POSTGRES"

// Available says whether there is a server.
func Available() bool { return os.Getenv(Env) != "" }

// Need skips the test where there is no server.
func Need(t testing.TB) {
	t.Helper()
	if !Available() {
		t.Skip("no PostgreSQL: set " + Env + " to the DSN of one in which databases may be made")
	}
}

// DSN returns the DSN of a new database with the schema in it, which is dropped when the test
// ends. Without a server the test is skipped.
func DSN(t testing.TB) string {
	t.Helper()
	Need(t)
	name, err := template()
	if err != nil {
		t.Fatal(err)
	}
	own := fmt.Sprintf("%s_%d", name, count.Add(1))
	if err := create(own, name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := execute(`DROP DATABASE ` + own + ` WITH (FORCE)`); err != nil {
			t.Error(err)
		}
	})
	return named(own)
}

// Open opens a new database, as in DSN.
func Open(t testing.TB) *database.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), postgres.Options{DSN: DSN(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

var count atomic.Int64

// template creates, once per process, the database that those of the tests are copied from. Creating its
// schema costs as much as a hundred copies.
var template = sync.OnceValues(func() (string, error) {
	name := fmt.Sprintf("qianshao_test_%d", os.Getpid())
	if err := create(name, "template0"); err != nil {
		return "", err
	}
	db, err := postgres.Open(context.Background(), postgres.Options{DSN: named(name)})
	if err != nil {
		return "", err
	}
	return name, db.Close()
})

// create creates a database; CREATE DATABASE can only copy a template that nobody is connected to.
func create(name, from string) error {
	copying.Lock()
	defer copying.Unlock()
	if err := execute(`DROP DATABASE IF EXISTS ` + name + ` WITH (FORCE)`); err != nil {
		return err
	}
	return execute(`CREATE DATABASE ` + name + ` TEMPLATE ` + from + ` ENCODING 'UTF8' LOCALE 'C'`)
}

var copying sync.Mutex

func execute(statement string) error {
	db, err := sql.Open("pgx", os.Getenv(Env))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(statement)
	return err
}

// named is the server's DSN for another database.
func named(database string) string {
	u, err := url.Parse(os.Getenv(Env))
	if err != nil {
		return os.Getenv(Env)
	}
	u.Path = "/" + database
	return u.String()
}

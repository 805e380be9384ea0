// Package sqlstore is the store in an SQL database: the register of authorisations, the crawl frontier,
// submissions, the pages that were seen, the text and findings of flagged ones, and the chains of the
// evidence archive. Accounts, the data of clients, and notices have packages of their own.
//
// Nothing outside this folder and the engines, store/sqlite and store/postgres, uses SQL. store/storetest
// tests what its users rely on.
package sqlstore

import (
	"context"

	"github.com/qianshao/qianshao/store/sqlstore/accounts"
	"github.com/qianshao/qianshao/store/sqlstore/clients"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/gauges"
	"github.com/qianshao/qianshao/store/sqlstore/notices"
	"github.com/qianshao/qianshao/store/sqlstore/sites"
)

// Store is the store in an open database. It is safe for concurrent use.
type Store struct {
	*accounts.Store
	*clients.Clients
	*notices.Notices
	*sites.Reader
	*gauges.Counter
	db     *database.DB
	packer packer
}

// New returns the store in a database that an engine has just opened:
//
//	s, err := sqlstore.New(sqlite.Open(ctx, path))
func New(db *database.DB, err error) (*Store, error) {
	if err != nil {
		return nil, err
	}
	return &Store{Store: accounts.New(db), Clients: clients.New(db), Notices: notices.New(db), Reader: sites.New(db), Counter: gauges.New(db), db: db}, nil
}

// Close ends all connections.
func (s *Store) Close() error {
	s.packer.close()
	return s.db.Close()
}

// Database returns the underlying database, for the packages with statements of their own.
func (s *Store) Database() *database.DB { return s.db }

// Snapshot writes the database as of one moment into a new file, as database.DB does.
func (s *Store) Snapshot(ctx context.Context, path string) error { return s.db.Snapshot(ctx, path) }

// Rewrite rewrites the database if data in it was marked to be forgotten, as database.DB does.
func (s *Store) Rewrite(ctx context.Context) (done bool, err error) { return s.db.Rewrite(ctx) }

package datafolder

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/index/bleveindex"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/postgres"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlstore"
	"github.com/qianshao/qianshao/store/sqlstore/accounts"
	"github.com/qianshao/qianshao/store/sqlstore/campaigns"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/figures"
	"github.com/qianshao/qianshao/store/sqlstore/review"
	"github.com/qianshao/qianshao/store/sqlstore/transfer"
)

// Only this file names the engines behind store and index and chooses between them, apart from the
// index on a cluster in shared.go.

// Store is the store of a data folder.
type Store = sqlstore.Store

// Review is the desk's part of the store.
type Review = review.Store

// openReview returns the desk's part of an open store.
func openReview(db *Store) *Review {
	return review.New(db.Database(), campaigns.Options{Traits: traits(), Name: traitsName()})
}

// figures returns the figures for reports.
func (f *Folder) figures() *figures.Reader { return figures.New(f.Store.Database(), nil) }

// openStore opens the store, and creates an empty one if there is none. Several processes may have
// it open. If nothing is to be changed, a folder's store may be write-protected.
func (o Options) openStore(ctx context.Context) (*Store, error) {
	if err := makeFolder(o.Data); err != nil {
		return nil, err
	}
	if err := o.Backends.Check(); err != nil {
		return nil, inputError(err)
	}
	if o.Backends.Store.Elsewhere() {
		return o.openServer(ctx)
	}
	if err := o.wantServer(); err != nil {
		return nil, err
	}
	if o.ReadOnly {
		return sqlstore.New(sqlite.OpenToRead(ctx, storePath(o.Data)))
	}
	return sqlstore.New(sqlite.Open(ctx, storePath(o.Data)))
}

// openServer opens a store on a server.
func (o Options) openServer(ctx context.Context) (*Store, error) {
	server := o.Backends.Store
	dsn, err := server.DSN()
	if err != nil {
		return nil, inputError(err)
	}
	db, err := sqlstore.New(postgres.Open(ctx, postgres.Options{DSN: dsn, PasswordFile: server.SecretFile, CA: server.CAFile}))
	if err != nil || o.ReadOnly {
		return db, err
	}
	if err := o.noteServer(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func makeFolder(data string) error {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return locales.Errorf("data.create", err)
	}
	return nil
}

// ZoneSet returns the time zone that an administrator has set. It returns nil if none is set or it
// cannot be read: opening the store then reports the error.
func ZoneSet(ctx context.Context, opts Options) *time.Location {
	if !opts.HasStore() {
		return nil
	}
	name, err := opts.peekSetting(ctx, store.SettingZone)
	if err != nil || name == "" {
		return nil
	}
	zone, err := qianshao.ParseZone(name)
	if err != nil {
		return nil
	}
	return zone
}

// peekSetting returns the value of a setting without opening the store, which may be of another
// version.
func (o Options) peekSetting(ctx context.Context, name store.Setting) (value string, err error) {
	if !o.Backends.Store.Elsewhere() {
		err = sqlite.Peek(storePath(o.Data), func(db database.Statements) error {
			value, err = accounts.SettingIn(ctx, db, name)
			return err
		})
		return value, err
	}
	db, err := o.openStore(ctx)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.Setting(ctx, name)
}

func storePath(data string) string { return filepath.Join(data, "qianshao.db") }

// NeedStore refuses a folder without a store. With a mistyped --data, a command would otherwise
// create an empty store there and report that nothing was found and the evidence is intact.
func (o Options) NeedStore() error {
	if o.HasStore() {
		return nil
	}
	if err := o.wantServer(); err != nil {
		return err
	}
	return inputError(locales.Errorf("data.no_database", o.Data))
}

// HasStore reports whether a store exists. One on a server may turn out to be empty, and one in
// a folder that this user must not read may be missing: opening it gives the error.
func (o Options) HasStore() bool {
	if o.Backends.Store.Elsewhere() {
		return true
	}
	_, err := os.Stat(storePath(o.Data))
	return !errors.Is(err, fs.ErrNotExist)
}

// OpenIndex opens the index, and creates an empty one if there is none. Only one process at a time
// may have a folder's index open. Days begin in the zone of the options; nil is index.DefaultZone.
// An index in another zone must be rebuilt.
func (f *Folder) OpenIndex(ctx context.Context) (index.Index, error) {
	ix, err := f.opts.openIndex(false, nil)
	if shared, ok := ix.(*sharedIndex); ok {
		if err := shared.belongTo(ctx, f.Store); err != nil {
			return nil, errors.Join(err, shared.Close())
		}
	}
	return ix, err
}

// openIndex opens the index of a folder, or prepares one on a cluster, which matchIndex opens.
// whole is for the one process that runs on the folder. told is called when FeedIndex has to
// rebuild an index on a cluster.
func (o Options) openIndex(whole bool, told Reindexing) (index.Index, error) {
	if o.Backends.Index.Elsewhere() {
		ix, err := o.openShared(whole, told)
		if err != nil {
			return nil, err
		}
		return ix, nil
	}
	if err := o.wantServer(); err != nil {
		return nil, err
	}
	ix, err := bleveindex.Open(indexPath(o.Data), o.indexOptions())
	if err != nil {
		return nil, err
	}
	return ix, nil
}

// idle reports whether no process runs on the store: such a process would have the folder's index
// open. This cannot be known for a store on a server, nor with an index on a cluster, where a
// starting process tries the folder's lock only once.
func (o Options) idle() bool {
	if o.Backends.Store.Elsewhere() || o.Backends.Index.Elsewhere() {
		return false
	}
	open, err := bleveindex.IsOpen(indexPath(o.Data))
	return err == nil && !open
}

// alone runs f while no other process updates a shared index of the store. For an index in a
// folder, its lock ensures that.
func alone(ctx context.Context, db *Store, f func(held func() error) error) error {
	if db.Database().Dialect() == database.Postgres {
		return postgres.Alone(ctx, db.Database(), string(store.ConsumerIndex), f)
	}
	return f(func() error { return nil })
}

// claim is how a process reserves its folder's holder among all that share a store.
type claim = postgres.Claim

// claimHolder prevents other processes from using the folder's holder for leases, as a process on a
// copy of the folder would. For a store in the folder, the folder's lock is enough.
func (f *Folder) claimHolder(ctx context.Context) (err error) {
	if f.Holder == "" || f.Store.Database().Dialect() != database.Postgres {
		return nil
	}
	taken := locales.Errorf("data.holder", f.Holder, f.opts.Data, holderPath(f.opts.Data))
	f.claim, err = postgres.Take(ctx, f.Store.Database(), "holder "+f.Holder, func(err error) {
		switch {
		case err == nil:
			f.opts.Log.Warn("this process has the holder's lock again", "holder", f.Holder)
		case errors.Is(err, postgres.ErrClaimed):
			f.opts.Log.Error("nothing is leased until the other process has ended", "error", taken)
		default:
			f.opts.Log.Error("the holder's lock was lost with its connection; trying again", "holder", f.Holder, "error", err)
		}
	})
	if errors.Is(err, postgres.ErrClaimed) {
		return inputError(taken)
	}
	return err
}

// MigratedTable is the result for a copied table of a store.
type MigratedTable = transfer.Table

// copyStore copies everything from a store into an empty one.
func copyStore(ctx context.Context, from, to *Store) ([]MigratedTable, error) {
	return transfer.Copy(ctx, from.Database(), to.Database())
}

// connections counts the processes' connections to a store on a server.
func connections(ctx context.Context, db *Store) (int, error) {
	if db.Database().Dialect() != database.Postgres {
		return 0, nil
	}
	return postgres.Connections(ctx, db.Database())
}

// InUse reports whether OpenIndex or New failed because another process, usually the server, has
// the folder open.
func InUse(err error) bool {
	return errors.Is(err, bleveindex.ErrLocked) || errors.Is(err, errFolderInUse)
}

// mustRebuild reports whether an index cannot be used because it is damaged or was made by another
// version.
func mustRebuild(err error) bool {
	return errors.Is(err, index.ErrRebuild) || errors.Is(err, bleveindex.ErrCorrupt)
}

// rebuildIndex empties the index, whatever its state, and returns it filled by fill.
func (o Options) rebuildIndex(fill func(index.Index) error) (index.Index, error) {
	ix, err := bleveindex.Rebuild(indexPath(o.Data), o.indexOptions(), func(ix *bleveindex.Index) error { return fill(ix) })
	if err != nil {
		return nil, err
	}
	return ix, nil
}

func indexPath(data string) string { return filepath.Join(data, "index.bleve") }

func (o Options) indexOptions() bleveindex.Options {
	return bleveindex.Options{Fold: fold.Strings(), Zone: o.Zone}
}

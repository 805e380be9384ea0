package datafolder

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/internal/backends"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// MigrateOptions say what is moved, and where.
type MigrateOptions struct {
	// From is not changed, and no process may run on it. To must be new: its folder, its database,
	// its bucket.
	From, To Options
	// Reindexing is called with the progress of the index; optional.
	Reindexing Reindexing
	// Problem is called with each fault in the evidence archive.
	Problem func(evidence.Problem)
}

// Migrate copies all data of an outpost to other places: its store into a database of either
// engine, in one transaction, and its evidence. It rebuilds the index. Each is compared with the
// source. Until that is done the target cannot be opened. After an error, nothing of it is left in the
// folder; on servers the target must be emptied, or another one named.
func Migrate(ctx context.Context, opts MigrateOptions) (m *Manifest, tables []MigratedTable, err error) {
	for _, name := range []string{storePath(opts.To.Data), EvidencePath(opts.To.Data), indexPath(opts.To.Data)} {
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, inputError(errors.Join(err, locales.Errorf("migrate.exists", name)))
		}
	}
	lock, err := opts.From.openIndex(true, nil) // a process that runs on the folder holds this lock
	if err != nil && !mustRebuild(err) {
		return nil, nil, err
	}
	if lock != nil {
		defer func() { err = errors.Join(err, lock.Close()) }()
	}
	from := opts.From
	from.Backends.Store = from.Backends.Store.Named(migrating)
	f, err := Open(ctx, from)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := unused(ctx, f.Store); err != nil {
		return nil, nil, err
	}
	m = &Manifest{}
	problems, err := f.describe(ctx, m, evidence.Head{})
	if err != nil {
		return nil, nil, err
	}
	for _, p := range problems {
		opts.Problem(p)
	}
	err = orUndo(opts.To.Data, madeBy(opts.To.Data), func() (err error) {
		tables, err = f.migrate(ctx, m, opts)
		return err
	})
	return m, tables, err
}

// madeBy returns the paths of all that a migration makes in a data folder.
func madeBy(data string) []string {
	db := storePath(data)
	return []string{db, db + "-wal", db + "-shm", EvidencePath(data), indexPath(data), serverPath(data), lockPath(data), holderPath(data)}
}

func (f *Folder) migrate(ctx context.Context, m *Manifest, opts MigrateOptions) (tables []MigratedTable, err error) {
	to := opts.To
	to.Moved = true
	id, err := f.idFor(ctx, to)
	if err != nil {
		return nil, err
	}
	in, err := newBucket(ctx, opts.From, to)
	if err == nil {
		err = to.reachIndex(ctx, id)
	}
	if err != nil {
		return nil, err
	}
	db, err := to.openStore(ctx)
	if err != nil {
		return nil, err
	}
	if tables, err = copyStore(ctx, f.Store, db); err == nil && id != "" {
		_, err = db.SetPlace(ctx, store.PartStore, id, true)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	if in != nil {
		if err := f.Evidence.CopyTo(ctx, in); err != nil {
			return nil, err
		}
	}
	t, err := Open(ctx, to)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	if err := t.compareMigrated(ctx, m, opts.Reindexing); err != nil {
		return nil, err
	}
	if err := t.Moved(ctx); err != nil {
		return nil, err
	}
	_, err = t.Store.SetPlace(ctx, store.PartMigration, "", true)
	return tables, err
}

// idFor returns the id for the target. It is the source's if index or bucket stay in place, as
// these record the id of their store. Otherwise it is empty, and the target gets a new one.
func (f *Folder) idFor(ctx context.Context, to Options) (string, error) {
	if from := f.opts.Backends; !stays(from.Index, to.Backends.Index) && !stays(from.Evidence, to.Backends.Evidence) {
		return "", nil
	}
	return storeID(ctx, f.Store)
}

// stays reports whether a part outside the folder is in the same place for the target.
func stays(from, to backends.Place) bool { return from.Elsewhere() && from.Address == to.Address }

// newBucket returns the bucket to copy the evidence to, which must be empty; nil if it stays in place.
func newBucket(ctx context.Context, from, to Options) (bucket.Bucket, error) {
	if stays(from.Backends.Evidence, to.Backends.Evidence) {
		return nil, nil //nolint:nilnil // nothing to copy
	}
	in, err := to.openBucket(ctx)
	if err != nil {
		return nil, err
	}
	for name, err := range in.List(ctx, "") {
		if err != nil {
			return nil, err
		}
		return nil, inputError(locales.Errorf("migrate.not_empty", in, name))
	}
	return in, nil
}

// compareMigrated compares a target with the source's manifest, and builds its index.
func (f *Folder) compareMigrated(ctx context.Context, m *Manifest, told Reindexing) error {
	kept, err := m.head()
	if err != nil {
		return err
	}
	is := Manifest{}
	if _, err := f.describe(ctx, &is, kept); err != nil {
		return err
	}
	if is.Problems != m.Problems || is.Records != m.Records || is.ActHead != m.ActHead || is.ActProblems != m.ActProblems || !is.mark().Equal(m.mark()) {
		return locales.Errorf("migrate.differs",
			is.Findings, is.Records, is.Problems, is.ActHead, is.ActProblems, m.Findings, m.Records, m.Problems, m.ActHead, m.ActProblems)
	}
	count, err := f.opts.reindex(ctx, f.Store, told)
	if err == nil && count != m.Findings {
		err = locales.Errorf("migrate.index_differs", count, m.Findings)
	}
	return err
}

// migrating is the name of our own connections to a server, which tells them from those of other
// processes.
const migrating = "qianshao-migrate"

// unused refuses a store on a server to which somebody else is connected.
func unused(ctx context.Context, db *Store) error {
	others, err := connections(ctx, db)
	if err == nil && others > 0 {
		err = inputError(locales.Errorf("migrate.connections", others))
	}
	return err
}

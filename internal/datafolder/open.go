package datafolder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/qianshao/qianshao/store/sqlite"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/index/bleveindex"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore"
	"github.com/qianshao/qianshao/store/sqlstore/accounts"
	"github.com/qianshao/qianshao/store/sqlstore/campaigns"
	"github.com/qianshao/qianshao/store/sqlstore/figures"
	"github.com/qianshao/qianshao/store/sqlstore/review"
)

// This file alone names the engines behind store and index. A second engine is
// chosen here.

// Store is the store that a data folder holds.
type Store = sqlstore.Store

// Review is the desk's part of the store.
type Review = review.Store

// openReview returns the desk's part of an open store.
func openReview(db *Store) *Review {
	return review.New(db.Database(), campaigns.Options{Traits: traits(), Name: traitsName()})
}

// figures returns what counts for reports.
func (f *Folder) figures() *figures.Reader { return figures.New(f.Store.Database(), nil) }

// openStore opens the store of a data folder, and makes an empty one where there
// is none. Several processes may have it open.
func openStore(ctx context.Context, data string) (*Store, error) {
	if err := makeFolder(data); err != nil {
		return nil, err
	}
	return sqlstore.New(sqlite.Open(ctx, storePath(data)))
}

// openStoreToRead opens it for a command that changes nothing, write-protected or not.
func openStoreToRead(ctx context.Context, data string) (*Store, error) {
	if err := makeFolder(data); err != nil {
		return nil, err
	}
	return sqlstore.New(sqlite.OpenToRead(ctx, storePath(data)))
}

func makeFolder(data string) error {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return fmt.Errorf("create the data folder: %w", err)
	}
	return nil
}

// ZoneSet returns the time zone that an administrator has set in a data folder; nil if nobody
// has. The store is not opened for that: whoever opens it says what is wrong with it.
func ZoneSet(ctx context.Context, data string) *time.Location {
	if !HasStore(data) {
		return nil
	}
	name, err := accounts.PeekSetting(ctx, storePath(data), store.SettingZone)
	if err != nil || name == "" {
		return nil
	}
	zone, err := qianshao.ParseZone(name)
	if err != nil {
		return nil
	}
	return zone
}

func storePath(data string) string { return filepath.Join(data, "qianshao.db") }

// HasStore says whether a data folder holds a store already.
func HasStore(data string) bool {
	_, err := os.Stat(storePath(data))
	return err == nil
}

// OpenIndex opens the index of a data folder, and makes an empty one where there
// is none. Only one process at a time may have it open. Days begin in the zone;
// nil is index.DefaultZone. An index of another zone must be built anew.
func OpenIndex(data string, zone *time.Location) (index.Index, error) {
	ix, err := bleveindex.Open(indexPath(data), indexOptions(zone))
	if err != nil {
		return nil, err
	}
	return ix, nil
}

// InUse says whether OpenIndex or New failed because another process, as a rule the
// server, has the index open.
func InUse(err error) bool { return errors.Is(err, bleveindex.ErrLocked) }

// mustRebuild says whether an index cannot be used as it is: it is damaged, or was
// made by another version.
func mustRebuild(err error) bool {
	return errors.Is(err, bleveindex.ErrRebuild) || errors.Is(err, bleveindex.ErrCorrupt)
}

// rebuildIndex empties the index, in whatever state it is, and returns it as fill
// has filled it.
func rebuildIndex(data string, zone *time.Location, fill func(index.Index) error) (index.Index, error) {
	ix, err := bleveindex.Rebuild(indexPath(data), indexOptions(zone), func(ix *bleveindex.Index) error { return fill(ix) })
	if err != nil {
		return nil, err
	}
	return ix, nil
}

func indexPath(data string) string { return filepath.Join(data, "index.bleve") }

func indexOptions(zone *time.Location) bleveindex.Options {
	return bleveindex.Options{Fold: fold.Strings(), Zone: zone}
}

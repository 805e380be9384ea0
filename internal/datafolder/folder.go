// Package datafolder is what a process or a command does with a data folder: opening its store,
// evidence and index, the register of authorisations and reports, rules with their overlay, search,
// reindexing, export, backup and restore, deletion and retention. The services that run on a folder
// are in package app.
package datafolder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/backends"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// Options say which data folder to open. Data is required.
type Options struct {
	// Data is the folder; it is created if it is missing.
	Data string
	// Backends are servers that replace parts of the folder.
	Backends backends.Options
	// ReadOnly is for work that changes nothing. It also works on a write-protected copy.
	ReadOnly bool
	// Moved is for a caller that has moved the evidence to a place that differs from the store's
	// record; see Folder.Moved.
	Moved bool
	// Version is the program's version, recorded in files that it writes.
	Version string
	// Contact is the collector's contact, recorded in the evidence archive's files.
	Contact string
	// Zone is the zone of the index's days; nil is index.DefaultZone.
	Zone *time.Location
	// Log receives failures; nil discards them.
	Log *slog.Logger
}

// Folder is an open data folder: the store, the evidence and the register of authorisations.
// Commands may have it open beside a server. The index, which only one process may have open, is
// not part of it; see OpenWithIndex.
type Folder struct {
	Store *Store
	// Review has the acts of the desk, and what follows from them.
	Review *Review
	// Accounts makes and changes the accounts of the store.
	Accounts *auth.Accounts
	Evidence *evidence.Archive
	Register *Register
	// Holder identifies the process on this folder among all that share the store. It is "" if the
	// folder was opened read-only, or to be moved.
	Holder   string
	claim    *claim // nil if the folder's lock is enough, or no process runs on the folder
	software string
	opts     Options
	runs     bool // opened by OpenWithIndex
}

// Open opens a data folder. Call Close when done with it.
func Open(ctx context.Context, opts Options) (*Folder, error) {
	if opts.Data == "" {
		return nil, locales.Errorf("data.required")
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	db, err := opts.openStore(ctx)
	if err != nil {
		return nil, err
	}
	if !opts.Moved {
		err = opts.keepPlaces(ctx, db, false, store.PartEvidence)
	}
	if err == nil && !opts.ReadOnly {
		err = fillSeen(ctx, db, opts.Log)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	f := &Folder{Store: db, Review: openReview(db), Accounts: auth.NewAccounts(db, nil), Register: &Register{store: db, log: opts.Log}, software: Software(opts.Version), opts: opts}
	if opts.Backends.Store.Elsewhere() {
		f.Register.patience = registerPatience
	}
	if !opts.ReadOnly && !opts.Moved {
		if f.Holder, err = Holder(opts.Data); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	if f.Evidence, err = opts.openEvidence(ctx, db, f.Holder); err == nil {
		err = f.checkOwner(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return f, nil
}

// openEvidence opens the archive at its place: for a writer, or read-only if writer is "".
func (o *Options) openEvidence(ctx context.Context, ledger evidence.Ledger, writer string) (*evidence.Archive, error) {
	in, err := o.openBucket(ctx)
	if err != nil {
		return nil, err
	}
	return evidence.New(evidence.Options{
		Bucket: in, Ledger: ledger, Writer: writer, Software: Software(o.Version), Operator: o.Contact, Log: o.Log,
	})
}

// openBucket opens the place of the evidence.
func (o *Options) openBucket(ctx context.Context) (bucket.Bucket, error) {
	p := o.Backends.Evidence
	if !p.Elsewhere() {
		return bucket.NewFolder(EvidencePath(o.Data)), nil
	}
	return bucket.Open(ctx, p.Address, bucket.Options{CredentialsFile: p.SecretFile, CAFile: p.CAFile})
}

// checkOwner refuses evidence outside the folder that belongs to another store. A store without an
// id cannot have such evidence yet.
func (f *Folder) checkOwner(ctx context.Context) error {
	if !f.opts.Backends.Evidence.Elsewhere() {
		return nil
	}
	id, err := f.Store.Place(ctx, store.PartStore)
	if err != nil {
		return err
	}
	return f.ownersError(bucket.CheckOwner(ctx, f.Evidence.Bucket(), id))
}

// claimEvidence records that the evidence outside the folder belongs to this store.
func (f *Folder) claimEvidence(ctx context.Context) error {
	if !f.opts.Backends.Evidence.Elsewhere() {
		return nil
	}
	id, err := storeID(ctx, f.Store)
	if err != nil {
		return err
	}
	return f.ownersError(bucket.Claim(ctx, f.Evidence.Bucket(), id))
}

// ownersError turns a bucket's error about its owner into one that the operator can fix.
func (f *Folder) ownersError(err error) error {
	if errors.Is(err, bucket.ErrOthers) {
		return inputError(fmt.Errorf("--%sevidence: %w", f.opts.Backends.Prefix, err))
	}
	return err
}

// OpenWithIndex opens a data folder with its index, for the one process that runs on it. It updates
// or rebuilds campaigns and index to match the store, except an index on a cluster: FeedIndex does
// that, since the cluster may be down. told is called with the progress of a rebuild, and may be
// nil. Close both when done with them.
func OpenWithIndex(ctx context.Context, opts Options, told Reindexing) (f *Folder, ix index.Index, err error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if err := makeFolder(opts.Data); err != nil {
		return nil, nil, err
	}
	// The index comes first: if another process, perhaps of another version, runs on the folder,
	// then the index is locked, and the store must not be touched.
	if ix, err = opts.openIndex(true, told); err != nil && !mustRebuild(err) {
		return nil, nil, err
	}
	if f, err = Open(ctx, opts); err == nil {
		err = f.claimHolder(ctx)
	}
	if err == nil {
		err = opts.keepPlaces(ctx, f.Store, true, store.PartIndex, store.PartEvidence)
	}
	if err == nil {
		err = f.claimEvidence(ctx)
	}
	if err == nil {
		if ix, err = opts.matchIndex(ctx, ix, f.Store, told); err == nil {
			err = matchCampaigns(ctx, f.Review, opts.Log)
		}
	}
	if err == nil {
		f.runs = true
		return f, ix, nil
	}
	if ix != nil {
		err = errors.Join(err, ix.Close())
	}
	if f != nil {
		err = errors.Join(err, f.Close())
	}
	return nil, nil, err
}

// Moved records that index and evidence are now at the places in the folder's options. Without it,
// places that differ from the store's record are refused: a process with a wrong place would find
// nothing there, and would store its data apart from everybody else's.
func (f *Folder) Moved(ctx context.Context) error {
	return errors.Join(f.opts.movePlace(ctx, f.Store, store.PartIndex), f.MovedEvidence(ctx))
}

// MovedEvidence does the same for the evidence only.
func (f *Folder) MovedEvidence(ctx context.Context) error {
	return errors.Join(f.claimEvidence(ctx), f.opts.movePlace(ctx, f.Store, store.PartEvidence))
}

// EvidencePath is the path of a data folder's evidence archive.
func EvidencePath(data string) string { return filepath.Join(data, "evidence") }

// Software is the program's name and version, for files and requests.
func Software(version string) string { return "qianshao/" + version }

// Alone reports whether no other process uses the folder's holder, as far as is known.
func (f *Folder) Alone() bool { return f.claim == nil || f.claim.Held() }

// Close closes the folder.
func (f *Folder) Close() error {
	err := errors.Join(f.Evidence.Close(context.Background()), f.Store.Close())
	if f.claim != nil {
		err = errors.Join(err, f.claim.Close())
	}
	return err
}

// Account returns an account for the desk.
func (f *Folder) Account(ctx context.Context, name string) (qianshao.Account, error) {
	record, err := f.Store.Account(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		err = desk.ErrNotFound
	}
	return record.Account, err
}

package app

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/evidence"
)

// FolderOptions say which data folder to open. Folder is required.
type FolderOptions struct {
	// Data is the folder; it is created where it is missing.
	Data string
	// ReadOnly is for work that changes nothing: it can be done in a write-protected
	// copy, too.
	ReadOnly bool
	// Version of the program; it stands in what is written.
	Version string
	// Contact of whoever collects; it stands in the evidence archive's files.
	Contact string
	// Zone is the zone of the index's days; nil is index.DefaultZone.
	Zone *time.Location
	// Log is told of failures; nil keeps silent.
	Log *slog.Logger
}

// Folder is an open data folder: the truth, the evidence and the register of
// authorisations. Commands may have it open beside a server; the index, which
// only one process may have open, belongs to App.
type Folder struct {
	Store *Store
	// Review has the acts of the desk, and what they come to.
	Review *Review
	// Accounts makes and changes the accounts of the store.
	Accounts *auth.Accounts
	Evidence *evidence.Archive
	Register *Register
	software string
	zone     *time.Location
	data     string
}

// OpenFolder opens a data folder. Call Close when done with it.
func OpenFolder(ctx context.Context, opts FolderOptions) (*Folder, error) {
	if opts.Data == "" {
		return nil, errors.New("app: a data folder is required")
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	open := openStore
	if opts.ReadOnly {
		open = openStoreToRead
	}
	db, err := open(ctx, opts.Data)
	if err != nil {
		return nil, err
	}
	if !opts.ReadOnly {
		if err := fillSeen(ctx, db, opts.Log); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	f := &Folder{Store: db, Review: openReview(db), Accounts: auth.NewAccounts(db, nil), Register: &Register{store: db, log: opts.Log}, software: softwareName(opts.Version), zone: opts.Zone, data: opts.Data}
	f.Evidence, err = evidence.New(evidence.Options{
		Folder: EvidencePath(opts.Data), Ledger: db, Software: f.software, Operator: opts.Contact, Log: opts.Log,
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return f, nil
}

// EvidencePath is where a data folder keeps the evidence archive.
func EvidencePath(data string) string { return filepath.Join(data, "evidence") }

func softwareName(version string) string { return "qianshao/" + version }

// Close closes the folder.
func (f *Folder) Close() error { return f.Store.Close() }

// IndexEvidence writes all CDXJ indexes of the archive anew and returns their number.
func (f *Folder) IndexEvidence(ctx context.Context) (int, error) {
	files, err := f.Store.EvidenceFiles(ctx)
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		if err := f.Evidence.WriteIndex(ctx, file.Name); err != nil {
			return 0, err
		}
	}
	return len(files), nil
}

package datafolder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/locales"
)

// RestoreOptions say what is restored, and where. From and Data are required.
type RestoreOptions struct {
	// From is the folder that Backup wrote, Data the data folder to create, which must be missing
	// or empty.
	From, Data string
	// Zone is the zone of the index's days; nil is index.DefaultZone.
	Zone *time.Location
	// Reindexing is called with the progress of the index; optional.
	Reindexing Reindexing
	// Problem is called with each fault that the evidence archive had when the backup was made.
	Problem func(evidence.Problem)
	// Warn is called with parts of the restored rules that have no effect, and with mistakes in them.
	Warn func(fmt.Stringer)
}

// Restore creates a data folder from a backup. Before the folder gets its name, every file is
// compared with the manifest, the evidence chain is verified up to the manifest's head, and the
// index is built and compared with the store. After an error there is no data folder.
func Restore(ctx context.Context, opts RestoreOptions) (m *Manifest, err error) {
	if m, err = readManifest(opts.From); err != nil {
		return nil, err
	}
	err = newFolder(opts.Data, func(folder string) error {
		for _, f := range m.Files {
			if err := restoreFile(ctx, opts.From, folder, f); err != nil {
				return err
			}
		}
		return compareRestored(ctx, folder, m, opts)
	})
	if err == nil {
		warnOfRules(m, opts)
	}
	return m, err
}

func restoreFile(ctx context.Context, from, to string, f ManifestFile) error {
	name := filepath.Join(from, filepath.FromSlash(f.Name))
	var size int64
	var sum string
	err := writeFile(filepath.Join(to, filepath.FromSlash(f.Name)), func(w io.Writer) (err error) {
		size, sum, err = copyTo(ctx, w, name)
		return err
	})
	if err == nil && (size != f.Size || sum != f.SHA256) {
		err = inputError(locales.Errorf("backup.changed", name, size, f.Size, sum))
	}
	return err
}

// compareRestored compares a restored folder with its manifest.
func compareRestored(ctx context.Context, data string, m *Manifest, opts RestoreOptions) (err error) {
	folder := Options{Data: data, Zone: opts.Zone}
	f, err := Open(ctx, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	kept, err := m.head()
	if err != nil {
		return inputError(locales.Errorf("backup.manifest", err))
	}
	is := Manifest{}
	problems, err := f.describe(ctx, &is, kept)
	if err != nil {
		return err
	}
	for _, p := range problems {
		opts.Problem(p)
	}
	switch {
	case is.Problems != m.Problems:
		return locales.Errorf("backup.restored.evidence", is.Problems, m.Problems)
	case is.ActHead != m.ActHead || is.ActProblems != m.ActProblems:
		return locales.Errorf("backup.restored.acts", is.ActHead, is.ActProblems, m.ActHead, m.ActProblems)
	case !is.mark().Equal(m.mark()):
		return locales.Errorf("backup.restored.findings", is.Findings, is.Open, m.Findings, m.Open)
	}
	ix, _, err := folder.buildIndex(ctx, f.Store, opts.Reindexing)
	if err != nil {
		return err
	}
	have, err := markOf(ctx, ix)
	if err = errors.Join(err, ix.Close()); err != nil {
		return err
	}
	if !have.Equal(m.mark()) {
		return locales.Errorf("backup.restored.index", have.Findings, have.Open, m.Findings, m.Open)
	}
	return nil
}

// warnOfRules loads the restored rules. Mistakes in them do not make a restore fail, since they
// were copied as they were, perhaps in the middle of an edit.
func warnOfRules(m *Manifest, opts RestoreOptions) {
	rules := RuleFolders{Data: opts.Data}
	if m.Rules != "" {
		rules.Dir = RestoredRules(opts.Data)
	}
	if _, err := rules.Load(opts.Warn); err != nil {
		opts.Warn(locales.M("data.restored_rules", err))
	}
}

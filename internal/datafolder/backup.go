package datafolder

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/locales"
)

// The operator's own files in a data folder. A backup has the same layout, so that overlay and
// policy are in effect again where it is restored.
const (
	overlayFolder = "overlay"
	retentionName = "retention.yaml"
	// ConfigName is the file that sets flags of the program.
	ConfigName = "qianshao.yaml"
	// rulesFolder is the folder of a restored data folder with the rules of --rules-dir.
	rulesFolder = "rules-dir"
)

// RetentionPath is the path of a data folder's retention policy.
func RetentionPath(data string) string { return filepath.Join(data, retentionName) }

// RestoredRules is the folder in a restored data folder with rules that replaced the shipped ones.
// A program that is started there must be told to use it.
func RestoredRules(data string) string { return filepath.Join(data, rulesFolder) }

// backupTries bounds how often a backup starts again because evidence was deleted while it was copied.
const backupTries = 3

// Backup copies the data folder into a new folder, even while a server or crawl is working on it:
// the database as of one moment, the evidence archive as known to that database, the overlay and
// rules in use, the retention policy, and the configuration file. The search index is left out,
// since Restore builds it. tell is called with problems that the evidence archive itself has. The
// archive is then copied as it is.
func (f *Folder) Backup(ctx context.Context, rules RuleFolders, to string, now time.Time, tell func(evidence.Problem)) (m *Manifest, err error) {
	if f.opts.Backends.Store.Elsewhere() {
		return nil, f.opts.byHand()
	}
	if inside, err := isInside(to, f.opts.Data); err != nil || inside {
		return nil, errors.Join(err, inputError(locales.Errorf("backup.inside", to, f.opts.Data)))
	}
	err = newFolder(to, func(folder string) error {
		var problems []evidence.Problem
		m = &Manifest{Format: manifestFormat, Made: now, Program: f.software}
		if problems, err = f.copyTruth(ctx, folder, m); err != nil {
			return err
		}
		for _, p := range problems {
			tell(p)
		}
		if err := f.copyOwn(ctx, rules, folder, m); err != nil {
			return err
		}
		if err := m.list(ctx, folder); err != nil {
			return err
		}
		return m.write(folder)
	})
	return m, err
}

// copyTruth copies database and archive, as of one moment.
func (f *Folder) copyTruth(ctx context.Context, folder string, m *Manifest) (problems []evidence.Problem, err error) {
	for range backupTries {
		if problems, err = f.tryCopyTruth(ctx, folder, m); err != nil || len(problems) == 0 {
			return problems, err
		}
		if deleted, err := f.Evidence.DeletedSince(ctx, m.gone); err != nil || !deleted {
			return problems, err // the problems are the archive's own
		}
		if err := errors.Join(os.RemoveAll(storePath(folder)), os.RemoveAll(EvidencePath(folder))); err != nil {
			return nil, err
		}
	}
	return nil, locales.Errorf("backup.deletions")
}

func (f *Folder) tryCopyTruth(ctx context.Context, folder string, m *Manifest) (problems []evidence.Problem, err error) {
	if err := f.Store.Snapshot(ctx, storePath(folder)); err != nil {
		return nil, err
	}
	c, err := Open(ctx, Options{Data: folder, Moved: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := c.Moved(ctx); err != nil {
		return nil, err
	}
	living, err := f.opts.openEvidence(ctx, c.Store, "")
	if err != nil {
		return nil, err
	}
	if err := living.CopyTo(ctx, bucket.NewFolder(EvidencePath(folder))); err != nil {
		return nil, err
	}
	return c.describe(ctx, m, evidence.Head{})
}

// describe adds the contents of the folder to a manifest, and returns the problems of its evidence.
// Its chain must lead to the head kept, unless that is zero.
func (f *Folder) describe(ctx context.Context, m *Manifest, kept evidence.Head) (problems []evidence.Problem, err error) {
	verified, err := f.Evidence.Verify(ctx, kept, func(p evidence.Problem) { problems = append(problems, p) })
	if err != nil {
		return nil, err
	}
	state, err := f.Store.EvidenceState(ctx)
	if err != nil {
		return nil, err
	}
	if m.Head = ""; state.Register.Seq > 0 {
		m.Head = state.Register.String()
	}
	m.Problems, m.Records, m.gone = len(problems), verified.Records, state.Gone
	acts, err := f.Review.Verify(ctx, desk.Head{}, func(locales.Speaker) {})
	if err != nil {
		return nil, err
	}
	if m.ActHead, m.ActProblems = "", acts.Problems; acts.Head.Seq > 0 {
		m.ActHead = acts.Head.String()
	}
	mark, err := f.Store.FindingMark(ctx)
	if err != nil {
		return nil, err
	}
	m.Findings, m.Open, m.Newest = mark.Findings, mark.Open, mark.Newest
	register, err := f.Store.Authorisations(ctx)
	m.Authorisations = len(register)
	return problems, err
}

// copyOwn copies the operator's own files: the overlay and the rules in use, the retention policy and the
// configuration file.
func (f *Folder) copyOwn(ctx context.Context, rules RuleFolders, folder string, m *Manifest) error {
	if m.Overlay = rules.OverlayFolder(); m.Overlay != "" {
		if err := copyFolder(ctx, m.Overlay, filepath.Join(folder, overlayFolder), rule.OverlayParts()); err != nil {
			return locales.Errorf("backup.copy.overlay", err)
		}
	}
	if m.Rules = rules.Dir; m.Rules != "" {
		if err := copyFolder(ctx, m.Rules, RestoredRules(folder), rule.Parts()); err != nil {
			return locales.Errorf("backup.copy.rules", err)
		}
	}
	for _, file := range []struct {
		name string
		from *string
	}{{retentionName, &m.Retention}, {ConfigName, &m.Config}} {
		own := filepath.Join(f.opts.Data, file.name)
		if _, err := os.Stat(own); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		*file.from = own
		if err := copyFile(ctx, own, filepath.Join(folder, file.name)); err != nil {
			return err
		}
	}
	return nil
}

// byHand explains how to back up an outpost with a store on a server: with the server's own tools,
// and the store first, since everything that it refers to is then already in the archive.
func (o Options) byHand() error {
	var evidence any = "cp -a " + EvidencePath(o.Data) + " evidence"
	if p := o.Backends.Evidence; p.Elsewhere() {
		evidence = locales.M("backup.by_hand.bucket", p.Address)
	}
	return locales.Errorf("backup.by_hand", o.Backends.Store.Address, evidence)
}

func copyFile(ctx context.Context, from, to string) error {
	return writeFile(to, func(w io.Writer) error {
		_, _, err := copyTo(ctx, w, from)
		return err
	})
}

// maxDepth bounds how deeply nested folders are copied: a link may lead to a folder above it.
const maxDepth = 16

// copyFolder copies the named parts of a folder. Like the loader of rules, it follows links and
// skips hidden files.
func copyFolder(ctx context.Context, from, to string, parts []string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, part := range parts {
		err := copyTree(ctx, filepath.Join(from, part), filepath.Join(to, part), maxDepth)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func copyTree(ctx context.Context, from, to string, depth int) error {
	info, err := os.Stat(from)
	switch {
	case err != nil:
		return err
	case info.Mode().IsRegular():
		return copyFile(ctx, from, to)
	case !info.IsDir():
		return locales.Errorf("backup.not_file", from)
	case depth == 0:
		return locales.Errorf("backup.depth", from, maxDepth)
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if err := copyTree(ctx, filepath.Join(from, e.Name()), filepath.Join(to, e.Name()), depth-1); err != nil {
			return err
		}
	}
	return nil
}

// isInside reports whether a path is a folder or inside it, after resolving links in both.
func isInside(path, folder string) (bool, error) {
	path, err := resolved(path)
	if err != nil {
		return false, err
	}
	if folder, err = resolved(folder); err != nil {
		return false, err
	}
	inside, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(inside), nil
}

// resolved resolves the links in a path. A part that does not exist yet is kept as it is.
func resolved(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	for missing := ""; ; {
		real, err := filepath.EvalSymlinks(path)
		if err == nil {
			return filepath.Join(real, missing), nil
		}
		parent := filepath.Dir(path)
		if !errors.Is(err, fs.ErrNotExist) || parent == path {
			return "", err
		}
		path, missing = parent, filepath.Join(filepath.Base(path), missing)
	}
}

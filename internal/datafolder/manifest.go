package datafolder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// manifestName is the file of a backup that lists the others.
const manifestName = "manifest.json"

// manifestFormat is the format of backups that this program writes and reads.
const manifestFormat = 1

// maxManifest bounds the size of a manifest, in bytes. That is enough for some 100,000 files.
const maxManifest = 16 << 20

// Manifest lists the contents of a backup, which a restored folder must match.
type Manifest struct {
	Format  int       `json:"format"`
	Made    time.Time `json:"made"`
	Program string    `json:"program"`
	// Head is the end of the evidence chain, as "evidence head" prints it; empty if
	// nothing is archived.
	Head string `json:"evidence_head"`
	// Problems is how many faults the evidence archive had when it was copied.
	Problems int `json:"evidence_problems"`
	Records  int `json:"evidence_records"`
	// ActHead is the end of the trail of acts, as "acts head" prints it; empty if there are none.
	// ActProblems is how many faults the trail had when it was copied.
	ActHead     string `json:"act_head"`
	ActProblems int    `json:"act_problems"`
	// Findings, Open and Newest identify the state of the findings.
	Findings       int       `json:"findings"`
	Open           int       `json:"findings_open"`
	Newest         time.Time `json:"newest_finding"`
	Authorisations int       `json:"authorisations"`
	// Overlay, Rules, Retention and Config are the places from which these were copied; empty if
	// they did not exist.
	Overlay   string `json:"overlay,omitempty"`
	Rules     string `json:"rules,omitempty"`
	Retention string `json:"retention,omitempty"`
	Config    string `json:"config,omitempty"`

	Files []ManifestFile `json:"files"`

	gone int64 // records that had been deleted from the archive
}

// head returns the head of the evidence's register; zero if nothing was archived.
func (m *Manifest) head() (evidence.Head, error) {
	if m.Head == "" {
		return evidence.Head{}, nil
	}
	return evidence.ParseHead(m.Head)
}

// ManifestFile is a file of a backup, other than its manifest.
type ManifestFile struct {
	Name   string `json:"name"` // path inside the backup, with slashes
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Size is the total size of all files in bytes.
func (m *Manifest) Size() (total int64) {
	for _, f := range m.Files {
		total += f.Size
	}
	return total
}

func (m *Manifest) mark() store.FindingMark {
	return store.FindingMark{Findings: m.Findings, Open: m.Open, Newest: m.Newest}
}

// list adds all files of a folder.
func (m *Manifest) list(ctx context.Context, folder string) error {
	return filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		inside, err := filepath.Rel(folder, name)
		if err != nil {
			return err
		}
		f := ManifestFile{Name: filepath.ToSlash(inside)}
		f.Size, f.SHA256, err = copyTo(ctx, io.Discard, name)
		m.Files = append(m.Files, f)
		return err
	})
}

// write writes the manifest into a folder.
func (m *Manifest) write(folder string) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(folder, manifestName), func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}

// readManifest reads the manifest of a backup. A fault in it is an InputError.
func readManifest(backup string) (*Manifest, error) {
	f, err := os.Open(filepath.Join(backup, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, inputError(locales.Errorf("backup.not_one", backup, manifestName))
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m := &Manifest{}
	if err := json.NewDecoder(io.LimitReader(f, maxManifest)).Decode(m); err != nil {
		return nil, inputError(locales.Errorf("backup.unreadable", f.Name(), err))
	}
	if m.Format == 0 || m.Program == "" {
		return nil, inputError(locales.Errorf("backup.no_manifest", f.Name()))
	}
	if m.Format != manifestFormat {
		return nil, inputError(locales.Errorf("backup.format", m.Format, manifestFormat, m.Program))
	}
	names := map[string]bool{}
	for _, file := range m.Files {
		if !filepath.IsLocal(filepath.FromSlash(file.Name)) || names[file.Name] {
			return nil, inputError(locales.Errorf("backup.bad_name", f.Name(), file.Name))
		}
		names[file.Name] = true
	}
	if !slices.ContainsFunc(m.Files, func(file ManifestFile) bool { return file.Name == filepath.Base(storePath("")) }) {
		return nil, inputError(locales.Errorf("backup.no_database", f.Name()))
	}
	return m, nil
}

// copyTo copies a file, and returns its size and SHA-256.
func copyTo(ctx context.Context, w io.Writer, name string) (size int64, sum string, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	hash := sha256.New()
	size, err = io.Copy(io.MultiWriter(w, hash), readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return f.Read(p)
	}))
	return size, hex.EncodeToString(hash.Sum(nil)), err
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// writeFile writes a new file that only its owner can read, and syncs it.
func writeFile(name string, fill func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(fill(f), f.Sync(), f.Close())
}

// newFolder creates a folder in one step: fill gets a temporary one beside it, which is renamed when it is
// complete and otherwise removed. The folder must be missing or empty.
func newFolder(name string, fill func(temporary string) error) (err error) {
	if name, err = filepath.Abs(name); err != nil {
		return err
	}
	if entries, err := os.ReadDir(name); err == nil && len(entries) > 0 {
		return inputError(locales.Errorf("backup.not_empty", name))
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return inputError(locales.Errorf("backup.new_folder", err))
	}
	parent := filepath.Dir(name)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(parent, "."+filepath.Base(name)+".*.tmp") // mode 0700
	if err != nil {
		return err
	}
	if err = fill(temporary); err == nil {
		err = errors.Join(syncFolders(temporary), os.Rename(temporary, name)) // this also replaces an empty folder
	}
	if err != nil {
		return undone(errors.Join(err, os.RemoveAll(temporary)))
	}
	return syncFolder(parent)
}

// syncFolders makes the names in a folder, and in all below it, durable.
func syncFolders(folder string) error {
	return filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return syncFolder(name)
	})
}

func syncFolder(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

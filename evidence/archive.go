package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/qianshao/qianshao/ingest/warc"
)

// DefaultMaxFile is the size at which a new file is begun, in bytes. A
// deletion writes a file anew and so needs as much room for a moment; web
// archives' usual gigabyte would be much to ask of a disk that is nearly full.
const DefaultMaxFile = 256 << 20

// Options of New.
type Options struct {
	// Folder of the archive. It is created for its owner alone.
	Folder string
	Ledger Ledger
	// Software and Operator stand in every file's warcinfo: name and version of
	// the program, and the URL or mail address of whoever runs it.
	Software, Operator string
	// MaxFile in bytes; 0 is DefaultMaxFile. A file is larger by at most one capture.
	MaxFile int64
	Log     *slog.Logger     // nil discards
	Now     func() time.Time // nil is time.Now
}

// Archive is the evidence archive. It is safe for concurrent use. It remembers
// nothing of the chain between two calls: it reads from the ledger where the archive ends,
// under a lock (see locked), so that several processes may share a folder.
type Archive struct {
	opts    Options
	mu      sync.Mutex // held by locked
	writers sync.Pool  // of *warc.Writer
}

// New returns the archive in a folder. It reads and writes nothing yet.
func New(opts Options) (*Archive, error) {
	if opts.Folder == "" || opts.Ledger == nil {
		return nil, errors.New("evidence: a folder and a ledger are needed")
	}
	if opts.MaxFile <= 0 {
		opts.MaxFile = DefaultMaxFile
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	a := &Archive{opts: opts}
	a.writers.New = func() any { return warc.NewWriter(nil) }
	return a, nil
}

// Added says what Add wrote; zero if there was nothing to write.
type Added struct {
	Records int
	Bytes   int64 // in the file
}

// Add archives a flagged page in all its views. It does nothing for other
// pages, and for a page whose latest capture has the same bodies and the same
// findings. After an error Add may be repeated. Nothing is archived then, unless
// the ledger has recorded it and could not say so; a repeated Add finds that.
func (a *Archive) Add(ctx context.Context, item Item) (Added, error) {
	if !item.Assessment.Flagged() {
		return Added{}, nil
	}
	added, err := a.add(ctx, item)
	if err != nil {
		return Added{}, fmt.Errorf("archive %s: %w", item.Page.URL, err)
	}
	return added, nil
}

func (a *Archive) add(ctx context.Context, item Item) (Added, error) {
	fingerprint := item.fingerprint()
	latest, ok, err := a.opts.Ledger.EvidenceCapture(ctx, item.Page.URL)
	if err != nil {
		return Added{}, err
	}
	if ok && latest.Fingerprint == fingerprint {
		return Added{}, a.Seen(ctx, item.Page.URL, item.Page.FetchedAt)
	}
	var block bytes.Buffer
	w := a.writers.Get().(*warc.Writer)
	w.Reset(&block)
	records, err := item.encode(w)
	a.writers.Put(w)
	if err != nil {
		return Added{}, err
	}
	capture := &Capture{
		URL: item.Page.URL, Captured: item.Page.FetchedAt, Seen: item.Page.FetchedAt, Fingerprint: fingerprint,
		Categories: item.Assessment.Categories, Findings: item.findings(), Records: len(records), Bytes: int64(block.Len()),
	}
	full, err := a.extend(ctx, batch{records: records, bytes: block.Bytes()}, func(own []Link, x *Extension) {
		capture.ID = own[0].Seq
		for i := range own {
			own[i].Capture = capture.ID
		}
		x.Capture = capture
	})
	if err != nil {
		return Added{}, err
	}
	if full != "" {
		if err := a.WriteIndex(ctx, full); err != nil { // derived: Recover writes it later
			a.opts.Log.Error("the index of an evidence file was not written", "file", full, "error", err)
		}
	}
	return Added{Records: len(records), Bytes: int64(block.Len())}, nil
}

// Seen records that a visit found a flagged page as it was last archived. The
// retention period of that capture runs from the latest such visit.
func (a *Archive) Seen(ctx context.Context, url string, at time.Time) error {
	return a.opts.Ledger.SeeEvidence(ctx, url, at)
}

// batch is what is added to the archive in one step.
type batch struct {
	records []encoded
	bytes   []byte          // of all the records
	holes   map[string]bool // names of the files that lose records in this step
}

// extend writes a batch behind the end of the chain, syncs it, and then links
// it. complete gets the links of the batch's own records, to mark them and to
// add to x what is recorded with them. After an error nothing is linked. full is
// the name of the file that was left because a new one was begun.
func (a *Archive) extend(ctx context.Context, b batch, complete func(own []Link, x *Extension)) (full string, err error) {
	if err := os.MkdirAll(a.opts.Folder, 0o700); err != nil {
		return "", err
	}
	err = a.locked(ctx, func() error {
		if err := a.markRenamed(ctx, b.holes); err != nil {
			return err
		}
		end, err := a.opts.Ledger.EvidenceEnd(ctx)
		if err != nil {
			return err
		}
		links, err := a.append(end, b)
		if err == nil {
			x := Extension{Links: links}
			complete(links[len(links)-len(b.records):], &x) // a warcinfo may come before them
			err = a.opts.Ledger.AppendEvidence(ctx, end.Head, x)
		}
		if err != nil {
			// The bytes may be in the file without their links. If trim fails,
			// too, the next write cuts them off.
			return errors.Join(err, a.trim(context.WithoutCancel(ctx)))
		}
		if links[0].File != end.File {
			full = end.File
		}
		return nil
	})
	return full, err
}

// append writes a batch behind the recorded end and returns its links. When it
// returns without an error the bytes are on the disk.
func (a *Archive) append(end End, b batch) ([]Link, error) {
	added := a.opts.Now().UTC().Truncate(time.Second)
	file, base, block := end.File, end.Bytes, b.bytes
	var links []Link
	if b.holes[end.File] || a.beginsFile(end, int64(len(block))) {
		file, base = fileName(end.Seq+1), 0
		info, head, err := a.info(file, added)
		if err != nil {
			return nil, err
		}
		links = append(links, info.link(file, 0, added))
		block = append(head, block...)
	}
	shift := base
	if base == 0 && len(links) > 0 {
		shift = links[0].Length
	}
	for i := range b.records {
		links = append(links, b.records[i].link(file, shift, added))
	}
	previous := end.Chain
	if end.Seq == 0 {
		previous = start
	}
	for i := range links {
		links[i].Seq = end.Seq + 1 + int64(i)
		links[i].Chain = links[i].chainValue(previous)
		previous = links[i].Chain
	}
	return links, a.write(file, base, block)
}

// fileName is the name of the file whose first record is seq.
func fileName(seq int64) string { return fmt.Sprintf("qianshao-%012d.warc.gz", seq) }

// info encodes the record that begins a file.
func (a *Archive) info(file string, at time.Time) (encoded, []byte, error) {
	draft, err := warc.InfoDraft(file, at, warc.Fields{
		{Name: "software", Value: headerValue(a.opts.Software)}, {Name: "operator", Value: headerValue(a.opts.Operator)},
		{Name: "description", Value: "flagged pages of authorised sites, with the findings on them"},
	})
	if err != nil {
		return encoded{}, nil, err
	}
	var block bytes.Buffer
	written, err := warc.NewWriter(&block).Write(draft)
	return encoded{draft: draft, written: written}, block.Bytes(), err
}

// beginsFile says whether a new file is begun: because the last one is full,
// because it has deletions, or because it is not as recorded. In the last case
// it stays as it is, for Verify to report.
func (a *Archive) beginsFile(end End, length int64) bool {
	if end.File == "" || end.Holed || end.Bytes+length > a.opts.MaxFile {
		return true
	}
	if end.Last != end.Seq {
		a.opts.Log.Error("links of the evidence archive are missing; run \"qianshao evidence verify\"", "last", end.Last, "head", end.Seq)
		return true
	}
	info, err := os.Stat(a.path(end.File))
	if err != nil || info.Size() < end.Bytes {
		a.opts.Log.Error("an evidence file is missing or cut short; run \"qianshao evidence verify\"", "file", end.File, "error", err)
		return true
	}
	return false
}

// write puts block at base, the recorded end of the file, and syncs it. Bytes
// behind base were never recorded. After an error the file ends at base.
func (a *Archive) write(file string, base int64, block []byte) (err error) {
	f, err := os.OpenFile(a.path(file), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(explained(err), f.Truncate(base))
		}
		err = errors.Join(err, f.Close())
	}()
	if err := a.cutTail(f, base); err != nil {
		return err
	}
	if _, err := f.WriteAt(block, base); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if base == 0 {
		return syncFolder(a.opts.Folder)
	}
	return nil
}

// cutTail removes what stands behind the recorded end.
func (a *Archive) cutTail(f *os.File, end int64) error {
	info, err := f.Stat()
	if err != nil || info.Size() <= end {
		return err
	}
	a.opts.Log.Warn("bytes that were never recorded are cut off an evidence file, as after a crash", "file", f.Name(), "from", end, "bytes", info.Size()-end)
	return f.Truncate(end)
}

// trim cuts the last file to its recorded end, and removes a file that was
// begun but never recorded. The caller holds the lock.
func (a *Archive) trim(ctx context.Context) error {
	end, err := a.opts.Ledger.EvidenceEnd(ctx)
	if err != nil {
		return err
	}
	next := fileName(end.Seq + 1)
	if err := os.Remove(a.path(next)); err == nil {
		a.opts.Log.Warn("an evidence file that was never recorded is removed, as after a crash", "file", next)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if end.File == "" || end.Holed || end.Last != end.Seq {
		return nil
	}
	f, err := os.OpenFile(a.path(end.File), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // Verify reports it
	}
	if err != nil {
		return err
	}
	return errors.Join(a.cutTail(f, end.Bytes), f.Close())
}

// Recover repairs what a crash has left: it cuts off bytes that were never
// recorded, finishes deletions and writes indexes that are out of date. A
// process calls it before it begins to add.
func (a *Archive) Recover(ctx context.Context) error {
	if _, err := os.Stat(a.opts.Folder); errors.Is(err, fs.ErrNotExist) {
		return nil // nothing was ever archived, or Verify reports it
	}
	if err := a.locked(ctx, func() error { return a.trim(ctx) }); err != nil {
		return fmt.Errorf("recover the evidence archive: %w", err)
	}
	uncut, err := a.uncut(ctx)
	if err == nil {
		err = a.finishDeletions(ctx, uncut)
	}
	if err != nil {
		return fmt.Errorf("recover the evidence archive: %w", err)
	}
	return a.WriteIndexes(ctx)
}

// path is always inside of the folder, whatever file name the ledger has.
func (a *Archive) path(file string) string { return filepath.Join(a.opts.Folder, filepath.Base(file)) }

// explained adds to an error what a person can do about it.
func explained(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w (make room and it is tried again; nothing was kept in part)", err)
	}
	return err
}

// syncFolder makes the names in a folder durable.
func syncFolder(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// newFile writes a file beside name, and syncs it. It becomes name by put, so
// that there is never half of it; discard removes it. A process that dies
// between leaves a file whose name ends in temporary.
type newFile struct{ written, name string }

func writeBeside(name string, fill func(io.Writer) error) (n newFile, err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*"+temporary) // mode 0600
	if err != nil {
		return newFile{}, err
	}
	n = newFile{written: f.Name(), name: name}
	if err = fill(f); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		n.discard()
		return newFile{}, explained(err)
	}
	return n, nil
}

func (n newFile) put() error {
	if err := os.Rename(n.written, n.name); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(n.name))
}

// discard removes the file unless it was put in its place.
func (n newFile) discard() { _ = os.Remove(n.written) }

// temporary is how the names of files end that are not yet complete.
const temporary = ".tmp"

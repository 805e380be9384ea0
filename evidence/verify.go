package evidence

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/qianshao/qianshao/ingest/warc"
)

// Problem is something about the archive that is not as recorded.
type Problem struct {
	// File and Offset are the place; File is empty where it is the ledger.
	File   string
	Offset int64
	Seq    int64 // of the record; 0 where it is the file as a whole
	URI    string
	What   string
}

func (p Problem) String() string {
	var place []string
	if p.File != "" {
		place = append(place, fmt.Sprintf("%s, byte %d", p.File, p.Offset))
	}
	if p.Seq != 0 {
		place = append(place, fmt.Sprintf("record %d", p.Seq))
	}
	if p.URI != "" {
		place = append(place, p.URI)
	}
	return strings.Join(append(place, p.What), ": ")
}

// Verified is what Verify has seen.
type Verified struct {
	Records, Files int
	Bytes          int64
	// Deleted counts the deleted records, Deletions the deletions that name them.
	Deleted, Deletions int
	// Uncut counts deleted records whose bytes are still in their file.
	Uncut    int
	Problems int
	// Unlocked is why Verify had to look at files without the archive's lock: the
	// folder is write-protected, or another process held the lock for too long.
	// What another process was just writing may then be among the problems. It is
	// nil if Verify had the lock or needed none.
	Unlocked error
	Head     Head
}

// linksAtATime is how many links are in memory.
const linksAtATime = 500

// Verify reads the whole archive and reports, in its order, every record and
// every file that was changed, removed, moved, cut or added. With want it also
// checks that the chain passes through that head, which the operator has kept
// elsewhere: without one, somebody who can write both files and database could
// have rewritten the whole archive. It changes nothing in it, may run while pages
// come in, and reads a write-protected copy as well.
func (a *Archive) Verify(ctx context.Context, want Head, report func(Problem)) (Verified, error) {
	end, err := a.opts.Ledger.EvidenceEnd(ctx)
	if err != nil {
		return Verified{}, err
	}
	v := verifier{a: a, ctx: ctx, want: want, report: report, end: end, chain: start, files: map[string]bool{}, uncut: map[string]bool{}}
	v.seen.Head = end.Head
	files, err := a.opts.Ledger.EvidenceFiles(ctx)
	if err != nil {
		return Verified{}, err
	}
	for _, f := range files {
		v.uncut[f.Name] = f.Uncut
	}
	defer v.close()
	if err := v.links(); err != nil {
		return v.seen, err
	}
	if err := v.finish(); err != nil {
		return v.seen, err
	}
	if now, err := a.opts.Ledger.EvidenceEnd(ctx); err != nil || now.Cut != end.Cut {
		return v.seen, errors.Join(err, errors.New("records were deleted while the archive was being verified; verify it again"))
	}
	return v.seen, nil
}

// verifier walks along the chain, and so along the files.
type verifier struct {
	a      *Archive
	ctx    context.Context //nolint:containedctx // lives for one call
	want   Head
	report func(Problem)
	end    End

	seen  Verified
	next  int64  // Seq of the last link
	chain string // its chain value
	files map[string]bool
	uncut map[string]bool // files with deleted records that may still be in them

	file     *os.File // under way; nil if it cannot be read
	cut      bool     // its deleted records are out of it, though the ledger does not know
	name     string
	recorded int64 // where the next link of the file must have been written
	place    int64 // where it is now

	deletion deletion // the last one read
}

func (v *verifier) problem(p Problem) {
	v.seen.Problems++
	v.report(p)
}

// links checks the links up to the end as Verify found it. What came meanwhile
// is left for the next time.
func (v *verifier) links() error {
	for v.next < v.end.Seq {
		links, err := v.a.opts.Ledger.EvidenceLinks(v.ctx, v.next, linksAtATime)
		if err != nil {
			return err
		}
		for i := range links {
			if links[i].Seq > v.end.Seq {
				return nil
			}
			if err := v.link(&links[i]); err != nil {
				return err
			}
		}
		if len(links) == 0 {
			return nil
		}
	}
	return nil
}

// link checks one link and its record.
func (v *verifier) link(l *Link) error {
	if err := v.ctx.Err(); err != nil {
		return err
	}
	if l.Seq != v.next+1 {
		v.problem(Problem{Seq: v.next + 1, What: fmt.Sprintf("the links %d to %d are missing from the database", v.next+1, l.Seq-1)})
	}
	if l.File != v.name {
		if err := v.open(l); err != nil {
			return err
		}
	}
	if l.Seq == v.next+1 && l.Chain != l.chainValue(v.chain) {
		v.problem(Problem{File: l.File, Offset: v.place, Seq: l.Seq, URI: l.URI, What: "the chain is broken: the link was changed in the database"})
	}
	if l.Offset != v.recorded {
		v.problem(Problem{File: l.File, Offset: l.Offset, Seq: l.Seq, URI: l.URI, What: fmt.Sprintf("the record before it ends at byte %d", v.recorded)})
	}
	if v.want.Seq == l.Seq && v.want.Chain != l.Chain {
		v.problem(Problem{Seq: l.Seq, What: "the chain does not pass through the head that was kept: it has " + l.Chain})
	}
	v.next, v.chain = l.Seq, l.Chain
	v.recorded = l.Offset + l.Length
	return v.record(l)
}

// record checks the bytes of a link's record.
func (v *verifier) record(l *Link) error {
	if l.Gone != 0 {
		return v.gone(l)
	}
	v.seen.Records++
	v.seen.Bytes += l.Length
	at := v.place
	v.place += l.Length
	if v.file == nil {
		return nil // reported once for the file
	}
	what, err := v.compare(l, at)
	if err != nil {
		return fmt.Errorf("read %s: %w", l.File, err)
	}
	if what != "" {
		v.problem(Problem{File: l.File, Offset: at, Seq: l.Seq, URI: l.URI, What: what})
	}
	if l.Kind == KindDeletion {
		v.seen.Deletions++
	}
	return nil
}

// compare compares a record's bytes with its link. what describes a difference; it is "" if there is none.
func (v *verifier) compare(l *Link, at int64) (what string, err error) {
	sum := sha256.New()
	bytes := io.TeeReader(io.NewSectionReader(v.file, at, l.Length), sum)
	record, broken := warc.NewReader(bytes).Next()
	if _, err := io.Copy(io.Discard, bytes); err != nil {
		return "", err
	}
	info, err := v.file.Stat()
	if err != nil {
		return "", err
	}
	switch {
	case info.Size() < at+l.Length:
		return fmt.Sprintf("the file ends at byte %d, within or before this record", info.Size()), nil
	case hex.EncodeToString(sum.Sum(nil)) != l.Record:
		return "the record's bytes were changed", nil
	case broken != nil: // the bytes are those that were written
		return "the record cannot be read: " + broken.Error(), nil
	case !l.describes(record):
		return "the database describes another record than the one that is there", nil
	}
	return "", nil
}

// describes says whether what the link repeats is what the record's header says.
func (l *Link) describes(r *warc.Record) bool {
	kind := l.Kind
	if kind == KindDeletion {
		kind = warc.TypeMetadata
	}
	payload := r.Fields.Get("WARC-Payload-Digest")
	return r.Type == kind && r.Fields.Get("WARC-Record-ID") == l.ID && r.TargetURI == l.URI &&
		r.Date.Equal(l.Captured) && (payload == l.Payload || r.Type == warc.TypeInfo)
}

// gone checks the deletion of a record: the deletion that the link names must
// name the record's hash.
func (v *verifier) gone(l *Link) error {
	d, err := v.deletionOf(l)
	if err != nil {
		return err
	}
	switch {
	case d.problem != "":
		v.problem(Problem{File: l.File, Offset: v.place, Seq: l.Seq, URI: l.URI, What: "the record is marked as deleted, but " + d.problem})
	case d.hashes[l.Seq] != l.Record:
		v.problem(Problem{File: l.File, Offset: v.place, Seq: l.Seq, URI: l.URI, What: fmt.Sprintf("the record is marked as deleted, but deletion %d does not name it", l.Gone)})
	}
	v.seen.Deleted++
	if !l.Cut && !v.cut {
		v.seen.Uncut++
		v.place += l.Length
	}
	return nil
}

// deletion is what a deletion's record says.
type deletion struct {
	seq     int64
	hashes  map[int64]string // of the deleted records, by Seq
	problem string
}

// deletionOf reads the deletion that a link names. Records of one deletion
// follow each other, so the last one is kept.
func (v *verifier) deletionOf(l *Link) (*deletion, error) {
	if v.deletion.seq == l.Gone {
		return &v.deletion, nil
	}
	v.deletion = deletion{seq: l.Gone}
	links, err := v.a.opts.Ledger.EvidenceLinks(v.ctx, l.Gone-1, 1)
	if err != nil {
		return nil, err
	}
	if len(links) == 0 || links[0].Seq != l.Gone || links[0].Kind != KindDeletion {
		v.deletion.problem = fmt.Sprintf("there is no deletion %d", l.Gone)
		return &v.deletion, nil
	}
	v.deletion.hashes, err = v.a.readDeletion(v.ctx, &links[0])
	if err != nil {
		v.deletion.problem = fmt.Sprintf("deletion %d cannot be read: %v", l.Gone, err)
	}
	return &v.deletion, nil
}

// open leaves the file under way and goes on to the link's.
func (v *verifier) open(l *Link) (err error) {
	if err := v.leave(false); err != nil {
		return err
	}
	if v.files[l.File] {
		v.problem(Problem{File: l.File, Offset: l.Offset, Seq: l.Seq, URI: l.URI, What: "the link goes back to a file that was full"})
	}
	v.files[l.File] = true
	v.seen.Files++
	v.name, v.recorded, v.place, v.cut = l.File, 0, 0, false
	v.file, err = os.Open(v.a.path(l.File))
	if errors.Is(err, fs.ErrNotExist) {
		v.problem(Problem{File: l.File, What: "the file is missing"})
		return nil
	}
	if err == nil && v.uncut[l.File] {
		v.cut, err = v.isCut()
	}
	return err
}

// isCut says whether a process died between putting the file that it had
// written anew in its place and recording that: see Archive.cut.
func (v *verifier) isCut() (bool, error) {
	links, err := v.a.opts.Ledger.EvidenceFileLinks(v.ctx, v.name)
	if err != nil {
		return false, err
	}
	info, err := v.file.Stat()
	if err != nil {
		return false, err
	}
	_, after := sizes(links)
	return info.Size() == after, nil
}

// leave checks that no bytes follow the last record of the file under way.
func (v *verifier) leave(last bool) error {
	if v.file == nil {
		return nil
	}
	info, err := v.file.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	if last && size > v.place {
		if size, err = v.settled(); err != nil {
			return err
		}
	}
	if size > v.place {
		v.problem(Problem{File: v.name, Offset: v.place, What: fmt.Sprintf(
			"%d bytes were appended that were never recorded: by somebody, or by a process that died while writing (the next start cuts them off)", size-v.place)})
	}
	v.close()
	return nil
}

// settled returns the size of the last file less what was recorded since Verify
// began. It waits for a write that is under way.
func (v *verifier) settled() (size int64, err error) {
	err = v.undisturbed(func() error {
		size = v.place
		now, err := v.a.opts.Ledger.EvidenceEnd(v.ctx)
		if err != nil {
			return err
		}
		info, err := v.file.Stat()
		if err != nil {
			return err
		}
		if now.File == v.name { // otherwise it is full by now; the next Verify looks at its end
			size += max(0, info.Size()-now.Bytes)
		}
		return nil
	})
	return size, err
}

// undisturbed runs f under the archive's lock, or without it where it cannot be had.
func (v *verifier) undisturbed(f func() error) error {
	if v.seen.Unlocked != nil {
		return f()
	}
	unlock, err := v.a.lock(v.ctx)
	if err := v.ctx.Err(); err != nil {
		if unlock != nil {
			unlock()
		}
		return err
	}
	if err != nil {
		v.seen.Unlocked = err
		return f()
	}
	defer unlock()
	return f()
}

func (v *verifier) close() {
	if v.file != nil {
		_ = v.file.Close()
		v.file = nil
	}
}

// finish checks what is not a single record: the head, the folder, the indexes.
func (v *verifier) finish() error {
	if err := v.leave(true); err != nil {
		return err
	}
	last := max(v.next, v.end.Last) // behind the head if somebody has added links
	if last != v.end.Seq || v.end.Seq > 0 && v.chain != v.end.Chain {
		v.problem(Problem{What: fmt.Sprintf("the chain ends with record %d, but the head is %s: links were taken from the database or changed", last, v.end.Head)})
	}
	if v.want.Seq > v.next {
		v.problem(Problem{What: fmt.Sprintf("the head that was kept is record %d, but the chain ends with record %d", v.want.Seq, v.next)})
	}
	if err := v.folder(); err != nil {
		return err
	}
	return v.indexes()
}

// folder looks for files that the archive does not know.
func (v *verifier) folder() error {
	list, err := v.strangers()
	if err != nil || len(list) == 0 {
		return err
	}
	// Perhaps somebody was writing them. Under the lock everything is linked.
	if err := v.undisturbed(func() error { list, err = v.strangers(); return err }); err != nil {
		return err
	}
	for _, p := range list {
		v.problem(p)
	}
	return nil
}

// strangers returns the files that nobody has linked.
func (v *verifier) strangers() (list []Problem, err error) {
	entries, err := os.ReadDir(v.a.opts.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // if there should be one, its files were missed
	}
	if err != nil {
		return nil, err
	}
	ours := map[string]bool{lockName: true}
	for file := range v.files {
		ours[file], ours[indexName(file)] = true, true
	}
	uncut, err := v.a.uncut(v.ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name := e.Name()
		if ours[name] {
			continue
		}
		if strings.HasSuffix(name, temporary) {
			// A copy without deleted records is written without the lock.
			if !slices.ContainsFunc(uncut, func(file string) bool { return strings.HasPrefix(name, "."+file+".") }) {
				list = append(list, Problem{File: name, What: "an interrupted process has left this file; the next start removes it"})
			}
			continue
		}
		begun, err := v.begun(name)
		if err != nil {
			return nil, err
		}
		if !begun {
			list = append(list, Problem{File: name, What: "the file is not of this archive: somebody has put it here, or a process died before it was recorded (the next start removes it)"})
		}
	}
	return list, nil
}

// begun says whether a file, or the file whose index it is, was begun since
// Verify has read the end of the chain.
func (v *verifier) begun(name string) (bool, error) {
	var seq int64
	_, err := fmt.Sscanf(name, "qianshao-%d.", &seq)
	file := fileName(seq)
	if err != nil || name != file && name != indexName(file) || seq <= v.end.Seq {
		return false, nil
	}
	links, err := v.a.opts.Ledger.EvidenceLinks(v.ctx, seq-1, 1)
	return len(links) == 1 && links[0].File == file, err
}

// indexes compares the CDXJ indexes with what was written.
func (v *verifier) indexes() error {
	before, err := v.wrongIndexes()
	if err != nil || len(before) == 0 {
		return err
	}
	now, err := v.wrongIndexes() // one may have been written meanwhile
	for file, what := range now {
		if before[file] == what {
			v.problem(Problem{File: file, What: what + "; it is derived: \"qianshao evidence index\" writes it anew"})
		}
	}
	return err
}

func (v *verifier) wrongIndexes() (map[string]string, error) {
	files, err := v.a.opts.Ledger.EvidenceFiles(v.ctx)
	if err != nil {
		return nil, err
	}
	wrong := map[string]string{}
	for _, f := range files {
		if f.Index == "" {
			continue
		}
		sum, err := hashFile(v.a.path(indexName(f.Name)))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			wrong[indexName(f.Name)] = "the index is missing"
		case err != nil:
			return nil, err
		case sum != f.Index:
			wrong[indexName(f.Name)] = "the index was changed"
		}
	}
	return wrong, nil
}

func hashFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

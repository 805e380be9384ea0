package evidence

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"

	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/ingest/warc"
	"github.com/qianshao/qianshao/locales"
)

// Problem is something in the archive that is not as recorded.
type Problem struct {
	// File and Offset are the place; File is empty if it is in the ledger.
	File   string
	Offset int64
	Seq    int64 // of the record; 0 for the file as a whole
	URI    string
	What   locales.Message
}

// In returns the problem in a language, after its place.
func (p Problem) In(l locales.Lang) string {
	place := ""
	if p.File != "" {
		place += l.Text("archive.problem.byte", p.File, p.Offset) + l.Text("colon")
	}
	if p.Seq != 0 {
		place += l.Text("archive.problem.record", named(p.Seq)) + l.Text("colon")
	}
	if p.URI != "" {
		place += p.URI + l.Text("colon")
	}
	return place + p.What.In(l)
}

func (p Problem) String() string { return p.In(locales.English) }

// Verified is what Verify has seen.
type Verified struct {
	Records, Files, Chains int
	Bytes                  int64
	// Deleted counts the deleted records, Deletions the deletions that name them.
	Deleted, Deletions int
	// Uncut counts deleted records whose bytes are still in their file.
	Uncut    int
	Problems int
	// Head is the register's.
	Head Head
}

// Verify reads the whole archive and reports, in its order, every record and every file
// that was changed, removed, moved, cut or added, or does not agree with the register. With
// want it also checks that the register, or a chain, passes through that head, which the
// operator has kept elsewhere: without one, somebody who can write both files and database
// could have rewritten the whole archive. It changes nothing in the archive, may run while
// pages are added, and can also read a write-protected copy.
func (a *Archive) Verify(ctx context.Context, want Head, report func(Problem)) (Verified, error) {
	state, err := a.opts.Ledger.EvidenceState(ctx)
	if err != nil {
		return Verified{}, err
	}
	uncut, err := a.opts.Ledger.UncutEvidence(ctx)
	if err != nil {
		return Verified{}, err
	}
	v := verifier{a: a, ctx: ctx, want: want, report: report, state: state, uncut: uncut, files: map[string]bool{}, met: map[int64]bool{}}
	v.seen.Head = state.Register
	v.ahead = newAhead(ctx, a.opts.Bucket)
	defer v.ahead.close()
	defer v.close()
	for _, check := range []func() error{v.links, v.register, v.bucket} {
		if err := check(); err != nil {
			return v.seen, err
		}
	}
	if want.Seq > 0 && !v.passed {
		v.problem(Problem{What: locales.M("archive.problem.unpassed", want)})
	}
	now, err := a.opts.Ledger.EvidenceState(ctx)
	if err == nil && now.Cut != state.Cut {
		err = locales.Errorf("archive.deleted_meanwhile")
	}
	return v.seen, err
}

// verifier walks along the chains, and thereby the files.
type verifier struct {
	a      *Archive
	ctx    context.Context //nolint:containedctx // lives for one call
	want   Head
	passed bool // a chain or the register passes through want
	report func(Problem)
	state  State

	seen  Verified
	of    *Chain         // the current chain; nil before the first
	met   map[int64]bool // chains that have links
	next  int64          // Seq of the last link
	chain string         // its chain value
	files map[string]bool
	uncut []string // files that may still contain deleted records

	ahead    *ahead
	file     io.ReadCloser // under way; nil if there is none
	name     string
	recorded int64          // where the next link of the file must have been written
	place    int64          // where it is now
	out      map[int64]bool // deleted records that were cut out of it, though the ledger does not know
	missed   bool           // that it is missing was reported

	deletion deletion // the last one read
}

func (v *verifier) problem(p Problem) {
	v.seen.Problems++
	v.report(p)
}

// links checks the links up to the chains' heads as Verify found them. What was added
// meanwhile is left for the next time.
func (v *verifier) links() error {
	for after := int64(0); ; {
		links, err := v.a.opts.Ledger.EvidenceLinks(v.ctx, after, linksAtATime)
		if err != nil {
			return err
		}
		if len(links) == 0 {
			break
		}
		v.ahead.expect(links)
		for i := range links {
			l := &links[i]
			if l.Seq <= after {
				continue // in a chain that is left out
			}
			within, err := v.enter(l)
			if err != nil {
				return err
			}
			if after = l.Seq; !within {
				after = Before(ChainOf(l.Seq) + 1)
				continue
			}
			if err := v.link(l); err != nil {
				return err
			}
		}
	}
	if err := v.leaveChain(); err != nil {
		return err
	}
	for i := range v.state.Chains {
		if c := &v.state.Chains[i]; c.Seq > Before(c.Number) && !v.met[c.Number] {
			v.problem(Problem{What: locales.M("archive.problem.end", "0", c.Head)})
		}
	}
	return nil
}

// enter goes on to a link's chain. within says that the link is not beyond the head that Verify found.
func (v *verifier) enter(l *Link) (within bool, err error) {
	number := ChainOf(l.Seq)
	if v.of == nil || v.of.Number != number {
		if err := v.leaveChain(); err != nil {
			return false, err
		}
		v.met[number] = true
		if v.of = v.known(number); v.of != nil {
			v.seen.Chains++
			v.next, v.chain = Before(number), Start
		}
	}
	if v.of != nil && l.Seq <= v.of.Seq {
		return true, nil
	}
	now, ok, err := v.a.opts.Ledger.EvidenceChain(v.ctx, number)
	if err == nil && (!ok || l.Seq > now.Seq) {
		v.problem(Problem{File: l.File, Offset: l.Offset, Seq: l.Seq, URI: l.URI, What: locales.M("archive.problem.behind", named(l.Seq), now.Head)})
	}
	return false, err
}

func (v *verifier) known(number int64) *Chain {
	i, ok := slices.BinarySearchFunc(v.state.Chains, number, func(c Chain, number int64) int { return cmp.Compare(c.Number, number) })
	if !ok {
		return nil
	}
	return &v.state.Chains[i]
}

// leaveChain checks that the current chain has ended with its head.
func (v *verifier) leaveChain() error {
	if err := v.leave(); err != nil || v.of == nil {
		return err
	}
	if v.next != v.of.Seq || v.chain != v.of.Chain && v.of.Seq > Before(v.of.Number) {
		v.problem(Problem{What: locales.M("archive.problem.end", named(v.next), v.of.Head)})
	}
	return nil
}

// link checks one link and its record.
func (v *verifier) link(l *Link) error {
	if err := v.ctx.Err(); err != nil {
		return err
	}
	if l.Seq != v.next+1 {
		v.problem(Problem{Seq: v.next + 1, What: locales.M("archive.problem.links", named(v.next+1), named(l.Seq-1))})
	}
	if l.File != v.name {
		if err := v.open(l); err != nil {
			return err
		}
	}
	if l.Seq == v.next+1 && l.Chain != l.chainValue(v.chain) {
		v.problem(Problem{File: l.File, Offset: v.place, Seq: l.Seq, URI: l.URI, What: locales.M("archive.problem.broken")})
	}
	if l.Offset != v.recorded {
		v.problem(Problem{File: l.File, Offset: l.Offset, Seq: l.Seq, URI: l.URI, What: locales.M("archive.problem.offset", v.recorded)})
	}
	v.pass(l.Seq, l.Chain)
	v.next, v.chain = l.Seq, l.Chain
	v.recorded = l.Offset + l.Length
	return v.record(l)
}

// pass notes whether this is the head that the operator has kept.
func (v *verifier) pass(seq int64, hash string) {
	v.passed = v.passed || seq == v.want.Seq && hash == v.want.Chain
}

// record checks the bytes of a link's record.
func (v *verifier) record(l *Link) error {
	if l.Gone != 0 {
		return v.gone(l)
	}
	v.seen.Records++
	v.seen.Bytes += l.Length
	if l.Kind == KindDeletion {
		v.seen.Deletions++
	}
	at := v.place
	v.place += l.Length
	if v.file == nil {
		if !v.missed {
			v.missed = true
			v.problem(Problem{File: l.File, What: locales.M("archive.problem.no_file")})
		}
		return nil
	}
	what, err := v.compare(l, at)
	if err != nil {
		return locales.Errorf("archive.read", l.File, err)
	}
	if what.Key != "" {
		v.problem(Problem{File: l.File, Offset: at, Seq: l.Seq, URI: l.URI, What: what})
	}
	return nil
}

// compare compares a record's bytes, which follow in the file, with its link. what describes
// a difference; the zero Message says that there is none.
func (v *verifier) compare(l *Link, at int64) (what locales.Message, err error) {
	read := counted{w: io.Discard, sum: sha256.New()}
	bytes := io.TeeReader(io.LimitReader(v.file, l.Length), &read)
	record, broken := warc.NewReader(bytes).Next()
	if _, err := io.Copy(io.Discard, bytes); err != nil {
		return what, err
	}
	switch {
	case read.n < l.Length:
		return locales.M("archive.problem.file_ends", at+read.n), nil
	case hex.EncodeToString(read.sum.Sum(nil)) != l.Record:
		return locales.M("archive.problem.bytes"), nil
	case broken != nil: // the bytes are those that were written
		return locales.M("archive.problem.unreadable", broken), nil
	case !l.describes(record):
		return locales.M("archive.problem.described"), nil
	}
	return what, nil
}

// describes says whether the link's fields agree with the record's header.
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
	case d.problem.Key != "":
		v.problem(Problem{File: l.File, Offset: v.place, Seq: l.Seq, URI: l.URI, What: locales.M("archive.problem.deleted", d.problem)})
	case d.hashes[l.Seq] != l.Record:
		v.problem(Problem{File: l.File, Offset: v.place, Seq: l.Seq, URI: l.URI, What: locales.M("archive.problem.deleted", locales.M("archive.problem.unnamed", named(l.Gone)))})
	}
	v.seen.Deleted++
	if l.Cut || v.file == nil || v.out[l.Seq] {
		return nil
	}
	v.seen.Uncut++
	v.place += l.Length
	_, err = io.CopyN(io.Discard, v.file, l.Length)
	return notEnd(err)
}

// deletion is the content of a deletion's record.
type deletion struct {
	seq     int64
	hashes  map[int64]string // of the deleted records, by Seq
	problem locales.Message
}

// deletionOf reads the deletion that a link names. The records of one deletion
// follow each other, so the last deletion read is kept.
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
		v.deletion.problem = locales.M("archive.problem.no_deletion", named(l.Gone))
		return &v.deletion, nil
	}
	v.deletion.hashes, err = v.a.readDeletion(v.ctx, &links[0])
	if err != nil {
		v.deletion.problem = locales.M("archive.problem.deletion", named(l.Gone), err)
	}
	return &v.deletion, nil
}

// open closes the current file and goes on to the link's.
func (v *verifier) open(l *Link) (err error) {
	if err := v.leave(); err != nil {
		return err
	}
	if v.files[l.File] {
		v.problem(Problem{File: l.File, Offset: l.Offset, Seq: l.Seq, URI: l.URI, What: locales.M("archive.problem.back")})
	}
	v.files[l.File] = true
	v.seen.Files++
	v.name, v.recorded, v.place, v.out, v.missed = l.File, 0, 0, nil, false
	v.file, err = v.ahead.open(l.File)
	if errors.Is(err, bucket.ErrNotFound) {
		v.file = nil // all of it may be deleted
		return nil
	}
	if err == nil && slices.Contains(v.uncut, l.File) {
		v.out, err = v.outOf(l.File)
	}
	return err
}

// outOf returns which deleted records were cut out of a file although they are not marked as cut,
// because a process died between rewriting the file and recording that; see Archive.cut.
func (v *verifier) outOf(file string) (out map[int64]bool, err error) {
	links, err := v.a.opts.Ledger.EvidenceFileLinks(v.ctx, file)
	if err != nil {
		return nil, err
	}
	standing, err := v.a.standing(v.ctx, file, links)
	if err != nil {
		return nil, err
	}
	out = map[int64]bool{}
	for i := range links {
		out[links[i].Seq] = true
	}
	for i := range standing {
		delete(out, standing[i].Seq)
	}
	return out, nil
}

// leave checks that no bytes follow the last record of the current file.
func (v *verifier) leave() error {
	if v.file == nil {
		return nil
	}
	more, err := io.Copy(io.Discard, v.file)
	if err != nil {
		return locales.Errorf("archive.read", v.name, err)
	}
	if more > 0 {
		v.problem(Problem{File: v.name, Offset: v.place, What: locales.M("archive.problem.appended", more)})
	}
	v.close()
	return nil
}

func (v *verifier) close() {
	if v.file != nil {
		_ = v.file.Close()
		v.file = nil
	}
	v.name = ""
}

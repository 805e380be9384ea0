package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/warc"
)

// Policy says how long evidence and findings are kept. The zero Policy keeps
// everything.
type Policy struct {
	// Days to keep findings and captures of a category, counted from the last visit that
	// found the same. Of several categories the longest counts.
	Days map[qianshao.Category]int
	// Default is for categories that Days does not name; 0 keeps them for ever.
	Default int
	// Zone is the zone of the days in the reasons of deletions; nil is China's.
	Zone *time.Location
	// Hold are ids of findings of which nothing is deleted, whatever their age:
	// a case is open.
	Hold []string
}

// expiry returns the days after which a capture expires, and the category that
// decides; ok is false if it is kept for ever.
func (p *Policy) expiry(c *Capture) (days int, category qianshao.Category, ok bool) {
	for _, id := range c.Findings {
		if slices.Contains(p.Hold, id) {
			return 0, "", false
		}
	}
	for _, cat := range c.Categories {
		keep, named := p.Days[cat]
		if !named {
			keep = p.Default
		}
		if keep <= 0 {
			return 0, "", false
		}
		if keep > days {
			days, category = keep, cat
		}
	}
	return days, category, days > 0
}

// Expires says whether the policy no longer keeps a finding at a moment, and the
// reason as its deletion records it. Days count from the last visit that saw it.
func (p *Policy) Expires(id string, category qianshao.Category, seen, now time.Time) (reason string, ok bool) {
	days, category, ok := p.expiry(&Capture{Findings: []string{id}, Categories: []qianshao.Category{category}})
	if !ok || !past(seen, days, now) {
		return "", false
	}
	return p.reason(category, days, seen), true
}

// past says whether a period of days that began at seen is over.
func past(seen time.Time, days int, now time.Time) bool {
	return now.Sub(seen) >= time.Duration(days)*24*time.Hour
}

// reason is what the archive's chain and the log of deletions say.
func (p *Policy) reason(category qianshao.Category, days int, seen time.Time) string {
	zone := p.Zone
	if zone == nil {
		zone = qianshao.ChinaTime()
	}
	return fmt.Sprintf("retention of %s is %d days; last seen %s (%s)", category, days, seen.In(zone).Format(time.DateOnly), qianshao.ZoneName(zone))
}

// Expired is a capture that a policy no longer keeps.
type Expired struct {
	Capture
	// Reason as the deletion records it.
	Reason string
}

// Expired returns the captures that the policy no longer keeps at a moment.
func (a *Archive) Expired(ctx context.Context, p Policy, now time.Time) (list []Expired, err error) {
	for after := int64(0); ; {
		captures, err := a.opts.Ledger.EvidenceCaptures(ctx, "", after, linksAtATime)
		if err != nil || len(captures) == 0 {
			return list, err
		}
		for _, c := range captures {
			after = c.ID
			days, category, ok := p.expiry(&c)
			if c.Gone == 0 && ok && past(c.Seen, days, now) {
				list = append(list, Expired{c, p.reason(category, days, c.Seen)})
			}
		}
	}
}

// deletionsAtATime are recorded in one transaction.
const deletionsAtATime = 100

// Delete removes captures from the archive. First the deletions and their reason
// become records of the chain; then the files are rewritten without the deleted
// records. If that is interrupted or fails, Recover or the next Delete finishes it.
func (a *Archive) Delete(ctx context.Context, captures []Expired) error {
	for batch := range slices.Chunk(captures, deletionsAtATime) {
		if err := a.recordDeletions(ctx, batch); err != nil {
			return fmt.Errorf("record deletions from the evidence archive: %w", err)
		}
	}
	uncut, err := a.uncut(ctx)
	if err != nil || len(uncut) == 0 { // nothing was deleted
		return err
	}
	if err := a.finishDeletions(ctx, uncut); err != nil {
		return fmt.Errorf("the deletions are recorded, but bytes are still in the files; the next \"evidence prune --apply\" finishes it: %w", err)
	}
	return a.WriteIndexes(ctx)
}

func (a *Archive) recordDeletions(ctx context.Context, captures []Expired) error {
	drafts := make([]warc.Draft, 0, len(captures))
	holed := map[string]bool{} // files that lose records
	for i := range captures {
		links, err := a.CaptureLinks(ctx, captures[i].Capture)
		if err != nil {
			return err
		}
		d, err := deletionDraft(&captures[i], links, a.opts.Now())
		if err != nil {
			return err
		}
		drafts = append(drafts, d)
		for _, l := range links {
			holed[l.File] = true
		}
	}
	var block bytes.Buffer
	var records []encoded
	w := warc.NewWriter(&block)
	for _, d := range drafts {
		written, err := w.Write(d)
		if err != nil {
			return err
		}
		records = append(records, encoded{draft: d, kind: KindDeletion, written: written})
	}
	_, err := a.extend(ctx, batch{records: records, bytes: block.Bytes(), holes: holed}, func(own []Link, x *Extension) {
		for i, l := range own {
			x.Deletions = append(x.Deletions, Deletion{captures[i].ID, l.Seq})
		}
	})
	return err
}

// CaptureLinks returns the links of a capture's records, by Seq.
func (a *Archive) CaptureLinks(ctx context.Context, c Capture) ([]Link, error) {
	links, err := a.opts.Ledger.EvidenceLinks(ctx, c.ID-1, c.Records)
	if err != nil {
		return nil, err
	}
	if len(links) != c.Records || slices.ContainsFunc(links, func(l Link) bool { return l.Capture != c.ID }) {
		return nil, fmt.Errorf("%w: links of the capture %d of %s are missing; run \"qianshao evidence verify\"", ErrDamaged, c.ID, c.URL)
	}
	return links, nil
}

// fieldDeleted names a deleted record in a deletion's block: its Seq and hash.
const fieldDeleted = "deleted"

func deletionDraft(c *Expired, links []Link, now time.Time) (warc.Draft, error) {
	fields := warc.Fields{{Name: "reason", Value: headerValue(c.Reason)}}
	for i := range links {
		fields = append(fields, warc.Field{Name: fieldDeleted, Value: fmt.Sprintf("%d %s", links[i].Seq, links[i].Record)})
	}
	block, err := warc.FieldsBlock(fields)
	return warc.Draft{Type: warc.TypeMetadata, Date: now, ContentType: warc.ContentFields, Body: block}, err
}

// readDeletion returns the hashes that a deletion names, by Seq. It fails if the
// deletion's bytes are not those of its link.
func (a *Archive) readDeletion(ctx context.Context, l *Link) (map[int64]string, error) {
	block, err := a.block(ctx, l)
	if err != nil {
		return nil, err
	}
	hashes := map[int64]string{}
	for line := range strings.SplitSeq(string(block), "\r\n") {
		value, ok := strings.CutPrefix(line, fieldDeleted+": ")
		if !ok {
			continue
		}
		number, hash, _ := strings.Cut(value, " ")
		if seq, err := strconv.ParseInt(number, 10, 64); err == nil {
			hashes[seq] = hash
		}
	}
	return hashes, nil
}

// uncut returns the names of the files that still have the bytes of deleted records.
func (a *Archive) uncut(ctx context.Context) (names []string, err error) {
	files, err := a.opts.Ledger.EvidenceFiles(ctx)
	for _, f := range files {
		if f.Uncut {
			names = append(names, f.Name)
		}
	}
	return names, err
}

// finishDeletions rewrites files without their deleted records, and removes what
// an interrupted process has left of such a copy.
func (a *Archive) finishDeletions(ctx context.Context, files []string) error {
	if err := a.locked(ctx, a.removeUnfinished); err != nil {
		return err
	}
	for _, name := range files {
		if err := a.cut(ctx, name); err != nil {
			return fmt.Errorf("take deleted records out of %s: %w", name, err)
		}
	}
	return nil
}

// removeUnfinished removes the files that interrupted processes have left.
func (a *Archive) removeUnfinished() error {
	left, err := filepath.Glob(filepath.Join(a.opts.Folder, ".*"+temporary))
	if err != nil {
		return err
	}
	for _, name := range left {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return nil
}

// errCutMeanwhile says that another process has worked on the file that was being rewritten.
var errCutMeanwhile = errors.New("another process has deleted records of this file meanwhile; try again")

// cut rewrites a file without its deleted records. Nothing is appended to such
// a file any more, so the copy is made without the lock, which is taken for the
// rename and the mark in the ledger. Between these two the file's size tells
// whether it is the old or the new one.
func (a *Archive) cut(ctx context.Context, file string) error {
	links, err := a.opts.Ledger.EvidenceFileLinks(ctx, file)
	if err != nil {
		return err
	}
	old, err := os.Open(a.path(file))
	if err != nil {
		return err
	}
	defer old.Close()
	info, err := old.Stat()
	if err != nil {
		return err
	}
	before, after := sizes(links)
	var written newFile
	switch info.Size() {
	case after: // a process died between rename and mark
	case before:
		written, err = writeBeside(a.path(file), func(w io.Writer) error { return copyKept(w, old, links) })
		if err != nil {
			return err
		}
		defer written.discard()
	default:
		return fmt.Errorf("%w: the file has %d bytes instead of %d; run \"qianshao evidence verify\"", ErrDamaged, info.Size(), before)
	}
	return a.locked(ctx, func() error {
		now, err := a.opts.Ledger.EvidenceFileLinks(ctx, file)
		if err != nil {
			return err
		}
		// Records are only ever deleted and cut, so equal sizes mean equal sets.
		switch b, k := sizes(now); {
		case b == k:
			return nil // another process has done it
		case b != before || k != after:
			return errCutMeanwhile
		}
		if written != (newFile{}) {
			if err := written.put(); err != nil {
				return err
			}
		}
		return a.opts.Ledger.MarkEvidenceCut(ctx, file)
	})
}

// markRenamed marks in the ledger what a process that died in cut has renamed but
// not marked. It comes before more records of the same files are deleted, for
// then the size would no longer tell which file it is. The caller holds the lock.
func (a *Archive) markRenamed(ctx context.Context, files map[string]bool) error {
	for file := range files {
		links, err := a.opts.Ledger.EvidenceFileLinks(ctx, file)
		if err != nil {
			return err
		}
		before, after := sizes(links)
		if before == after {
			continue
		}
		info, err := os.Stat(a.path(file))
		if errors.Is(err, fs.ErrNotExist) {
			continue // Verify reports it
		}
		if err != nil {
			return err
		}
		if info.Size() == after {
			if err := a.opts.Ledger.MarkEvidenceCut(ctx, file); err != nil {
				return err
			}
		}
	}
	return nil
}

// sizes returns the size of a file as the ledger has it, and its size without the deleted records.
func sizes(links []Link) (before, after int64) {
	for i := range links {
		if !links[i].Cut {
			before += links[i].Length
		}
		if links[i].Gone == 0 {
			after += links[i].Length
		}
	}
	return before, after
}

// copyKept copies the records that are not deleted.
func copyKept(w io.Writer, old io.ReaderAt, links []Link) error {
	var place int64
	for i := range links {
		l := &links[i]
		if l.Cut {
			continue
		}
		if l.Gone == 0 {
			if _, err := io.Copy(w, io.NewSectionReader(old, place, l.Length)); err != nil {
				return err
			}
		}
		place += l.Length
	}
	return nil
}

package evidence

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/ingest/warc"
	"github.com/qianshao/qianshao/locales"
)

// Policy says how long evidence and findings are kept. The zero Policy keeps
// everything.
type Policy struct {
	// Days is how long to keep findings and captures of a category, counted from the
	// last visit that found the same. With several categories the longest period counts.
	Days map[qianshao.Category]int
	// Default is for categories that Days does not name; 0 keeps them for ever.
	Default int
	// Zone is the time zone of the days in deletions' reasons; nil means China's.
	Zone *time.Location
	// Hold are the ids of findings for which nothing is deleted, whatever their
	// age, because a case is open.
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

// Expires says whether at a moment the policy no longer keeps a finding, with the reason for the record
// of its deletion. Days count from the last visit that saw it.
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

// reason is the reason that the archive's chain and the log of deletions give.
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
	// Reason is the reason that the deletion records.
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

// deletionsAtATime is how many deletions are recorded in one transaction.
const deletionsAtATime = 100

// Delete removes captures from the archive. First the deletions and their reasons are
// recorded in the chain; then the objects are deleted, or rewritten without the deleted
// records. If that is interrupted or fails, Recover or the next Delete finishes it. The error
// wraps bucket.ErrLocked if locks keep objects; even then all deletions are recorded.
func (a *Archive) Delete(ctx context.Context, captures []Expired) error {
	for batch := range slices.Chunk(captures, deletionsAtATime) {
		if err := a.recordDeletions(ctx, batch); err != nil {
			return locales.Errorf("archive.delete", err)
		}
	}
	err := a.finishDeletions(ctx)
	switch {
	case errors.Is(err, bucket.ErrLocked):
		return locales.Errorf("archive.uncut_locked", err)
	case err != nil:
		return locales.Errorf("archive.uncut", err)
	}
	return nil
}

func (a *Archive) recordDeletions(ctx context.Context, captures []Expired) error {
	var block bytes.Buffer
	var records []encoded
	w := warc.NewWriter(&block)
	for i := range captures {
		links, err := a.CaptureLinks(ctx, captures[i].Capture)
		if err != nil {
			return err
		}
		d, err := deletionDraft(&captures[i], links, a.opts.Now())
		if err != nil {
			return err
		}
		written, err := w.Write(d)
		if err != nil {
			return err
		}
		records = append(records, encoded{draft: d, kind: KindDeletion, written: written})
	}
	return a.extend(ctx, batch{records: records, bytes: block.Bytes()}, func(x *Extension) {
		x.Deletions = nil
		for i, l := range x.Links[1:] { // after the warcinfo
			x.Deletions = append(x.Deletions, Deletion{captures[i].ID, l.Seq})
		}
	})
}

// CaptureLinks returns the links of a capture's records, by Seq.
func (a *Archive) CaptureLinks(ctx context.Context, c Capture) ([]Link, error) {
	links, err := a.opts.Ledger.EvidenceLinks(ctx, c.First-1, c.Records)
	if err != nil {
		return nil, err
	}
	if len(links) != c.Records || slices.ContainsFunc(links, func(l Link) bool { return l.Capture != c.ID }) {
		return nil, damaged(locales.M("archive.capture_links", c.ID, c.URL))
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

// finishDeletions cuts deleted records out of their objects. Objects that a lock still
// keeps are left for the next time.
func (a *Archive) finishDeletions(ctx context.Context) error {
	uncut, err := a.opts.Ledger.UncutEvidence(ctx)
	if err != nil {
		return err
	}
	var kept locked
	for _, name := range uncut {
		if err := kept.unless(a.cut(ctx, name)); err != nil {
			return errors.Join(locales.Errorf("archive.cut", name, err), kept.err())
		}
	}
	return kept.err()
}

// locked sums up the objects that are kept by locks: there may be one for each capture.
type locked struct {
	objects int
	until   time.Time // when the last of the known locks ends
	one     error
}

// unless counts an object if err is a lock's, and returns any other error.
func (l *locked) unless(err error) error {
	if !errors.Is(err, bucket.ErrLocked) {
		return err
	}
	var lock *bucket.LockedError
	if errors.As(err, &lock) && lock.Until.After(l.until) {
		l.until = lock.Until
	}
	l.objects, l.one = l.objects+1, cmp.Or(l.one, err)
	return nil
}

func (l *locked) err() error {
	if l.objects <= 1 {
		return l.one
	}
	if l.until.IsZero() {
		return locales.Errorf("archive.locked", l.objects, l.one)
	}
	return locales.Errorf("archive.locked_until", l.objects, l.until.UTC().Format(time.RFC3339), l.one)
}

// errCutMeanwhile says that another process has worked on the object that was being rewritten.
var errCutMeanwhile = locales.Errorf("archive.cut_meanwhile")

// cut deletes an object if all of its records are deleted, or else rewrites it without the deleted
// ones. The object itself tells whether a process has already done so and died before it could record
// it.
func (a *Archive) cut(ctx context.Context, file string) error {
	links, err := a.opts.Ledger.EvidenceFileLinks(ctx, file)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(links, func(l Link) bool { return l.Gone == 0 }) {
		if err := a.opts.Bucket.Delete(ctx, file); err != nil {
			return err
		}
		return a.opts.Ledger.CutEvidence(ctx, file, func([]Link) error { return nil })
	}
	standing, err := a.standing(ctx, file, links)
	if err != nil {
		return err
	}
	// The index that older versions kept beside the object has the URLs of deleted records.
	if err := a.opts.Bucket.Delete(ctx, oldIndexOf(file)); err != nil {
		return err
	}
	return a.opts.Ledger.CutEvidence(ctx, file, func(now []Link) error {
		if !gone(now) {
			return nil // another process has done it
		}
		// Records are only ever deleted and cut, so equal sizes mean equal sets.
		if uncut(now) != uncut(links) || keptOf(now) != keptOf(links) {
			return errCutMeanwhile
		}
		size, err := a.opts.Bucket.Size(ctx, file)
		if err != nil {
			return err
		}
		if recorded := uncut(standing); size != recorded {
			return damaged(locales.M("archive.size", size, recorded))
		}
		if err := a.rewrite(ctx, file, standing); err != nil {
			return err
		}
		// This is what the object contains, should the transaction be lost and run again.
		standing = slices.DeleteFunc(standing, func(l Link) bool { return l.Gone != 0 })
		return nil
	})
}

// standing returns the links whose bytes are in an object. For deleted ones
// that are not marked as cut, it looks into the object.
func (a *Archive) standing(ctx context.Context, file string, links []Link) (standing []Link, err error) {
	object, err := a.opts.Bucket.Get(ctx, file, 0, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	defer object.Close()
	longest := int64(1)
	for i := range links {
		longest = max(longest, links[i].Length)
	}
	in := bufio.NewReaderSize(object, int(longest))
	for i := range links {
		l := &links[i]
		if l.Cut {
			continue
		}
		if l.Gone != 0 {
			there, err := in.Peek(int(l.Length))
			if sum := sha256.Sum256(there); notEnd(err) != nil {
				return nil, err
			} else if hex.EncodeToString(sum[:]) != l.Record {
				continue
			}
		}
		standing = append(standing, *l)
		_, err := in.Discard(int(l.Length))
		if err = notEnd(err); err != nil {
			return nil, err
		}
	}
	return standing, nil
}

func notEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// keptOf is the size of an object without its deleted records.
func keptOf(links []Link) (bytes int64) {
	for i := range links {
		if links[i].Gone == 0 {
			bytes += links[i].Length
		}
	}
	return bytes
}

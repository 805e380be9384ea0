package evidence

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/qianshao/qianshao/ingest/warc"
	"github.com/qianshao/qianshao/locales"
)

// copyRecord copies a record's bytes, and fails with ErrDamaged if they are
// not those that were archived.
func (a *Archive) copyRecord(ctx context.Context, w io.Writer, l *Link) error {
	if l.Gone != 0 {
		return locales.Errorf("archive.record_deleted", named(l.Seq), named(l.Gone))
	}
	cut, err := a.opts.Ledger.EvidenceCutBefore(ctx, *l)
	if err != nil {
		return err
	}
	member, err := a.opts.Bucket.Get(ctx, l.File, l.Offset-cut, l.Length)
	if err != nil {
		return err
	}
	defer member.Close()
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, sum), member)
	if err != nil {
		return err
	}
	if n != l.Length || hex.EncodeToString(sum.Sum(nil)) != l.Record {
		return damaged(locales.M("archive.record_changed", named(l.Seq), l.File, l.Offset-cut))
	}
	return nil
}

// block returns a record's content.
func (a *Archive) block(ctx context.Context, l *Link) ([]byte, error) {
	var member bytes.Buffer
	if err := a.copyRecord(ctx, &member, l); err != nil {
		return nil, err
	}
	record, err := warc.NewReader(&member).Next()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(record.Block)
}

// Captured is a capture with its links, as it is shown.
type Captured struct {
	Capture
	Links []Link
}

// CapturesOf returns the captures of a page that have a finding and still have
// their records, oldest first.
func (a *Archive) CapturesOf(ctx context.Context, url, finding string) (list []Captured, err error) {
	for after := int64(0); ; {
		captures, err := a.opts.Ledger.EvidenceCaptures(ctx, url, after, linksAtATime)
		if err != nil || len(captures) == 0 {
			return list, err
		}
		for _, c := range captures {
			after = c.ID
			if c.Gone != 0 || !slices.Contains(c.Findings, finding) {
				continue
			}
			links, err := a.CaptureLinks(ctx, c)
			if err != nil {
				return nil, err
			}
			list = append(list, Captured{c, links})
		}
	}
}

// Screenshot returns the capture's screenshot, a PNG; nil if there is none.
func (a *Archive) Screenshot(ctx context.Context, c Captured) ([]byte, error) {
	for i := range c.Links {
		if strings.HasPrefix(c.Links[i].URI, screenshotURI) {
			return a.block(ctx, &c.Links[i])
		}
	}
	return nil, nil
}

// Names of the files in an exported zip.
const (
	exportWARC     = "page.warc.gz"
	exportIndex    = "page.cdxj"
	exportChain    = "chain.txt"
	exportRegister = "register.txt"
	exportManifest = "manifest.json"
	exportSums     = "SHA256SUMS"
)

// Enclosure is a file that is added to an exported zip.
type Enclosure struct {
	Name    string
	Content []byte
}

// Manifest lists what an exported zip contains and where its records are in the chain.
type Manifest struct {
	// Finding and URL are set in a zip of one finding.
	Finding string    `json:"finding,omitempty"`
	URL     string    `json:"url,omitempty"`
	Made    time.Time `json:"made"`
	By      string    `json:"by"` // the program
	Selection
	// Files have each file's SHA-256, as does SHA256SUMS.
	Files   []ManifestFile   `json:"files"`
	Records []ManifestRecord `json:"records"`
	// Chains are the chains of the records, in the order of chain.txt.
	Chains []ManifestChain `json:"chains"`
	// Head is the register's head at the time of the export; register.txt ends with it.
	Head string `json:"head"`
}

// ManifestChain is a part of a chain, beginning with the first of the records.
type ManifestChain struct {
	Name string `json:"name"`
	From int64  `json:"from"`
	// Head is where chain.txt ends. Entry is the register's entry for that head; 0 if
	// there is none yet, and then chain.txt ends with the chain.
	Head  string `json:"head"`
	Entry int64  `json:"entry,omitempty"`
}

// ManifestFile is a file of the zip.
type ManifestFile struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// ManifestRecord is a record in page.warc.gz.
type ManifestRecord struct {
	Seq  int64  `json:"seq"`
	Kind string `json:"kind"`
	URI  string `json:"uri,omitempty"`
	// Offset and Length are the record's place in page.warc.gz.
	Offset int64  `json:"offset"`
	Length int64  `json:"length"`
	SHA256 string `json:"sha256"`
	// Line is the text whose SHA-256, with a newline after it, is Chain.
	Line  string `json:"line"`
	Chain string `json:"chain"`
}

// Selection says how the findings of a zip were selected.
type Selection struct {
	// Of and For say what was selected, and which account got it.
	Of  string `json:"of,omitempty"`
	For string `json:"for,omitempty"`
	// Findings are the ids of all findings. For those in Unarchived, the archive has nothing any more.
	Findings   []string `json:"findings,omitempty"`
	Unarchived []string `json:"unarchived,omitempty"`
	// Acts is the head of the trail of acts before the export, SEQ:HASH; "" if its hash
	// would reveal an answer that waits for a second review.
	Acts string `json:"acts,omitempty"`
}

// Bundle is what is exported, either for one finding or for a selection.
type Bundle struct {
	Finding   string // its id
	Selection Selection
	// Captures are in the order of their ids, each once.
	Captures []Captured
	// Enclosures are made one by one as they are written; nil means none.
	Enclosures iter.Seq2[Enclosure, error]
	// Head is the register's head, with which the proof ends.
	Head Head
}

// Export writes a zip with the records of captures as WARC, an index, the enclosures, the
// chains from the first of the records in each to a registered head, the register from
// there to its head, and a manifest. All of it can be checked without this program.
func (a *Archive) Export(ctx context.Context, w io.Writer, b Bundle) error {
	if len(b.Captures) == 0 {
		return locales.Errorf("archive.nothing")
	}
	made := a.opts.Now().UTC().Truncate(time.Second)
	x := exporter{a: a, ctx: ctx, zip: zip.NewWriter(w), made: made}
	x.manifest = Manifest{Finding: b.Finding, Selection: b.Selection, Made: made, By: a.opts.Software}
	if b.Head.Seq > 0 {
		x.manifest.Head = b.Head.String()
	}
	if b.Finding != "" {
		x.manifest.URL = b.Captures[0].URL
	}
	x.write(exportWARC, zip.Store, func(w io.Writer) error { return x.records(w, b.Captures) })
	x.write(exportIndex, zip.Deflate, func(w io.Writer) error { return warc.WriteIndex(w, x.index) })
	x.write(exportChain, zip.Deflate, x.chains)
	x.write(exportRegister, zip.Deflate, func(w io.Writer) error { return x.register(w, b.Head) })
	if b.Enclosures != nil {
		for e, err := range b.Enclosures {
			x.write(e.Name, zip.Deflate, func(w io.Writer) error { return errors.Join(err, writeAll(w, e.Content)) })
			if x.err != nil {
				break
			}
		}
	}
	x.write(exportManifest, zip.Deflate, func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(x.manifest)
	})
	x.write(exportSums, zip.Deflate, func(w io.Writer) error {
		for _, f := range x.manifest.Files {
			if _, err := fmt.Fprintf(w, "%s  %s\n", f.SHA256, f.Name); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case x.err == nil:
		return x.zip.Close()
	case b.Finding == "":
		return locales.Errorf("archive.export_findings", x.err)
	}
	return locales.Errorf("archive.export", b.Finding, x.err)
}

func writeAll(w io.Writer, content []byte) error {
	_, err := w.Write(content)
	return err
}

type exporter struct {
	a        *Archive
	ctx      context.Context //nolint:containedctx // lives for one call
	zip      *zip.Writer
	made     time.Time
	manifest Manifest
	index    []warc.IndexEntry
	err      error // the first; nothing is written after it
}

// counted hashes and counts what is written.
type counted struct {
	w   io.Writer
	sum hash.Hash
	n   int64
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.sum.Write(p[:n])
	c.n += int64(n)
	return n, err
}

func (x *exporter) write(name string, method uint16, fill func(io.Writer) error) {
	if x.err != nil {
		return
	}
	file, err := x.zip.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: x.made})
	if err != nil {
		x.err = err
		return
	}
	c := &counted{w: file, sum: sha256.New()}
	if x.err = fill(c); x.err == nil {
		x.manifest.Files = append(x.manifest.Files, ManifestFile{name, c.n, hex.EncodeToString(c.sum.Sum(nil))})
	}
}

// records writes the captures' records byte for byte as they are in the archive, after the warcinfo of
// their file, so that their hashes stay the same.
func (x *exporter) records(w io.Writer, captures []Captured) error {
	var place int64
	file := ""
	for _, c := range captures {
		links := c.Links
		if c.Links[0].File != file && c.Links[0].Kind != warc.TypeInfo { // written by an older version
			info, err := x.info(c.Links[0].File)
			if err != nil {
				return err
			}
			file, links = c.Links[0].File, append([]Link{info}, links...)
		}
		for i := range links {
			l := &links[i]
			if err := x.a.copyRecord(x.ctx, w, l); err != nil {
				return err
			}
			if err := x.record(l, place); err != nil {
				return err
			}
			place += l.Length
		}
	}
	return nil
}

func (x *exporter) info(file string) (Link, error) {
	links, err := x.a.opts.Ledger.EvidenceFileLinks(x.ctx, file)
	if err != nil {
		return Link{}, err
	}
	if len(links) == 0 || links[0].Kind != warc.TypeInfo {
		return Link{}, damaged(locales.M("archive.no_warcinfo", file))
	}
	return links[0], nil
}

// record notes a record's place in page.warc.gz and in the chain.
func (x *exporter) record(l *Link, place int64) error {
	previous, err := x.previous(l)
	if err != nil {
		return err
	}
	line := strings.TrimSuffix(l.Line(previous), "\n")
	x.manifest.Records = append(x.manifest.Records, ManifestRecord{Seq: l.Seq, Kind: l.Kind, URI: l.URI,
		Offset: place, Length: l.Length, SHA256: l.Record, Line: line, Chain: l.Chain})
	if l.Kind == warc.TypeResponse || l.Kind == warc.TypeResource {
		x.index = append(x.index, warc.IndexEntry{URI: l.URI, Date: l.Captured, MIME: l.MIME, Status: l.Status,
			Digest: l.Payload, File: exportWARC, Offset: place, Length: l.Length})
	}
	return nil
}

// previous returns the chain value before a link's.
func (x *exporter) previous(l *Link) (string, error) {
	n := len(x.manifest.Records)
	switch {
	case l.Seq-1 == Before(ChainOf(l.Seq)):
		return Start, nil
	case n > 0 && x.manifest.Records[n-1].Seq == l.Seq-1:
		return x.manifest.Records[n-1].Chain, nil
	}
	before, err := x.a.opts.Ledger.EvidenceLinks(x.ctx, l.Seq-2, 1)
	if err != nil {
		return "", err
	}
	if len(before) != 1 || before[0].Seq != l.Seq-1 {
		return "", damaged(locales.M("archive.link_missing", named(l.Seq-1)))
	}
	return before[0].Chain, nil
}

// chains writes, for each chain, the lines of its links from the first of the records to a registered
// head after the last. Each line begins with the hash of the line before it, including its newline. The
// head is the hash of the last line. An empty line separates two chains.
func (x *exporter) chains(w io.Writer) error {
	first, last := map[int64]int64{}, map[int64]int64{}
	for _, r := range x.manifest.Records {
		number := ChainOf(r.Seq)
		if from, ok := first[number]; !ok || r.Seq < from {
			first[number] = r.Seq
		}
		last[number] = max(last[number], r.Seq)
	}
	for i, number := range slices.Sorted(maps.Keys(first)) {
		c, ok, err := x.a.opts.Ledger.EvidenceChain(x.ctx, number)
		if err != nil {
			return err
		}
		if !ok {
			return damaged(locales.M("archive.chain_missing", number))
		}
		part := ManifestChain{Name: c.Name(), From: first[number]}
		head := c.Head
		e, ok, err := x.a.opts.Ledger.EvidenceRegistered(x.ctx, last[number])
		if err != nil {
			return err
		}
		if ok {
			head, part.Entry = e.Head, e.Seq
		}
		part.Head = head.String()
		x.manifest.Chains = append(x.manifest.Chains, part)
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		if err := x.chain(w, part.From, head); err != nil {
			return err
		}
	}
	return nil
}

// chain writes the lines of one chain's links from one on to a head.
func (x *exporter) chain(w io.Writer, from int64, head Head) error {
	before := Before(ChainOf(from))
	previous, next := Start, from
	err := x.a.eachLink(x.ctx, max(before, from-2), head.Seq, func(l *Link) error {
		if l.Seq >= from {
			if _, err := io.WriteString(w, l.Line(previous)); err != nil {
				return err
			}
			next = l.Seq + 1
		}
		previous = l.Chain
		return nil
	})
	if err == nil && (next <= head.Seq || previous != head.Chain) {
		err = damaged(locales.M("archive.chain_end"))
	}
	return err
}

// register writes the lines of the register's entries, from the first for one of the chains
// to the head.
func (x *exporter) register(w io.Writer, head Head) error {
	from := head.Seq + 1
	for _, c := range x.manifest.Chains {
		if c.Entry > 0 {
			from = min(from, c.Entry)
		}
	}
	previous := Start
	for after := max(0, from-2); after < head.Seq; {
		entries, err := x.a.opts.Ledger.EvidenceRegister(x.ctx, after, linksAtATime)
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			return damaged(locales.M("archive.register_end"))
		}
		for i := range entries {
			e := &entries[i]
			if e.Seq >= from && e.Seq <= head.Seq {
				if _, err := io.WriteString(w, e.Line(previous)); err != nil {
					return err
				}
			}
			previous, after = e.Hash, e.Seq
		}
	}
	return nil
}

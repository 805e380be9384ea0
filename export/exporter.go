package export

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/selection"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/locales"
)

// Bounds of an export.
const (
	// MaxFindings bounds the rows of CSV and JSON lines: as many as a batch may have.
	MaxFindings = desk.MaxMembers
	// MaxReported bounds the findings in Markdown: nobody reads more in a ticket, and most trackers accept
	// no more text.
	MaxReported = 200
	// MaxZipped bounds the findings of a zip, each with a report of its own.
	MaxZipped = 200
	// MaxBytes bounds the file: until it is sent it is in the data folder, on the crawl's disk.
	MaxBytes = 1 << 30
	// MaxAtOnce bounds the exports written at the same time.
	MaxAtOnce = 2
	// MaxTime bounds the writing of an export, and then its sending.
	MaxTime = 5 * time.Minute
	// step is how many findings are read at a time, each with up to a few kilobytes of evidence.
	step = 200
)

// Store is the part of the store with the findings.
type Store interface {
	// VisibleFindings returns those of the findings that the sight shows, by id, without the texts of their
	// pages.
	VisibleFindings(ctx context.Context, sight qianshao.Sight, ids []string) ([]qianshao.FindingRecord, error)
}

// Campaigns returns the campaigns and standings of findings.
type Campaigns interface {
	selection.Campaigns
	// CampaignsOf returns for each finding the ids of its campaigns, the primary one first.
	CampaignsOf(ctx context.Context, findings []string) (map[string][]string, error)
	// Standings returns the standings of the findings on which somebody has acted.
	Standings(ctx context.Context, findings []string) (map[string]desk.Standing, error)
}

// Bundle is the content of a zip.
type Bundle struct {
	// Findings are their ids. Of and By say what was requested, and by whom.
	Findings []string
	Of, By   string
	// Acts is the head of the trail before the export, as desk.Head writes it; "" if it would reveal what
	// waits for a second review.
	Acts string
	// Files are added to the evidence.
	Files []BundleFile
}

// BundleFile is a file of a zip.
type BundleFile struct {
	Name  string
	Write func(w io.Writer) error
}

// ErrUnarchived is wrapped by the error of Options.Evidence for findings without archived evidence.
var ErrUnarchived = errors.New("no evidence is archived for these findings")

// Options of New. All but Evidence and Law are required.
type Options struct {
	Store     Store
	Desk      *desk.Desk
	Campaigns Campaigns
	// Selection returns the findings of a query or a campaign.
	Selection selection.Selector
	// Evidence writes a zip of the archived evidence of findings; without it there are no zips.
	Evidence func(ctx context.Context, w io.Writer, b Bundle) error
	// StillIn says whether the requester still has the access that it had at the beginning. It is called
	// again before a file is handed out, and while it is sent: the requester's sight may have shrunk
	// meanwhile.
	StillIn func(ctx context.Context) (bool, error)
	// Law returns the provisions that a rule in force names; nil if there are none.
	Law func(rule string) []string
	// Folder is where files are until they are sent.
	Folder string
	// Zone is the time zone of all times.
	Zone *time.Location
	Now  func() time.Time
}

// Exporter makes exports. It is safe for concurrent use.
type Exporter struct {
	opts  Options
	turns chan struct{}
}

// New returns an exporter.
func New(opts Options) *Exporter {
	if opts.Law == nil {
		opts.Law = func(string) []string { return nil }
	}
	if opts.StillIn == nil {
		opts.StillIn = func(context.Context) (bool, error) { return true, nil }
	}
	return &Exporter{opts: opts, turns: make(chan struct{}, MaxAtOnce)}
}

// Request says what to export: exactly one of a finding, a campaign, a batch, listed findings and a query.
type Request struct {
	Finding, Campaign string
	Batch             int64
	Findings          []string
	// Query may be empty, which finds everything; nil means no query.
	Query  *string
	Format Format
	// English makes the words of CSV and Markdown English; otherwise they are Chinese.
	English bool
}

func (r *Request) language() locales.Lang {
	if r.English {
		return locales.English
	}
	return locales.Chinese
}

// of describes the request for the trail, and in one word for the name of the file; kind is "" unless
// exactly one thing is requested.
func (r *Request) of() (words, kind string) {
	n := 0
	is := func(asked bool, w, k string) {
		if asked {
			words, kind = w, k
			n++
		}
	}
	is(r.Finding != "", "finding:"+r.Finding, "finding")
	is(r.Campaign != "", "campaign:"+r.Campaign, "campaign")
	is(r.Batch != 0, "batch:"+strconv.FormatInt(r.Batch, 10), "batch")
	is(len(r.Findings) > 0, fmt.Sprintf("findings: %d", len(r.Findings)), "findings")
	if r.Query != nil {
		is(true, "query: "+*r.Query, "query")
	}
	if n != 1 {
		return "", ""
	}
	return words, kind
}

// File is an export that is recorded in the trail and can be handed out. Closing it deletes it.
type File struct {
	*os.File
	// Name is the name of the file for the receiver, in ASCII; LocalName is in the reader's language.
	Name, LocalName string
	Format          Format
	Size            int64
	// Digest is the SHA-256, in hex, of all its bytes.
	Digest   string
	Findings int
	// Act is the act of the trail that records it.
	Act int64

	stillIn func() error
}

// sentAtOnce is how much of a file is sent between two checks of StillIn: little enough to stop a slow
// transfer in time, and enough not to slow down a fast one.
const sentAtOnce = 1 << 20

// WriteTo sends the file. It stops when the account loses its access; Size tells the receiver that the file
// is incomplete.
func (f *File) WriteTo(w io.Writer) (n int64, err error) {
	for {
		sent, err := io.CopyN(w, f.File, sentAtOnce)
		n += sent
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err == nil {
			err = f.stillIn()
		}
		if err != nil {
			return n, err
		}
	}
}

// Send sends the file as the response to a request. header sets a response header; deadline extends the
// server's time limit for writing, which is meant for pages. An error means that the client has
// disconnected.
func (f *File) Send(answer io.Writer, header func(key, value string), deadline func(time.Time) error) error {
	_ = deadline(time.Now().Add(MaxTime)) // a writer without deadlines, such as a test's recorder, returns an error
	header("Content-Type", f.Format.MediaType())
	header("Content-Disposition", `attachment; filename="`+f.Name+`"; filename*=UTF-8''`+url.PathEscape(f.LocalName)) // RFC 6266
	header("Content-Length", strconv.FormatInt(f.Size, 10))
	_, err := io.Copy(answer, f)
	return err
}

// Export writes what the account requests and may see, and records it in the trail. Errors are a *Refusal,
// an *index.SyntaxError, or desk.ErrNotFound, also for what the account does not see; after an error
// nothing remains of the file.
func (e *Exporter) Export(ctx context.Context, account qianshao.Account, r Request) (*File, error) {
	r.Findings = unique(r.Findings)
	words, kind := r.of()
	switch {
	case kind == "":
		return nil, refuse(RefusedSelection)
	case !r.Format.Valid() || r.Format == Zip && e.opts.Evidence == nil:
		return nil, refuse(RefusedFormat)
	}
	select {
	case e.turns <- struct{}{}:
		defer func() { <-e.turns }()
	default:
		return nil, refuse(RefusedBusy)
	}
	file, err := e.make(ctx, &account, &r, words, kind)
	if errors.Is(err, context.DeadlineExceeded) {
		err = refuse(RefusedSlow)
	}
	return file, err
}

// make writes the file and records it.
func (e *Exporter) make(ctx context.Context, account *qianshao.Account, r *Request, words, kind string) (*File, error) {
	ids, err := e.selected(ctx, account, r)
	if err != nil {
		return nil, err
	}
	f, err := e.spool()
	if err != nil {
		return nil, err
	}
	x := &written{e: e, ctx: ctx, account: account, r: r, of: words, at: e.opts.Now()}
	out := &bounded{w: f, sum: sha256.New()}
	stillIn := func() error { return e.stillIn(context.WithoutCancel(ctx)) } // ctx's deadline is for the writing only
	if err := cmp.Or(x.write(out, ids), stillIn()); err != nil {
		_ = f.Close()
		return nil, err
	}
	file := &File{File: f, stillIn: stillIn, Format: r.Format, Size: out.n, Digest: hex.EncodeToString(out.sum.Sum(nil)), Findings: x.n}
	file.Name, file.LocalName = names(r, kind, x.at.In(e.opts.Zone))
	act, err := e.opts.Desk.Record(ctx, account.Name, qianshao.ActExport, qianshao.Subject{Kind: qianshao.SubjectExport, ID: file.Digest},
		desk.Detail{Event: string(r.Format), Words: words, After: strconv.Itoa(x.n)})
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	file.Act = act.Seq
	return file, nil
}

// stillIn refuses a requester whose access has changed.
func (e *Exporter) stillIn(ctx context.Context) error {
	in, err := e.opts.StillIn(ctx)
	if err == nil && !in {
		err = refuse(RefusedChanged)
	}
	return err
}

// spool returns a file without a name: even if the process dies, nothing of it remains on the disk once it
// is closed.
func (e *Exporter) spool() (*os.File, error) {
	f, err := os.CreateTemp(e.opts.Folder, "export-*.tmp")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// names returns the names of a file: qianshao-campaign-1a2b-20261126-1540.csv.
func names(r *Request, kind string, at time.Time) (ascii, own string) {
	what := "-" + at.Format("20060102-150405")
	if id := r.Finding + r.Campaign; id != "" {
		what = "-" + id + what
	} else if r.Batch != 0 {
		what = fmt.Sprintf("-%d%s", r.Batch, what)
	}
	what = strings.Map(func(c rune) rune {
		if c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
			return c
		}
		return -1
	}, what) + "." + string(r.Format)
	return "qianshao-" + kind + what, r.language().Text("export.file."+kind) + what
}

// bounded writes a file of at most MaxBytes, and computes its hash.
type bounded struct {
	w   io.Writer
	sum hash.Hash
	n   int64
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.n+int64(len(p)) > MaxBytes {
		return 0, refuse(RefusedLarge, MaxBytes>>20)
	}
	n, err := b.w.Write(p)
	b.sum.Write(p[:n])
	b.n += int64(n)
	return n, err
}

// max is the maximum number of findings in a file of the format.
func (f Format) max() int {
	switch f {
	case Markdown:
		return MaxReported
	case Zip:
		return MaxZipped
	}
	return MaxFindings
}

// selected returns the ids of the requested findings. Those that the account does not see are left out here
// or when they are read.
func (e *Exporter) selected(ctx context.Context, account *qianshao.Account, r *Request) (ids []string, err error) {
	switch {
	case r.Finding != "":
		found, err := e.opts.Store.VisibleFindings(ctx, account.Sight, []string{r.Finding})
		if err == nil && len(found) == 0 {
			err = desk.ErrNotFound
		}
		return []string{r.Finding}, err
	case r.Batch != 0:
		ids, err = e.ofBatch(ctx, account, r)
	default:
		var selected desk.Selection
		selected, err = e.opts.Selection.Select(ctx, account.Sight, selection.Request{Query: r.Query, Campaign: r.Campaign, Findings: r.Findings, Most: r.Format.max()})
		ids = selected.Findings
	}
	var tooMany *selection.TooMany
	if errors.As(err, &tooMany) || err == nil && len(ids) > r.Format.max() {
		err = refuse(RefusedMany, r.Format.max())
	}
	return ids, err
}

func unique(list []string) (ids []string) {
	seen := make(map[string]bool, len(list))
	for _, id := range list {
		if !seen[id] {
			ids = append(ids, id)
		}
		seen[id] = true
	}
	return ids
}

func (e *Exporter) ofBatch(ctx context.Context, account *qianshao.Account, r *Request) (ids []string, err error) {
	for after := ""; ; after = ids[len(ids)-1] {
		list, err := e.opts.Desk.Members(ctx, *account, r.Batch, false, after, step)
		if err != nil {
			return nil, err
		}
		for i := range list {
			ids = append(ids, list[i].Finding)
		}
		if len(list) < step || len(ids) > r.Format.max() {
			return ids, nil
		}
	}
}

package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"sync"
	"time"

	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/ingest/warc"
)

// Options of New.
type Options struct {
	// Bucket has the archive's objects.
	Bucket bucket.Bucket
	Ledger Ledger
	// Writer is the name of the process that writes, the same after a restart: small letters,
	// digits and -. It may be empty for reading.
	Writer string
	// Software and Operator are written into every object's warcinfo: name and
	// version of the program, and the URL or mail address of its operator.
	Software, Operator string
	Log                *slog.Logger     // nil discards
	Now                func() time.Time // nil is time.Now
}

// Archive is the evidence archive. It is safe for concurrent use, even with other
// processes on the same bucket and ledger. It adds records to a chain of its own, which
// it begins when it first adds something. Close it when done with it.
type Archive struct {
	opts    Options
	writers sync.Pool // of *warc.Writer

	mu    sync.Mutex
	own   *writing   // nil until something is added, and after it was fenced
	begun []*writing // own and those before it
}

var validWriter = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// New returns the archive in a bucket. It reads and writes nothing yet.
func New(opts Options) (*Archive, error) {
	if opts.Bucket == nil || opts.Ledger == nil {
		return nil, errors.New("evidence: a bucket and a ledger are needed")
	}
	if opts.Writer != "" && !validWriter.MatchString(opts.Writer) {
		return nil, fmt.Errorf("evidence: %q cannot be the name of a writer", opts.Writer)
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

// Bucket has the archive's objects.
func (a *Archive) Bucket() bucket.Bucket { return a.opts.Bucket }

// Added says what Add wrote; it is zero if there was nothing to write.
type Added struct {
	Records int
	Bytes   int64 // in the object
}

// Add archives a flagged page in all its views. It does nothing for other pages, and for a page whose
// latest capture has the same bodies and the same findings. After an error Add may be repeated. Nothing
// was archived then, unless the ledger recorded it but its answer was lost; a repeated Add notices
// that.
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
	capture := Capture{
		URL: item.Page.URL, Captured: item.Page.FetchedAt, Seen: item.Page.FetchedAt, Fingerprint: fingerprint,
		Categories: item.Assessment.Categories, Findings: item.findings(),
	}
	err = a.extend(ctx, batch{records: records, bytes: block.Bytes()}, func(x *Extension) {
		capture.First, capture.Records, capture.Bytes = x.Links[0].Seq, len(x.Links), 0
		for i := range x.Links {
			capture.Bytes += x.Links[i].Length
		}
		x.Capture = &capture
	})
	return Added{Records: capture.Records, Bytes: capture.Bytes}, err
}

// Seen records that a visit found a flagged page as it was last archived. The
// capture's retention period is counted from the latest such visit.
func (a *Archive) Seen(ctx context.Context, url string, at time.Time) error {
	return a.opts.Ledger.SeeEvidence(ctx, url, at)
}

// info encodes the record that begins an object.
func (a *Archive) info(file string, at time.Time) (encoded, []byte, error) {
	draft, err := warc.InfoDraft(file, at, warc.Fields{
		{Name: "software", Value: headerValue(a.opts.Software)}, {Name: "operator", Value: headerValue(a.opts.Operator)},
		{Name: "description", Value: "flagged pages of authorised sites, with the findings on them"},
	})
	if err != nil {
		return encoded{}, nil, err
	}
	var block bytes.Buffer
	w := a.writers.Get().(*warc.Writer)
	defer a.writers.Put(w)
	w.Reset(&block)
	written, err := w.Write(draft)
	return encoded{draft: draft, written: written}, block.Bytes(), err
}

// registerInterval is how often the heads of chains are registered.
const registerInterval = time.Minute

// KeepRegistered registers the heads of all chains each minute, until ctx ends.
func (a *Archive) KeepRegistered(ctx context.Context) {
	tick := time.NewTicker(registerInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := a.Register(ctx); err != nil && ctx.Err() == nil {
				a.opts.Log.Error("the heads of the evidence chains were not registered", "error", err)
			}
		}
	}
}

// Register enters into the register the heads of all chains that are not yet in it.
func (a *Archive) Register(ctx context.Context) error {
	return a.opts.Ledger.RegisterEvidence(ctx, a.opts.Now())
}

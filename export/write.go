package export

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/qianshao/qianshao"
)

// encoder writes findings in a format, one after another.
type encoder interface {
	row(r *Row) error
	end() error
}

// written is an export being written.
type written struct {
	e       *Exporter
	ctx     context.Context //nolint:containedctx // lives for one call
	account *qianshao.Account
	r       *Request
	of      string
	at      time.Time
	n       int // findings
}

// write writes the file.
func (x *written) write(w io.Writer, ids []string) (err error) {
	if x.r.Format == Zip {
		err = x.zip(w, ids)
	} else {
		x.n, err = x.encode(w, x.r.Format, ids)
	}
	if err == nil && x.n == 0 {
		err = refuse(RefusedNone)
	}
	return err
}

// encode writes those of the findings that the account sees, and returns their number. It keeps at most
// step of them in memory.
func (x *written) encode(w io.Writer, format Format, ids []string) (n int, err error) {
	var out encoder
	switch format {
	case CSV:
		out, err = newTable(w, x.r.language())
	case Markdown:
		out, err = newText(w, x.r.language(), x.e.opts.Zone, plain(x.of), x.account.Name, x.at)
	default:
		out = newLines(w)
	}
	if err != nil {
		return 0, err
	}
	for part := range slices.Chunk(ids, step) {
		rows, err := x.rows(part)
		if err != nil {
			return n, err
		}
		for i := range rows {
			if err := out.row(&rows[i]); err != nil {
				return n, err
			}
		}
		n += len(rows)
	}
	return n, out.end()
}

// rows reads findings with their standings.
func (x *written) rows(ids []string) ([]Row, error) {
	o := &x.e.opts
	found, err := o.Store.VisibleFindings(x.ctx, x.account.Sight, ids)
	if err != nil {
		return nil, err
	}
	standings, err := o.Campaigns.Standings(x.ctx, ids)
	if err != nil {
		return nil, err
	}
	campaigns, err := o.Campaigns.CampaignsOf(x.ctx, ids)
	if err != nil {
		return nil, err
	}
	rows := make([]Row, len(found))
	for i := range found {
		f := &found[i].Finding
		standing := standings[f.ID]
		rows[i] = newRow(&found[i], &standing, campaigns[f.ID], o.Law(f.Rule), o.Zone)
	}
	return rows, nil
}

// Names of the files added to a zip.
const (
	zipLines  = "findings.jsonl"
	zipReport = "report.md"
)

// zip writes the zip with the evidence of those of the findings that the account sees.
func (x *written) zip(w io.Writer, ids []string) error {
	found, err := x.e.opts.Store.VisibleFindings(x.ctx, x.account.Sight, ids)
	if err != nil || len(found) == 0 {
		return err
	}
	acts, err := x.e.opts.Desk.OpenHead(x.ctx)
	if err != nil {
		return err
	}
	b := Bundle{Of: plain(x.of), By: x.account.Name}
	if acts.Chain != "" {
		b.Acts = acts.String()
	}
	for i := range found {
		b.Findings = append(b.Findings, found[i].Finding.ID)
	}
	part := func(name string, format Format) {
		b.Files = append(b.Files, BundleFile{name, func(w io.Writer) (err error) {
			x.n, err = x.encode(w, format, b.Findings)
			return err
		}})
	}
	part(zipLines, JSONLines)
	part(zipReport, Markdown)
	err = x.e.opts.Evidence(x.ctx, w, b)
	if errors.Is(err, ErrUnarchived) {
		return refuse(RefusedArchive)
	}
	return err
}

package admin

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/export"
)

const (
	// maxExported bounds the acts of one export to some 40 MB. They are held in memory, since the
	// trail must have their hash before any of them is sent. "qianshao acts export" has no bound.
	maxExported = 50_000
	// readAtATime is how many acts an export reads at a time.
	readAtATime = 1000
)

// errTooMany says that more than maxExported acts were asked for.
var errTooMany = errors.New("too many acts for one export")

// exportTrail sends the acts that match a query, in order, as JSON lines or CSV. The export is
// itself an act, which records who did it and the hash of the file.
func (a *Admin) exportTrail(w http.ResponseWriter, r *http.Request) {
	v := a.newTrailPage(w, r)
	format := export.Format(r.PostFormValue("format"))
	q, err := a.query(r.Context(), &v.Fields)
	if err == nil && format != export.JSONLines && format != export.CSV {
		err = errField("format")
	}
	var acts []desk.Shown
	if err == nil {
		acts, err = a.all(r.Context(), q)
	}
	if err != nil {
		a.refuseTrail(w, r, v, err)
		return
	}
	write := v.writeLines
	if format == export.CSV {
		write = v.writeTable
	}
	body, err := write(acts)
	if err != nil {
		a.FailWith(w, r, err)
		return
	}
	sum := sha256.Sum256(body)
	subject := qianshao.Subject{Kind: qianshao.SubjectExport, ID: hex.EncodeToString(sum[:])}
	_, err = a.opts.Desk.Record(r.Context(), auth.From(r.Context()).Name, qianshao.ActExport, subject,
		desk.Detail{Event: string(format), Words: "/trail?" + v.Fields.values().Encode(), After: strconv.Itoa(len(acts))})
	if err != nil {
		a.FailWith(w, r, err)
		return
	}
	w.Header().Set("Content-Type", format.MediaType())
	w.Header().Set("Content-Disposition", `attachment; filename="trail-`+v.Now.Format("20060102-150405")+`.`+string(format)+`"`)
	_, _ = w.Write(body) // the client has gone; there is nobody to report an error to
}

// all returns all acts that match a query, in order, or errTooMany.
func (a *Admin) all(ctx context.Context, q desk.ActsQuery) (acts []desk.Shown, err error) {
	for q.Limit = readAtATime; ; {
		list, err := a.opts.Desk.Trail(ctx, auth.From(ctx), q)
		if err != nil {
			return nil, err
		}
		if acts = append(acts, list...); len(acts) > maxExported {
			return nil, errTooMany
		}
		if len(list) < readAtATime {
			slices.SortFunc(acts, func(x, y desk.Shown) int { return cmp.Compare(x.Seq, y.Seq) })
			return acts, nil
		}
		q.Before = list[len(list)-1].Seq
	}
}

// writeLines writes acts with every field that the hash chain covers, as "qianshao acts export"
// does.
func (v *trailPage) writeLines(acts []desk.Shown) ([]byte, error) {
	var out bytes.Buffer
	for i := range acts {
		line, err := desk.RecordOf(&acts[i].Act).MarshalLine()
		if err != nil {
			return nil, err
		}
		out.Write(line)
	}
	return out.Bytes(), nil
}

// writeTable writes acts as the page shows them, one a row, with column names in the reader's
// language.
func (v *trailPage) writeTable(acts []desk.Shown) ([]byte, error) {
	var out bytes.Buffer
	sheet, err := export.NewSheet(&out, []string{
		v.T("trail.seq"), v.T("trail.at"), v.T("trail.by"), v.T("trail.did"), v.T("trail.subject_kind"), v.T("trail.subject"), v.T("trail.verdict"),
		v.T("trail.before"), v.T("trail.after"), v.T("trail.words"), v.T("trail.notes"), v.T("trail.batch"), v.T("trail.chain"),
	})
	if err != nil {
		return nil, err
	}
	for i := range acts {
		x := v.row(&acts[i])
		batch := ""
		if x.Batch != 0 {
			batch = strconv.FormatInt(x.Batch, 10)
		}
		if err := sheet.Row([]string{
			strconv.FormatInt(x.Seq, 10), x.At.In(v.TimeZone()).Format(time.RFC3339), x.By, x.Did, x.SubjectKind, x.Subject.ID, x.Answer,
			x.Before, x.After, v.Plain(x.Detail.Words), strings.Join(x.Notes, "; "), batch, x.Chain,
		}); err != nil {
			return nil, err
		}
	}
	err = sheet.End()
	return out.Bytes(), err
}

package datafolder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/qianshao/qianshao/dashboards/console"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/store"
)

// Report gathers what store and archive have of a finding.
func (f *Folder) Report(ctx context.Context, id string) (*console.Report, error) {
	r := &console.Report{Made: time.Now(), By: f.software, TimeZone: f.zone}
	found, err := f.Store.Finding(ctx, id)
	if err != nil {
		return nil, err
	}
	r.Finding = found
	if r.Captures, err = f.Evidence.CapturesOf(ctx, found.URL, id); err != nil {
		return nil, err
	}
	if len(r.Captures) == 0 {
		return nil, fmt.Errorf("nothing is archived for finding %s: retention has let go of it, or it is older than the archive", id)
	}
	for _, capture := range slices.Backward(r.Captures) { // not every visit takes a picture
		if r.Screenshot, err = f.Evidence.Screenshot(ctx, capture); err != nil {
			return nil, err
		}
		if r.Screenshot != nil {
			break
		}
	}
	if r.Views, err = f.Store.Views(ctx, id); err != nil {
		return nil, err
	}
	authorisation, err := f.Store.Authorisation(ctx, found.Authorisation)
	if err == nil {
		r.Under = &authorisation
	} else if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	end, err := f.Store.EvidenceEnd(ctx)
	r.Head = end.Head
	return r, err
}

// Export writes the zip of a reported finding: WARC, report, finding as JSON,
// screenshot, manifest.
func (f *Folder) Export(ctx context.Context, w io.Writer, r *console.Report) error {
	enclosures, err := enclosures(r)
	if err != nil {
		return err
	}
	return f.Evidence.Export(ctx, w, evidence.Bundle{Finding: r.Finding.ID, Captures: r.Captures, Enclosures: enclosures, Head: r.Head})
}

// enclosures are the files that stand beside the archive's own in the zip.
func enclosures(r *console.Report) ([]evidence.Enclosure, error) {
	var page, data bytes.Buffer
	if err := errors.Join(r.WriteHTML(&page), r.WriteJSON(&data)); err != nil {
		return nil, err
	}
	files := []evidence.Enclosure{{Name: "report.html", Content: page.Bytes()}, {Name: "finding.json", Content: data.Bytes()}}
	if len(r.Screenshot) > 0 {
		files = append(files, evidence.Enclosure{Name: "screenshot.png", Content: r.Screenshot})
	}
	return files, nil
}

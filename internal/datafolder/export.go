package datafolder

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/qianshao/qianshao/dashboards/console"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/export"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// FindingReport collects everything that the store and the archive have about a finding.
func (f *Folder) FindingReport(ctx context.Context, id string) (*console.Report, error) {
	r := &console.Report{Made: time.Now(), By: f.software, TimeZone: f.opts.Zone}
	found, err := f.Store.Finding(ctx, id)
	if err != nil {
		return nil, err
	}
	r.Finding = found
	if r.Captures, err = f.Evidence.CapturesOf(ctx, found.URL, id); err != nil {
		return nil, err
	}
	if len(r.Captures) == 0 {
		return nil, locales.Errorf("data.not_archived", id)
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
	r.Head, err = f.registeredHead(ctx)
	return r, err
}

// registeredHead returns the head of the register of evidence. It covers everything archived,
// unless the folder is opened read-only: then it covers only what was registered before.
func (f *Folder) registeredHead(ctx context.Context) (evidence.Head, error) {
	if !f.opts.ReadOnly {
		if err := f.Evidence.Register(ctx); err != nil {
			return evidence.Head{}, err
		}
	}
	state, err := f.Store.EvidenceState(ctx)
	return state.Register, err
}

// Export writes the zip of a reported finding: WARC, report, finding as JSON, screenshot, manifest.
func (f *Folder) Export(ctx context.Context, w io.Writer, r *console.Report) error {
	enclosures, err := enclosures(r)
	if err != nil {
		return err
	}
	return f.Evidence.Export(ctx, w, evidence.Bundle{Finding: r.Finding.ID, Captures: r.Captures, Enclosures: enclosuresOf(enclosures), Head: r.Head})
}

func enclosuresOf(list []evidence.Enclosure) iter.Seq2[evidence.Enclosure, error] {
	return func(yield func(evidence.Enclosure, error) bool) {
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// ExportMany writes the zip of several findings: the records of all their captures, each once, and
// a report and screenshot for each finding, made one after another.
func (f *Folder) ExportMany(ctx context.Context, w io.Writer, b export.Bundle) error {
	found, err := f.Store.Findings(ctx, b.Findings)
	if err != nil {
		return err
	}
	bundle := evidence.Bundle{Selection: evidence.Selection{Of: b.Of, For: b.By, Findings: b.Findings, Acts: b.Acts}}
	captures := map[int64]evidence.Captured{}
	var archived []string
	for _, id := range b.Findings {
		var list []evidence.Captured
		if finding, ok := found[id]; ok { // it may have been deleted a moment ago
			if list, err = f.Evidence.CapturesOf(ctx, finding.URL, id); err != nil {
				return err
			}
		}
		for _, c := range list {
			captures[c.ID] = c
		}
		if len(list) == 0 {
			bundle.Selection.Unarchived = append(bundle.Selection.Unarchived, id)
			continue
		}
		archived = append(archived, id)
	}
	if len(archived) == 0 {
		return export.ErrUnarchived
	}
	for _, id := range slices.Sorted(maps.Keys(captures)) {
		bundle.Captures = append(bundle.Captures, captures[id])
	}
	if bundle.Head, err = f.registeredHead(ctx); err != nil {
		return err
	}
	bundle.Enclosures = f.enclosuresOfMany(ctx, b.Files, archived, bundle.Head)
	return f.Evidence.Export(ctx, w, bundle)
}

// enclosuresOfMany yields the files in a zip of several findings. Only one finding's are in memory at a
// time.
func (f *Folder) enclosuresOfMany(ctx context.Context, files []export.BundleFile, findings []string, head evidence.Head) iter.Seq2[evidence.Enclosure, error] {
	return func(yield func(evidence.Enclosure, error) bool) {
		for _, file := range files {
			var content bytes.Buffer
			err := file.Write(&content)
			if !yield(evidence.Enclosure{Name: file.Name, Content: content.Bytes()}, err) {
				return
			}
		}
		for _, id := range findings {
			report, err := f.FindingReport(ctx, id)
			var page bytes.Buffer
			if err == nil {
				report.Head = head
				err = report.WriteHTML(&page)
			}
			if !yield(evidence.Enclosure{Name: "reports/" + id + ".html", Content: page.Bytes()}, err) {
				return
			}
			if err == nil && len(report.Screenshot) > 0 && !yield(evidence.Enclosure{Name: "screenshots/" + id + ".png", Content: report.Screenshot}, nil) {
				return
			}
		}
	}
}

// enclosures returns the files in the zip besides the archive's own.
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

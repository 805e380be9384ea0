package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/qianshao/qianshao/dashboards"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite"
)

type evidenceExportCmd struct {
	Finding string `arg:"" help:"The finding's id: 16 hex digits, as the console's address has it."`
	Output  string `short:"o" help:"The zip to write, or - for standard output. Default: FINDING.zip. A file that is there is not written over." placeholder:"FILE"`
}

func (c evidenceExportCmd) Run(s *session) error {
	if !findingID.MatchString(c.Finding) {
		return usageError(fmt.Errorf("%q is no finding's id; it has 16 hex digits", c.Finding))
	}
	return withArchive(s, func(db *sqlite.Store, archive *evidence.Archive) error {
		report, err := readReport(s, db, archive, c.Finding)
		if err != nil {
			return err
		}
		enclosures, err := enclosed(report)
		if err != nil {
			return err
		}
		write := func(w io.Writer) error {
			return archive.Export(s.ctx, w, evidence.Bundle{Finding: c.Finding, Captures: report.Captures, Enclosures: enclosures, Head: report.Head})
		}
		if c.Output == "-" {
			return write(s.out)
		}
		name := c.Output
		if name == "" {
			name = c.Finding + ".zip"
		}
		if err := writeNew(name, write); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s: %d captures of %s\n", name, len(report.Captures), printable(report.Finding.URL))
		return nil
	})
}

// writeNew writes a file that only its owner may read, whole or not at all.
func writeNew(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return usageError(fmt.Errorf("%s is there already; name another file with -o", name))
	}
	if err != nil {
		return err
	}
	if err = errors.Join(write(f), f.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

// readReport gathers what store and archive have of a finding.
func readReport(s *session, db *sqlite.Store, archive *evidence.Archive, id string) (*dashboards.Report, error) {
	r := &dashboards.Report{Made: time.Now(), By: "qianshao/" + versionString()}
	found, err := db.Finding(s.ctx, id)
	if err != nil {
		return nil, err
	}
	r.Finding = found
	if r.Captures, err = archive.CapturesOf(s.ctx, found.URL, id); err != nil {
		return nil, err
	}
	if len(r.Captures) == 0 {
		return nil, fmt.Errorf("nothing is archived for finding %s: retention has let go of it, or it is older than the archive", id)
	}
	for _, capture := range slices.Backward(r.Captures) { // not every visit takes a picture
		if r.Screenshot, err = archive.Screenshot(s.ctx, capture); err != nil {
			return nil, err
		}
		if r.Screenshot != nil {
			break
		}
	}
	if r.Views, err = db.Views(s.ctx, found.URL); err != nil {
		return nil, err
	}
	authorisation, err := db.Authorisation(s.ctx, found.Authorisation)
	if err == nil {
		r.Under = &authorisation
	} else if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	end, err := db.EvidenceEnd(s.ctx)
	r.Head = end.Head
	return r, err
}

// enclosed are the files that stand beside the archive's own in the zip.
func enclosed(r *dashboards.Report) ([]evidence.Enclosure, error) {
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

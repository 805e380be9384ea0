package console

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"slices"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule/explain"
	"github.com/qianshao/qianshao/dashboards/api"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/internal/untrusted"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

//go:embed report/report.html
var reportHTML string

//go:embed report/report.css
var reportCSS string

// Report is a finding as a document, for somebody without access to the console: an authority, the
// owner of the site, a court.
type Report struct {
	Finding store.Finding
	// Views are the other views of the page that have evidence.
	Views []store.View
	// Under is the authorisation in the register; nil for local files, or if it is no longer there.
	Under *qianshao.Authorisation
	// Captures are the archived captures of the page, oldest first.
	Captures []evidence.Captured
	// Screenshot is a PNG; nil if there is none.
	Screenshot []byte
	// Head is the head of the archive's register at the time of the report.
	Head evidence.Head
	// Made is when the report was made, and By what made it: "qianshao/1.2.3".
	Made time.Time
	By   string
	// TimeZone is the zone of all times; nil means index.DefaultZone.
	TimeZone *time.Location
}

// WriteHTML writes the report in Chinese: one file that has no scripts and loads nothing. Addresses
// are defanged and never links.
func (r *Report) WriteHTML(w io.Writer) error {
	t, err := page.Parts("report")
	if err == nil {
		_, err = t.Parse(reportHTML)
	}
	if err != nil {
		return fmt.Errorf("the report's template: %w", err)
	}
	v := &reportDocument{findingPage: &findingPage{Layout: page.Bare(locales.Chinese, r.Made, r.TimeZone), Finding: r.Finding}, Report: r, Style: template.CSS(reportCSS)} //nolint:gosec // ours
	v.findingPage.places()
	for _, p := range explain.Breakdown(v.Language, r.Finding.Breakdown) {
		v.Parts = append(v.Parts, scorePart{v.Language.Named("reason.", p.Reason), untrusted.Plain(p.Detail), p.Points})
		v.Sum += p.Points
	}
	if r.Under != nil {
		a := page.NewAuthorisation(*r.Under, r.Made)
		v.Permit = &a
	}
	if n := len(r.Finding.Changes); n > 0 && !r.Finding.GoneAt.IsZero() {
		v.GoneWhy = v.Why(r.Finding.Changes[n-1])
	}
	if len(r.Screenshot) > 0 {
		v.Picture = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(r.Screenshot)) //nolint:gosec // an image, whatever its bytes
	}
	v.sections()
	return t.Execute(w, v)
}

// WriteJSON writes the finding as the API shows it.
func (r *Report) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // people read the evidence, too
	encoder.SetIndent("", "  ")
	return encoder.Encode(api.NewFinding(r.Finding, r.Under))
}

type reportDocument struct {
	*findingPage
	*Report
	Permit   *page.Authorisation // Report.Under
	Style    template.CSS
	Picture  template.URL
	Sections []reportSection
}

// reportSection is the evidence in one view of the page.
type reportSection struct {
	Who    string
	Named  bool // false if all evidence is in the view of plain visitors
	Places []place
}

// sections sorts the evidence by view, the plain visitor's first, each with the source that its
// spans refer to. If no source is kept, the evidence itself is shown in place of an excerpt.
func (v *reportDocument) sections() {
	names := []qianshao.View{qianshao.ViewVisitor}
	for _, e := range v.Report.Finding.Evidence {
		if !slices.Contains(names, e.View) {
			names = append(names, e.View)
		}
	}
	for _, name := range names {
		part := findingPage{Layout: v.Layout, Finding: v.Report.Finding, others: v.Views}
		part.Evidence = slices.DeleteFunc(slices.Clone(part.Evidence), func(e qianshao.Evidence) bool { return e.View != name })
		if part.places(); part.sourceOf(name) == "" {
			part.quote()
		}
		if len(part.Places) > 0 {
			v.Sections = append(v.Sections, reportSection{v.Language.Named("who.", string(name)), len(names) > 1, part.Places})
		}
	}
}

// quote shows evidence with only the text before and after it that it carries itself.
func (v *findingPage) quote() {
	for i := range v.Places {
		p := &v.Places[i]
		for _, hit := range p.Hits {
			p.Lines = append(p.Lines, untrusted.Line{Number: hit.Line, Marked: true, Pieces: quoted(hit.Evidence)})
		}
	}
}

// quoted is evidence with the text before and after it that it carries itself.
func quoted(e qianshao.Evidence) []untrusted.Piece {
	pieces := untrusted.Reveal(e.Before, "")
	pieces = append(pieces, untrusted.Reveal(e.Text, untrusted.LookMark)...)
	return append(pieces, untrusted.Reveal(e.After, "")...)
}

func (v *reportDocument) Kind(l evidence.Link) string {
	if name, ok := map[string]string{
		"request": "请求", "response": "响应", "metadata": "说明", "resource": "资源", "warcinfo": "文件头",
	}[l.Kind]; ok {
		return name
	}
	return untrusted.Plain(l.Kind)
}

// Last is the latest capture of the page.
func (v *reportDocument) Last() evidence.Captured { return v.Captures[len(v.Captures)-1] }

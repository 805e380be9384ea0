package document

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"unicode"
)

//go:embed templates/*.html
var files embed.FS

//go:embed body.css
var bodyCSS string

//go:embed document.css
var documentCSS string

// Parts has the template "figures", which shows the sections of a Document on pages that have
// the rules of Style.
func Parts() embed.FS { return files }

// Style has the rules of a style sheet for Parts. They use the console's properties, and --chart.
func Style() string { return bodyCSS }

// written is a document as a file.
type written struct {
	*Document
	Style template.CSS
}

// HTML writes a document as one file, which loads nothing, runs nothing and is ready for A4 paper.
func (d *Document) HTML(w io.Writer) error {
	t, err := template.New("document.html").ParseFS(files, "templates/*.html")
	if err != nil {
		return fmt.Errorf("the template of reports: %w", err)
	}
	foot := d.Facts[4].Value + " · " + d.Facts[3].Name + " " + d.Facts[3].Value
	margins := "@page { @top-left { content: " + quoted(d.Running()) + "; } @bottom-left { content: " + quoted(foot) + "; } @bottom-right { content: counter(page) \" / \" counter(pages); } }\n"
	return t.Execute(w, written{d, template.CSS(documentCSS + bodyCSS + margins)}) //nolint:gosec // ours, and texts that are quoted
}

// quoted writes a string of CSS, in which all but letters and digits is escaped: html/template takes a
// text with a colon for a URL there.
func quoted(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "\\%06x", r)
		}
	}
	return `"` + b.String() + `"`
}

// Class is how a column's cells look.
func (c Column) Class() string {
	switch {
	case c.Number:
		return "num"
	case c.Wide:
		return "wide"
	case c.Time:
		return "day"
	}
	return ""
}

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

// Parts has the template "figures", which shows the sections of a Document on pages with the style sheet
// Style.
func Parts() embed.FS { return files }

// Style is the style sheet for Parts. It uses the console's properties, and --chart.
func Style() string { return bodyCSS }

// written is a document as a file.
type written struct {
	*Document
	Style template.CSS
}

// HTML writes a document as one file, which loads nothing, runs nothing and is ready to print on A4 paper.
func (d *Document) HTML(w io.Writer) error {
	t, err := template.New("document.html").ParseFS(files, "templates/*.html")
	if err != nil {
		return fmt.Errorf("the template of reports: %w", err)
	}
	foot := d.Facts[4].Value + " · " + d.Facts[3].Name + " " + d.Facts[3].Value
	margins := "@page { @top-left { content: " + quoted(d.Running()) + "; } @bottom-left { content: " + quoted(foot) + "; } @bottom-right { content: counter(page) \" / \" counter(pages); } }\n"
	return t.Execute(w, written{d, template.CSS(documentCSS + bodyCSS + margins)}) //nolint:gosec // our own CSS, and quoted texts
}

// quoted writes a CSS string in which everything except letters and digits is escaped: html/template would
// treat a text with a colon as a URL there.
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

// Class is the CSS class of a column's cells.
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

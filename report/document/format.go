package document

import (
	"fmt"
	"io"
	"slices"
)

// Format is the format of a document.
type Format string

// The formats.
const (
	HTML Format = "html"
	DOCX Format = "docx"
	CSV  Format = "csv"
)

// Formats returns all formats.
func Formats() []Format { return []Format{HTML, DOCX, CSV} }

// Valid says whether it is one of Formats.
func (f Format) Valid() bool { return slices.Contains(Formats(), f) }

// MediaType is the content type of files of the format.
func (f Format) MediaType() string {
	switch f {
	case HTML:
		return "text/html; charset=utf-8"
	case DOCX:
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	}
	return "text/csv; charset=utf-8"
}

// Write writes a document in a format.
func (d *Document) Write(w io.Writer, f Format) error {
	switch f {
	case HTML:
		return d.HTML(w)
	case DOCX:
		return d.DOCX(w)
	case CSV:
		return d.CSV(w)
	}
	return fmt.Errorf("document: no format %q", f)
}

// FileName returns the name of the file, in ASCII: qianshao-week-2026-11-16.html.
func (d *Document) FileName(f Format) string { return "qianshao-" + d.name + "." + string(f) }

package document

import (
	"archive/zip"
	"bytes"
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/archive"
)

// Kind says which kind of Office document a zip file is, "" for none: docx, xlsx or pptx, whatever the
// file's suffix, or opendocument for text, tables and slides.
func Kind(z *archive.Zip) string {
	has := func(name string) bool {
		return slices.ContainsFunc(z.Parts, func(p *zip.File) bool { return p.Name == name })
	}
	switch {
	case has("content.xml") && (has("mimetype") || has("META-INF/manifest.xml")):
		return "opendocument"
	case !has("[Content_Types].xml"):
		return ""
	}
	for _, p := range z.Parts {
		switch folder, _, _ := strings.Cut(strings.ToLower(p.Name), "/"); folder {
		case "word":
			return "docx"
		case "xl":
			return "xlsx"
		case "ppt":
			return "pptx"
		}
	}
	return "" // Visio, NuGet and others use the same container
}

// Office returns the text of an Office document, with empty lines between its paragraphs and between
// the rows of its tables, followed by the targets of its links. The part itself decides what it is, not
// its name, so that a name cannot hide it.
func Office(z *archive.Zip) (text []byte, err error) {
	var d drawn
	for _, p := range textParts(z) {
		if err = d.part(z, p); err != nil {
			break
		}
	}
	d.finish()
	switch {
	case d.isFull:
		err = qianshao.UnreadTruncated
	case err == nil && len(bytes.TrimSpace(d.text)) == 0:
		err = qianshao.UnreadNoText
	}
	return d.text, err
}

// textParts returns the parts that hold text and links in the order in which they
// are to be read: shared strings before the sheets, slide 2 before slide 10.
func textParts(z *archive.Zip) []*zip.File {
	var parts []*zip.File
	for _, p := range z.Parts {
		// The glossary holds the prompts of forms: "click here to enter text".
		if suffix := path.Ext(strings.ToLower(p.Name)); (suffix == ".xml" || suffix == ".rels") && !strings.HasPrefix(p.Name, "word/glossary/") {
			parts = append(parts, p)
		}
	}
	rank := func(p *zip.File) int {
		switch strings.ToLower(path.Base(p.Name)) {
		case "manifest.xml": // says whether the others are encrypted
			return 0
		case "document.xml", "sharedstrings.xml", "content.xml":
			return 1
		}
		return 2
	}
	slices.SortStableFunc(parts, func(a, b *zip.File) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(path.Dir(a.Name), path.Dir(b.Name)),
			cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return parts
}

// IsPart says whether a file inside an Office document belongs to the document
// itself, by the suffixes that Office writes: its text, pictures, fonts and
// settings. Others are separate files: an embedded document, an inserted page.
func IsPart(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case "", ".xml", ".rels", ".rdf", ".vml", ".bin", ".odttf", ".fntdata", ".ttf",
		".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".emf", ".wmf", ".wdp", ".svg", ".svm":
		return true
	}
	return false
}

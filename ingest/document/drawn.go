package document

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/archive"
)

const (
	// maxToken bounds one tag or stretch of text: Excel's largest cell has 32,767
	// characters, and the attributes of a tag take 20 times their size in memory.
	maxToken = 1 << 20
	// maxXML bounds what is read from one document: some five seconds' work. A table
	// of a million cells has 50 MB.
	maxXML = 256 << 20
	// maxDepth is far more than tables within tables need.
	maxDepth = 1000
)

// drawn is the text extracted from a document so far.
type drawn struct {
	text   []byte
	isFull bool     // the document has more text than is kept
	links  []string // where links lead, in the order of the parts
	shared []shared // the strings that the cells of a table refer to
	size   int      // bytes of links and shared
	read   int      // bytes of XML
}

type shared struct {
	text    string
	isShown bool
}

func (d *drawn) add(text string) {
	room := MaxText - len(d.text)
	d.isFull = d.isFull || len(text) > room
	d.text = append(d.text, text[:min(len(text), room)]...)
}

// keep says whether there is room to keep another string beside the text.
func (d *drawn) keep(text string) bool {
	const itself = 32 // bytes of memory that a string takes, however short
	d.size += itself + len(text)
	d.isFull = d.isFull || d.size > MaxText
	return !d.isFull
}

func (d *drawn) link(target string) {
	if d.keep(target) {
		d.links = append(d.links, target)
	}
}

// finish adds what has no place in the text: strings that no cell has shown, and
// links.
func (d *drawn) finish() {
	for _, s := range d.shared {
		if !s.isShown {
			d.add(s.text)
			d.add("\n\n")
		}
	}
	for _, link := range d.links {
		d.add(link)
		d.add("\n\n")
	}
}

// part reads one part of a document.
func (d *drawn) part(z *archive.Zip, part *zip.File) error {
	body, err := z.Open(part)
	if err != nil {
		return err
	}
	defer body.Close()
	in := &tokens{r: bufio.NewReader(body), read: &d.read}
	p := &partReader{drawn: d, decoder: xml.NewDecoder(in)}
	p.decoder.Strict = false
	for !d.isFull {
		in.n = 0
		token, err := p.decoder.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = p.token(token)
		}
		if err != nil {
			return archive.Reason(err)
		}
	}
	return nil
}

// tokens bounds what the decoder reads for one token, since it keeps all of it, and
// for the whole document.
type tokens struct {
	r    *bufio.Reader
	n    int
	read *int
}

func (t *tokens) ReadByte() (byte, error) {
	t.n++
	*t.read++
	if t.n > maxToken || *t.read > maxXML {
		return 0, qianshao.UnreadTooCostly
	}
	return t.r.ReadByte()
}

func (t *tokens) Read(p []byte) (int, error) { return t.r.Read(p) } // the decoder needs only ReadByte

// partReader reads a part in XML, whose root element says what it is.
type partReader struct {
	*drawn
	decoder *xml.Decoder
	root    string
	open    []string // the local names of the open elements
	inside  int      // how many of them are paragraphs
	skipped int      // the depth of the element that is skipped with all its content; 0 for none
	cell    string   // the kind of value in the current cell
	value   []byte   // a cell's value or a shared string
	aside   []byte   // a formula or a field's instruction
}

func (p *partReader) token(token xml.Token) error {
	switch token := token.(type) {
	case xml.StartElement:
		name := token.Name.Local
		if p.root == "" {
			p.root = name
		}
		switch {
		case len(p.open) == maxDepth:
			return qianshao.UnreadTooCostly
		case name == "encryption-data" && p.root == "manifest":
			return qianshao.UnreadEncrypted
		}
		p.open = append(p.open, name)
		if isParagraph(name) {
			p.inside++
		}
		if p.skipped == 0 {
			p.start(token)
		}
	case xml.EndElement:
		if len(p.open) == 0 {
			return qianshao.UnreadDamaged
		}
		p.close()
	case xml.CharData:
		if p.skipped == 0 && len(p.open) > 0 {
			p.characters(string(token))
		}
	}
	return nil
}

// close leaves the innermost element, whatever the end tag says: being strict
// would lose the text of documents that Office can open.
func (p *partReader) close() {
	name := p.open[len(p.open)-1]
	if p.skipped == 0 {
		p.end(name)
	} else if p.skipped == len(p.open) {
		p.skipped = 0
	}
	if isParagraph(name) {
		p.inside--
	}
	p.open = p.open[:len(p.open)-1]
}

func isParagraph(name string) bool { return name == "p" || name == "h" }

func (p *partReader) isOpenDocument() bool { return strings.HasPrefix(p.root, "document-") }

func (p *partReader) start(e xml.StartElement) {
	switch e.Name.Local {
	case "Fallback", "rPh": // a repetition for older programs; the pronunciation
		p.skipped = len(p.open)
	case "tab":
		p.add("\t")
	case "br", "cr", "line-break":
		p.add("\n")
	case "s": // OpenDocument's spaces
		if p.isOpenDocument() {
			p.add(" ")
		}
	case "c":
		p.cell, p.value = attribute(e, "t"), p.value[:0]
	case "si":
		p.value = p.value[:0]
	case "f", "instrText":
		p.aside = p.aside[:0]
	case "sheet": // the sheet's name is shown on its tab
		p.add(attribute(e, "name"))
		p.add("\n\n")
	case "Relationship":
		if attribute(e, "TargetMode") == "External" && strings.HasSuffix(attribute(e, "Type"), "/hyperlink") {
			p.link(attribute(e, "Target"))
		}
	case "a":
		if p.isOpenDocument() {
			p.link(attribute(e, "href"))
		}
	}
}

func (p *partReader) end(name string) {
	switch name {
	case "p", "h", "row", "text":
		p.add("\n\n")
	case "pt": // a name or a number in a chart
		p.add("\n")
	case "f", "instrText": // =HYPERLINK("http://…"), HYPERLINK "http://…"
		if strings.Contains(string(p.aside), "://") {
			p.link(string(p.aside))
		}
	case "si":
		if s := string(p.value); p.keep(s) {
			p.shared = append(p.shared, shared{text: s})
		}
	case "c":
		if p.root == "worksheet" {
			p.showCell()
		}
	}
}

// showCell adds a cell of a sheet; the cells of a row are put side by side.
func (p *partReader) showCell() {
	text := string(p.value)
	if p.cell == "s" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n >= len(p.shared) {
			return // finish adds the strings that no cell has shown
		}
		p.shared[n].isShown = true
		text = p.shared[n].text
	}
	p.add(text)
	p.add("\t")
}

// characters adds text if it is where a document has its text: in a run, a cell,
// or a paragraph of OpenDocument.
func (p *partReader) characters(text string) {
	switch in := p.open[len(p.open)-1]; {
	case p.isOpenDocument():
		if p.inside > 0 {
			p.add(text)
		}
	case in == "f", in == "instrText":
		p.aside = p.hold(p.aside, text)
	case p.root == "sst" && in == "t", p.root == "worksheet" && (in == "v" || in == "t"):
		p.value = p.hold(p.value, text)
	case in == "t", in == "delText", p.root == "chartSpace" && in == "v":
		p.add(text)
	}
}

// hold keeps text until its element ends.
func (p *partReader) hold(held []byte, text string) []byte {
	room := maxToken - len(held)
	p.isFull = p.isFull || len(text) > room
	return append(held, text[:min(len(text), room)]...)
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

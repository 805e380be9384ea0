package document

import (
	"archive/zip"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/qianshao/qianshao/locales"
)

// DOCX writes a document for Word, WPS and LibreOffice: only the necessary parts of Office Open XML
// (ISO/IEC 29500). Charts are tables with bars of block characters, beside their numbers. The same document
// gives the same bytes.
func (d *Document) DOCX(w io.Writer) error {
	x := &docx{l: d.Language}
	x.document(d)
	archive := zip.NewWriter(w)
	for _, part := range []struct{ name, content string }{
		{"[Content_Types].xml", docxTypes}, {"_rels/.rels", docxRelations}, {"docProps/core.xml", x.core(d)}, {"word/document.xml", x.String()},
		{"word/styles.xml", x.styles()}, {"word/header1.xml", x.header(d)}, {"word/footer1.xml", x.footer(d)}, {"word/_rels/document.xml.rels", docxDocumentRelations},
	} {
		f, err := archive.CreateHeader(&zip.FileHeader{Name: part.name, Method: zip.Deflate, Modified: zipTime})
		if err == nil {
			_, err = io.WriteString(f, xml.Header+part.content)
		}
		if err != nil {
			return err
		}
	}
	return archive.Close()
}

// zipTime is the time of all parts, the earliest that zip can express.
var zipTime = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)

const (
	docxTypes = `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>` +
		`<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>` +
		`<Override PartName="/word/header1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"/>` +
		`<Override PartName="/word/footer1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/>` +
		`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>`
	docxRelations = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>` +
		`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`
	docxDocumentRelations = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>` +
		`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/header" Target="header1.xml"/>` +
		`<Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footer" Target="footer1.xml"/></Relationships>`
	docxSpaces = ` xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	// docxPage is A4 with 2 cm around the text; 17 cm are 9638 twentieths of a point.
	docxPage  = `<w:sectPr><w:headerReference w:type="default" r:id="rId2"/><w:footerReference w:type="default" r:id="rId3"/><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134" w:header="567" w:footer="567" w:gutter="0"/></w:sectPr>`
	docxWidth = 9638
)

// docx writes WordprocessingML.
type docx struct {
	strings.Builder
	l locales.Lang
}

// escaped is text within an element; characters that XML cannot represent become U+FFFD.
func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder returns no errors
	return b.String()
}

func run(s string) string { return `<w:r><w:t xml:space="preserve">` + escaped(s) + `</w:t></w:r>` }

// p writes a paragraph in a style.
func (x *docx) p(style, s string) {
	fmt.Fprintf(x, `<w:p><w:pPr><w:pStyle w:val=%q/></w:pPr>%s</w:p>`, style, run(s))
}

// document writes the text.
func (x *docx) document(d *Document) {
	x.WriteString(`<w:document` + docxSpaces + `><w:body>`)
	x.p("Title", d.Title)
	x.p("Subtitle", d.Period)
	facts := make([][]Cell, len(d.Facts))
	for i, f := range d.Facts {
		facts[i] = []Cell{text(f.Name), text(f.Value)}
	}
	x.table([]Column{{}, {Wide: true}}, facts)
	for i := range d.Sections {
		if i == 1 { // the summary is on a page of its own
			x.WriteString(`<w:p><w:r><w:br w:type="page"/></w:r></w:p>`)
		}
		x.section(&d.Sections[i])
	}
	x.WriteString(docxPage + `</w:body></w:document>`)
}

func (x *docx) section(s *Section) {
	x.p("Heading1", s.Title)
	if len(s.Tiles) > 0 {
		rows := make([][]Cell, len(s.Tiles))
		for i, t := range s.Tiles {
			rows[i] = []Cell{text(t.Name), text(t.Value), text(t.Note)}
		}
		x.table([]Column{{}, {Number: true}, {Wide: true}}, rows)
	}
	for _, p := range s.Text {
		x.p("Normal", p)
	}
	if s.List.Title != "" {
		x.p("Heading2", s.List.Title)
	}
	for _, item := range s.List.Items {
		x.p("ListParagraph", "• "+item)
	}
	for i := range s.Charts {
		x.chart(&s.Charts[i])
	}
	for i := range s.Tables {
		t := &s.Tables[i]
		x.p("Heading2", t.Title)
		x.table(t.Columns, t.Rows)
		if t.Note != "" {
			x.p("Note", t.Note)
		}
	}
}

// table writes a table: its head is repeated on each page, and no row is split. Without column names it has
// no head.
func (x *docx) table(columns []Column, rows [][]Cell) {
	x.WriteString(`<w:tbl><w:tblPr><w:tblStyle w:val="Figures"/><w:tblW w:w="5000" w:type="pct"/><w:tblLayout w:type="autofit"/></w:tblPr><w:tblGrid>`)
	grid := gridOf(columns, rows)
	for _, wide := range grid {
		fmt.Fprintf(x, `<w:gridCol w:w="%d"/>`, wide)
	}
	x.WriteString(`</w:tblGrid>`)
	if columns[0].Name != "" {
		x.WriteString(`<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>`)
		for i, c := range columns {
			x.cell(c, grid[i], c.Name, true)
		}
		x.WriteString(`</w:tr>`)
	}
	for _, row := range rows {
		x.WriteString(`<w:tr><w:trPr><w:cantSplit/></w:trPr>`)
		for i, c := range row {
			x.cell(columns[i], grid[i], c.Text, false)
		}
		x.WriteString(`</w:tr>`)
	}
	x.WriteString(`</w:tbl><w:p><w:pPr><w:pStyle w:val="Note"/></w:pPr></w:p>`)
}

// Bounds of a column, in half-width characters: longer texts wrap.
const (
	narrowest, widest, widestWide = 6, 24, 60
)

// gridOf returns the widths of columns, by their longest cells.
func gridOf(columns []Column, rows [][]Cell) []int {
	wide, sum := make([]int, len(columns)), 0
	for i, c := range columns {
		most := widest
		if c.Wide {
			most = widestWide
		}
		wide[i] = max(narrowest, halves(c.Name))
		for _, row := range rows {
			wide[i] = max(wide[i], halves(row[i].Text))
		}
		wide[i] = min(wide[i], most) + 1
		sum += wide[i]
	}
	for i := range wide {
		wide[i] = docxWidth * wide[i] / sum
	}
	return wide
}

// halves is the width of a text: Chinese characters and the blocks of bars are twice as wide as Latin
// letters.
func halves(s string) (n int) {
	for _, r := range s {
		if n++; r >= 0x2500 {
			n++
		}
	}
	return n
}

func (x *docx) cell(c Column, wide int, s string, head bool) {
	style, side := "Cell", "left"
	if head {
		style = "Head"
	}
	if c.Number {
		side = "right"
	}
	fmt.Fprintf(x, `<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/></w:tcPr><w:p><w:pPr><w:pStyle w:val=%q/><w:jc w:val=%q/></w:pPr>%s</w:p></w:tc>`, wide, style, side, run(s))
}

// blocks are the characters of bars; they differ in grey, and in plain text.
var blocks = map[string]string{"critical": "█", "high": "▓", "medium": "▒", "low": "░", "informational": "·", "now": "█", "before": "░"}

// longest is the length of a chart's longest bar, in characters.
const longest = 28

// chart writes the bars of a chart as a table, and a legend of their characters.
func (x *docx) chart(c *Chart) {
	x.p("Heading2", c.Title)
	var legend []string
	for _, s := range c.Series {
		legend = append(legend, blocks[s.Look]+" "+s.Name)
	}
	x.p("Note", strings.Join(legend, "   "))
	most, cells := c.most(), make([][]Cell, 0, len(c.Groups))
	bar := func(look string, n int) string {
		if n == 0 {
			return ""
		}
		return strings.Repeat(blocks[look], max(1, n*longest/most))
	}
	for i := range c.Groups {
		g := &c.Groups[i]
		if c.Stacked {
			bars := ""
			for j, n := range g.Values {
				bars += bar(c.Series[j].Look, n)
			}
			cells = append(cells, []Cell{text(g.Name), text(bars), text(grouped(g.sum()))})
			continue
		}
		for j, n := range g.Values {
			name := g.Name
			if j > 0 {
				name = ""
			}
			cells = append(cells, []Cell{text(name), text(bar(c.Series[j].Look, n)), text(grouped(n))})
		}
	}
	x.table([]Column{{}, {Wide: true}, {Number: true}}, cells)
}

// header is the header of each page.
func (x *docx) header(d *Document) string {
	return `<w:hdr` + docxSpaces + `><w:p><w:pPr><w:pStyle w:val="Note"/></w:pPr>` + run(d.Running()) + `</w:p></w:hdr>`
}

// footer has the page number.
func (x *docx) footer(d *Document) string {
	field := func(name string) string {
		return `<w:fldSimple w:instr=" ` + name + ` "><w:r><w:t>1</w:t></w:r></w:fldSimple>`
	}
	before, rest, _ := strings.Cut(x.l.Text("figures.page"), "%s")
	between, after, _ := strings.Cut(rest, "%s")
	return `<w:ftr` + docxSpaces + `><w:p><w:pPr><w:pStyle w:val="Note"/><w:jc w:val="right"/></w:pPr>` + run(before) + field("PAGE") + run(between) + field("NUMPAGES") + run(after+" · "+d.Facts[3].Value) + `</w:p></w:ftr>`
}

// core has the properties of the file. Its author is the program.
func (x *docx) core(d *Document) string {
	at := d.Made.UTC().Format(time.RFC3339)
	return `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
		`<dc:title>` + escaped(d.Title+" "+d.Period) + `</dc:title><dc:creator>qianshao</dc:creator><dc:language>` + d.Language.Tag() + `</dc:language>` +
		`<dcterms:created xsi:type="dcterms:W3CDTF">` + at + `</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">` + at + `</dcterms:modified></cp:coreProperties>`
}

// styles names the fonts by script: without eastAsia, Word uses some fallback for Chinese.
func (x *docx) styles() string {
	const song, hei = `<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:cs="Times New Roman" w:eastAsia="宋体"/>`, `<w:rFonts w:ascii="Arial" w:hAnsi="Arial" w:cs="Arial" w:eastAsia="黑体"/>`
	var b strings.Builder
	b.WriteString(`<w:styles` + docxSpaces + `><w:docDefaults><w:rPrDefault><w:rPr>` + song + `<w:sz w:val="21"/><w:lang w:val="en-GB" w:eastAsia="zh-CN"/></w:rPr></w:rPrDefault></w:docDefaults>`)
	for _, s := range []struct{ id, name, paragraph, run string }{
		{"Normal", "Normal", `<w:spacing w:before="60" w:after="60" w:line="300" w:lineRule="auto"/>`, ``},
		{"Title", "Title", `<w:spacing w:before="0" w:after="60"/>`, hei + `<w:b/><w:sz w:val="36"/>`},
		{"Subtitle", "Subtitle", `<w:spacing w:after="120"/>`, hei + `<w:sz w:val="24"/>`},
		{"Heading1", "heading 1", `<w:keepNext/><w:spacing w:before="320" w:after="100"/><w:outlineLvl w:val="0"/>`, hei + `<w:b/><w:sz w:val="28"/>`},
		{"Heading2", "heading 2", `<w:keepNext/><w:spacing w:before="180" w:after="60"/><w:outlineLvl w:val="1"/>`, hei + `<w:sz w:val="22"/>`},
		{"ListParagraph", "List Paragraph", `<w:spacing w:before="40" w:after="40"/><w:ind w:left="420" w:hanging="210"/>`, ``},
		{"Note", "Note", `<w:spacing w:before="0" w:after="40"/>`, `<w:color w:val="55626B"/><w:sz w:val="18"/>`},
		{"Cell", "Cell", `<w:spacing w:before="20" w:after="20"/>`, `<w:sz w:val="18"/>`},
		{"Head", "Head", `<w:keepNext/><w:spacing w:before="20" w:after="20"/>`, hei + `<w:sz w:val="18"/>`},
	} {
		isDefault := ""
		if s.id == "Normal" {
			isDefault = ` w:default="1"`
		}
		fmt.Fprintf(&b, `<w:style w:type="paragraph"%s w:styleId="%s"><w:name w:val="%s"/>`, isDefault, s.id, s.name)
		if isDefault == "" {
			b.WriteString(`<w:basedOn w:val="Normal"/>`)
		}
		fmt.Fprintf(&b, `<w:qFormat/><w:pPr>%s</w:pPr><w:rPr>%s</w:rPr></w:style>`, s.paragraph, s.run)
	}
	const rule = ` w:val="single" w:sz="4" w:space="0" w:color="B5BFC6"/>`
	b.WriteString(`<w:style w:type="table" w:styleId="Figures"><w:name w:val="Figures"/><w:tblPr><w:tblBorders><w:top` + rule + `<w:bottom` + rule + `<w:insideH` + rule +
		`</w:tblBorders><w:tblCellMar><w:left w:w="60" w:type="dxa"/><w:right w:w="60" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style></w:styles>`)
	return b.String()
}

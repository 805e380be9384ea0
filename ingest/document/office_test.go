package document_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/archive"
	"github.com/qianshao/qianshao/ingest/document"
)

// packed writes a zip file; parts are names and contents in turn.
func packed(t testing.TB, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		f, err := w.Create(parts[i])
		if err == nil {
			_, err = f.Write([]byte(parts[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// office returns the kind and the text of a document, with " | " for empty lines.
func office(t testing.TB, file []byte) (kind, text string, err error) {
	t.Helper()
	z, err := archive.OpenZip(bytes.NewReader(file), int64(len(file)), archive.NewBudget(int64(len(file))))
	if err != nil {
		t.Fatal(err)
	}
	body, err := document.Office(z)
	return document.Kind(z), strings.ReplaceAll(string(body), "\n\n", " | "), err
}

const types = "[Content_Types].xml"

func TestOffice(t *testing.T) {
	rel := func(target string) string {
		return `<Relationships><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink" Target="` + target +
			`" TargetMode="External"/><Relationship Id="s" Type="http://x/styles" Target="styles.xml"/></Relationships>`
	}
	for _, tc := range []struct {
		name       string
		parts      []string
		kind, text string
		err        error
	}{
		{"paragraphs, runs, breaks, a text box once, what was deleted, a header, links", []string{
			types, "<Types/>",
			"word/header1.xml", `<w:hdr><w:p><w:r><w:t>页眉</w:t></w:r></w:p></w:hdr>`,
			"word/document.xml", `<?xml version="1.0" encoding="UTF-8"?><w:document><w:body><w:p><w:r><w:t>澳门</w:t></w:r><w:r><w:rPr/><w:t>百家乐</w:t></w:r><w:tab/><w:t xml:space="preserve"> &lt;开户&gt;</w:t></w:p>
<w:p><w:t>一</w:t><w:br/><w:delText>二</w:delText></w:p>
<mc:AlternateContent><mc:Choice><w:p><w:t>框</w:t></w:p></mc:Choice><mc:Fallback><w:p><w:t>框</w:t></w:p></mc:Fallback></mc:AlternateContent>
<w:p><w:instrText> HYPERLINK "http://b.example/" </w:instrText><w:instrText> PAGE </w:instrText></w:p></w:body></w:document>`,
			"word/_rels/document.xml.rels", rel("http://a.example/?x=1&amp;y=2"),
			"word/glossary/document.xml", `<w:glossaryDocument><w:p><w:t>单击此处输入文字</w:t></w:p></w:glossaryDocument>`,
			"word/media/image1.png", "\x89PNG",
		}, "docx", "澳门百家乐\t <开户> | 一\n二 | 框 |  | 页眉 |  HYPERLINK \"http://b.example/\"  | http://a.example/?x=1&y=2 | ", nil},
		{"cells by rows, shared strings, numbers, formulas, a string that no cell shows, names of sheets", []string{
			types, "<Types/>",
			"xl/worksheets/sheet10.xml", `<worksheet><sheetData><row><c t="inlineStr"><is><t>十</t></is></c></row></sheetData></worksheet>`,
			"xl/worksheets/sheet2.xml", `<worksheet><sheetData><row><c t="s"><v>1</v></c><c><v>13800138000</v></c></row><row><c t="str"><f>HYPERLINK("http://c.example/","点击")</f><v>点击</v></c><c t="s"><v>99</v></c></row></sheetData></worksheet>`,
			"xl/sharedStrings.xml", `<sst><si><t>没有用过</t></si><si><r><t>微</t></r><r><t>信</t></r><rPh><t>wēixìn</t></rPh></si></sst>`,
			"xl/workbook.xml", `<workbook><sheets><sheet name="名单" sheetId="1"/></sheets></workbook>`,
			"xl/comments1.xml", `<comments><commentList><comment><text><r><t>批注</t></r></text></comment></commentList></comments>`,
		}, "xlsx", "名单 | 批注 | 微信\t13800138000\t | 点击\t | 十\t | 没有用过 | HYPERLINK(\"http://c.example/\",\"点击\") | ", nil},
		{"slides in their order, notes", []string{
			types, "<Types/>",
			"ppt/slides/slide10.xml", `<p:sld><a:p><a:r><a:t>十</a:t></a:r></a:p></p:sld>`,
			"ppt/slides/slide2.xml", `<p:sld><a:p><a:r><a:t>二</a:t></a:r></a:p></p:sld>`,
			"ppt/notesSlides/notesSlide1.xml", `<p:notes><a:p><a:t>备注</a:t></a:p></p:notes>`,
		}, "pptx", "备注 | 二 | 十 | ", nil},
		{"OpenDocument", []string{
			"mimetype", "application/vnd.oasis.opendocument.text",
			"content.xml", `<office:document-content><office:automatic-styles><x>no text</x></office:automatic-styles><office:body><text:h>标题</text:h><text:p>澳门<text:span>百家乐</text:span><text:s/><text:a xlink:href="http://d.example/">开户</text:a></text:p></office:body></office:document-content>`,
			"META-INF/manifest.xml", "<manifest/>",
		}, "opendocument", "标题 | 澳门百家乐 开户 | http://d.example/ | ", nil},
		{"OpenDocument with a password", []string{
			"mimetype", "x", "content.xml", "\x01\x02", "META-INF/manifest.xml", `<manifest:manifest><manifest:encryption-data/></manifest:manifest>`,
		}, "opendocument", "", qianshao.UnreadEncrypted},
		{"pictures alone", []string{types, "<Types/>", "word/document.xml", "<w:document><w:p/></w:document>"}, "docx", " | ", qianshao.UnreadNoText},
		{"text up to what is no XML", []string{types, "<Types/>", "word/document.xml", "<w:document><w:p><w:t>一</w:t></w:p><"}, "docx", "一 | ", qianshao.UnreadDamaged},
		{"tags that end what has not begun", []string{types, "<Types/>", "word/document.xml", "</a></b>"}, "docx", "", qianshao.UnreadDamaged},
		{"a deep part", []string{types, "<Types/>", "word/document.xml", strings.Repeat("<a>", 2000)}, "docx", "", qianshao.UnreadTooCostly},
		{"a long tag", []string{types, "<Types/>", "word/document.xml", "<a " + strings.Repeat(`b="" `, 1<<18)}, "docx", "", qianshao.UnreadTooCostly},
		{"entities that grow", []string{types, "<Types/>", "word/document.xml", `<!DOCTYPE a [<!ENTITY b "cccc"><!ENTITY d "&b;&b;">]><a><w:t>&d;</w:t></a>`}, "docx", "&d;", nil},
		{"no Office document", []string{types, "<Types/>", "page.html", "<p>"}, "", "", qianshao.UnreadNoText},
	} {
		kind, text, err := office(t, packed(t, tc.parts...))
		if kind != tc.kind || text != tc.text || !errors.Is(err, tc.err) {
			t.Errorf("%s: %q, %q, %v; want %q, %q, %v", tc.name, kind, text, err, tc.kind, tc.text, tc.err)
		}
	}
}

// TestOfficeBounds: a string that many cells share is repeated only while there is room.
func TestOfficeBounds(t *testing.T) {
	cells := strings.Repeat(`<c t="s"><v>0</v></c>`, 200)
	file := packed(t, types, "<Types/>", "xl/sharedStrings.xml", "<sst><si><t>"+strings.Repeat("x", 500_000)+"</t></si></sst>", "xl/worksheets/sheet1.xml", "<worksheet><row>"+cells+"</row></worksheet>")
	if _, text, err := office(t, file); !errors.Is(err, qianshao.UnreadTruncated) || len(text) != document.MaxText {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

func FuzzOffice(f *testing.F) {
	f.Add(packed(f, types, "<Types/>", "word/document.xml", "<w:document><w:p><w:t>一</w:t><w:br/></w:p></w:document>"))
	f.Add(packed(f, types, "<Types/>", "xl/sharedStrings.xml", "<sst><si><t>一</t></si></sst>", "xl/worksheets/sheet1.xml", `<worksheet><row><c t="s"><v>0</v></c></row></worksheet>`))
	f.Add(packed(f, "mimetype", "x", "content.xml", `<office:document-content><text:p>二<text:a xlink:href="x"/></text:p></office:document-content>`))
	f.Fuzz(func(t *testing.T, file []byte) {
		z, err := archive.OpenZip(bytes.NewReader(file), int64(len(file)), archive.NewBudget(int64(len(file))))
		if err != nil {
			return
		}
		_ = document.Kind(z)
		if text, _ := document.Office(z); len(text) > document.MaxText {
			t.Errorf("%d bytes of text", len(text))
		}
	})
}

// FuzzPart fuzzes a part alone: almost any change to a zip file makes its checksums wrong.
func FuzzPart(f *testing.F) {
	f.Add("<w:document><w:p><w:t>一</w:t><mc:Fallback><x/></mc:Fallback></w:p></w:document>")
	f.Add(`<worksheet><row><c t="s"><f>x://</f><v>0</v></c></row></worksheet>`)
	f.Add(`<document-content><p>二<a href="x"/></p></document-content>`)
	f.Fuzz(func(t *testing.T, part string) {
		_, text, _ := office(t, packed(t, types, "<Types/>", "xl/sharedStrings.xml", "<sst><si><t>一</t></si></sst>", "xl/part.xml", part))
		if len(text) > document.MaxText {
			t.Errorf("%d bytes of text", len(text))
		}
	})
}

package extract

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/qianshao/qianshao"
)

const (
	rle, rlo, lro, pdf = "\u202b", "\u202e", "\u202d", "\u202c"
	rli, lri, fsi, pdi = "\u2067", "\u2066", "\u2068", "\u2069"
)

// shown returns the text without its controls.
func shown(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x200e && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, text)
}

// TestTextIsReadAsShown: text that controls turn round is read as a browser shows it, and each
// character is still mapped to its source.
func TestTextIsReadAsShown(t *testing.T) {
	for _, test := range []struct{ name, html, want string }{
		{"an override", "<p>真人" + rlo + "乐家百" + pdf + "开户", "真人百家乐开户"},
		{"as references", "<p>真人&#8238;乐家百&#x202c;开户", "真人百家乐开户"},
		{"unclosed", "<p>真人" + rlo + "乐家百", "真人百家乐"},
		{"unclosed, in a block", "<p>" + rlo + "乐家百<p>开户", "百家乐"},
		{"markup inside", "<p>" + rlo + "乐<b>家</b>百" + pdf, "百家乐"},
		{"left to right inside", "<p>" + rlo + "乐家" + lro + "真人" + pdf + "百" + pdf, "百真人家乐"},
		{"nested", "<p>" + rlo + "乐" + rlo + "家" + pdf + "百" + pdf, "百家乐"},
		{"an isolate in it", "<p>" + rli + rlo + "乐家百" + pdf + pdi + "开户", "百家乐开户"},
		{"isolates in an embedding", "<p>" + rle + lri + "乐" + pdi + lri + "家" + pdi + lri + "百" + pdi + pdf, "百家乐"},
		{"isolates in an isolate", "<p>" + rli + fsi + "乐" + pdi + fsi + "家" + pdi + fsi + "百" + pdi + pdi, "百家乐"},
		{"marks in an embedding", "<p>" + rle + "乐\u200f家\u200f百" + pdf, "百家乐"},
		{"marks in an isolate", "<p>" + fsi + "\u200f乐\u200f家\u200f百" + pdi, "百家乐"},
		{"an embedding turns no word", "<p>" + rle + "百家乐" + pdf + "开户", "百家乐开户"},
		{"bdo", "<p>真人<bdo dir=rtl>乐家百</bdo>开户", "真人百家乐开户"},
		{"bdo, markup inside", "<p>真人<bdo dir=RTL>乐<b>家</b>百</bdo>开户", "真人百家乐开户"},
		{"bdo of the usual direction", "<p><bdo dir=ltr>百家乐</bdo>", "百家乐"},
		{"bdo in bdo", "<p><bdo dir=rtl>乐家百<bdo dir=ltr>真人</bdo></bdo>", "真人百家乐"},
		{"too many ends", "<p>" + pdf + pdi + rlo + "乐家百" + pdf + pdf + pdi, "百家乐"},
		{"too deep", "<p>" + strings.Repeat(rlo, 200) + "乐家百" + strings.Repeat(pdf, 200) + "开户", "百家乐开户"},
		{"a title", "<title>" + rlo + "乐家百</title>", "百家乐"},
		{"plain text", rlo + "乐家百" + pdf + "开户", "百家乐开户"},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc := document(test.html, nil)
			r := &doc.Regions[0]
			if diff := cmp.Diff(test.want, shown(r.Text)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for at, c := range r.Text {
				span := r.SourceSpan(at, at+len(string(c)))
				if got := doc.Source[span.Start:span.End]; shown(string(c)) != "" && got != string(c) {
					t.Errorf("%q is from %q", c, got)
				}
			}
			if at := strings.Index(r.Text, "百家乐"); at >= 0 {
				if span := r.SourceSpan(at, at+len("百家乐")); !strings.HasPrefix(doc.Source[span.Start:], "乐") && !strings.HasPrefix(doc.Source[span.Start:], "百") {
					t.Errorf("the word is from %q", doc.Source[span.Start:span.End])
				}
			}
		})
	}
}

// TestRightToLeftPagesStay: pages in Arabic and Hebrew stay in the order in which they are written,
// and so do Chinese pages with controls that turn nothing round.
func TestRightToLeftPagesStay(t *testing.T) {
	for _, text := range []string{
		"مرحبا بالعالم (Unicode 15) 123.", "שלום עולם, version 2.0!",
		rle + "مرحبا (Unicode) بالعالم." + pdf, rli + "שלום עולם!" + pdi + " abc", rlo + "مرحبا" + pdf,
		"作者 " + fsi + "مرحبا" + pdi + " 写了 3 篇", "\u200f中文\u200e。", lri + "中文" + pdi + "，" + fsi + "百家" + pdi,
		rle + "新闻" + pdf, strings.Repeat("长", 100_000) + rlo + "乐家百",
	} {
		for _, html := range []string{"<p dir=rtl>" + text, "<p>" + text} {
			if got := document(html, nil).Regions[0].Text; got != text {
				t.Errorf("%.60q became %.60q", text, got)
			}
		}
	}
}

// TestTurnedTextIsBounded: endless controls take no more time and memory than is proportional to
// the page.
func TestTurnedTextIsBounded(t *testing.T) {
	for _, unit := range []string{rlo, rlo + "乐", rli + "乐", rlo + "乐" + pdf, "<p>" + rlo + "乐家百", "<bdo dir=rtl>乐", fsi + "\u200f乐 "} {
		doc := document("<p>"+strings.Repeat(unit, 1<<20/len(unit)), nil)
		for i := range doc.Regions {
			if r := &doc.Regions[i]; len(r.Map) > 0 && r.Map[len(r.Map)-1].Text.End != len(r.Text) || r.Span() == (qianshao.Span{}) {
				t.Fatalf("%q: region %d has %d bytes, its map ends elsewhere", unit, i, len(r.Text))
			}
		}
	}
}

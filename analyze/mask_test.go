package analyze_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/fold"
	nethtml "golang.org/x/net/html"
)

// The numbers are the standard's own examples, and made-up ones with valid check digits.
func TestResidentIDsAreMasked(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"证件号110101194912310024。", "证件号" + strings.Repeat("*", 18) + "。"},
		{"11010519491231002X", strings.Repeat("*", 18)},
		{"11010519491231002x 和 440524188001010014", strings.Repeat("*", 18) + " 和 " + strings.Repeat("*", 18)},
		{"110101 19491231 0024", "****** ******** ****"},
		{"编号 2026 110101194912310024", "编号 2026 ******************"},
		{"１１０１０１１９４９１２３１００２４", strings.Repeat("＊", 18)},
		{"wrong check 110101194912310022", "wrong check 110101194912310022"},
		{"no date 110105199913310020", "no date 110105199913310020"},
		{"longer 1101011949123100240", "longer 1101011949123100240"},
		{"card 6222020000000000000", "card 6222020000000000000"},
	} {
		doc := analyze.Extract(html("<p title='" + test.text + "'>" + test.text + "</p>"))
		if want := "<p title='" + test.want + "'>" + test.want + "</p>"; doc.Source != want {
			t.Errorf("source %q, want %q", doc.Source, want)
		}
		for _, region := range doc.Regions {
			if region.Text != test.want {
				t.Errorf("%s region %q, want %q", region.Kind, region.Text, test.want)
			}
		}
	}
}

// TestResidentIDsAreMaskedAsRead: however a number is written, nobody can read it.
func TestResidentIDsAreMaskedAsRead(t *testing.T) {
	for name, body := range map[string]string{
		"markup":                 "<p>证号110105<b>19491231</b>002X",
		"a link":                 "<p>证号110105<a href=/a>19491231</a>002X",
		"a reference":            "<p>证号1101051949&#49;231002X",
		"references":             "<p>证号&#49;&#x31;&#0048;&#49;&#48;5&#49;9491231002X",
		"references of markup":   "<p>证号110105<b>&#49;9491231</b>&zwnj;002X",
		"zero widths":            "<p>证号11010519\u200b49\u200c12\ufeff31\u00ad002X",
		"a bidi control":         "<p>证号110105\u202d19491231\u202c002X",
		"a comment":              "<p>证号110105<!-- -->19491231002X",
		"a line break":           "<p>证号110105<br>19491231<br>002X",
		"table cells":            "<table><tr>\n<td>110105</td>\n<td>19491231</td>\n<td>002X</td>\n</table>",
		"a cell for each digit":  "<table><tr><td>" + strings.Join(strings.Split("11010519491231002X", ""), "<td>") + "</table>",
		"wide separators":        "<p>证号110105 - 19491231 - 002X",
		"circled":                "<p>证号①①⓪①⓪⑤①⑨④⑨①②③①⓪⓪②Ⓧ",
		"black circles":          "<p>证号❶❶⓿❶⓿❺❶❾❹❾❶❷❸❶⓿⓿❷Ⅹ",
		"two digits in a circle": "<p>证号⑪010519491231002X",
		"full-width":             "<p>证号１１０１０５１９４９１２３１００２Ｘ",
		"mathematical":           "<p>证号𝟏𝟏𝟎𝟏𝟎𝟓𝟏𝟗𝟒𝟗𝟏𝟐𝟑𝟏𝟎𝟎𝟐X",
		"keycaps":                "<p>证号1️⃣1️⃣0️⃣1️⃣0️⃣5️⃣19491231002X",
		"Cyrillic":               "<p>证号11010519491231002Х",
		"Cyrillic, small":        "<p>证号11010519491231002х",
		"15 digits":              "<p>证号110105491231002。",
		"15 digits, in groups":   "<p>证号110105 491231 002。",
		"15 digits, markup":      "<p>证号110105<b>491231</b>002。",
		"a reported address":     "<a href='/u?id=11010519491231002X&a=1'>x</a>",
		"an attribute's":         "<p title='1101051949&#49;231002X'>x",
		"a script's string":      `<script>var s = "110105\x31\x39491231002X"</script>`,
		"Base64 of a script":     `<script>document.write(atob("6K+B5Y+3MTEwMTA1MTk0OTEyMzEwMDJY44CC"))</script>`,
	} {
		t.Run(name, func(t *testing.T) {
			doc := analyze.Extract(html(body))
			if !utf8.ValidString(doc.Source) || len(doc.Source) != len(body) {
				t.Fatalf("source %q", doc.Source)
			}
			for _, text := range append(textsOf(doc), doc.Source) {
				if digits := shownDigits(text); strings.Contains(digits, "19491231") || strings.Contains(digits, "110105491231002") {
					t.Errorf("%q is shown", text)
				}
			}
			for i := range doc.Regions {
				r := &doc.Regions[i]
				if span := r.Span(); span.Start < 0 || span.End > len(doc.Source) || !utf8.ValidString(r.Text) || len(r.Map) > 0 && r.Map[len(r.Map)-1].Text.End != len(r.Text) {
					t.Errorf("region %+v does not fit the source", r)
				}
			}
		})
	}
}

func textsOf(doc *qianshao.Document) (texts []string) {
	for i := range doc.Regions {
		texts = append(texts, doc.Regions[i].Text)
	}
	for _, link := range doc.Links {
		texts = append(texts, link.URL, link.Anchor)
	}
	return texts
}

// shownDigits returns the digits that a determined reader finds, whatever is between them.
func shownDigits(text string) string {
	text = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(nethtml.UnescapeString(text), "")
	var t fold.Text
	t.Fold(text)
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, string(t.Runes))
}

// TestOrderNumbersStay: numbers that merely have the length of a resident identity number are left
// alone, except the few that are valid by chance.
func TestOrderNumbersStay(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for _, test := range []struct {
		name   string
		number func() string
		most   int // how many of 20,000 may be masked
	}{
		{"15 digits", func() string { return fmt.Sprintf("%015d", random.Int64N(1e15)) }, 150},
		{"18 digits", func() string { return fmt.Sprintf("%018d", random.Int64N(1e18)) }, 20},
		{"a date and a serial number", func() string {
			return fmt.Sprintf("20%02d%02d%02d%07d", random.IntN(30), 1+random.IntN(12), 1+random.IntN(28), random.IntN(1e7))
		}, 0},
		{"digits with blanks", func() string {
			return strings.TrimSpace(strings.Join(strings.Split(fmt.Sprintf("%018d", random.Int64N(1e18)), ""), " "))
		}, 20},
		{"cells", func() string {
			return fmt.Sprintf("<td>%d</td><td>%08d</td><td>%04d</td>", random.IntN(1e6), random.IntN(1e8), random.IntN(1e4))
		}, 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			masked := 0
			for range 20_000 {
				body := "订单号" + test.number() + "。"
				if analyze.Extract(html(body)).Source != body {
					masked++
				}
			}
			t.Logf("%d of 20,000 are masked", masked)
			if masked > test.most {
				t.Errorf("%d of 20,000 are masked, at most %d may be", masked, test.most)
			}
		})
	}
}

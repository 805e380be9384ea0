package script

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/qianshao/qianshao/analyze/extract/mapped"
)

// read returns a script's effects as lines: the kind, the text or code and, for a decoded text, the
// code that it comes from.
func read(code string, budget int) (out []string) {
	source := mapped.Source(code)
	kinds := map[Kind]string{Literal: "literal", String: "string", Write: "write", WriteApart: "write apart", Eval: "eval", Redirect: "redirect", Hide: "hide"}
	Read(&source, &budget, func(e Effect) {
		line := kinds[e.Kind] + " "
		switch e.Kind {
		case Literal, Redirect:
			line += code[e.Start:e.End]
		case Hide:
			line += e.ID
		default:
			at := e.Text.Span(0, len(e.Text.Content))
			line += fmt.Sprintf("%s ← %s", e.Text.Content, code[at.Start:at.End])
		}
		out = append(out, line)
	})
	return out
}

func TestRead(t *testing.T) {
	for _, test := range []struct {
		code string
		want []string
	}{
		{"", nil},
		{`var a = "b", c = 'shop', d = "a.example", e = "/shop", f = "click", g = "QQ 123", h = "12345"`,
			[]string{"literal a.example", "literal /shop", "literal QQ 123", "literal 12345"}},
		{`var a = "data:image/png;base64,iVBOR", b = "店"`, []string{"literal 店"}},
		{`x = "\u535a彩"`, []string{`string 博彩 ← \u535a彩`}},
		{`x = "博" + "彩"`, []string{`string 博彩 ← 博" + "彩`}},
		{`x = unescape("%u535A%E5%BD%A9")`, []string{`string 博彩 ← %u535A%E5%BD%A9`}},
		{`x = String.fromCharCode(0x535a, 24425)`, []string{"string 博彩 ← 0x535a, 24425"}},
		{`x = ["ca","si","no"].join("")`, []string{`string casino ← ca","si","no`}},
		{`document.write("<p>", "博彩")`, []string{`write <p>博彩 ← <p>", "博彩`}},
		{`e.innerHTML = '<b>' + name + '</b>'`, []string{`write apart <b></b> ← <b>' + name + '</b>`}},
		{`var a = "博", b = a + "彩"; document.write("<p>" + b)`, []string{"literal 博", "literal 彩", `write <p>博彩 ← 博", b = a + "彩"; document.write("<p>`}},
		{`s = "<b>"; s += "博"; s += "彩"; e.innerHTML = s`, []string{"literal 博", "literal 彩", `write apart <b>博彩 ← <b>"; s += "博"; s += "彩`}},
		{`h = "<b>博彩</b>"; $("#x").append(h); $("#y").append(item)`, []string{"literal <b>博彩</b>", "write apart <b>博彩</b> ← <b>博彩</b>"}},
		{`a = "旧"; a = "新"; document.write(a)`, []string{"literal 旧", "literal 新", "write 新 ← 新"}},
		{`o.a = "博"; document.write(a); document.write(a.b)`, []string{"literal 博"}},
		{`a = a + "博"; document.write(a)`, []string{"literal 博", "write 博 ← 博"}},
		{`eval("var a")`, []string{`eval var a ← var a`}},
		{`getElementById("x").style.display = "none"`, []string{"hide x"}},
		{`$("#x").hide(); $("#x").show()`, nil},
		{`if (/baidu/.test(document.referrer)) location = "/go"`, []string{`redirect /baidu/.test(document.referrer)) location = "/go"`}},
		{`if (!/sogouspider/.test(navigator.userAgent)) document.title = name`, []string{`redirect /sogouspider/.test(navigator.userAgent)) document.title = name`}},
		{`if (/chrome/.test(navigator.userAgent)) document.title = name`, nil},
		{`"not terminated`, []string{"literal not terminated"}},
		{`/* "comment" */ /"regex"/ // "comment"`, nil},
	} {
		if diff := cmp.Diff(test.want, read(test.code, 1000)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.code, diff)
		}
	}
}

// TestBudget: beyond the budget only literals are emitted, which take no memory.
func TestBudget(t *testing.T) {
	got := read(`document.write("<p>1234567"); document.write("<p>8"); x = "literal."`, 12)
	if diff := cmp.Diff([]string{"write <p>1234567 ← <p>1234567", "literal literal."}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

package extract

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"golang.org/x/net/html"
)

// portalPage writes a page like those of Chinese portals: a style block,
// menus, some hundred links, paragraphs, a few inline styles and scripts.
func portalPage(size int) string {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>校园新闻网 - 首页</title>\n<meta name=\"keywords\" content=\"校园,新闻\">\n<style>\n")
	for i := range 120 {
		fmt.Fprintf(&b, ".c%d a{color:#%03d;font-size:%dpx;line-height:1.5}\n.c%d:hover{color:red}\n#m%d ul li{float:left;margin:0 10px;padding:2px}\n", i, i+100, 12+i%6, i, i)
	}
	b.WriteString(".drop{display:none;position:absolute;top:30px}\n@media (max-width:768px){.nav{display:none}}\n</style>\n</head>\n<body>\n")
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "<div class=\"box c%d\" id=\"m%d\">\n  <h2><a href=\"/list/%d.html\">栏目标题%d</a></h2>\n  <ul class=\"drop\">\n", i%120, i%150, i, i)
		for k := range 6 {
			fmt.Fprintf(&b, "    <li><span class=\"date\">2026-11-%02d</span><a href=\"/news/2026/%d_%d.html\" title=\"学校召开会议部署工作\" target=\"_blank\">学校召开会议部署本学期教学工作&nbsp;%d</a></li>\n", k+1, i, k, k)
		}
		b.WriteString("  </ul>\n  <p style=\"text-indent:2em\">本学期以来，学校各部门认真落实各项工作，<b>教学质量</b>稳步提升，师生反映良好。图书馆开放时间调整为每日八点至二十二点。</p>\n  <img src=\"/images/pic.jpg\" alt=\"图片说明\" width=\"120\" height=\"80\">\n</div>\n")
		if i%8 == 0 {
			fmt.Fprintf(&b, "<script>\nvar box%d = document.getElementById(\"m%d\");\nfunction show%d(n) { for (var i = 0; i < n; i++) { box%d.className = \"box \" + i; } return \"完成\"; }\n</script>\n", i, i, i, i)
		}
	}
	b.WriteString("</body>\n</html>\n")
	return b.String()
}

func BenchmarkPage(b *testing.B) {
	for _, size := range []int{50 << 10, 100 << 10} {
		source := portalPage(size)
		page := qianshao.Page{URL: "http://school.example/", ContentType: "text/html; charset=utf-8", Body: []byte(source)}
		b.Run(fmt.Sprintf("%dKB/extract", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(source)))
			b.ReportAllocs()
			for b.Loop() {
				Parse(page).Document(nil)
			}
		})
		b.Run(fmt.Sprintf("%dKB/html.Parse", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(source)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := html.Parse(strings.NewReader(source)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// hostile returns pages made to be slow, each of about size bytes.
func hostile(size int) map[string]string {
	fill := func(s string) string { return strings.Repeat(s, size/len(s)+1) }
	selectors := strings.Repeat("div div div div div div p{color:red}", size/64/36+1)
	return map[string]string{
		"nested":              fill("<div>"),
		"nested and closed":   fill("<div>") + fill("</div>"),
		"unclosed p b":        fill("<p><b>博"),
		"formatting":          fill("<b><p>"),
		"misnested":           fill("<b><div></b>"),
		"misnested, two":      fill("<b><i><div></b></i>"),
		"end tags":            strings.Repeat("<div>", 500) + "<span>" + strings.Repeat("<p>", 500) + fill("</span>"),
		"attributes":          "<p " + fill("a b=c d='e' ") + ">x",
		"distinct attributes": "<p " + numbered("x%d=1 ", size/8) + ">x",
		"custom tags":         numbered("<x%d>", size/8),
		"custom siblings":     numbered("<x%d></x%[1]d>", size/16),
		"siblings":            "<style>p ~ p ~ p ~ i{color:red}p:nth-child(3n+1){color:red}</style>" + fill("<p></p>"),
		"descendants":         "<style>" + selectors + "</style>" + fill("<div>"),
		"universal rules":     "<style>" + numbered("*{color:#%03d}", size/64) + "</style>" + fill("<b>"),
		"classes":             "<style>.a{left:0}</style><p class='" + fill("a ") + "'>",
		"style attributes":    numbered("<p style='left:%dpx'>", size/32),
		"declarations":        "<style>p{" + fill("color:red;") + "}</style><p>" + strings.Repeat("<p>", 1000),
		"at-rules":            "<style>" + fill("@media a{"),
		"braces":              "<style>" + fill("{") + "</style>",
		"brackets in css":     "<style>" + fill("a[") + "</style>",
		"less-than":           fill("<"),
		"comments":            fill("<!--"),
		"empty comments":      fill("<!---->"),
		"entities":            fill("&#21338;"),
		"ampersands":          fill("&"),
		"long entity":         "&#" + fill("0"),
		"spaces":              fill(" \n"),
		"NULs in text":        "<html>" + fill("博\x00彩 text "),
		"links":               fill("<a href=x>博彩</a>"),
		"nested links":        fill("<a href=x>博彩"),
		"hidden pieces":       fill("<i hidden>x</i>博"),
		"script quotes":       "<script>" + fill("'"),
		"script strings":      "<script>" + fill("'a\\u535a'+"),
		"script slashes":      "<script>" + fill("=/["),
		"script parens":       "<script>" + fill("unescape("),
		"script writes":       "<script>" + fill("document.write("),
		"script write text":   "<script>" + fill("document.write('<b>x');"),
		"script evals":        "<script>" + fill("eval(function(p,a,"),
		"script arrays":       "<script>" + fill("['a',"),
		"script referrers":    "<script>" + fill("document.referrer;'baidu';"),
		"script variables":    "<script>" + fill("x=document.getElementById('a');"),
		"script additions":    "<script>s='<b>博彩';" + fill("s+=s;document.write(s);"),
		"script expansion":    "<script>a='" + strings.Repeat("彩", size/6) + "';document.write(" + fill("a+")[:size/2] + "a)</script>",
		"frames in frames":    "<iframe srcdoc=\"" + fill("<iframe srcdoc='") + "\">",
		"entities in a frame": "<iframe srcdoc=\"" + fill("&lt;p&gt;博彩") + "\"></iframe>",
		"many frames":         fill("<iframe srcdoc='<p>博彩'></iframe>"),
		"attributes of words": "<p " + fill("a=彩 ") + ">",
		"scripts":             fill("<script>document.write('<scr'+'ipt>1</scr'+'ipt>')</script>"),
		"quine":               fill("<script>document.write(\"<script>document.write('<b>x')<\\/script>\")</script>"),
		"table":               fill("<table><tr><td>"),
		"tables, closing":     "<table>" + strings.Repeat("<b>", 500) + fill("<tr></b>"),
		"lists":               fill("<ul><li>"),
		"svg":                 "<svg>" + fill("<a/><style>"),
		"selects":             fill("<select><option>"),
		"base":                fill("<base href=x>"),
		"metas":               fill("<meta name=keywords content='&#21338;&#24425;'>"),
		"titles":              fill("<title>&#21338;"),
		"plain text":          fill("a\n\n"),
		"latin":               fill("\xe9l\xe8ve "),
		"half characters":     fill("\xe4\xb8"),
	}
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// answer is what is found in a hostile page to which "<p>" and the secret were appended.
type answer struct {
	regions, links int
	secret         string // kind and hiding of the region that holds the secret; empty if a script or style swallows it
	notes          string
}

// answers are the expected answers for hostile(150_000).
var answers = map[string]answer{
	"NULs in text":        {2, 0, "text", "[]"},
	"ampersands":          {2, 0, "text", "[]"},
	"at-rules":            {0, 0, "", "[]"},
	"attributes":          {2, 0, "text", "[]"},
	"base":                {1, 0, "text", "[]"},
	"braces":              {1, 0, "text", "[]"},
	"brackets in css":     {1, 0, "text", "[]"},
	"classes":             {1, 0, "text", "[]"},
	"comments":            {1, 0, "comment comment", "[]"},
	"custom siblings":     {1, 0, "text", "[]"},
	"custom tags":         {1, 0, "text", "[nested_too_deep]"},
	"declarations":        {1, 0, "text", "[]"},
	"descendants":         {1, 0, "text", "[nested_too_deep]"},
	"distinct attributes": {2, 0, "text", "[]"},
	"empty comments":      {1, 0, "text", "[]"},
	"end tags":            {1, 0, "text", "[]"},
	"entities":            {2, 0, "text", "[]"},
	"formatting":          {1, 0, "text", "[]"},
	"half characters":     {2, 0, "text", "[undecodable_bytes]"},
	"hidden pieces":       {3, 0, "text", "[]"},
	"latin":               {2, 0, "text", "[undecodable_bytes]"},
	"less-than":           {2, 0, "text", "[]"},
	"links":               {15003, 7501, "text", "[]"},
	"lists":               {1, 0, "text", "[nested_too_deep]"},
	"long entity":         {2, 0, "text", "[]"},
	"metas":               {3193, 0, "text", "[]"},
	"misnested":           {1, 0, "text", "[nested_too_deep]"},
	"misnested, two":      {1, 0, "text", "[nested_too_deep]"},
	"nested":              {1, 0, "text", "[nested_too_deep]"},
	"nested and closed":   {1, 0, "text", "[nested_too_deep]"},
	"nested links":        {18753, 9376, "anchor", "[]"},
	"plain text":          {2, 0, "text", "[]"},
	"quine":               {2, 0, "text", "[nested_too_deep]"},
	"script arrays":       {0, 0, "", "[]"},
	"attributes of words": {129, 0, "text", "[]"},
	"entities in a frame": {10002, 0, "text", "[]"},
	"frames in frames":    {1, 0, "text noscript", "[]"},
	"many frames":         {4168, 0, "text", "[]"},
	"script additions":    {2, 0, "", "[nested_too_deep]"},
	"script expansion":    {3, 0, "text", "[]"},
	"script evals":        {0, 0, "", "[]"},
	"script parens":       {0, 0, "", "[]"},
	"script quotes":       {1, 0, "script script", "[]"},
	"script referrers":    {0, 0, "", "[]"},
	"script slashes":      {0, 0, "", "[]"},
	"script strings":      {1, 0, "", "[]"},
	"script variables":    {0, 0, "", "[]"},
	"script write text":   {1, 0, "", "[nested_too_deep]"},
	"script writes":       {0, 0, "", "[]"},
	"scripts":             {1, 0, "text", "[]"},
	"selects":             {1, 0, "text", "[nested_too_deep]"},
	"siblings":            {1, 0, "text", "[]"},
	"spaces":              {1, 0, "text", "[]"},
	"style attributes":    {1, 0, "text", "[]"},
	"svg":                 {1, 0, "anchor", "[nested_too_deep]"},
	"table":               {1, 0, "text", "[nested_too_deep]"},
	"tables, closing":     {1, 0, "text", "[]"},
	"titles":              {1, 0, "title", "[]"},
	"unclosed p b":        {16668, 0, "text", "[]"},
	"universal rules":     {1, 0, "text", "[nested_too_deep style_budget]"},
}

// TestHostile reads pages made to be slow. It has no time limit beyond that of the test binary:
// quadratic code takes hours on some of these pages.
func TestHostile(t *testing.T) {
	pages := hostile(150_000)
	if len(pages) != len(answers) {
		t.Errorf("%d pages, %d answers", len(pages), len(answers))
	}
	for name, source := range pages {
		start := time.Now()
		doc := document(source+"<p>"+secret, nil)
		got := answer{regions: len(doc.Regions), links: len(doc.Links), notes: fmt.Sprint(doc.Notes)}
		for _, r := range doc.Regions {
			if strings.Contains(r.Text, secret) {
				got.secret = strings.TrimSpace(got.secret + " " + string(r.Kind) + " " + string(r.Hidden))
			}
		}
		if want := answers[name]; got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
		checkInvariants(t, doc)
		if d := time.Since(start); d > time.Second/3 {
			t.Logf("%s: %v for %d bytes, %d regions, notes %v", name, d.Round(time.Millisecond), len(source), len(doc.Regions), doc.Notes)
		}
	}
}

func BenchmarkHostile(b *testing.B) {
	for _, name := range []string{"nested", "unclosed p b", "attributes", "descendants", "links", "entities", "script writes", "script strings", "misnested"} {
		for _, size := range []int{256 << 10, 512 << 10, 1 << 20} {
			source := hostile(size)[name]
			page := qianshao.Page{URL: "http://a.example/", ContentType: "text/html", Body: []byte(source)}
			b.Run(fmt.Sprintf("%s/%dKB", strings.ReplaceAll(name, " ", "-"), size>>10), func(b *testing.B) {
				b.SetBytes(int64(len(source)))
				for b.Loop() {
					Parse(page).Document(nil)
				}
			})
		}
	}
}

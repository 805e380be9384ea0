package extract

import (
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
)

// document reads an HTML page, with external style sheets by URL.
func document(html string, sheets map[string]string) *qianshao.Document {
	page := qianshao.Page{URL: "http://school.example/news/1.html", ContentType: "text/html; charset=utf-8", Body: []byte(html)}
	return Parse(page).Document(func(url string) ([]byte, bool) {
		css, ok := sheets[url]
		return []byte(css), ok
	})
}

// find returns the region that holds the text.
func find(t *testing.T, doc *qianshao.Document, text string) *qianshao.Region {
	t.Helper()
	for i := range doc.Regions {
		if strings.Contains(doc.Regions[i].Text, text) {
			return &doc.Regions[i]
		}
	}
	t.Fatalf("no region holds %q; there are %s", text, describe(doc))
	return nil
}

func describe(doc *qianshao.Document) string {
	var b strings.Builder
	for _, r := range doc.Regions {
		b.WriteString("\n  " + string(r.Kind) + " " + r.Name + " [" + string(r.Hidden) + "] " + r.Path + ": " + r.Text)
	}
	return b.String()
}

// secret is the text that the pages in these tables hide or show.
const secret = "注册送彩金"

// TestWaysOfHiding lists the ways in which text is kept from visitors.
func TestWaysOfHiding(t *testing.T) {
	link := `<a href="http://casino.example/">` + secret + `</a>`
	tests := []struct {
		name string
		html string
		want qianshao.Hiding
	}{
		{"display none, inline", `<div style="display:none">` + link + `</div>`, qianshao.HidingDisplayNone},
		{"display none, upper case, important", `<DIV STYLE="DISPLAY : NONE !important">` + link + `</DIV>`, qianshao.HidingDisplayNone},
		{"display none, entity in the style", `<div style="display&#58;none">` + link + `</div>`, qianshao.HidingDisplayNone},
		{"class in a style block", `<style>.x{color:red;display:none}</style><p class="y x">` + link, qianshao.HidingDisplayNone},
		{"style block behind", `<p class="x">` + link + `</p><style>body .x{display:none}</style>`, qianshao.HidingDisplayNone},
		{"id in a style block", `<style media="screen">#f1 > a{display:none}</style><div id=f1>` + link + `</div>`, qianshao.HidingDisplayNone},
		{"attribute selector", `<style>a[href*="casino"]{display:none}</style>` + link, qianshao.HidingDisplayNone},
		{"nth-child", `<style>ul li:nth-child(2){display:none}</style><ul><li>1<li>` + link + `</ul>`, qianshao.HidingDisplayNone},
		{"@media screen", `<style>@media screen and (min-width:600px){.x{display:none}}</style><p class=x>` + link, qianshao.HidingDisplayNone},
		{"@import in a style block", `<style>@import url("/css/a.css");</style><p class=imported>` + link, qianshao.HidingDisplayNone},
		{"external style sheet", `<link rel=stylesheet href="/css/a.css"><p class=outside>` + link, qianshao.HidingDisplayNone},
		{"higher specificity wins", `<style>#a .x{display:none} .x{display:block}</style><div id=a><p class=x>` + link, qianshao.HidingDisplayNone},
		{"important wins over inline", `<style>.x{display:none!important}</style><p class=x style="display:block">` + link, qianshao.HidingDisplayNone},
		{"visibility", `<div style="visibility:hidden">` + link + `</div>`, qianshao.HidingVisibility},
		{"visibility collapse", `<div style="visibility:collapse"><b>` + link + `</b></div>`, qianshao.HidingVisibility},
		{"content-visibility", `<div style="content-visibility:hidden">` + link + `</div>`, qianshao.HidingVisibility},
		{"opacity", `<div style="opacity:0">` + link + `</div>`, qianshao.HidingOpacity},
		{"opacity almost nothing", `<div style="opacity:.01">` + link + `</div>`, qianshao.HidingOpacity},
		{"filter alpha", `<div style="filter:alpha(opacity=0)">` + link + `</div>`, qianshao.HidingOpacity},
		{"filter opacity", `<div style="filter:opacity(0%)">` + link + `</div>`, qianshao.HidingOpacity},
		{"colour transparent", `<a href="http://casino.example/" style="color:transparent">` + secret + `</a>`, qianshao.HidingOpacity},
		{"colour rgba", `<p style="color:rgba(0,0,0,0)">` + secret, qianshao.HidingOpacity},
		{"text fill", `<p style="-webkit-text-fill-color:transparent">` + secret, qianshao.HidingOpacity},
		{"position left", `<div style="position:absolute;left:-9999px">` + link + `</div>`, qianshao.HidingOffScreen},
		{"position top, fixed", `<div style="position:fixed;top:-1000px">` + link + `</div>`, qianshao.HidingOffScreen},
		{"position right, em", `<div style="position:absolute;right:-99em">` + link + `</div>`, qianshao.HidingOffScreen},
		{"position left, far right", `<div style="position:absolute;left:99999px">` + link + `</div>`, qianshao.HidingOffScreen},
		{"inset", `<div style="position:absolute;inset:-9999px auto auto auto">` + link + `</div>`, qianshao.HidingOffScreen},
		{"text-indent", `<div style="text-indent:-9999px">` + link + `</div>`, qianshao.HidingOffScreen},
		{"margin", `<div style="margin:0 0 0 -9999px">` + link + `</div>`, qianshao.HidingOffScreen},
		{"margin-top", `<div style="margin-top:-2000px">` + link + `</div>`, qianshao.HidingOffScreen},
		{"translate", `<div style="transform:translateX(-9999px)">` + link + `</div>`, qianshao.HidingOffScreen},
		{"clip", `<div style="position:absolute;clip:rect(0 0 0 0)">` + link + `</div>`, qianshao.HidingClipped},
		{"clip-path inset", `<div style="clip-path:inset(50%)">` + link + `</div>`, qianshao.HidingClipped},
		{"clip-path circle", `<div style="clip-path:circle(0)">` + link + `</div>`, qianshao.HidingClipped},
		{"clip-path polygon", `<div style="clip-path:polygon(0 0,0 0,0 0)">` + link + `</div>`, qianshao.HidingClipped},
		{"height 0", `<div style="height:0;overflow:hidden">` + link + `</div>`, qianshao.HidingZeroSize},
		{"1 by 1", `<div style="width:1px;height:1px;overflow:hidden">` + link + `</div>`, qianshao.HidingZeroSize},
		{"max-height", `<div style="max-height:0;overflow-y:hidden">` + link + `</div>`, qianshao.HidingZeroSize},
		{"scale", `<div style="transform:rotate(3deg) scale(0)">` + link + `</div>`, qianshao.HidingZeroSize},
		{"line-height", `<div style="line-height:0;overflow:hidden">` + link + `</div>`, qianshao.HidingZeroSize},
		{"font-size 0", `<div style="font-size:0">` + link + `</div>`, qianshao.HidingZeroFont},
		{"font-size 1px", `<div style="font-size:1px"><b>` + link + `</b></div>`, qianshao.HidingZeroFont},
		{"font shorthand", `<div style="font:0/0 a">` + link + `</div>`, qianshao.HidingZeroFont},
		{"font-size em of nothing", `<div style="font-size:0"><i style="font-size:2em">` + link + `</i></div>`, qianshao.HidingZeroFont},
		{"white on white", `<p style="color:#fff">` + secret, qianshao.HidingSameColour},
		{"nearly white on white", `<p style="color:#f8f8f8">` + secret, qianshao.HidingSameColour},
		{"font colour", `<body bgcolor=white><font color=#FFFFFF>` + secret + `</font>`, qianshao.HidingSameColour},
		{"inherited background", `<style>.n{background:#123 }</style><div class=n><ul><li><a href=/x style="color:#112233">` + secret + `</a></ul></div>`, qianshao.HidingSameColour},
		{"rgb on hsl", `<div style="background-color:hsl(0,100%,50%)"><b style="color:rgb(255, 0, 0)">` + secret + `</b></div>`, qianshao.HidingSameColour},
		{"hidden attribute", `<div hidden>` + link + `</div>`, qianshao.HidingAttribute},
		{"hidden input", `<input type=hidden value="` + secret + `">`, qianshao.HidingAttribute},
		{"marquee, small", `<marquee width="5" height="10" scrollamount="3000">` + link + `</marquee>`, qianshao.HidingMarquee},
		{"marquee, fast", `<marquee scrollamount=9000>` + link + `</marquee>`, qianshao.HidingMarquee},
		{"z-index under a cover", `<div style="background:#fff"><p style="position:absolute;z-index:-1">` + secret + `</p></div>`, qianshao.HidingCovered},
		{"z-index under the whole page", `<p style="position:relative;z-index:-5">` + secret + `</p><div style="position:fixed;left:0;top:0;width:100%;height:100%;background:#fff">news</div>`, qianshao.HidingCovered},
		{"textarea", `<textarea style="display:none">` + secret + `</textarea>`, qianshao.HidingDisplayNone},
		{"iframe without size", `<iframe width=0 height=0 src="http://casino.example/?` + secret + `"></iframe>`, qianshao.HidingZeroSize},
		{"image without size", `<img height=1 width=1 alt="` + secret + `">`, qianshao.HidingZeroSize},
		{"noscript", `<noscript>` + link + `</noscript>`, qianshao.HidingNoScript},
		{"template", `<template>` + link + `</template>`, qianshao.HidingTemplate},
		{"template script", `<script type="text/html"><p>` + secret + `</p></script>`, qianshao.HidingTemplate},
		{"comment", `<!-- ` + secret + ` -->`, qianshao.HidingComment},
		{"script string", `<script>var a = "` + secret + `";</script>`, qianshao.HidingScript},
		{"document.write", `<script>document.write("<p>` + secret + `<\/p>")</script>`, qianshao.HidingWritten},
		{"document.write, escaped", `<script>document["write"](unescape("%3Cp%3E%u6CE8%u518C%u9001%u5F69%u91D1%3C/p%3E"))</script>`, qianshao.HidingWritten},
		{"document.write, character codes", `<script>document.writeln(String.fromCharCode(60,112,62,0x6ce8,20876,36865,24425,37329))</script>`, qianshao.HidingWritten},
		{"document.write, base64", `<script>document.write(atob("PHA+5rOo5YaM6YCB5b2p6YeRPC9wPg=="))</script>`, qianshao.HidingWritten},
		{"document.write, pieces", `<script>var u = 1; document.write('<p id="' + u + '">注册' + "\u9001\u5f69" + '\u{91d1}</p>')</script>`, qianshao.HidingWritten},
		{"document.write of a script", `<script>document.write("<scr"+"ipt>document.write('<p>` + secret + `</p>')</scr"+"ipt>")</script>`, qianshao.HidingWritten},
		{"innerHTML", `<div id=a></div><script>document.getElementById("a").innerHTML = '<b>` + secret + `</b>'</script>`, qianshao.HidingWritten},
		{"insertAdjacentHTML", `<script>document.body.insertAdjacentHTML("beforeend", "<b>` + secret + `</b>")</script>`, qianshao.HidingWritten},
		{"jQuery", `<script>$("body").append("<b>` + secret + `</b>")</script>`, qianshao.HidingWritten},
		{"packed script", `<script>eval(function(p,a,c,k,e,d){e=function(c){return c};return p}('0.1("<p>2</p>")',10,3,'document|write|` + secret + `'.split('|'),0,{}))</script>`, qianshao.HidingWritten},
		{"eval of unescape", `<script>eval(unescape("document.write%28%22%3Cb%3E%u6CE8%u518C%u9001%u5F69%u91D1%3C/b%3E%22%29"))</script>`, qianshao.HidingWritten},
		{"written around", `<script>document.write('<div style="display:none">')</script><p>` + link + `</p><script>document.write('</div>')</script>`, qianshao.HidingDisplayNone},
		{"written style", `<script>document.write("<style>#f2{position:absolute;left:-900px}</style>")</script><div id=f2>` + link + `</div>`, qianshao.HidingOffScreen},
		{"hidden by a script", `<div id="f3">` + link + `</div><script>document.getElementById("f3").style.display="none"</script>`, qianshao.HidingDisplayNone},
		{"hidden by a script, variable", `<div id="f3">` + link + `</div><script>var d=document.getElementById('f3');d.style.display = 'none';</script>`, qianshao.HidingDisplayNone},
		{"hidden by jQuery", `<div id="f3">` + link + `</div><script>$("#f3").hide()</script>`, qianshao.HidingDisplayNone},
		{"entity-encoded title", `<title>&#x6CE8;&#x518C;&#x9001;&#x5F69;&#x91D1;</title>`, qianshao.HidingEntityEncoded},
		{"entity-encoded keywords", `<meta name=keywords content="&#27880;&#20876;&#36865;&#24425;&#37329;,abc">`, qianshao.HidingEntityEncoded},
	}
	sheets := map[string]string{"http://school.example/css/a.css": ".imported,.outside{display:none}"}
	ways := map[qianshao.Hiding]bool{}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := document("<!DOCTYPE html><html><body>"+tt.html+"<p>校园新闻</p></body></html>", sheets)
			if got := find(t, doc, secret).Hidden; got != tt.want {
				t.Errorf("hidden = %q, want %q", got, tt.want)
			}
			if news := find(t, doc, "校园新闻"); news.Hidden != "" && tt.name != "z-index under the whole page" {
				t.Errorf("the visible text is called %s", news.Hidden)
			}
		})
		ways[tt.want] = true
	}
	t.Logf("%d pages, %d kinds of hiding", len(tests), len(ways))
}

// TestVisible lists text that looks hidden and is not.
func TestVisible(t *testing.T) {
	tests := map[string]string{
		"plain":                      `<p>` + secret,
		"white on dark":              `<div style="background:#222"><p style="color:#fff">` + secret + `</p></div>`,
		"white on an image":          `<div style="background:url(a.png)"><p style="color:#fff">` + secret + `</p></div>`,
		"white on a gradient":        `<div style="background:linear-gradient(red,blue)"><p style="color:#fff">` + secret + `</p></div>`,
		"white in a floating box":    `<div style="position:absolute;left:10px;color:#fff">` + secret + `</div>`,
		"white, sheet missing":       `<link rel=stylesheet href=/missing.css><p style="color:white">` + secret,
		"link in a white text":       `<div style="color:#fff"><a href=/x>` + secret + `</a></div>`,
		"aria-hidden":                `<p aria-hidden=true>` + secret,
		"opacity .9":                 `<p style="opacity:.9">` + secret,
		"alpha 80":                   `<p style="filter:alpha(opacity=80)">` + secret,
		"left -1px":                  `<p style="position:absolute;left:-1px">` + secret,
		"left far, not positioned":   `<p style="left:-9999px">` + secret,
		"centred by negative margin": `<div style="position:absolute;left:50%;margin-left:-490px">` + secret + `</div>`,
		"centred by translate":       `<div style="position:absolute;left:50%;top:50%;transform:translate(-50%,-50%)">` + secret + `</div>`,
		"font-size 12px":             `<p style="font-size:12px">` + secret,
		"font-size 0 with visible":   `<ul style="font-size:0"><li style="font-size:14px">` + secret + `</li></ul>`,
		"visible in invisible":       `<div style="visibility:hidden"><p style="visibility:visible">` + secret + `</p></div>`,
		"text-indent 2em":            `<p style="text-indent:2em">` + secret,
		"overflow hidden alone":      `<div style="overflow:hidden">` + secret + `</div>`,
		"height 0 alone":             `<div style="height:0">` + secret + `</div>`,
		"line-height 0 alone":        `<div style="line-height:0">` + secret + `</div>`,
		"clip without position":      `<div style="clip:rect(0 0 0 0)">` + secret + `</div>`,
		"scale 1.2":                  `<div style="transform:scale(1.2)">` + secret + `</div>`,
		"overridden by a later rule": `<style>.x{display:none}.x{display:block}</style><p class=x>` + secret,
		"overridden inline":          `<style>.x{display:none}</style><p class=x style="display:block">` + secret,
		"overridden by specificity":  `<style>p.x{display:block}.x{display:none}</style><p class=x>` + secret,
		"@media print":               `<style>@media print{.x{display:none}}</style><p class=x>` + secret,
		"@media small screens":       `<style>@media (max-width:768px){.x{display:none}}</style><p class=x>` + secret,
		"print sheet":                `<style media=print>p{display:none}</style><p>` + secret,
		"@keyframes":                 `<style>@keyframes a{from{opacity:0}to{opacity:1}}</style><p>` + secret,
		"hover":                      `<style>p:hover{display:none}</style><p>` + secret,
		"before":                     `<style>p::before{display:none}</style><p>` + secret,
		"another class":              `<style>.x-2{display:none}</style><p class="x">` + secret,
		"commented out":              `<style>/* p{display:none} */</style><p>` + secret,
		"unclosed hidden span":       `<div><span style="display:none">x</div><p>` + secret,
		"behind hidden, misnested":   `<b style="display:none"><p>x</b>` + secret + `</p>`,
		"script shows it again":      `<p id=m>` + secret + `</p><script>function a(){document.getElementById("m").style.display="none"}function b(){document.getElementById("m").style.display=""}</script>`,
		"script hides another":       `<p id=m>` + secret + `</p><script>document.getElementById("n").style.display="none"</script>`,
		"marquee":                    `<marquee scrollamount=3>` + secret + `</marquee>`,
		"closed details":             `<details><summary>a</summary>` + secret + `</details>`,
		"open dialog":                `<dialog open>` + secret + `</dialog>`,
		"z-index, nothing above":     `<p style="position:relative;z-index:-1">` + secret,
		"behind </html>":             `</body></html>` + secret,
	}
	for name, html := range tests {
		t.Run(name, func(t *testing.T) {
			if r := find(t, document("<html><body>"+html, nil), secret); r.Hidden != "" {
				t.Errorf("hidden = %q, want visible", r.Hidden)
			}
		})
	}
}

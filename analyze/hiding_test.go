package analyze_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
)

// injected is what attackers add to hacked sites; we wrote it ourselves.
const injected = `<a href="http://casino.example/">金麒麟娱乐城官网</a> <a href="http://casino.example/bjl">百家乐开户</a> ` +
	`<a href="http://casino.example/promo">注册送彩金</a> <a href="http://casino.example/live">真人视讯投注</a>`

// injectedWords are the words of injected without markup.
const injectedWords = "金麒麟娱乐城官网,百家乐开户,注册送彩金,真人视讯投注"

// schoolPage is an ordinary page that hides menus and dialogues in the usual ways, with additions
// to its head and its body.
func schoolPage(head, body string) string {
	return `<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8">` + head + `
<style>.menu ul{display:none}.menu li:hover ul{display:block}.dialog{position:fixed;left:-9999px}</style></head><body>
<div class="menu"><ul><li><a href="/about/">学校概况</a><ul><li><a href="/about/history.html">历史沿革</a></li><li><a href="/about/teachers.html">师资队伍</a></li></ul></li></ul></div>
<h1>第三十二届田径运动会圆满闭幕</h1><p>10 月 26 日至 27 日，学校举行第三十二届田径运动会，八百余名运动员参加了十八个项目的比拼。</p>
` + body + `
<div class="dialog" hidden><p>您即将离开本网站，请注意保护个人信息。</p></div><p>地址：青禾市学府路 1 号</p></body></html>`
}

// entities writes a text as numeric entities.
func entities(text string) string {
	var b strings.Builder
	for _, r := range text {
		fmt.Fprintf(&b, "&#%d;", r)
	}
	return b.String()
}

// escaped writes a text the way JavaScript's unescape reads it.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < 0x80 {
			fmt.Fprintf(&b, "%%%02X", r)
		} else {
			fmt.Fprintf(&b, "%%u%04X", r)
		}
	}
	return b.String()
}

// wayOfHiding is one way to keep injected text from visitors, or from people who read the page's
// source.
type wayOfHiding struct {
	name, head, body string
	sheet            string // of /css/site.css
	script           string // of /js/site.js
	want             qianshao.Hiding
}

func waysOfHiding() []wayOfHiding {
	styled := func(name, style string, want qianshao.Hiding) wayOfHiding {
		return wayOfHiding{name: name, body: `<div style="` + style + `">` + injected + `</div>`, want: want}
	}
	script := func(name, code string) wayOfHiding {
		return wayOfHiding{name: name, body: `<div id="box"></div><script>` + code + `</script>`, want: qianshao.HidingWritten}
	}
	external := func(name, code string, want qianshao.Hiding) wayOfHiding {
		return wayOfHiding{name: name, body: `<script src="/js/site.js"></script>`, script: code, want: want}
	}
	inJS := strings.ReplaceAll(injected, `"`, `\"`)
	return []wayOfHiding{
		styled("inline style, display:none", "display:none", qianshao.HidingDisplayNone),
		styled("visibility:hidden", "visibility:hidden", qianshao.HidingVisibility),
		styled("opacity:0", "opacity:0", qianshao.HidingOpacity),
		styled("filter:alpha(opacity=0)", "filter:alpha(opacity=0)", qianshao.HidingOpacity),
		styled("off the screen by position", "position:absolute;left:-9999px", qianshao.HidingOffScreen),
		styled("off the screen by text-indent", "text-indent:-9999px", qianshao.HidingOffScreen),
		styled("off the screen by margin", "margin-left:-9999px", qianshao.HidingOffScreen),
		styled("off the screen by transform", "transform:translateX(-9999px)", qianshao.HidingOffScreen),
		styled("clip:rect of nothing", "position:absolute;clip:rect(0 0 0 0)", qianshao.HidingClipped),
		styled("clip-path", "clip-path:inset(50%)", qianshao.HidingClipped),
		styled("height 0, overflow hidden", "height:0;overflow:hidden", qianshao.HidingZeroSize),
		styled("one pixel, overflow hidden", "width:1px;height:1px;overflow:hidden", qianshao.HidingZeroSize),
		styled("transform:scale(0)", "transform:scale(0)", qianshao.HidingZeroSize),
		styled("font-size:0", "font-size:0", qianshao.HidingZeroFont),
		styled("font-size:1px", "font-size:1px", qianshao.HidingZeroFont),
		{name: "the background's colour", body: `<div style="background:#fff">` + strings.ReplaceAll(injected, "<a ", `<a style="color:#fefefe" `) + `</div>`, want: qianshao.HidingSameColour},
		{name: "transparent colour", body: strings.ReplaceAll(injected, "<a ", `<a style="color:transparent" `), want: qianshao.HidingOpacity},
		{name: "under a cover by z-index", body: `<div style="background:#fff"><p style="position:absolute;z-index:-1">` + injected + `</p></div>`, want: qianshao.HidingCovered},
		{name: "class of a style block", head: `<style>.x7{display:none}</style>`, body: `<p class="x7">` + injected + `</p>`, want: qianshao.HidingDisplayNone},
		{name: "class of an external style sheet", head: `<link rel="stylesheet" href="/css/site.css">`, body: `<p class="x7">` + injected + `</p>`, sheet: `.x7{display:none}`, want: qianshao.HidingDisplayNone},
		{name: "a selector for the links' target", head: `<style>a[href*=casino]{display:none}</style>`, body: injected, want: qianshao.HidingDisplayNone},
		{name: "hidden attribute", body: `<div hidden>` + injected + `</div>`, want: qianshao.HidingAttribute},
		{name: "marquee too small to see", body: `<marquee width="1" height="1" scrollamount="9000">` + injected + `</marquee>`, want: qianshao.HidingMarquee},
		{name: "display:none written by a script around it", body: `<script>document.write('<div style="display:none">')</script>` + injected + `<script>document.write('</div>')</script>`, want: qianshao.HidingDisplayNone},
		{name: "style sheet written by a script", body: `<script>document.write("<style>#f2{position:absolute;left:-900px}</style>")</script><div id="f2">` + injected + `</div>`, want: qianshao.HidingOffScreen},
		{name: "hidden by a script", body: `<div id="f3">` + injected + `</div><script>document.getElementById("f3").style.display="none"</script>`, want: qianshao.HidingDisplayNone},
		script("document.write", `document.write("`+inJS+`")`),
		script("document.write of unescape", `document.write(unescape("`+escaped(injected)+`"))`),
		script("document.write of base64", `document.write(decodeURIComponent(atob("`+base64.StdEncoding.EncodeToString([]byte(url.PathEscape(injected)))+`")))`),
		script("document.write of pieces in variables", `var a = "<a href='http://casino.example/'>百家乐", b = "开户</a>"; var s = ""; s += a + b; s += " <b>注册送彩金</b>"; document.write("<p>" + s + "</p>")`),
		script("innerHTML", `document.getElementById("box").innerHTML = "`+inJS+`"`),
		script("eval of unescape", `eval(unescape("`+escaped(`document.write('`+injected+`')`)+`"))`),
		script("packed by eval(function(p,a,c,k,e,d)", `eval(function(p,a,c,k,e,d){e=function(c){return c};return p}('0.1(\'2\')',10,3,'document|write|`+injected+`'.split('|'),0,{}))`),
		{name: "title and keywords in numeric entities", head: `<title>` + entities("注册送彩金_百家乐开户_金麒麟娱乐城官网") + `</title><meta name="keywords" content="` + entities(injectedWords) + `">`, want: qianshao.HidingEntityEncoded},
		{name: "title and keywords unlike the page", head: `<title>注册送彩金_百家乐开户_金麒麟娱乐城官网</title><meta name="keywords" content="` + injectedWords + `">`, want: qianshao.HidingNone},
		{name: "hidden links with harmless words to casino domains", body: `<div style="display:none"><a href="http://www.bet365-vip.example/">友情链接</a> <a href="http://bocai-demo.example/">合作网站</a></div>`, want: qianshao.HidingDisplayNone},
		{name: "words in the path of a drawing", body: `<svg><path d="M9 12h6m-6 4h6 ` + injectedWords + ` 2z"/></svg>`, want: qianshao.HidingMisused},
		{name: "words among the points of a polygon", body: `<svg><polygon points="0,0 ` + injectedWords + ` 10,10"/></svg>`, want: qianshao.HidingMisused},
		{name: "words in the transform of a drawing", body: `<svg><g transform="rotate(45) ` + injectedWords + `"></g></svg>`, want: qianshao.HidingMisused},
		{name: "words in the areas of an image map", body: `<map><area coords="0,0,9,9 ` + entities(injectedWords) + `"></map>`, want: qianshao.HidingMisused},
		{name: "document in a frame's srcdoc, one pixel wide", body: `<iframe width="1" height="1" srcdoc="` + strings.ReplaceAll(`<html><body>`+injected, `"`, `&quot;`) + `"></iframe>`, want: qianshao.HidingZeroSize},
		{name: "document in a frame's srcdoc", body: `<iframe srcdoc="` + strings.ReplaceAll(`<html><body>`+injected, `"`, `&quot;`) + `"></iframe>`, want: qianshao.HidingNone},
		{name: "data attribute", body: `<div data-text="` + injectedWords + `"></div>`, want: qianshao.HidingUnshown},
		{name: "description for screen readers alone", body: `<div aria-description="` + injectedWords + `"></div>`, want: qianshao.HidingUnshown},
		{name: "value of an option", body: `<select><option value="` + injectedWords + `">—</select>`, want: qianshao.HidingUnshown},
		{name: "value of a hidden field", body: `<input type="hidden" value="` + injectedWords + `">`, want: qianshao.HidingAttribute},
		{name: "noscript", body: `<noscript>` + injected + `</noscript>`, want: qianshao.HidingNoScript},
		{name: "template", body: `<template>` + injected + `</template>`, want: qianshao.HidingTemplate},
		{name: "comment", body: `<!-- ` + injected + ` -->`, want: qianshao.HidingComment},
		{name: "structured data of a page that a script makes", body: `<div id="app"></div><script type="application/ld+json">{"name":"金麒麟娱乐城官网","offers":["百家乐开户","\u6ce8\u518c\u9001\u5f69\u91d1","真人视讯投注"]}</script>`, want: qianshao.HidingScript},
		{name: "state of a page that a script makes", body: `<div id="app"></div><script>window.__STATE__={"title":"金麒麟娱乐城官网",list:[{name:'百家乐开户'},{html:"<b>注册送彩金<\/b>"},{name:"真人视讯投注"}]}</script>`, want: qianshao.HidingScript},
		external("document.write in the site's own script file", `document.write("`+inJS+`")`, qianshao.HidingWritten),
		external("strings of the site's own script file", `var list = ["金麒麟娱乐城官网", "百家乐开户", "注册送彩金", "真人视讯投注"]; list.forEach(show)`, qianshao.HidingScript),
		{name: "hidden by the site's own script file", body: `<div id="f3">` + injected + `</div><script src="/js/site.js"></script>`,
			script: `document.getElementById("f3").style.display = "none"`, want: qianshao.HidingDisplayNone},
		external("a script file for visitors from search engines", `if(/baidu|sogou|so\.com/.test(document.referrer)){document.title="注册送彩金_百家乐开户";location.href="http://casino.example/"}`, qianshao.HidingScript),
		{name: "a script for visitors from search engines", want: qianshao.HidingScript,
			body: `<script>if(/baidu|sogou|so\.com/.test(document.referrer)){document.title="注册送彩金_百家乐开户";location.href="http://casino.example/"}</script>`},
	}
}

// TestWaysOfHiding checks the whole analysis against the table of ways of hiding in
// docs/detection.md: hidden crime content is one finding with all its evidence, and hiding alone is
// not a finding.
//
//	go test ./analyze -run WaysOfHiding -update
func TestWaysOfHiding(t *testing.T) {
	a := shipped(t)
	var table strings.Builder
	table.WriteString("| way of hiding | found as | level |\n|---|---|---|\n")
	for _, way := range waysOfHiding() {
		page := qianshao.Page{
			URL: "http://school.example/news/1.html", ContentType: "text/html", Body: []byte(schoolPage(way.head, way.body)),
			Stylesheets: map[string][]byte{"http://school.example/css/site.css": []byte(way.sheet)},
			Scripts:     map[string][]byte{"http://school.example/js/site.js": []byte(way.script)},
		}
		_, got := a.Assess(page)
		as, pieces, alerts := "not found", 0, 0
		for _, f := range got.Findings {
			if f.Level < qianshao.AlertLevel {
				continue
			}
			alerts++
			for _, e := range f.Evidence {
				if e.Hidden == way.want {
					pieces++
					as = string(e.Hidden)
				}
			}
		}
		if as == "" {
			as = "visible text"
		}
		if pieces == 0 || got.Category != qianshao.Gambling {
			t.Errorf("%s: level %s, category %q, %d findings; want gambling with evidence hidden as %q:\n%+v", way.name, got.Level, got.Category, len(got.Findings), way.want, got.Findings)
		}
		if alerts > 1 {
			t.Errorf("%s: %d findings for one injection", way.name, alerts)
		}
		fmt.Fprintf(&table, "| %s | %s | %s |\n", way.name, as, got.Level)
	}
	compareSection(t, "../docs/detection.md", "ways-of-hiding", table.String())
}

// TestHidingAloneIsNoFinding: every normal site hides menus and dialogues.
func TestHidingAloneIsNoFinding(t *testing.T) {
	a := shipped(t)
	innocent := strings.NewReplacer("金麒麟娱乐城官网", "校园风光", "百家乐开户", "招生简章", "注册送彩金", "教师登录", "真人视讯投注", "视频公开课",
		entities("注册送彩金_百家乐开户_金麒麟娱乐城官网"), entities("校园新闻"), entities(injectedWords), entities("示范中学,校园网"),
		injectedWords, "示范中学,校园网", "casino.example", "edu.example", "bet365-vip", "library", "bocai-demo", "museum",
		escaped(injected), escaped("<a href=/login>教师登录</a>"), "百家乐", "成绩", "开户", "查询", `\u6ce8\u518c\u9001\u5f69\u91d1`, "教师登录")
	for _, way := range waysOfHiding() {
		page := qianshao.Page{URL: "http://school.example/news/1.html", ContentType: "text/html",
			Body:        []byte(innocent.Replace(schoolPage(way.head, way.body))),
			Stylesheets: map[string][]byte{"http://school.example/css/site.css": []byte(way.sheet)},
			Scripts:     map[string][]byte{"http://school.example/js/site.js": []byte(innocent.Replace(way.script))}}
		if strings.Contains(way.name, "base64") || strings.Contains(way.name, "unescape") || strings.Contains(way.name, "entities") {
			continue // still encoded, so the replacement had no effect
		}
		if _, got := a.Assess(page); got.Flagged() {
			t.Errorf("%s: level %s for an innocent page: %+v", way.name, got.Level, got.Findings)
		}
	}
}

// compareSection compares the part of a file between <!-- name --> and <!-- /name --> with want, or
// rewrites it with -update.
func compareSection(t *testing.T, file, name, want string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	start, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	before, rest, ok := strings.Cut(string(content), start)
	section, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no section between %q and %q", file, start, end)
	}
	if section == want {
		return
	}
	if !*update {
		t.Fatalf("%s: section %s is not what the code does; run with -update (-file +code):\n%s", file, name, cmp.Diff(section, want))
	}
	if err := os.WriteFile(file, []byte(before+start+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

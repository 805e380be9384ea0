package extract_test

import (
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/extract"
)

func TestMadeByScript(t *testing.T) {
	article := "<p>" + strings.Repeat("本校举行运动会", 40) + "</p>"
	for body, want := range map[string]bool{
		`<div id=app></div><SCRIPT src=/app.js></script>`:                               true,
		`<div id=app></div><noscript>请开启 JavaScript</noscript><script>start()</script>`: true,
		`<h1>加载中</h1><script src=/app.js></script>`:                                     true,
		`<div style="display:none">` + article + `</div><script src=/app.js></script>`:  true,
		article + `<script src=/app.js></script>`:                                       false,
		`<p>短页面</p>`:    false,
		`<p>1 < 2</p><`: false,
		``:              false,
	} {
		doc := extract.Parse(qianshao.Page{ContentType: "text/html; charset=utf-8", Body: []byte(body)}).Document(nil)
		if got := extract.MadeByScript(doc); got != want {
			t.Errorf("%.60s: %t", body, got)
		}
	}
}

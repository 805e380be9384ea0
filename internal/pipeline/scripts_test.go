package pipeline_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
)

// TestScriptsOfThePagesSite: a page with its text in a script on its own site is flagged without a
// browser. The script is archived, and a library is not.
func TestScriptsOfThePagesSite(t *testing.T) {
	s := seenBy(t, func(w http.ResponseWriter, path string, _ bool, _ int) {
		switch path {
		case "/js/app.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, `document.write("<h1>金麒麟娱乐城官网</h1><p>百家乐开户，注册送彩金，真人视讯投注，客服QQ：88123456</p>")`)
		case "/js/library.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, `window.$=function(x){return x}`)
		default:
			fmt.Fprint(w, `<div id="app"></div><script src="/js/library.js"></script><script src="/js/app.js"></script><script src="http://elsewhere.example/c.js"></script>`)
		}
	})
	v := watch(t, s)
	v.mustVisit(t)
	v.mustVisit(t)
	list := v.findings(t)
	if len(list) != 1 || list[0].Category != qianshao.Gambling {
		t.Fatalf("%+v", list)
	}
	for _, e := range list[0].Evidence {
		if e.Script != s.URL+"/js/app.js" || !strings.Contains("金麒麟娱乐城官网 百家乐开户，注册送彩金，真人视讯投注，客服QQ：88123456", e.Text) {
			t.Errorf("evidence %q of script %q", e.Text, e.Script)
		}
	}
	if i := list[0].Indicators; len(i) != 1 || i[0].Value != "88123456" {
		t.Errorf("indicators %+v", i)
	}
	for _, path := range []string{"/js/app.js", "/js/library.js"} {
		if n := s.count("plain " + path); n != 1 {
			t.Errorf("%s was asked for %d times by two visits, want once", path, n)
		}
	}
	captures, err := v.folder.Evidence.CapturesOf(t.Context(), s.URL+"/", list[0].ID)
	if err != nil || len(captures) != 1 {
		t.Fatalf("%d captures, %v", len(captures), err)
	}
	if captures[0].Records != 6 { // warcinfo, response, request, metadata, findings, and the script
		t.Errorf("%d records", captures[0].Records)
	}
}

// TestScriptsThatChange: an unchanged page is judged again a day later, after its site's scripts
// have changed.
func TestScriptsThatChange(t *testing.T) {
	s := seenBy(t, func(w http.ResponseWriter, path string, _ bool, n int) {
		if path == "/app.js" {
			w.Header().Set("Content-Type", "text/javascript")
			if n == 2 {
				fmt.Fprint(w, `document.write("<h1>金麒麟娱乐城官网</h1><p>百家乐开户，注册送彩金，真人视讯投注，客服QQ：88123456</p>")`)
			}
			return
		}
		fmt.Fprint(w, `<p>学校通知</p><script src="/app.js"></script>`)
	})
	v := watch(t, s)
	first := v.fetch(t)
	var before ingest.Memory
	for day, want := range []int{0, 1, 0} {
		v.later = time.Duration(day) * 25 * time.Hour
		again := first
		again.FetchedAt = first.FetchedAt.Add(v.later)
		handled, err := v.Process(t.Context(), again, before)
		if err != nil {
			t.Fatal(err)
		}
		before = ingest.Memory{Hash: handled.Hash, Rules: v.RulesName()}
		if got := v.hits(t, "state:open"); got != want {
			t.Errorf("day %d: %d open findings, want %d", day, got, want)
		}
		again.FetchedAt = again.FetchedAt.Add(time.Hour)
		again.Body, again.Status = nil, http.StatusNotModified
		if handled, err := v.Process(t.Context(), again, before); err != nil || handled.Stale {
			t.Errorf("an hour later it is stale, %v", err)
		}
		again.FetchedAt = again.FetchedAt.AddDate(0, 0, 1)
		if handled, err := v.Process(t.Context(), again, before); err != nil || !handled.Stale {
			t.Errorf("a day later, without its body, it is confirmed, %v", err)
		}
	}
}

package rule

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAllowsPage(t *testing.T) {
	const allow = "hosts:\n  - {host: news.example.cn, reason: 报社}\n  - {host: '*.court.example', reason: 法院, rules: [r]}\n" +
		"urls:\n  - {prefix: 'https://www.example.cn/notices/', reason: 通报}\n"
	const detection = "detection:\n  a: {terms: [注册送]}\n  condition: a\n"
	set, err := Load(fileSet(t, "rules/r.yaml", header+"id: r\n"+detection),
		Options{Overlay: fileSet(t, "allow.yaml", allow, "rules/s.yaml", header+"id: s\n"+detection), OverlayName: "own", Now: day})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	want := map[string]string{
		"r http://News.example.cn/a":                          "host news.example.cn",
		"r https://news.example.cn:8443/a":                    "host news.example.cn",
		"r https://a.news.example.cn/":                        "",
		"r https://news.example.cn.evil.example/":             "",
		"r https://a.b.court.example/":                        "host *.court.example",
		"r https://court.example/":                            "",
		"s https://a.court.example/":                          "",
		"r https://www.example.cn/notices/1.html":             "url https://www.example.cn/notices/",
		"r https://www.example.cn/notices/../bet/":            "",
		"r https://www.example.cn/notices/%2e%2e/bet/":        "",
		"r http://www.example.cn/notices/1.html":              "",
		"r https://www.example.cn@evil.example/notices/":      "",
		"r https://evil.example/?u=https://news.example.cn/":  "",
		"r folder/news.example.cn/a.html":                     "",
		"r https://www.example.cn/x/../notices/1.html":        "url https://www.example.cn/notices/",
		"r https://www.example.cn/notices/a%2f..%2f..%2fbet/": "",
	}
	for line := range want {
		id, url, _ := strings.Cut(line, " ")
		got[line] = ""
		if a := set.AllowsPage(url, id); a != nil {
			got[line] = a.Kind + " " + a.What
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("allowed pages differ (-want +got):\n%s", diff)
	}
}

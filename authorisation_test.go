package qianshao_test

import (
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
)

func TestCovers(t *testing.T) {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, qianshao.ChinaTime())
	until := from.AddDate(1, 0, 0)
	a := qianshao.Authorisation{
		ValidFrom: from, ValidUntil: until,
		Hosts:   []string{"school.example", "*.school.example", "admin.example:8443", "[2001:db8::1]"},
		Include: []string{"/news/", "/open"}, Exclude: []string{"/news/internal/"},
	}
	now := from.AddDate(0, 6, 0)
	for _, test := range []struct {
		url  string
		at   time.Time
		want qianshao.Skip
	}{
		{"http://school.example/news/1", now, ""},
		{"https://school.example/openday", now, ""},
		{"https://school.example:443/news/", now, ""},
		{"http://a.b.school.example/news/", now, ""},
		{"http://[2001:db8::1]/news/", now, ""},
		{"https://admin.example:8443/news/", now, ""},
		{"http://school.example/news/1", from, ""},
		{"http://school.example/news/1", until.Add(-time.Second), ""},
		{"http://school.example/news/1", until, qianshao.SkipNotInForce},
		{"http://school.example/news/1", from.Add(-time.Second), qianshao.SkipNotInForce},
		{"http://school.example/news/internal/x", now, qianshao.SkipPathExcluded},
		{"http://school.example/", now, qianshao.SkipPathExcluded},
		{"http://school.example:8080/news/", now, qianshao.SkipNotAuthorised},
		{"https://admin.example/news/", now, qianshao.SkipNotAuthorised},
		{"http://evilschool.example/news/", now, qianshao.SkipNotAuthorised},
		{"http://.school.example/news/", now, qianshao.SkipNotAuthorised},
		{"http://school.example.evil.example/news/", now, qianshao.SkipNotAuthorised},
		{"ftp://school.example/news/", now, qianshao.SkipBadURL},
	} {
		u, err := url.Parse(test.url)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Covers(u, test.at); got != test.want {
			t.Errorf("%s at %s: %q, want %q", test.url, test.at.Format(time.DateTime), got, test.want)
		}
	}
	a.NoQueries = true
	for raw, want := range map[string]qianshao.Skip{
		"http://school.example/news/1": "", "http://school.example/news/1%3Fsid=1": "",
		"http://school.example/news/1?sid=1": qianshao.SkipQuery, "http://school.example/news/1?": qianshao.SkipQuery,
		"http://school.example/private?sid=1": qianshao.SkipPathExcluded, "http://elsewhere.example/?sid=1": qianshao.SkipNotAuthorised,
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Covers(u, now); got != want {
			t.Errorf("without queries, %s: %q, want %q", raw, got, want)
		}
	}
	if first, last := a.Days(); first != "2026-01-01" || last != "2026-12-31" {
		t.Errorf("days %s to %s", first, last)
	}
}

// TestPageKey: keys differ if URLs differ, contain no query, and are short enough for database
// indexes.
func TestPageKey(t *testing.T) {
	const sum = "12556944928d6e92a54527443c9560fff301d272ca9602861a34226c0d1f22ba" // of "sid=1"
	for url, want := range map[string]string{
		"http://a.example/p": "http://a.example/p", "http://a.example/p?sid=1": "http://a.example/p?" + sum,
		"http://a.example/?sid=1": "http://a.example/?" + sum, "page.html": "page.html",
	} {
		if got := qianshao.PageKey(url); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
	long := "http://a.example/p" + strings.Repeat("中", 2_700)
	keys := map[string]bool{}
	for _, url := range []string{long, long + "x", long + "?sid=1", long + "x?sid=1", long[:2100], long[:2103]} {
		key := qianshao.PageKey(url)
		if keys[key] = true; len(key) > 2100+1+64 || !utf8.ValidString(key) || !strings.HasPrefix(key, long[:2000]) {
			t.Errorf("the key of %d bytes has %d: %s", len(url), len(key), key)
		}
		if path, _, _ := strings.Cut(key, "?"); qianshao.PageKey(path) != path {
			t.Errorf("the key of a key's path %s is another", path)
		}
	}
	if len(keys) != 6 || qianshao.PageKey(long[:2100]) != long[:2100] {
		t.Errorf("%d keys of 6 URLs", len(keys))
	}
}

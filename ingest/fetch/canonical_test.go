package fetch_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/ingest/fetch"
)

func TestCanonical(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"http://school.example", "http://school.example/"},
		{"HTTP://School.Example:80/a/../b/./c?x=1#part", "http://school.example/b/c?x=1"},
		{"https://school.example:443/", "https://school.example/"},
		{"https://school.example:80/", "https://school.example:80/"},
		{"  http://school.example/\t\n", "http://school.example/"},
		{"http://学校.example/新闻?q=值", "http://xn--48s290a.example/%E6%96%B0%E9%97%BB?q=%E5%80%BC"},
		{"http://school.example/%e4%b8%ad", "http://school.example/%E4%B8%AD"},
		{"http://school.example/%61dmin/%7Euser/%2F", "http://school.example/admin/~user/%2F"},
		{"http://school.example/%2e%2E/x/%2e/y", "http://school.example/x/y"},
		{"http://school.example/%252e", "http://school.example/%252e"},
		{"http://school.example/100%", "http://school.example/100%25"},
		{"http://school.example/a b", "http://school.example/a%20b"},
		{"http://school.example/?", "http://school.example/"},
		{"http://school.example./", "http://school.example/"},
		{"http://user:secret@school.example/", "http://school.example/"},
		{"http:\\\\school.example\\a\\b", "http://school.example/a/b"},
		{"http:school.example/x", "http://school.example/x"},
		{"http://0x7f.1/", "http://127.0.0.1/"},
		{"http://①②③.example/", "http://123.example/"},
		{"http://[0:0::1]:80/", "http://[::1]/"},
		{"http://school.example/\xb0\xd9", "http://school.example/%B0%D9"},
		{"http://school.example//a//b", "http://school.example//a//b"},
		{"http://school.example/a;b=1,2:3@4!$&'()*+", "http://school.example/a;b=1,2:3@4!$&'()*+"},
		{"http://school.example:8080/x", "http://school.example:8080/x"},
		{"http://school.example:08080/x", "http://school.example:8080/x"},
	} {
		got, err := fetch.Canonical(tc.in)
		if err != nil || got != tc.want {
			t.Errorf("Canonical(%q) = %q, %v; want %q", tc.in, got, err, tc.want)
		}
	}
	for _, bad := range []string{
		"", "/path", "school.example", "ftp://school.example/", "file:///etc/passwd", "javascript:alert(1)", "mailto:a@b.example",
		"data:text/html,x", "http://", "http://a b/", "http://256.1.1.1/", "http://[::1/", "http://a:99999/", "http://a%00b/",
		"http://xn--/", "http://" + strings.Repeat("@", 600) + "a.example/", "http:" + strings.Repeat("u:", 300) + "@a.example/",
		"http://school.example/" + strings.Repeat("../", 200), "http://school.example/" + strings.Repeat("a", fetch.MaxURL),
	} {
		if got, err := fetch.Canonical(bad); err == nil {
			t.Errorf("Canonical(%.60q) = %q, want an error", bad, got)
		}
	}
}

func TestResolve(t *testing.T) {
	const base = "https://school.example/news/list.html?page=2"
	for _, tc := range []struct{ ref, want string }{
		{"a.html", "https://school.example/news/a.html"},
		{"../b", "https://school.example/b"},
		{"?page=3", "https://school.example/news/list.html?page=3"},
		{"#top", base},
		{"//other.example/x", "https://other.example/x"},
		{"\\\\other.example\\x", "https://other.example/x"},
		{"http://[::1]:80/", "http://[::1]/"},
	} {
		if got, err := fetch.Resolve(base, tc.ref); err != nil || got != tc.want {
			t.Errorf("Resolve(%q) = %q, %v; want %q", tc.ref, got, err, tc.want)
		}
	}
}

// FuzzCanonical: a canonical URL is its own canonical form, net/url reads the
// same host out of it, and nothing of a fragment or of credentials is left.
func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{
		"http://school.example/a/../b", "http://0x7f.1/", "http:\\\\@evil\\x", "http://①②③.example", "http://a/%2e%2e/%61",
		"https://u:p@[::1]:443/?#", "http://a.example./%", "http://xn--48s290a.example/", "http://a/b|c", "http://1.2.3/",
		"http://a.example:0/x?y=%zz&%41", "http://школа.example:80", "http://a/\xff\xfe",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		once, err := fetch.Canonical(raw)
		if err != nil {
			return
		}
		twice, err := fetch.Canonical(once)
		if err != nil || twice != once {
			t.Fatalf("%q → %q → %q, %v", raw, once, twice, err)
		}
		u, err := url.Parse(once)
		if err != nil {
			t.Fatalf("%q → %q: %v", raw, once, err)
		}
		if u.User != nil || u.Fragment != "" || u.Host == "" || u.Host != strings.ToLower(u.Host) || len(once) > fetch.MaxURL {
			t.Errorf("%q → %q: user %v, fragment %q, host %q", raw, once, u.User, u.Fragment, u.Host)
		}
		if !strings.HasPrefix(u.EscapedPath(), "/") {
			t.Errorf("%q → %q: path %q", raw, once, u.EscapedPath())
		}
	})
}

func BenchmarkCanonical(b *testing.B) {
	for _, bc := range []struct{ name, url string }{
		{"plain", "http://www.school.example/news/2026/11/list.html?id=123&page=4"},
		{"chinese", "http://www.school.example/新闻/2026/列表.html?栏目=要闻"},
	} {
		b.Run(bc.name, func(b *testing.B) {
			b.SetBytes(int64(len(bc.url)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := fetch.Canonical(bc.url); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

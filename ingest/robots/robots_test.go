package robots_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao/ingest/robots"
)

func TestAllowed(t *testing.T) {
	const agent = "qianshao"
	for _, tc := range []struct {
		name, file string
		allow      []string
		deny       []string
	}{
		{"escapes block the plain form", "User-agent: *\nDisallow: /%E4%B8%AD\n", []string{"/"}, []string{"/中", "/%E4%B8%AD", "/%e4%b8%ad/x"}},
		{"the plain form blocks escapes", "User-agent: *\nDisallow: /中\n", []string{"/"}, []string{"/中", "/%E4%B8%AD", "/%e4%b8%ad"}},
		{"escaped unreserved, RFC 9309 2.2.2", "User-agent: *\nDisallow: /foo/bar/%62%61%7A\n", []string{"/foo/bar/bax"}, []string{"/foo/bar/baz", "/foo/bar/%62%61%7A"}},
		{"a URL that hides behind escapes", "User-agent: *\nDisallow: /admin\n", nil, []string{"/%61dmin", "/admin/x"}},
		{"reserved escapes differ", "User-agent: *\nDisallow: /a%2Fb\n", []string{"/a/b"}, []string{"/a%2fb", "/a%2Fb"}},
		{"escaped star and dollar, RFC 9309 2.2.3", "User-agent: *\nDisallow: /path/file-with-a-%2A.html\nDisallow: /path/foo-%24\n",
			[]string{"/path/file-with-a-x.html", "/path/foo-"}, []string{"/path/file-with-a-*.html", "/path/foo-$"}},
		{"dollar in the middle is plain", "User-agent: *\nDisallow: /a$b\n", []string{"/a"}, []string{"/a$bc"}},
		{"star and end", "User-agent: *\nDisallow: /*?*sid=$\nDisallow: /*.cgi$\n", []string{"/a?sid=1", "/x.cgi?y"}, []string{"/a?b&sid=", "/x/y.cgi"}},
		{"star alone", "User-agent: *\nDisallow: *\n", nil, []string{"/", "/x"}},
		{"overlap is not counted twice", "User-agent: *\nDisallow: /ab*ba$\n", []string{"/aba"}, []string{"/abba", "/abxba"}},
		{"own group beside another", "User-agent: other\nUser-agent: Qianshao\nDisallow: /x\n\nUser-agent: *\nDisallow: /\n", []string{"/y"}, []string{"/x"}},
		{"product token before the version", "User-agent: qianshao/1.0\nDisallow: /x\n", []string{"/y"}, []string{"/x"}},
		{"a longer token is another agent", "User-agent: qianshaobot\nDisallow: /\n", []string{"/"}, nil},
		{"groups of one agent merge", "User-agent: qianshao\nDisallow: /a\n\nUser-agent: x\nDisallow: /\n\nUser-agent: qianshao\nDisallow: /b\n", []string{"/c"}, []string{"/a", "/b"}},
		{"crawl-delay does not end the agents", "User-agent: a\nCrawl-delay: 9\nUser-agent: qianshao\nDisallow: /x\n", []string{"/y"}, []string{"/x"}},
		{"sitemap does not end a group", "User-agent: qianshao\nSitemap: http://a/s.xml\nDisallow: /x\n", nil, []string{"/x"}},
		{"carriage returns", "User-agent: *\rDisallow: /x\r", nil, []string{"/x"}},
		{"CR LF and blanks", "User-agent: *\r\n\r\n  Disallow :  /x  \r\n", nil, []string{"/x"}},
		{"no last newline", "User-agent: *\nDisallow: /x", nil, []string{"/x"}},
		{"BOM", "\ufeffUser-agent: *\nDisallow: /x", nil, []string{"/x"}},
		{"BOM cut to two bytes", "\xef\xbbUser-agent: *\nDisallow: /x", nil, []string{"/x"}},
		{"BOM cut to one byte", "\xefUser-agent: *\nDisallow: /x", nil, []string{"/x"}},
		{"broken BOM spoils its line alone", "\xef\x11\xbfUser-agent: qianshao\nDisallow: /x\nUser-agent: *\nDisallow: /y", []string{"/x"}, []string{"/y"}},
		{"BOM in the middle spoils its line", "User-agent: *\n\ufeffDisallow: /x\n", []string{"/x"}, nil},
		{"misspelt", "Useragent: *\nDissallow: /a\nDissalow: /b\nDisalow: /c\nDiasllow: /d\nDisallaw: /e\n", []string{"/f"}, []string{"/a", "/b", "/c", "/d", "/e"}},
		{"an HTML page allows everything", "<!doctype html>\n<html><body>User-agent: *<br>Disallow: /</body></html>", []string{"/"}, nil},
		{"binary", "\x00\x01\x02User-agent\xff: *\nDisallow: /\xfe", []string{"/"}, nil},
		{"fragment is ignored", "User-agent: *\nDisallow: /a$\n", nil, []string{"/a#b"}},
		{"a whole URL", "User-agent: *\nDisallow: /a\n", []string{"http://a/", "http://x//a"}, []string{"http://x/a?b#c"}},
		{"mac and mixed line ends count alike", "User-Agent: foo\nAllow: /some/path\r\nUser-Agent: qianshao\n\r\n\nDisallow: /", nil, []string{"/some/path"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := robots.Parse([]byte(tc.file))
			for _, path := range tc.allow {
				if !r.Allowed(agent, path) {
					t.Errorf("%q is disallowed by\n%s", path, tc.file)
				}
			}
			for _, path := range tc.deny {
				if r.Allowed(agent, path) {
					t.Errorf("%q is allowed by\n%s", path, tc.file)
				}
			}
		})
	}
}

func TestCap(t *testing.T) {
	filler := strings.Repeat("# filler\n", robots.MaxBytes/9)
	inside := "User-agent: *\nDisallow: /inside\n"
	r := robots.Parse([]byte(inside + filler + "Disallow: /behind\n"))
	if r.Allowed("qianshao", "/inside") || !r.Allowed("qianshao", "/behind") {
		t.Errorf("a rule before %d bytes must count, one after must not", robots.MaxBytes)
	}
}

func TestCrawlDelay(t *testing.T) {
	for _, tc := range []struct {
		file string
		want time.Duration
	}{
		{"User-agent: *\nCrawl-delay: 5\n", 5 * time.Second},
		{"User-agent: *\nCrawl-delay: 0.5\nDisallow: /x\n", 500 * time.Millisecond},
		{"User-agent: *\nCrawl-delay: 5\nUser-agent: qianshao\nDisallow: /x\n", 0},
		{"User-agent: qianshao\nCrawl-delay: 2\nDisallow:\n\nUser-agent: *\nDisallow: /\nCrawl-delay: 9\n", 2 * time.Second},
		{"User-agent: *\nCrawl-delay: 5\nUser-agent: other\nDisallow: /\n", 5 * time.Second},
		{"Crawl-delay: 5\n", 0},
		{"User-agent: *\nCrawl-delay: -1\n", 0},
		{"User-agent: *\nCrawl-delay: NaN\n", 0},
		{"User-agent: *\nCrawl-delay: Inf\n", 24 * time.Hour},
		{"User-agent: *\nCrawl-delay: 1e300\n", 24 * time.Hour},
		{"User-agent: *\nCrawl-delay: soon\n", 0},
	} {
		if got := robots.Parse([]byte(tc.file)).CrawlDelay("qianshao"); got != tc.want {
			t.Errorf("CrawlDelay of %q = %s, want %s", tc.file, got, tc.want)
		}
	}
}

func TestSitemaps(t *testing.T) {
	r := robots.Parse([]byte("Sitemap: http://a.example/s.xml\nUser-agent: *\nDisallow: /\nsite-map: /other.xml # ours\nSitemap:\n"))
	if diff := cmp.Diff([]string{"http://a.example/s.xml", "/other.xml"}, r.Sitemaps()); diff != "" {
		t.Errorf("sitemaps (-want +got):\n%s", diff)
	}
}

func TestZeroValueAllows(t *testing.T) {
	if r := (&robots.Robots{}); !r.Allowed("qianshao", "/") || r.CrawlDelay("qianshao") != 0 || r.Sitemaps() != nil {
		t.Error("the zero value must allow everything")
	}
}

func BenchmarkParse(b *testing.B) {
	file := large()
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		robots.Parse(file)
	}
}

func BenchmarkAllowed(b *testing.B) {
	r := robots.Parse(large())
	b.ReportAllocs()
	for b.Loop() {
		r.Allowed("qianshao", "/news/2026/11/23/a-page-that-no-rule-names.html?from=list")
	}
}

// BenchmarkHostile has patterns on which a backtracking matcher would never end.
func BenchmarkHostile(b *testing.B) {
	r := robots.Parse([]byte("User-agent: *\nDisallow: /" + strings.Repeat("*a", 8000) + "b$\n"))
	path := "/" + strings.Repeat("a", 8000)
	b.ReportAllocs()
	for b.Loop() {
		r.Allowed("qianshao", path)
	}
}

// large is a file of about 300 rules, as big portals have them.
func large() []byte {
	var b bytes.Buffer
	b.WriteString("User-agent: *\n")
	for i := range 300 {
		fmt.Fprintf(&b, "Disallow: /section-%d/*/private\nAllow: /section-%d/public$\n", i, i)
	}
	return b.Bytes()
}

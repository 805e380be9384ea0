package warc_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao/ingest/warc"
)

// The keys are those of Python's surt 0.3, which pywb uses.
func TestSURT(t *testing.T) {
	for uri, want := range map[string]string{
		"http://a.example/":                                                "example,a)/",
		"http://a.example":                                                 "example,a)/",
		"https://WWW2.A.example:443/B/?z=1&Y=2&y":                          "example,a)/b?y&y=2&z=1",
		"http://u:p@a.example:8080/x//y/./../z/#f":                         "example,a:8080)/x/z",
		"http://a.example/%E9%A1%B5?q=%E7%99%BE+%E5%":                      "example,a)/%e9%a1%b5?q=%e7%99%be+%e5%25",
		"http://a.example/?phpsessid=0123456789abcdef0123456789ABCDEF&x=1": "example,a)/?x=1",
		"http://a.example/(0123456789abcdef01234567)/p.aspx?b&a=&a":        "example,a)/p.aspx?a&a=&b",
		"http://127.0.0.1:8080/":                                           "1,0,0,127:8080)/",
		"http://a.example/a%2520b":                                         "example,a)/a%20b",
		"http://a.example/?":                                               "example,a)/",
		"urn:view:http://a.example/ 1":                                     "urn:view:http://a.example/%201",
		"http://xn--fiqs8s/中?é":                                            "xn--fiqs8s)/%e4%b8%ad?%c3%a9",
		"http://a.example:80/;x=1":                                         "example,a)/;x=1",
	} {
		if got := warc.SURT(uri); got != want {
			t.Errorf("SURT(%q) = %q, want %q", uri, got, want)
		}
	}
}

func TestWriteIndex(t *testing.T) {
	at := time.Date(2026, 11, 25, 16, 0, 0, 0, time.FixedZone("CST", 8*3600))
	var b bytes.Buffer
	err := warc.WriteIndex(&b, []warc.IndexEntry{
		{URI: "http://b.example/", Date: at, MIME: "text/html", Status: 200, Digest: "sha256:0a", File: "x.warc.gz", Offset: 7, Length: 9},
		{URI: "http://a.example/?a&b=\"", Date: at.Add(time.Second), MIME: "text/html", Status: 301, Digest: "sha256:0b", File: "x.warc.gz"},
		{URI: "http://a.example/?b=\"&a", Date: at, MIME: "image/png", Digest: "sha256:0c", File: "x.warc.gz"},
	})
	want := `example,a)/?a&b=" 20261125080000 {"url":"http://a.example/?b=\"&a","mime":"image/png","digest":"sha256:0c","length":"0","offset":"0","filename":"x.warc.gz"}
example,a)/?a&b=" 20261125080001 {"url":"http://a.example/?a&b=\"","mime":"text/html","status":"301","digest":"sha256:0b","length":"0","offset":"0","filename":"x.warc.gz"}
example,b)/ 20261125080000 {"url":"http://b.example/","mime":"text/html","status":"200","digest":"sha256:0a","length":"9","offset":"7","filename":"x.warc.gz"}
`
	if diff := cmp.Diff(want, b.String()); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// FuzzSURT: a key contains no spaces, so that a line can be split at its spaces.
func FuzzSURT(f *testing.F) {
	f.Add("http://a.example/%E9%A1%B5?q=1&a#f")
	f.Add("http://a.example/../..//%2e%2E/")
	f.Fuzz(func(t *testing.T, uri string) {
		key := warc.SURT(uri)
		for i := range len(key) {
			if key[i] <= ' ' || key[i] >= 0x7f {
				t.Fatalf("SURT(%q) = %q", uri, key)
			}
		}
	})
}

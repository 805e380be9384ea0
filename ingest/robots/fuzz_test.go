package robots

import (
	"bytes"
	"testing"
)

func FuzzParse(f *testing.F) {
	for _, e := range googleExpectations() {
		f.Add([]byte(e.file), "/x/page.html")
	}
	f.Add([]byte("User-agent: *\nDisallow: /*a*b*c$\nCrawl-delay: 1\nSitemap: x"), "/%61%zz*$")
	f.Fuzz(func(t *testing.T, body []byte, path string) {
		r := Parse(body)
		first := r.Allowed("qianshao", path)
		if again := Parse(bytes.Clone(body)).Allowed("QIANSHAO", path); again != first {
			t.Errorf("not the same answer twice: %v, %v", first, again)
		}
		if r.CrawlDelay("qianshao") < 0 {
			t.Error("a negative delay")
		}
		closed := append([]byte("User-agent: qianshao\nDisallow: /\n"), body...)
		if bytes.HasPrefix(body, []byte("Disallow")) && !first && Parse(closed).Allowed("qianshao", path) {
			t.Error("an additional rule opened a path")
		}
	})
}

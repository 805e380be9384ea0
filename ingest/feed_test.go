package ingest_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
)

func TestFeedLinks(t *testing.T) {
	const rss = `<?xml version="1.0"?><!-- school news --><rss version="2.0"><channel><title>校园新闻</title><link>http://school.example/</link>` +
		`<item><title>一</title><link>http://school.example/news/1</link></item><item><link>/news/2</link></item><item><title>no link</title></item></channel></rss>`
	for _, tc := range []struct {
		name, body string
		want       []string
	}{
		{"RSS", rss, []string{"http://school.example/news/1", "http://school.example/news/2"}},
		{"behind a byte order mark", "\ufeff\n" + rss, []string{"http://school.example/news/1", "http://school.example/news/2"}},
		{"RDF", `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><item><link>http://school.example/a</link></item></rdf:RDF>`,
			[]string{"http://school.example/a"}},
		{"Atom", `<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>x</title><link rel="enclosure" href="/x.mp3"/><link href="entry"/></entry></feed>`,
			[]string{"http://school.example/feeds/entry"}},
		{"JSON Feed", `{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "url": "https://school.example/1"}]}`,
			[]string{"https://school.example/1"}},
		{"GB2312", `<?xml version="1.0" encoding="gb2312"?><rss version="2.0"><channel><item><title>` + "\xd0\xc2\xce\xc5" + `</title><link>/gb</link></item></channel></rss>`,
			[]string{"http://school.example/gb"}},
		{"a page", `<!doctype html><html><a href=x>x</a></html>`, nil},
		{"a sitemap", `<urlset><url><loc>http://school.example/</loc></url></urlset>`, nil},
		{"any JSON", `{"items": [{"url": "https://school.example/1"}]}`, nil},
		{"text", "rss", nil},
		{"nothing", "", nil},
	} {
		got, err := ingest.FeedLinks(qianshao.Page{URL: "http://school.example/feeds/all", Body: []byte(tc.body)})
		if diff := cmp.Diff(tc.want, got); err != nil || diff != "" {
			t.Errorf("%s: error %v, links (-want +got):\n%s", tc.name, err, diff)
		}
	}
}

func TestFeedErrors(t *testing.T) {
	const start = `<rss version="2.0"><channel><item>`
	for name, page := range map[string]qianshao.Page{
		"broken":   {Body: []byte(start + "<link>http://school.example/")},
		"cut":      {Body: []byte(start), Truncated: true},
		"too long": {Body: []byte(start + strings.Repeat(" ", 8<<20))},
	} {
		page.URL = "http://school.example/feed"
		if links, err := ingest.FeedLinks(page); err == nil || !strings.Contains(err.Error(), page.URL) {
			t.Errorf("%s: links %q, error %v; want one that names the feed", name, links, err)
		}
	}
}

// FuzzFeedLinks: what is returned is absolute, and the same every time.
func FuzzFeedLinks(f *testing.F) {
	f.Add([]byte(`<rss><channel><item><link>x</link></item></channel></rss>`))
	f.Add([]byte(`<feed><entry><link href="x"/></entry></feed>`))
	f.Add([]byte(`{"version": "https://jsonfeed.org/version/1", "items": [{"url": "x"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		links, err := ingest.FeedLinks(qianshao.Page{URL: "http://school.example/feed", Body: body})
		if err != nil && links != nil {
			t.Errorf("links beside error %v", err)
		}
		for _, link := range links {
			if u, err := url.Parse(link); err != nil || !u.IsAbs() {
				t.Errorf("link %q: %v", link, err)
			}
		}
		again, _ := ingest.FeedLinks(qianshao.Page{URL: "http://school.example/feed", Body: body})
		if !slices.Equal(links, again) {
			t.Errorf("one feed has links %q and %q", links, again)
		}
	})
}

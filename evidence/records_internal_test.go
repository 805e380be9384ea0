package evidence

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/warc"
)

// FuzzEncode: whatever a server sends, the page can be archived, and each
// record can be read back and is the one that its link describes.
func FuzzEncode(f *testing.F) {
	f.Add("http://a.example/", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", "<p>x", "noindex", "192.0.2.1", "HTTP/2.0")
	f.Add("<http://a.example/>", "", "", "a\r\nWARC-Type: x", "\n", "\x00")
	f.Add("/srv/页 1.html", "HTTP/1.1 x\nContent-Type\n", "\r\n\r\nWARC/1.1\r\n", "\xff", "::1", "HTTP/1.1")
	f.Add("C:\\pages\\1.html#?", "\x1f\x8b", "\x1f\x8b", "", "", "")
	f.Fuzz(func(t *testing.T, url, header, body, tag, address, protocol string) {
		at := time.Date(2026, 11, 25, 8, 0, 0, 5, time.UTC)
		page := qianshao.Page{URL: url, RequestedURL: url, FetchedAt: at, ContentType: tag, Body: []byte(body), RobotsTags: []string{tag}, Screenshot: []byte(body)}
		other := page
		other.View = qianshao.View(tag)
		other.Exchanges = []qianshao.Exchange{{URL: url, Request: []byte(header), ResponseHeader: []byte(header), Body: []byte(body), Address: address, Protocol: protocol}}
		page.Others = []qianshao.Page{other}
		item := Item{Page: page, Rules: tag, Authorisation: &qianshao.Authorisation{ID: tag, Owner: header, Basis: body, CrawlerBasis: tag},
			Assessment: qianshao.Assessment{Findings: []qianshao.Finding{{ID: tag, Rule: header, URL: url}}}}
		var file bytes.Buffer
		records, err := item.encode(warc.NewWriter(&file))
		if err != nil {
			if len(url) < 1000 { // a header's line is bounded
				t.Fatal(err)
			}
			return
		}
		reader := warc.NewReader(&file)
		for i := range records {
			got, err := reader.Next()
			if err != nil {
				t.Fatalf("record %d: %v", i, err)
			}
			link := records[i].link("x.warc.gz", 0, at)
			if !link.describes(got) || link.Offset != got.Offset {
				t.Errorf("record %d: the link is %+v, the header %+v", i, link, got.Fields)
			}
		}
		if _, err := reader.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("after the last record: %v", err)
		}
	})
}

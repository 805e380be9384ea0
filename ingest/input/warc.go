package input

import (
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/ingest/warc"
	"github.com/qianshao/qianshao/locales"
)

// WARC yields the pages of a WARC file, plain or gzipped: response and resource
// records with HTML, XML or text. Redirects and everything else are left out.
// For each broken record there is an Entry with an error that names its place
// and where reading goes on.
func WARC(name string, r io.Reader) iter.Seq[Entry] {
	return func(yield func(Entry) bool) { records(name, r, yield) }
}

func records(name string, r io.Reader, yield func(Entry) bool) bool {
	records := warc.NewReader(r)
	var decoder fetch.Decoder
	found := false
	for {
		record, err := records.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		found = true // a record, even if it is broken
		if err != nil {
			if !yield(Entry{Input: name, Err: fmt.Errorf("%s: %w", name, err)}) {
				return false
			}
			continue
		}
		input := fmt.Sprintf("%s#%d", name, record.Offset)
		page, ok, err := recordPage(record, &decoder)
		if err != nil {
			err = fmt.Errorf("%s: %w", input, err)
		}
		if (ok || err != nil) && !yield(Entry{Input: input, Page: page, Err: err}) {
			return false
		}
	}
	if !found {
		return yield(Entry{Input: name, Err: locales.Errorf("input.no_records", name)})
	}
	return true
}

// recordPage returns the page in a record; ok is false when it holds none.
func recordPage(record *warc.Record, decoder *fetch.Decoder) (page qianshao.Page, ok bool, err error) {
	if record.Type != "response" && record.Type != "resource" {
		return page, false, nil
	}
	page = qianshao.Page{
		URL: record.TargetURI, RequestedURL: record.TargetURI, Source: qianshao.SourceWARC,
		FetchedAt: record.Date, ContentType: record.ContentType,
	}
	body := record.Block
	var header map[string][]string
	if record.IsHTTP() {
		response, err := record.Response()
		if err != nil {
			return qianshao.Page{}, false, err
		}
		if response.Status >= 300 && response.Status <= 399 {
			return page, false, nil
		}
		header, body = response.Header, response.Body
		page.Status, page.ContentType = response.Status, response.Header.Get("Content-Type")
	}
	if !fetch.PageType(page.ContentType, nil) {
		return page, false, nil // the body of an image, say, is not even read
	}
	page.Body, page.Truncated, err = decoder.Body(header, body, MaxFileBody)
	if err != nil && len(page.Body) == 0 {
		return qianshao.Page{}, false, locales.Errorf("input.body", record.TargetURI, err)
	}
	page.Truncated = page.Truncated || record.Truncated
	return page, fetch.PageType(page.ContentType, page.Body), nil
}

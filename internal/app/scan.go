package app

import (
	"bytes"
	"context"
	"iter"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/api"
	"github.com/qianshao/qianshao/ingest/input"
	"github.com/qianshao/qianshao/internal/scan"
)

// scan judges the pages of an API request by the rules in force. It keeps nothing.
func (a *App) scan(ctx context.Context, r api.ScanRequest, emit func(answer any) error) error {
	analyzer := a.rules.Load().Analyzer
	return scan.InOrder(ctx, scanEntries(r), func(e input.Entry) scan.Answer {
		if r.As != "" {
			e.Page.As = r.As
		}
		return scan.Assess(analyzer, e)
	}, func(answer scan.Answer) error { return emit(answer.Masked()) })
}

// scanEntries returns the lines of a request, or its one page.
func scanEntries(r api.ScanRequest) iter.Seq[input.Entry] {
	const name = "body"
	if r.Lines {
		return input.Lines(name, bytes.NewReader(r.Body))
	}
	return func(yield func(input.Entry) bool) {
		yield(input.Entry{Input: name, Page: qianshao.Page{URL: name, RequestedURL: name, Body: r.Body, ContentType: r.ContentType}})
	}
}

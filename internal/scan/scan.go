// Package scan judges inputs while they are read, on all cores, and gives the answers of "qianshao
// scan" in the order of the inputs.
package scan

import (
	"context"
	"fmt"
	"io"
	"iter"
	"runtime"
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/ingest/input"
	"github.com/qianshao/qianshao/internal/turns"
	"github.com/qianshao/qianshao/locales"
)

// Answer is the result for one input, written as a line of JSON.
type Answer struct {
	Input      string              `json:"input"`
	URL        string              `json:"url,omitempty"`
	Category   *qianshao.Category  `json:"category"` // the primary one; null if not flagged
	Categories []qianshao.Category `json:"categories"`
	Level      qianshao.Level      `json:"level"`
	Score      int                 `json:"score"`
	Findings   []qianshao.Finding  `json:"findings"`
	Contexts   []string            `json:"contexts,omitempty"`
	Allowed    []qianshao.Allowed  `json:"allowed,omitempty"` // alerts that the overlay's allow-list holds back
	Notes      []qianshao.Note     `json:"notes,omitempty"`
	// TextOf is the kind of document whose text was judged, such as "pdf". The
	// positions of the evidence refer to that text.
	TextOf string `json:"text_of,omitempty"`
	// NotRead says why the input, or a part of it, was not read.
	NotRead qianshao.Unread `json:"not_read,omitempty"`
	Error   string          `json:"error,omitempty"`
	// Err is the error that Error says in English.
	Err error `json:"-"`
}

// Assess judges one input, or says why it could not be read.
func Assess(analyzer *analyze.Analyzer, e input.Entry) Answer {
	line := Answer{Input: e.Input, URL: e.Page.URL, Categories: []qianshao.Category{}, Findings: []qianshao.Finding{}}
	if e.Err != nil {
		line.Error, line.Err = e.Err.Error(), e.Err
		return line
	}
	if line.NotRead = e.NotRead; e.NotRead != "" && len(e.Page.Body) == 0 {
		return line
	}
	doc, a := analyzer.Assess(e.Page)
	line.Level, line.Score, line.Contexts, line.Notes, line.Allowed = a.Level, a.Score, a.Contexts, doc.Notes, a.Allowed
	line.TextOf, line.NotRead = e.TextOf, unread(e, doc)
	line.Categories = append(line.Categories, a.Categories...)
	line.Findings = append(line.Findings, a.Findings...)
	if a.Flagged() {
		line.Category = &a.Category
	}
	return line
}

// unread says why an input, or a part of it, was not read, according to the input, the kind of file
// or the note of the document. It returns "" if all of it was read.
func unread(e input.Entry, doc *qianshao.Document) qianshao.Unread {
	if e.NotRead != "" {
		return e.NotRead
	}
	if kind := input.Unread(e.Page.Body); kind != "" && e.TextOf == "" {
		return kind
	}
	for _, reason := range []qianshao.Unread{qianshao.UnreadBinary, qianshao.UnreadTruncated, qianshao.UnreadRegions, qianshao.UnreadRules} {
		if slices.Contains(doc.Notes, qianshao.Note(reason)) {
			return reason
		}
	}
	return ""
}

// maxJudged bounds the bytes of all pages that are judged at a time. Judging a page takes up to ten
// times its size in memory, so this allows many small pages, or one of the largest.
const maxJudged = input.MaxFileBody

// InOrder assesses entries on all cores and emits the answers in the order of the entries. At most
// two entries for each core are in memory, and only as many large ones as maxJudged permits, plus
// the next one. When ctx ends it returns at once, even while a read from a pipe with no writer is
// blocked.
func InOrder[T any](ctx context.Context, entries iter.Seq[input.Entry], assess func(input.Entry) T, emit func(T) error) error {
	cores := runtime.GOMAXPROCS(0)
	answers := make(chan chan T, cores)
	stop := make(chan struct{})
	go func() {
		defer close(answers)
		slots := make(chan struct{}, cores)
		room := turns.New(maxJudged, 0)
		for entry := range entries {
			answer := make(chan T, 1)
			select {
			case answers <- answer:
			case <-stop:
				return
			}
			slots <- struct{}{}
			done, err := room.Wait(ctx, int64(len(entry.Page.Body)))
			if err != nil {
				return
			}
			go func() {
				answer <- assess(entry)
				done()
				<-slots
			}()
		}
	}()
	defer close(stop)
	for {
		answer, ok := next(ctx, answers)
		if !ok {
			return ctx.Err()
		}
		line, ok := next(ctx, answer)
		if !ok {
			return ctx.Err()
		}
		if err := emit(line); err != nil {
			return err
		}
	}
}

// next receives from a channel. ok is false if the channel is closed or ctx has ended.
func next[T any](ctx context.Context, from <-chan T) (v T, ok bool) {
	select {
	case v, ok = <-from:
		return v, ok
	case <-ctx.Done():
		return v, false
	}
}

// Masked returns the answer without resident identity numbers in its URLs and file names.
func (l Answer) Masked() Answer {
	l.Input, l.URL, l.Error = mask.String(l.Input), mask.String(l.URL), mask.String(l.Error)
	l.Findings = append([]qianshao.Finding{}, l.Findings...)
	for i := range l.Findings {
		l.Findings[i].URL = mask.String(l.Findings[i].URL)
	}
	return l
}

// Page reads a single page from a file or, if name is "-", from in.
func Page(in io.Reader, name string) (qianshao.Page, error) {
	entries := input.Path(name)
	if name == "-" {
		entries = input.Stream("-", in)
	}
	for e := range entries {
		if e.Err == nil && e.NotRead != "" && e.TextOf == "" {
			return e.Page, fmt.Errorf("%s: %w", e.Input, unreadError{e.NotRead})
		}
		return e.Page, e.Err
	}
	return qianshao.Page{}, locales.Errorf("scan.no_page", name)
}

// unreadError is a reason why a page was not read, as an error that can be said in a language.
type unreadError struct{ qianshao.Unread }

func (e unreadError) In(l locales.Lang) string {
	return l.Text("scan.not_read", l.Named("unread.", string(e.Unread)))
}

func (e unreadError) Unwrap() error { return e.Unread }

// Summary counts the answers of a scan.
type Summary struct {
	Inputs, Flagged, Errors int
	Allowed                 int                     // inputs with alerts that the allow-list holds back
	Unread                  map[qianshao.Unread]int // inputs that were not read or not completely, by reason
	Rules                   map[string]int          // flagged inputs by category and primary rule
}

// NewSummary returns a summary of no answers.
func NewSummary() *Summary {
	return &Summary{Unread: map[qianshao.Unread]int{}, Rules: map[string]int{}}
}

// Add counts an answer.
func (s *Summary) Add(a Answer) {
	s.Inputs++
	if a.Error != "" {
		s.Errors++
	}
	if len(a.Allowed) > 0 {
		s.Allowed++
	}
	if a.NotRead != "" {
		s.Unread[a.NotRead]++
	}
	if a.Category != nil {
		s.Flagged++
		s.Rules[string(*a.Category)+"  "+a.Findings[0].Rule]++
	}
}

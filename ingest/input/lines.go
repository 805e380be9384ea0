package input

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

// MaxLine bounds one line of a JSON lines file.
const MaxLine = 16 << 20

// line is what a JSON line may contain; other keys are ignored, since data sets
// have labels too.
type line struct {
	Text *string `json:"text"`
	HTML *string `json:"html"`
	URL  string  `json:"url"`
}

// Lines yields the pages of JSON lines, {"text": …} or {"html": …}, each with an
// optional "url". A bad line is an Entry with an error that names its number,
// and does not end the file. Blank lines are skipped.
func Lines(name string, r io.Reader) iter.Seq[Entry] {
	return func(yield func(Entry) bool) { lines(name, r, yield) }
}

func lines(name string, r io.Reader, yield func(Entry) bool) bool {
	in := bufio.NewReaderSize(r, 64<<10)
	found := false
	for number := 1; ; number++ {
		text, tooLong, err := nextLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return yield(Entry{Input: name, Err: locales.Errorf("input.line", name, number, err)})
		}
		if number == 1 {
			text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
		}
		if text = bytes.TrimSpace(text); len(text) > 0 {
			found = true
			entry := lineEntry(fmt.Sprintf("%s:%d", name, number), text, tooLong)
			if entry.Err != nil {
				entry.Err = locales.Errorf("input.line", name, number, entry.Err)
			}
			if !yield(entry) {
				return false
			}
		}
		if err != nil {
			break
		}
	}
	if !found {
		return yield(Entry{Input: name, Err: locales.Errorf("input.no_lines", name)})
	}
	return true
}

// nextLine returns a line, or the beginning of one that is longer than MaxLine;
// with the last line, err is io.EOF.
func nextLine(in *bufio.Reader) (text []byte, tooLong bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if len(text)+len(part) > MaxLine {
			tooLong = true
		} else {
			text = append(text, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return text, tooLong, err
		}
	}
}

func lineEntry(input string, text []byte, tooLong bool) Entry {
	if tooLong {
		return Entry{Input: input, Err: locales.Errorf("input.line_long", MaxLine)}
	}
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return Entry{Input: input, Err: locales.Errorf("input.not_json", err)}
	}
	page := qianshao.Page{URL: l.URL, RequestedURL: l.URL, Source: qianshao.SourceLines}
	switch {
	case l.HTML != nil:
		page.Body, page.ContentType = []byte(*l.HTML), "text/html; charset=utf-8"
	case l.Text != nil:
		page.Body, page.ContentType = []byte(*l.Text), "text/plain; charset=utf-8"
	default:
		return Entry{Input: input, Err: locales.Errorf("input.no_text")}
	}
	if page.URL == "" {
		page.URL, page.RequestedURL = input, input
	}
	return Entry{Input: input, Page: page}
}

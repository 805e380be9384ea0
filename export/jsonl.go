package export

import (
	"encoding/json"
	"io"
)

// lines writes JSON lines: a Row a line.
type lines struct{ json *json.Encoder }

func newLines(w io.Writer) *lines {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // it is read by people, too, and never a part of a page
	return &lines{e}
}

func (l *lines) row(r *Row) error { return l.json.Encode(r) }

func (l *lines) end() error { return nil }

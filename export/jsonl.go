package export

import (
	"encoding/json"
	"io"
)

// lines writes JSON lines: one Row per line.
type lines struct{ json *json.Encoder }

func newLines(w io.Writer) *lines {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // people read it, too, and it is never part of an HTML page
	return &lines{e}
}

func (l *lines) row(r *Row) error { return l.json.Encode(r) }

func (l *lines) end() error { return nil }

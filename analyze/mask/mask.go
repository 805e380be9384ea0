// Package mask overwrites resident identity numbers (GB 11643-1999, and the older ones of 15
// digits) in everything that a finding may show or the store may keep. Forgers and card traders
// publish their victims' numbers. We look at pages, never at persons.
//
// A number is found if a reader can read it: its digits may be full-width or circled, separated by
// blanks, invisible characters or markup, or written as character references. Overwriting keeps the
// length, so that every span still points to its place.
package mask

import (
	"unicode/utf8"

	"github.com/qianshao/qianshao"
)

// String returns s without resident identity numbers.
func String(s string) string {
	if len(s) < oldLength {
		return s
	}
	var out []byte
	find(s, plain, func(c character) {
		if out == nil {
			out = []byte(s)
		}
		blank(out[c.start:c.end], s[c.start:c.end])
	})
	if out == nil {
		return s
	}
	return string(out)
}

// Prefix returns s up to its first resident identity number.
func Prefix(s string) string {
	end := len(s)
	find(s, plain, func(c character) { end = min(end, c.start) })
	return s[:end]
}

// blank overwrites the characters of s with asterisks of the same number of bytes: "*" for one
// byte, the full-width asterisk for three.
func blank(out []byte, s string) {
	for at := 0; at < len(s); {
		_, size := utf8.DecodeRuneInString(s[at:])
		copy(out[at:], asterisks(size))
		at += size
	}
}

// asterisks takes the place of a character of size bytes.
func asterisks(size int) string { return [...]string{"", "*", "**", "＊", "＊*"}[size] }

// Document masks a document's source, regions, title and links.
//
// Numbers are looked for in the source, with and without its markup, and in each region, where
// references are resolved and scripts are read. A number found in any of them is then masked in the
// source and in all regions.
func Document(doc *qianshao.Document) {
	m := document{Document: doc}
	for _, mode := range []mode{plain, acrossMarkup} {
		find(doc.Source, mode, func(c character) { m.cover(c.start, c.end) })
	}
	for i := range doc.Regions {
		m.region(&doc.Regions[i])
	}
	m.apply()
	doc.Title = m.copied(doc.Title)
	for i := range doc.Links {
		doc.Links[i].Anchor, doc.Links[i].URL = m.copied(doc.Links[i].Anchor), String(doc.Links[i].URL)
	}
	for i, tag := range doc.MetaRobots {
		doc.MetaRobots[i] = String(tag)
	}
}

// document is a document while it is being masked.
type document struct {
	*qianshao.Document
	covered []bool // by byte of the source; nil before the first number
	// shown are the masked titles and anchors, by their former text, since the document has copies
	// of them.
	shown map[string]string
}

// copied masks a copy of a region's text.
func (m *document) copied(text string) string {
	if masked, ok := m.shown[text]; ok {
		return masked
	}
	return String(text)
}

// cover notes that a range of the source must be overwritten.
func (m *document) cover(start, end int) {
	if m.covered == nil {
		m.covered = make([]bool, len(m.Source))
	}
	for i := max(0, start); i < min(end, len(m.covered)); i++ {
		m.covered[i] = true
	}
}

// region masks the numbers in a region's text, and covers their source.
func (m *document) region(r *qianshao.Region) {
	r.Picture = String(r.Picture)
	if len(r.Text) < oldLength {
		return
	}
	var out []byte
	run := 0
	find(r.Text, plain, func(c character) {
		if out == nil {
			out = []byte(r.Text)
		}
		blank(out[c.start:c.end], r.Text[c.start:c.end])
		run = m.coverRuns(r, run, c)
	})
	if out != nil {
		r.Text = string(out)
	}
}

// coverRuns covers the source of a character of a region, and returns the first run that may hold
// the next character. run is the first that may hold this one. A run that is mapped as a whole,
// such as a piece of Base64, is covered only if all of its text is, because the rest says something
// else.
func (m *document) coverRuns(r *qianshao.Region, run int, c character) int {
	for run < len(r.Map) && r.Map[run].Text.End <= c.start {
		run++
	}
	for k := run; k < len(r.Map) && r.Map[k].Text.Start < c.end; k++ {
		text, source := r.Map[k].Text, r.Map[k].Source
		switch from, to := max(text.Start, c.start), min(text.End, c.end); {
		case text.Len() == source.Len():
			m.cover(source.Start+from-text.Start, source.Start+to-text.Start)
		case from == text.Start && to == text.End:
			m.cover(source.Start, source.End)
		}
	}
	return run
}

// apply overwrites what is covered, in the source and in the regions that show it.
func (m *document) apply() {
	if m.covered == nil {
		return
	}
	m.shown = map[string]string{}
	for i := range m.Regions {
		r := &m.Regions[i]
		was := r.Text
		if m.show(r); (r.Kind == qianshao.RegionAnchor || r.Kind == qianshao.RegionTitle) && r.Text != was {
			m.shown[was] = r.Text
		}
	}
	source := []byte(m.Source)
	for at, r := range m.Source {
		if size := utf8.RuneLen(r); m.covered[at] {
			blank(source[at:at+size], m.Source[at:at+size])
		}
	}
	m.Source = string(source)
}

// show masks what a region shows of the covered source.
func (m *document) show(r *qianshao.Region) {
	var out []byte
	for _, run := range r.Map {
		if !m.isCovered(run) {
			continue
		}
		byBytes := run.Text.Len() == run.Source.Len()
		for at := run.Text.Start; at < run.Text.End; {
			_, size := utf8.DecodeRuneInString(r.Text[at:run.Text.End])
			if shown := r.Text[at:at+size] != asterisks(size); shown && (!byBytes || m.covered[run.Source.Start+at-run.Text.Start]) {
				if out == nil {
					out = []byte(r.Text)
				}
				blank(out[at:at+size], r.Text[at:at+size])
			}
			at += size
		}
	}
	if out != nil {
		r.Text = string(out)
	}
}

// isCovered reports whether a run's text must be masked: any of its source is covered or, if the run
// is mapped as a whole, all of it.
func (m *document) isCovered(run qianshao.Run) bool {
	byBytes := run.Text.Len() == run.Source.Len()
	for i := run.Source.Start; i < run.Source.End; i++ {
		if m.covered[i] == byBytes {
			return byBytes
		}
	}
	return !byBytes && run.Source.Len() > 0
}

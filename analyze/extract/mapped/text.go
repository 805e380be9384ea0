// Package mapped has texts that know where in a document's source each of their bytes comes from:
// parts of the source itself, and texts built from it by resolving character references, collapsing
// white space, or decoding the strings of a script.
package mapped

import "github.com/qianshao/qianshao"

// Text is a text with its map to the document's source.
type Text struct {
	Content string
	// runs map Content to the source. If runs is nil, Content is the part of the source that begins
	// at base.
	runs []qianshao.Run
	base int
}

// Source returns the text that is the source itself.
func Source(source string) Text { return Text{Content: source} }

// Outside returns a text that is not in the source, such as an external script's, and that the
// source refers to at an offset. All of it is mapped to the empty range at that offset.
func Outside(content string, at int) Text {
	return Text{Content: content, runs: []qianshao.Run{{Text: qianshao.Span{End: len(content)}, Source: qianshao.Span{Start: at, End: at}}}}
}

// Span returns the source range of Content[start:end].
func (t *Text) Span(start, end int) qianshao.Span {
	if t.runs == nil {
		return qianshao.Span{Start: t.base + start, End: t.base + end}
	}
	r := qianshao.Region{Map: t.runs}
	return r.SourceSpan(start, end)
}

// Part returns Content[start:end] as a text.
func (t *Text) Part(start, end int) Text {
	if t.runs == nil {
		return Text{Content: t.Content[start:end], base: t.base + start}
	}
	var b Builder
	b.Copy(t, start, end)
	return Text{Content: t.Content[start:end], runs: b.Runs}
}

// firstRun returns the index of the first run that ends after offset.
func firstRun(runs []qianshao.Run, offset int) int {
	lo, hi := 0, len(runs)
	for lo < hi {
		if mid := (lo + hi) / 2; runs[mid].Text.End > offset {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

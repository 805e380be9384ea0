package tree

import (
	"strings"

	"github.com/qianshao/qianshao"

	"github.com/qianshao/qianshao/analyze/extract/mapped"
	"github.com/qianshao/qianshao/analyze/extract/script"
)

// Limits of what scripts may write.
const (
	// maxWritten is how many bytes the scripts of a page may write beyond the page's own length. An
	// unpacker can be made to write without end.
	maxWritten = 1 << 20
	// maxNested is how many bytes the documents in srcdoc attributes may have together. Each
	// character reference in them takes 32 bytes of memory.
	maxNested = 1 << 20
	// maxScriptDepth bounds how deep scripts may write scripts, and documents hold documents.
	maxScriptDepth = 4
)

// script reads the content of a script element while the page is parsed, since what the script
// writes comes right after it.
func (b *builder) script(el, fi int32, start, end int) {
	kind := b.scriptType(el)
	from := &b.Fragments[fi]
	part := Fragment{Text: from.Part(start, end), Hiding: from.Hiding, Owner: el, Script: from.Script, nested: from.nested, depth: from.depth}
	switch {
	case strings.Contains(kind, "html") || strings.Contains(kind, "template"):
		part.Hiding = qianshao.HidingTemplate
		b.write(part, true)
	case isCode(kind) || strings.Contains(kind, "json"):
		if start < end {
			b.readScript(part)
		}
	}
}

// scriptType returns the type of a script element.
func (b *builder) scriptType(el int32) string {
	return strings.ToLower(strings.TrimSpace(b.Value(el, "type")))
}

// isCode reports whether a browser runs scripts of the type.
func isCode(kind string) bool {
	return kind == "" || strings.Contains(kind, "script") || kind == "module"
}

// externalScript notes a script element with a src attribute, and reads the script if it was
// fetched. All its text is mapped to the start of the reference.
func (b *builder) externalScript(el int32) {
	e := &b.Elements[el]
	for _, at := range b.Attributes(el) {
		if at.Name != "src" || at.Start == at.End || !isCode(b.scriptType(el)) {
			continue
		}
		b.Scripts = append(b.Scripts, el)
		if b.external == nil {
			return
		}
		code, url, ok := b.external(b.Value(el, "src"))
		if !ok {
			return
		}
		from := b.Fragments[e.Fragment]
		place := from.Span(int(at.Start), int(at.Start)).Start
		b.readScript(Fragment{Text: mapped.Outside(code, place), Hiding: from.Hiding, Owner: el, Script: url, nested: from.nested, depth: from.depth})
		return
	}
}

// readScript reads a fragment as a script and applies its effects to the page.
func (b *builder) readScript(f Fragment) {
	if f.depth > maxScriptDepth || b.full() {
		return
	}
	fi := b.addFragment(f)
	script.Read(&f.Text, &b.budget, func(e script.Effect) {
		if f.Script != "" && !e.Matters(&f.Text) {
			return
		}
		switch e.Kind {
		case script.Literal:
			if !b.aside() {
				return
			}
			b.event(Literal, f.Owner, fi, e.Start, e.End)
		case script.String:
			if !b.aside() {
				return
			}
			b.event(Literal, f.Owner, b.addFragment(b.produced(e.Text, f)), 0, len(e.Text.Content))
		case script.Write, script.WriteApart:
			written := b.produced(e.Text, f)
			written.Hiding = qianshao.HidingWritten
			b.write(written, e.Kind == script.WriteApart)
		case script.Eval:
			code := b.produced(e.Text, f)
			code.depth++
			b.readScript(code)
		case script.Redirect:
			b.event(Redirect, f.Owner, fi, e.Start, e.End)
		case script.Hide:
			if f.nested {
				return // the element is one of the nested document
			}
			b.HiddenIDs = append(b.HiddenIDs, e.ID)
		}
	})
}

// produced returns a fragment for a text that another fragment produced.
func (b *builder) produced(text mapped.Text, by Fragment) Fragment {
	return Fragment{Text: text, Owner: by.Owner, Script: by.Script, nested: by.nested, depth: by.depth}
}

// nested parses the document in an iframe's srcdoc attribute. Its style sheets are not read, since
// they apply only to that document.
func (b *builder) nested(el, fi int32) {
	for _, at := range b.Attributes(el) {
		if at.Name != "srcdoc" || at.Start == at.End {
			continue
		}
		from := b.Fragments[fi]
		end := min(at.End, at.Start+b.nestable)
		b.TooMany = b.TooMany || end < at.End
		b.nestable -= end - at.Start
		var inner mapped.Builder
		inner.AddExact(&from.Text, int(at.Start), int(end))
		b.write(Fragment{Text: inner.Build(), Hiding: from.Hiding, Owner: from.Owner, Script: from.Script, nested: true, depth: from.depth}, true)
		return
	}
}

// full reports whether the limit of fragments is reached, and notes it.
func (b *builder) full() bool {
	isFull := len(b.Fragments) >= maxFragments
	b.TooMany = b.TooMany || isFull
	return isFull
}

func (b *builder) addFragment(f Fragment) int32 {
	b.Fragments = append(b.Fragments, f)
	return int32(len(b.Fragments) - 1)
}

// write parses a fragment as HTML: inside the element that is open or, if apart, in a div of its
// own.
func (b *builder) write(f Fragment, apart bool) {
	if f.depth++; f.depth > maxScriptDepth || strings.TrimSpace(f.Content) == "" || b.full() {
		return
	}
	fi := b.addFragment(f)
	if !apart {
		b.openBodyFor(f.Content)
		b.feed(fi)
		return
	}
	el := b.append(0, 0, 0, b.tags.of("div"))
	if el == 0 {
		return
	}
	b.Elements[el].Fragment, b.Elements[el].NthOfType = fi, 0
	b.Elements[el].AttributeCount, b.Elements[el].named = 0, false
	b.event(Open, el, -1, 0, 0)
	floor := b.floor
	b.push(el)
	b.floor = len(b.frames)
	b.feed(fi)
	b.popTo(b.floor - 1)
	b.floor = floor
}

// openBodyFor opens the body if what is written does not belong in the head.
func (b *builder) openBodyFor(text string) {
	for _, tag := range []string{"<style", "<link", "<meta", "<script", "<title"} {
		if strings.HasPrefix(strings.ToLower(strings.TrimSpace(text[:min(len(text), 32)])), tag) {
			return
		}
	}
	b.openBody()
}

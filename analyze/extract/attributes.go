package extract

import (
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/extract/ascii"
	"github.com/qianshao/qianshao/analyze/extract/link"
	"github.com/qianshao/qianshao/analyze/extract/mapped"
	"github.com/qianshao/qianshao/analyze/extract/script"
	"github.com/qianshao/qianshao/analyze/extract/tree"
	"golang.org/x/net/html/atom"
)

// attributes appends the regions of an element's attributes, and its link.
func (a *assembler) attributes(el int32) {
	e := &a.Elements[el]
	if e.Atom == atom.Meta {
		a.meta(el)
		return
	}
	hiding := a.Fragments[e.Fragment].HidingOf(a.styles.Box(el))
	for _, at := range a.Tree.Attributes(el) {
		switch {
		case at.Start == at.End:
		case isTextAttribute(e.Atom, at.Name):
			a.stretch(qianshao.RegionAttr, at.Name, hiding, el, &a.Fragments[e.Fragment], int(at.Start), int(at.End), mapped.InAttribute)
		case isURLAttribute(e.Atom, at.Name):
			a.url(el, at, hiding)
		case e.Atom == atom.Link && at.Name == "href" && link.IsAlternate(a.Value(el, "rel")):
			a.url(el, at, qianshao.HidingNone) // nothing in the head is shown, so nothing there can be concealed
		default:
			a.unshown(el, at)
		}
		if showsPicture(e.Atom, at.Name) {
			a.picture(el, at, hiding)
		}
	}
}

// unshown appends the region of an attribute that no browser shows, if its value has Chinese
// characters. Scripts put the values of such attributes on the page, search engines read some of
// them, and hacked sites carry advertisements in them.
func (a *assembler) unshown(el int32, at tree.Attribute) {
	e := &a.Elements[el]
	f := &a.Fragments[e.Fragment]
	if raw := f.Content[at.Start:at.End]; !holdsHan(raw) || isFont(at.Name) || isReference(raw) {
		return
	}
	if e.Atom == atom.Iframe && at.Name == "srcdoc" {
		return // the tree parses it as a document of its own
	}
	hiding := qianshao.HidingUnshown
	if isDrawing(e.Name, at.Name) {
		hiding = qianshao.HidingMisused
	}
	a.stretch(qianshao.RegionAttr, at.Name, f.HidingOf(hiding), el, f, int(at.Start), int(at.End), mapped.InAttribute)
}

// holdsHan reports whether the raw value of an attribute has a Chinese character,
// written as it is or as a numeric reference.
func holdsHan(raw string) bool {
	if script.HasHan(raw) {
		return true
	}
	return strings.Contains(raw, "&#") && script.HasHan(mapped.Unescape(raw))
}

// isFont reports whether an attribute names fonts: half of all Chinese pages name them in Chinese.
func isFont(name string) bool { return name == "style" || name == "face" || name == "font-family" }

// isReference reports whether a value is the address of a file and not words: on many sites,
// pictures have Chinese file names.
func isReference(raw string) bool {
	raw = strings.TrimSpace(raw)
	for _, start := range [...]string{"/", "./", "../", "http:", "https:", "data:"} {
		if strings.HasPrefix(raw, start) {
			return !strings.ContainsAny(raw, " \t\r\n")
		}
	}
	return false
}

// isDrawing reports whether an attribute holds the numbers of a drawing, where no program would
// write words.
func isDrawing(tag, name string) bool {
	switch name {
	case "d":
		return tag == "path" || tag == "glyph"
	case "points":
		return tag == "polygon" || tag == "polyline"
	case "coords":
		return tag == "area"
	case "viewbox", "transform", "gradienttransform", "patterntransform", "stroke-dasharray":
		return true
	}
	return false
}

// isTextAttribute reports whether an attribute holds text that people read.
func isTextAttribute(a atom.Atom, name string) bool {
	switch name {
	case "alt", "title", "placeholder", "aria-label", "summary", "label":
		return true
	case "value":
		return a == atom.Input || a == atom.Button
	case "content":
		return a != atom.Meta // microdata
	}
	return false
}

// isURLAttribute reports whether an attribute holds a reference that is worth reading.
func isURLAttribute(a atom.Atom, name string) bool {
	switch name {
	case "href":
		return a == atom.A || a == atom.Area
	case "src":
		return a == atom.Iframe || a == atom.Frame || a == atom.Script || a == atom.Img || a == atom.Embed
	case "action":
		return a == atom.Form
	case "data":
		return a == atom.Object
	}
	return false
}

// leadsOn reports whether a reference is followed: by the visitor, with or without a click, or by a
// program on the visitor's behalf, such as a feed reader or the browser of a telephone.
func leadsOn(a atom.Atom) bool {
	return a == atom.A || a == atom.Area || a == atom.Iframe || a == atom.Frame || a == atom.Meta || a == atom.Link
}

// isData reports whether a reference is itself the data of a picture or a font.
func isData(ref string) bool {
	const scheme = "data:"
	return len(ref) >= len(scheme) && strings.EqualFold(ref[:len(scheme)], scheme)
}

// url appends the region of a reference, and a link if it leads to a page.
func (a *assembler) url(el int32, at tree.Attribute, hiding qianshao.Hiding) {
	e := &a.Elements[el]
	f := &a.Fragments[e.Fragment]
	if at.End-at.Start > maxURL || isData(f.Content[at.Start:at.End]) {
		return
	}
	region := a.stretch(qianshao.RegionURL, at.Name, hiding, el, f, int(at.Start), int(at.End), mapped.InAttribute)
	if region < 0 || !leadsOn(e.Atom) || len(a.doc.Links) >= maxLinks || a.linkText > maxLinkText {
		return
	}
	target := a.urls.Resolve(a.doc.Regions[region].Text)
	if target == "" {
		return
	}
	a.linkText += len(target)
	if a.doc.Links == nil {
		a.doc.Links = make([]qianshao.Link, 0, min(a.Anchors+1, maxLinks))
	}
	a.doc.Links = append(a.doc.Links, qianshao.Link{URL: target, Rel: ascii.Lower(a.Value(el, "rel")), Hidden: hiding, Region: region})
	if a.link.element == el {
		a.link.index = len(a.doc.Links) - 1
	}
}

// Limits of Document.MetaRobots. A page has one such element, of a few words.
const (
	maxMetaRobots = 8
	maxMetaRobot  = 200 // bytes
)

// meta appends the region of a meta element that people or search engines read, and the link of one
// that redirects.
func (a *assembler) meta(el int32) {
	e := &a.Elements[el]
	f := &a.Fragments[e.Fragment]
	var content tree.Attribute
	var name string
	refresh := false
	for _, at := range a.Tree.Attributes(el) {
		switch at.Name {
		case "content":
			content = at
		case "name", "property", "itemprop":
			name = ascii.Lower(mapped.Unescape(f.Content[at.Start:at.End]))
		case "http-equiv":
			refresh = strings.EqualFold(f.Content[at.Start:at.End], "refresh")
		}
	}
	if refresh {
		from, to := link.RefreshTarget(f.Content[content.Start:content.End])
		if from < to {
			a.url(el, tree.Attribute{Name: "refresh", Start: content.Start + int32(from), End: content.Start + int32(to)}, qianshao.HidingNone)
		}
		return
	}
	if (name == "robots" || name == "qianshao") && content.Start < content.End && len(a.doc.MetaRobots) < maxMetaRobots {
		text := mapped.Unescape(f.Content[content.Start:content.End])
		a.doc.MetaRobots = append(a.doc.MetaRobots, strings.ToValidUTF8(text[:min(len(text), maxMetaRobot)], ""))
	}
	if !isShown(name) {
		a.unshown(el, content)
		return
	}
	hiding := f.HidingOf(qianshao.HidingNone)
	if hiding == qianshao.HidingNone && mapped.IsEntityEncoded(f.Content[content.Start:content.End]) {
		hiding = qianshao.HidingEntityEncoded
	}
	a.stretch(qianshao.RegionMeta, name, hiding, el, f, int(content.Start), int(content.End), mapped.InAttribute)
}

// isShown reports whether people see a meta element of this name: in the results of search engines,
// or on sites where the page is shared.
func isShown(name string) bool {
	switch name {
	case "keywords", "description", "title", "subject", "abstract", "application-name", "apple-mobile-web-app-title", "author", "headline", "copyright":
		return true
	}
	return strings.HasPrefix(name, "og:") || strings.HasPrefix(name, "twitter:")
}

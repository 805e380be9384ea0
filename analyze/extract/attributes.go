package extract

import (
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/extract/ascii"
	"github.com/qianshao/qianshao/analyze/extract/mapped"
	"golang.org/x/net/html/atom"
)

// attributes makes the regions of an element's attributes, and its link.
func (a *assembler) attributes(el int32) {
	e := &a.elements[el]
	if e.atom == atom.Meta {
		a.meta(el)
		return
	}
	hiding := a.fragments[e.fragment].marked(a.styles.box(el))
	for _, at := range a.tree.attributes(el) {
		if at.start == at.end {
			continue
		}
		switch {
		case isTextAttribute(e.atom, at.name):
			a.stretch(qianshao.RegionAttr, at.name, hiding, el, &a.fragments[e.fragment], int(at.start), int(at.end), mapped.InAttribute)
		case isURLAttribute(e.atom, at.name):
			a.url(el, at, hiding)
		case e.atom == atom.Link && at.name == "href" && isAlternateRel(a.value(el, "rel")):
			a.url(el, at, qianshao.HidingNone) // in the head nothing is shown, and nothing concealed
		}
	}
}

// isTextAttribute says whether an attribute holds words for people.
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

// isURLAttribute says whether an attribute holds a reference that matters.
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

// leadsOn says whether a visitor follows the reference, by a click or without,
// or a program on the visitor's behalf: a feed reader, a telephone's browser.
func leadsOn(a atom.Atom) bool {
	return a == atom.A || a == atom.Area || a == atom.Iframe || a == atom.Frame || a == atom.Meta || a == atom.Link
}

// url makes the region of a reference, and a link if it leads to a page.
func (a *assembler) url(el int32, at attr, hiding qianshao.Hiding) {
	e := &a.elements[el]
	v := &a.fragments[e.fragment]
	if at.end-at.start > maxURL {
		return
	}
	region := a.stretch(qianshao.RegionURL, at.name, hiding, el, v, int(at.start), int(at.end), mapped.InAttribute)
	if region < 0 || !leadsOn(e.atom) || len(a.doc.Links) >= maxLinks {
		return
	}
	target := a.urls.resolve(a.doc.Regions[region].Text)
	if target == "" {
		return
	}
	a.doc.Links = append(a.doc.Links, qianshao.Link{URL: target, Rel: ascii.Lower(a.value(el, "rel")), Hidden: hiding, Region: region})
	if a.link.element == el {
		a.link.index = len(a.doc.Links) - 1
	}
}

// Bounds of Document.MetaRobots: a page has one, of a few words.
const (
	maxMetaRobots = 8
	maxMetaRobot  = 200 // bytes
)

// meta makes the region of a meta element that tells people or search engines
// something, and the link of one that sends them elsewhere.
func (a *assembler) meta(el int32) {
	e := &a.elements[el]
	v := &a.fragments[e.fragment]
	var content attr
	var name string
	refresh := false
	for _, at := range a.tree.attributes(el) {
		switch at.name {
		case "content":
			content = at
		case "name", "property", "itemprop":
			name = ascii.Lower(mapped.Unescape(v.Content[at.start:at.end]))
		case "http-equiv":
			refresh = strings.EqualFold(v.Content[at.start:at.end], "refresh")
		}
	}
	if refresh {
		from, to := refreshTarget(v.Content[content.start:content.end])
		if from < to {
			a.url(el, attr{"refresh", content.start + int32(from), content.start + int32(to)}, qianshao.HidingNone)
		}
		return
	}
	if (name == "robots" || name == "qianshao") && content.start < content.end && len(a.doc.MetaRobots) < maxMetaRobots {
		text := mapped.Unescape(v.Content[content.start:content.end])
		a.doc.MetaRobots = append(a.doc.MetaRobots, strings.ToValidUTF8(text[:min(len(text), maxMetaRobot)], ""))
	}
	if !isTold(name) {
		return
	}
	hiding := v.marked(qianshao.HidingNone)
	if hiding == qianshao.HidingNone && mapped.IsEntityEncoded(v.Content[content.start:content.end]) {
		hiding = qianshao.HidingEntityEncoded
	}
	a.stretch(qianshao.RegionMeta, name, hiding, el, v, int(content.start), int(content.end), mapped.InAttribute)
}

// isTold says whether a meta element of this name is shown to people, by
// search engines or by those who share the page.
func isTold(name string) bool {
	switch name {
	case "keywords", "description", "title", "subject", "abstract", "application-name", "apple-mobile-web-app-title", "author", "headline", "copyright":
		return true
	}
	return strings.HasPrefix(name, "og:") || strings.HasPrefix(name, "twitter:")
}

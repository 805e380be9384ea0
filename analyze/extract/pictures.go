package extract

import (
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/extract/mapped"
	"github.com/qianshao/qianshao/analyze/extract/tree"
	"golang.org/x/net/html/atom"
)

// Limits of Document.Pictures.
const (
	// maxPictures is more pictures than anybody reads on one page.
	maxPictures = 200
	// maxDataPicture bounds a picture inside the page itself, in bytes. QR codes are written that
	// way, in a few kilobytes.
	maxDataPicture = 64 << 10
)

// showsPicture reports whether an attribute refers to a picture. Many sites put the reference into
// an attribute of their own, for a script that loads pictures as they come into view.
func showsPicture(a atom.Atom, name string) bool {
	switch name {
	case "src":
		return a == atom.Img || a == atom.Input
	case "data-src", "data-original", "data-lazy-src", "data-echo":
		return a == atom.Img
	}
	return false
}

// byURL returns the pictures by the URL that refers to them.
func byURL(pictures []qianshao.Picture) map[string]*qianshao.Picture {
	if len(pictures) == 0 {
		return nil
	}
	out := make(map[string]*qianshao.Picture, len(pictures))
	for i := range pictures {
		out[pictures[i].URL] = &pictures[i]
	}
	return out
}

// picture notes a reference to a picture and appends the regions of what was read in it. It does so
// only where the picture is first shown, so that it is not read many times.
func (a *assembler) picture(el int32, at tree.Attribute, hiding qianshao.Hiding) {
	if len(a.doc.Pictures) == maxPictures && len(a.pictures) == 0 {
		return
	}
	f := &a.Fragments[a.Elements[el].Fragment]
	url := a.pictureURL(f.Content[at.Start:at.End])
	if url == "" {
		return
	}
	if len(a.doc.Pictures) < maxPictures && !a.knowsPicture(url) {
		a.doc.Pictures = append(a.doc.Pictures, url)
	}
	if read := a.pictures[url]; read != nil {
		delete(a.pictures, url)
		a.readIn(read, qianshao.Region{Path: a.selector(el), Hidden: hiding}, f.Span(int(at.Start), int(at.End)))
	}
}

// pictureURL returns the URL that an attribute refers to, or "" if it is not that of a picture that
// may be read.
func (a *assembler) pictureURL(ref string) string {
	if len(ref) > maxDataPicture {
		return ""
	}
	ref = strings.TrimSpace(mapped.Unescape(ref))
	if strings.HasPrefix(ref, "data:image/") {
		return ref
	}
	if len(ref) > maxURL {
		return ""
	}
	return a.urls.Resolve(ref)
}

func (a *assembler) knowsPicture(url string) bool {
	for _, have := range a.doc.Pictures {
		if have == url {
			return true
		}
	}
	return false
}

// readIn appends the regions of what was read in a picture, mapped to its place on the page.
func (a *assembler) readIn(p *qianshao.Picture, r qianshao.Region, place qianshao.Span) {
	r.Kind, r.Picture = qianshao.RegionText, p.Place()
	add := func(name, text string) {
		text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
		if text == "" || a.full() {
			return
		}
		if len(text) == place.Len() {
			text += " " // otherwise the run would map byte by byte
		}
		r.Name, r.Text = name, text
		r.Map = []qianshao.Run{{Text: qianshao.Span{End: len(text)}, Source: place}}
		a.doc.Regions = append(a.doc.Regions, r)
	}
	add(qianshao.NamePicture, p.Text)
	for _, code := range p.Codes {
		add(qianshao.NameQRCode, code)
	}
}

// screenshot appends the region of what was read in a screenshot of the whole page.
func (a *assembler) screenshot() {
	if read := a.pictures[qianshao.PictureScreenshot]; read != nil {
		_, first := utf8.DecodeRuneInString(a.doc.Source)
		a.readIn(read, qianshao.Region{}, qianshao.Span{End: first})
	}
}

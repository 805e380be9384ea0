package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"time"
)

// styleSheet is the one style sheet of all pages: static/console.css, and behind it what the
// rooms add, static/rooms/*.css by name.
type styleSheet struct {
	content []byte
	// url has a part of the content's hash, so that browsers may keep the sheet for ever and
	// never keep an old one.
	url string
}

const stylePath = "console.css"

func newStyleSheet() (s styleSheet, err error) {
	names, err := fs.Glob(files, "static/rooms/*.css")
	if err != nil {
		return s, err
	}
	for _, name := range slices.Concat([]string{"static/" + stylePath}, names) {
		content, err := files.ReadFile(name)
		if err != nil {
			return s, err
		}
		s.content = append(append(s.content, content...), '\n')
	}
	sum := sha256.Sum256(s.content)
	s.url = "/static/" + stylePath + "?v=" + hex.EncodeToString(sum[:6])
	return s, nil
}

// ServeStatic answers with the file {file} of the path.
func (b *Base) ServeStatic(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.PathValue("file"))
	content, err := files.ReadFile("static/" + name)
	if err != nil {
		b.NotFound(w, r)
		return
	}
	if name == stylePath {
		content = b.style.content
	}
	keep := "public, max-age=3600"
	if r.URL.RequestURI() == b.style.url {
		keep = "public, max-age=31536000, immutable"
	}
	w.Header().Set("Cache-Control", keep)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content)) // type from the name's ending
}

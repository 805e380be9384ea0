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

// asset is a file that every page loads: the style sheet, which is static/console.css followed by
// static/rooms/*.css in the order of their names and by Options.Styles; or the script.
type asset struct {
	content []byte
	// url contains a part of the content's hash, so that browsers may keep the file for ever and
	// never use an old one.
	url string
}

const (
	stylePath  = "console.css"
	scriptPath = "console.js"
)

func newAsset(name string, content []byte) asset {
	sum := sha256.Sum256(content)
	return asset{content, "/static/" + name + "?v=" + hex.EncodeToString(sum[:6])}
}

func newScript() (asset, error) {
	content, err := files.ReadFile("static/" + scriptPath)
	return newAsset(scriptPath, content), err
}

func newStyleSheet(more []string) (s asset, err error) {
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
	for _, rules := range more {
		s.content = append(append(s.content, rules...), '\n')
	}
	return newAsset(stylePath, s.content), nil
}

// ServeStatic answers with the file named {file} in the path.
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
	if at := r.URL.RequestURI(); at == b.style.url || at == b.script.url {
		keep = "public, max-age=31536000, immutable"
	}
	w.Header().Set("Cache-Control", keep)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content)) // it derives the content type from the extension
}

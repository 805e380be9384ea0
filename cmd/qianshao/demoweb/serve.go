package demoweb

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"path"
	"strings"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// content is one file as it goes over the wire.
type content struct {
	contentType string
	etag        string
	body        []byte
}

// load reads the files of one host, encoded as the host serves them.
func (w *Web) load(h host) error {
	if err := w.loadFolder(h, "hosts/"+h.Name, w.content); err != nil {
		return err
	}
	if _, err := fs.Stat(files, "search/"+h.Name); err != nil {
		return nil // visitors from a search engine get the same content
	}
	return w.loadFolder(h, "search/"+h.Name, w.searchContent)
}

func (w *Web) loadFolder(h host, root string, into map[string]content) error {
	return fs.WalkDir(files, root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		c, err := h.encode(name, body)
		if err != nil {
			return fmt.Errorf("demo web: %s: %w", name, err)
		}
		into[h.Name+urlPath(strings.TrimPrefix(name, root))] = c
		return nil
	})
}

// urlPath returns the path under which a file is served: a folder's index.html
// has the folder's path.
func urlPath(file string) string {
	if dir, base := path.Split(file); base == "index.html" {
		return dir
	}
	return file
}

// encode turns a UTF-8 file into what the host sends. A host with an encoding
// sends text/html with no charset, as misconfigured old servers do.
func (h host) encode(name string, body []byte) (content, error) {
	contentType, ok := contentTypes()[path.Ext(name)]
	if !ok {
		return content{}, errors.New("no content type is known for this kind of file")
	}
	charset := "; charset=utf-8"
	switch h.Encoding {
	case "":
	case "gb18030":
		encoded, err := simplifiedchinese.GB18030.NewEncoder().Bytes(body)
		if err != nil {
			return content{}, err
		}
		body, charset = encoded, ""
	default:
		return content{}, fmt.Errorf("web.yaml: encoding %q of %s is unknown; use gb18030 or leave it out", h.Encoding, h.Name)
	}
	etag := fmt.Sprintf(`"%x"`, sha256.Sum256(body))
	return content{contentType: contentType + charset, etag: etag, body: body}, nil
}

// contentTypes are written out because mime.TypeByExtension depends on the machine.
func contentTypes() map[string]string {
	return map[string]string{
		".html": "text/html", ".txt": "text/plain", ".xml": "application/xml", ".css": "text/css",
	}
}

// ServeHTTP serves all hosts and counts every request, even those that are answered with 404.
func (w *Web) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	key := hostName(r.Host) + r.URL.Path
	w.mu.Lock()
	w.requests[key]++
	w.mu.Unlock()
	to, redirected := w.redirects[key]
	c, ok := w.content[key]
	if isFromSearch(r) {
		if away, has := w.searchRedirects[key]; has {
			to, redirected = away, true
		}
		if other, has := w.searchContent[key]; has {
			c, ok = other, true
		}
	}
	switch {
	case redirected:
		http.Redirect(rw, r, to, http.StatusFound)
		return
	case !ok:
		http.NotFound(rw, r)
		return
	}
	rw.Header().Set("Content-Type", c.contentType)
	rw.Header().Set("ETag", c.etag)
	http.ServeContent(rw, r, "", time.Time{}, bytes.NewReader(c.body))
}

// isFromSearch does what the scripts of hacked sites do.
func isFromSearch(r *http.Request) bool { return strings.Contains(r.Referer(), ".baidu.com/") }

func hostName(hostport string) string {
	if name, _, err := net.SplitHostPort(hostport); err == nil {
		hostport = name
	}
	return strings.ToLower(hostport)
}

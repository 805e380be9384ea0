package app

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
)

func TestUserAgent(t *testing.T) {
	for _, tc := range []struct{ contact, operator, want string }{
		{"https://you.example/bot", "", "(you.example; +https://you.example/bot)"},
		{"bot@you.example", "", "(you.example; +bot@you.example)"},
		{"https://you.example:8443/bot?x=1", "Some School", "(Some School; +https://you.example:8443/bot?x=1)"},
	} {
		got, err := FetchOptions{Contact: tc.contact, Operator: tc.operator}.userAgent("1")
		if err != nil || !strings.HasPrefix(got, "qianshao/") || !strings.HasSuffix(got, tc.want) {
			t.Errorf("%q, %v; want %q", got, err, tc.want)
		}
	}
	for _, bad := range []string{"", "me", "ftp://you.example/", "https:///bot", "//you.example/", "https://you.example/\r\nX: y", "https://学校.example/", "Bot <bot@you.example>", "https://you.example/(x)"} {
		if got, err := (FetchOptions{Contact: bad}).userAgent("1"); err == nil {
			t.Errorf("contact %q gives %q", bad, got)
		}
	}
}

// TestProxy: a page is fetched through the proxy, which gets the address to connect to, and not the
// name.
func TestProxy(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, r.UserAgent())
	}))
	t.Cleanup(site.Close)
	address := site.Listener.Addr().String()
	asked := make(chan string, 8)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.RequestURI
		out, err := net.Dial("tcp", address)
		if err != nil {
			t.Error(err)
			return
		}
		in, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(in, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(out, in); out.Close() }()
		_, _ = io.Copy(in, out)
		in.Close()
	}))
	t.Cleanup(proxy.Close)

	options := datafolder.Options{Data: sqlitetest.Folder(t), Version: "1"}
	f, err := datafolder.Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	err = f.Store.PutAuthorisations(t.Context(), store.Signed{By: "test"}, []qianshao.Authorisation{{
		ID: "a", Owner: "o", Basis: "b", Contact: "c", Hosts: []string{"school.example"}, Rate: 100, AllowPrivate: true,
		ValidFrom: now.Add(-time.Hour), ValidUntil: now.Add(time.Hour), RobotsWaiver: "附件",
	}})
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	fetch := FetchOptions{Contact: "bot@you.example", Proxy: proxy.URL, Resolve: map[string]string{"school.example": address}}
	page, err := FetchPage(t.Context(), options, fetch, "http://school.example/")
	if err != nil || !strings.Contains(string(page.Body), "you.example; +bot@you.example") {
		t.Errorf("%q, %v", page.Body, err)
	}
	if got := <-asked; got != "CONNECT "+address {
		t.Errorf("the proxy was asked to %s, want CONNECT %s", got, address)
	}
}

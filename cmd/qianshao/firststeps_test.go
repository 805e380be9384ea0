package main

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
)

// intranet is a new user's own site, here on loopback.
type intranet struct {
	t                *testing.T
	folder, language string
	address          string // of the site
}

func (i *intranet) run(args ...string) string {
	i.t.Helper()
	child := exec.Command("qianshao", append([]string{"--data", filepath.Join(i.folder, "data")}, args...)...)
	child.Env = append(os.Environ(), "LC_ALL="+i.language)
	output, err := child.CombinedOutput()
	if err != nil {
		i.t.Fatalf("qianshao %s: %v\n%s", strings.Join(args, " "), err, output)
	}
	return string(output)
}

// register registers the site, with further lines of YAML.
func (i *intranet) register(lines ...string) {
	i.t.Helper()
	_, port, _ := strings.Cut(i.address, ":")
	path := filepath.Join(i.folder, "scope.yaml")
	text := `authorisations:
  - {id: school, owner: o, basis: b, contact: c, valid_from: 2026-01-01, valid_until: 2099-12-31, rate: 1000, hosts: ["intranet.example:` + port + `"]` +
		strings.Join(append([]string{""}, lines...), ", ") + "}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		i.t.Fatal(err)
	}
	i.run("scope", "add", path)
}

func (i *intranet) crawl(args ...string) string {
	i.t.Helper()
	return i.run(append(append([]string{"crawl"}, i.fetching()...), args...)...)
}

func (i *intranet) fetching() []string {
	return []string{"--browser", "off", "--contact", "https://qianshao.example/test", "--resolve", "intranet.example=" + i.address}
}

func (i *intranet) want(output string, texts ...string) {
	i.t.Helper()
	for _, text := range texts {
		if !strings.Contains(output, text) {
			i.t.Errorf("no %q in:\n%s", text, output)
		}
	}
}

func newIntranet(t *testing.T, language string, site http.HandlerFunc) *intranet {
	server := httptest.NewServer(site)
	t.Cleanup(server.Close)
	return &intranet{t: t, folder: t.TempDir(), language: language, address: strings.TrimPrefix(server.URL, "http://")}
}

// TestFirstSteps: a private host for which the scope lacks allow_private is
// named, with what to do; once that is done, the next crawl visits it.
func TestFirstSteps(t *testing.T) {
	t.Parallel()
	for language, says := range map[string]struct{ none, skipped, before, remedy, two, none2, four string }{
		"C.UTF-8": {
			"0 pages fetched", "1  skipped: address_blocked: intranet.example:", "1  skipped before: address_blocked: intranet.example", "set allow_private: true in scope.yaml",
			"2 pages fetched; 2 pages known", "0 pages fetched; 2 pages known", "4 pages fetched; 4 pages known",
		},
		"zh_CN.UTF-8": {
			"抓取 0 个网页", "1  跳过：address_blocked：intranet.example:", "1  以前跳过：address_blocked：intranet.example", "请在 scope.yaml 写 allow_private: true",
			"抓取 2 个网页；已知 2 个网页", "抓取 0 个网页；已知 2 个网页", "抓取 4 个网页；已知 4 个网页",
		},
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			i := newIntranet(t, language, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/robots.txt" {
					http.NotFound(w, r)
					return
				}
				w.Header().Set("Content-Type", "text/html")
				_, _ = io.WriteString(w, `<a href="/news/1">1</a><a href="/press/1">1</a>`)
			})
			i.register("include: [/news/]")
			i.want(i.crawl(), says.none, says.skipped, says.remedy)
			i.want(i.crawl(), says.none, says.before, says.remedy)
			i.register("include: [/news/]", "allow_private: true")
			i.want(i.crawl(), says.two)
			i.register("include: [/news/]", "allow_private: true")
			i.want(i.crawl(), says.none2)
			// Permit more paths, to which only pages link that were already visited.
			i.register("include: [/news/, /press/]", "allow_private: true")
			i.want(i.crawl(), says.four)
		})
	}
}

// TestCrawlRetry: a host that is down is named, with the beginning of the failure and the end of
// its rest, and is requested at once with --retry.
func TestCrawlRetry(t *testing.T) {
	t.Parallel()
	up := filepath.Join(t.TempDir(), "up")
	i := newIntranet(t, "C.UTF-8", func(w http.ResponseWriter, _ *http.Request) {
		if _, err := os.Stat(up); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "text/html")
	})
	i.register("allow_private: true", "robots_waiver: w")
	waits := []string{"0 pages fetched", "1 host fails for now", "crawl --retry", "NEXT (UTC+8)", "intranet.example  1"}
	i.want(i.crawl(), append(waits, "skipped: http_error")...)
	i.want(i.crawl(), append(waits, "nothing else is due; the next URL is due at")...)
	if err := os.WriteFile(up, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	i.want(i.crawl(), waits...)
	i.want(i.crawl("--retry"), "1 page fetched")
}

// TestRetryBesideServer: the server that has the folder open makes the visits.
func TestRetryBesideServer(t *testing.T) {
	t.Parallel()
	var up atomic.Bool
	var refused, answered atomic.Int32
	i := newIntranet(t, "C.UTF-8", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		if !up.Load() {
			refused.Add(1)
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		answered.Add(1)
		w.Header().Set("Content-Type", "text/html")
	})
	i.register("allow_private: true")
	server := exec.Command("qianshao", append([]string{"--data", filepath.Join(i.folder, "data"), "serve", "--listen", "127.0.0.1:0"}, i.fetching()...)...)
	startServer(t, server)
	await(t, "a failure", func() bool { return refused.Load() > 0 })
	up.Store(true)
	await(t, "the server to visit", func() bool {
		i.want(i.crawl("--retry"), "made due at once; the running server visits what is due")
		return answered.Load() > 0
	})
	if code := interrupt(t, server, os.Interrupt); code != exitOK {
		t.Errorf("the server ends with %d", code)
	}
}

// TestCrawlAfterWrongClock: a crawl whose clock was two years ahead does not stop
// the next one, whose log and summary report it.
func TestCrawlAfterWrongClock(t *testing.T) {
	t.Parallel()
	i := newIntranet(t, "C.UTF-8", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/html") })
	i.register("allow_private: true", "robots_waiver: w")
	i.want(i.crawl(), "1 page fetched")
	f := openFolder(t, filepath.Join(i.folder, "data"))
	ahead := time.Now().AddDate(2, 0, 0)
	front := ingest.Item{URL: "http://" + strings.Replace(i.address, "127.0.0.1", "intranet.example", 1) + "/", Host: "intranet.example"}
	err := f.Store.Done(t.Context(), front, ingest.Outcome{At: ahead, Again: ahead.Add(time.Hour), HostNext: map[string]time.Time{front.Host: ahead}})
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	output := i.crawl()
	i.want(output, "level=WARN", "times in the future", "rescheduled: URLs 1, hosts 1.", "0 pages fetched", "the next URL is due at")
	if at := ahead.In(qianshao.ChinaTime()).Format("2006-"); strings.Contains(output, "due at "+at) {
		t.Errorf("still due in %s:\n%s", at, output)
	}
}

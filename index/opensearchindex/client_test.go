package opensearchindex

import (
	"bufio"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
)

// fake is a node that answers as a healthy OpenSearch does; a test sets what goes wrong.
type fake struct {
	*httptest.Server
	number, distribution string
	password             string
	// room returns the status for the nth attempt to write a finding.
	room func(id string, attempt int) int

	mu       sync.Mutex
	attempts map[string]int
	written  []string
	searched int // status of searches
	failed   int // copies that fail in requests to all of them
}

func newFake(t *testing.T, tls bool) *fake {
	f := &fake{number: "2.19.6", distribution: "opensearch", attempts: map[string]int{}, searched: http.StatusOK}
	if tls {
		f.Server = httptest.NewTLSServer(f)
	} else {
		f.Server = httptest.NewServer(f)
	}
	t.Cleanup(f.Close)
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, password, _ := r.BasicAuth(); password != f.password {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Path == "/":
		fmt.Fprintf(w, `{"version":{"distribution":%q,"number":%q}}`, f.distribution, f.number)
	case strings.HasSuffix(r.URL.Path, "/_bulk"):
		f.bulk(w, r)
	case strings.HasSuffix(r.URL.Path, "/_search"):
		w.WriteHeader(f.searched)
		fmt.Fprint(w, `{"error":{"type":"no_shard","reason":"away"},"hits":{"total":{"value":7}}}`)
	case r.Method == http.MethodPost:
		fmt.Fprintf(w, `{"_shards":{"total":6,"failed":%d}}`, f.failed)
	case strings.HasSuffix(r.URL.Path, "/_stats/docs"):
		fmt.Fprintf(w, `{"_shards":{"failed":%d},"indices":{"qianshao-1":{"shards":{"0":[{"seq_no":{"max_seq_no":1}}]}}}}`, f.failed)
	case r.Method == http.MethodGet:
		fmt.Fprintf(w, `{"qianshao-1":{"mappings":{"_meta":{"signature":%q}}}}`, Options{}.signature())
	}
}

func (f *fake) bulk(w http.ResponseWriter, r *http.Request) {
	var items []object
	lines := bufio.NewScanner(r.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var action map[string]struct {
			ID string `json:"_id"`
		}
		_ = json.Unmarshal(lines.Bytes(), &action)
		status := http.StatusOK
		if f.room != nil {
			status = f.room(action["index"].ID, f.attempts[action["index"].ID])
		}
		f.attempts[action["index"].ID]++
		if status == http.StatusOK {
			f.written = append(f.written, action["index"].ID)
		}
		items = append(items, object{"index": object{"status": status, "error": object{"type": "some_exception", "reason": "secret text of the page"}}})
		lines.Scan() // the document
	}
	_ = json.NewEncoder(w).Encode(object{"items": items})
}

func finding(id string) qianshao.FindingRecord {
	return qianshao.FindingRecord{Host: "a.example", PageText: "注册送", Finding: qianshao.Finding{ID: id, URL: "http://a.example/" + id, Rule: "casino", Category: qianshao.Gambling}}
}

// TestRefusesVersions: a server that is not OpenSearch, or of an unknown version, is refused, and the error
// says what is needed.
func TestRefusesVersions(t *testing.T) {
	t.Parallel()
	for number, distribution := range map[string]string{"1.3.20": "opensearch", "4.0.0": "opensearch", "8.15.0": "", "x": "opensearch", "": ""} {
		f := newFake(t, false)
		f.number, f.distribution = number, distribution
		_, err := Open(t.Context(), Options{Nodes: []string{f.URL}})
		if err == nil || !strings.Contains(err.Error(), "OpenSearch 2 or 3 is needed") || errors.Is(err, index.ErrUnavailable) {
			t.Errorf("%s %s: %v", distribution, number, err)
		}
	}
}

// TestSecrets: password and certificates come from files, the certificate is verified, and no error
// contains a secret.
func TestSecrets(t *testing.T) {
	t.Parallel()
	f := newFake(t, true)
	f.password = "hunter2"
	write := func(name, content string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ca := write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Certificate().Raw})))
	good := Options{Nodes: []string{f.URL}, User: "q", PasswordFile: write("password", "hunter2\n"), CA: ca}
	if _, err := Open(t.Context(), good); err != nil {
		t.Errorf("with all of it: %v", err)
	}
	for says, change := range map[string]func(o *Options){
		"the user or the password is wrong": func(o *Options) { o.PasswordFile = write("password", "hunter3") },
		"the authority that has signed the": func(o *Options) { o.CA = "" },
		"holds no certificate in PEM":       func(o *Options) { o.CA = o.PasswordFile },
		"there is no file":                  func(o *Options) { o.PasswordFile += "-" },
		"name the file":                     func(o *Options) { o.PasswordFile = "" },
		"without a user":                    func(o *Options) { o.User = "" },
		"is empty":                          func(o *Options) { o.PasswordFile = write("password", "\n") },
		"does not go over http":             func(o *Options) { o.Nodes = []string{"http://search.example:9200"} },
	} {
		opts := good
		change(&opts)
		_, err := Open(t.Context(), opts)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%v; want an error with %q and no secret", err, says)
		}
	}
}

// TestRetriesItems: findings for which a cluster has no room are sent again, without the others of the
// request; a refused one is named, without the page's text, and does not hold up the others.
func TestRetriesItems(t *testing.T) {
	t.Parallel()
	f := newFake(t, false)
	x, err := Open(t.Context(), Options{Nodes: []string{f.URL}})
	if err != nil {
		t.Fatal(err)
	}
	f.room = func(id string, attempt int) int {
		switch {
		case id == "b" && attempt < 3:
			return http.StatusTooManyRequests
		case id == "c" && attempt < 1:
			return http.StatusServiceUnavailable
		case id == "d":
			return http.StatusConflict // it has something newer
		}
		return http.StatusOK
	}
	if err := x.Put(t.Context(), []qianshao.FindingRecord{finding("a"), finding("b"), finding("c"), finding("d")}, 5); err != nil {
		t.Errorf("Put: %v", err)
	}
	if want := []string{"a", "c", "b"}; !slices.Equal(f.written, want) || f.attempts["a"] != 1 || f.attempts["d"] != 1 {
		t.Errorf("written %v after %v attempts, want %v", f.written, f.attempts, want)
	}
	f.written = nil
	f.room = func(id string, _ int) int {
		if id == "e" {
			return http.StatusBadRequest
		}
		return http.StatusOK
	}
	err = x.Put(t.Context(), []qianshao.FindingRecord{finding("e"), finding("f")}, 6)
	if err == nil || !strings.Contains(err.Error(), `"e"`) || !strings.Contains(err.Error(), "some_exception") || strings.Contains(err.Error(), "secret") {
		t.Errorf("a finding that is refused: %v", err)
	}
	if !slices.Equal(f.written, []string{"f"}) {
		t.Errorf("besides a refused one, %v are written", f.written)
	}
}

// TestNodes: a node that is away is skipped; if none answers, search is unavailable, at once for a caller
// that gives up.
func TestNodes(t *testing.T) {
	t.Parallel()
	away, there := newFake(t, false), newFake(t, false)
	away.Close()
	x, err := Open(t.Context(), Options{Nodes: []string{away.URL, there.URL}})
	if err != nil {
		t.Fatal(err)
	}
	req := index.Request{Sight: qianshao.SeeAll()}
	if res, err := x.Search(t.Context(), req); err != nil || res.Total != 7 {
		t.Errorf("with one node away: %d hits, %v", res.Total, err)
	}
	there.searched = http.StatusServiceUnavailable
	if _, err := x.Search(t.Context(), req); !errors.Is(err, index.ErrUnavailable) || !strings.Contains(err.Error(), "no_shard") {
		t.Errorf("while shards are away: %v, want index.ErrUnavailable", err)
	}
	there.Close()
	began := time.Now()
	for range 10 {
		if _, err := x.Search(t.Context(), req); !errors.Is(err, index.ErrUnavailable) {
			t.Errorf("right after that: %v, want index.ErrUnavailable", err)
		}
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("calls right after that wait %s", took)
	}
	time.Sleep(awayFor)
	if _, err := x.Search(t.Context(), req); !errors.Is(err, index.ErrUnavailable) {
		t.Errorf("while all are away: %v, want index.ErrUnavailable", err)
	}
	if _, err := Open(t.Context(), Options{Nodes: []string{away.URL}}); !errors.Is(err, index.ErrUnavailable) || !strings.Contains(err.Error(), "do the cluster's nodes run") {
		t.Errorf("opening: %v, want index.ErrUnavailable", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := x.Search(ctx, req); !errors.Is(err, context.Canceled) || errors.Is(err, index.ErrUnavailable) {
		t.Errorf("given up: %v, want context.Canceled", err)
	}
}

package datafolder_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/backends"
	"github.com/qianshao/qianshao/internal/backends/backendstest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/postgres/postgrestest"
)

// cluster returns the address of an index of the test on a real cluster, through a proxy that is
// down while the switch is on.
func cluster(t *testing.T) (address string, down *atomic.Bool) {
	t.Helper()
	nodes := backendstest.Nodes(t)
	node, _, _ := strings.Cut(nodes, ",")
	to, err := url.Parse(node)
	if err != nil {
		t.Fatal(err)
	}
	proxy, down := httputil.NewSingleHostReverseProxy(to), new(atomic.Bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	name := "test-" + strings.ToLower(rand.Text())
	t.Cleanup(func() {
		for _, suffix := range []string{"-1", "-2*"} { // the first generation, and later ones, which have a time in their names
			request, err := http.NewRequest(http.MethodDelete, node+"/"+name+suffix, http.NoBody)
			if err != nil {
				t.Error(err)
				return
			}
			if response, err := http.DefaultClient.Do(request); err == nil {
				_ = response.Body.Close()
			}
		}
	})
	return server.URL + "/" + name, down
}

// save saves a page with a finding.
func save(t *testing.T, f *datafolder.Folder, address string) {
	t.Helper()
	_, err := f.Store.SavePage(t.Context(), store.Save{
		Page: qianshao.Page{URL: address, FetchedAt: time.Now(), Status: 200, Body: []byte("赌")}, Document: &qianshao.Document{Source: "赌"},
		Assessment: qianshao.Assessment{Level: qianshao.LevelHigh, Findings: []qianshao.Finding{{ID: qianshao.FindingID(address, "gambling"), URL: address, Level: qianshao.LevelHigh}}},
	})
	if err != nil {
		t.Error(err)
	}
}

func total(t *testing.T, ix index.Index) int {
	t.Helper()
	found, err := ix.Search(t.Context(), index.Request{Sight: qianshao.SeeAll(), NoFacets: true})
	if err != nil {
		t.Error(err)
	}
	return found.Total
}

// TestClusterDown: a folder with an index on a cluster opens while the cluster is down, and
// searches return that error. Later the index gets all changes. Meanwhile no other process can open
// the folder.
func TestClusterDown(t *testing.T) {
	t.Parallel()
	address, down := cluster(t)
	opts := datafolder.Options{Data: t.TempDir(), Backends: backends.Options{Index: backends.Place{Address: address}}}
	down.Store(true)
	f, ix, err := datafolder.OpenWithIndex(t.Context(), opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	save(t, f, "http://a.example/1")
	if _, err := ix.Search(t.Context(), index.Request{Sight: qianshao.SeeAll()}); !errors.Is(err, index.ErrUnavailable) {
		t.Errorf("a search: %v", err)
	}
	if n, err := datafolder.FeedIndex(t.Context(), ix, f.Store); n != 0 || !errors.Is(err, index.ErrUnavailable) {
		t.Errorf("indexed %d, %v", n, err)
	}
	if _, _, err := datafolder.OpenWithIndex(t.Context(), opts, nil); !datafolder.InUse(err) {
		t.Errorf("a second process: %v", err)
	}
	if elsewhere, err := f.SettleIndex(t.Context()); !elsewhere || err != nil {
		t.Errorf("a command beside it: %v, %v", elsewhere, err)
	}
	down.Store(false)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if _, err = datafolder.FeedIndex(t.Context(), ix, f.Store); err == nil || time.Now().After(deadline) {
			break
		}
	}
	if n := total(t, ix); err != nil || n != 1 {
		t.Errorf("%d found, %v", n, err)
	}
	if err := errors.Join(ix.Close(), f.Close()); err != nil {
		t.Error(err)
	}
	if n, err := datafolder.Reindex(t.Context(), opts, nil); n != 1 || err != nil {
		t.Errorf("reindexed %d, %v", n, err)
	}
	found, err := datafolder.Search(t.Context(), datafolder.SearchRequest{Folder: opts, Limit: 1})
	if err != nil || found.Total != 1 {
		t.Errorf("found %d, %v", found.Total, err)
	}
}

// TestSharedIndex: two processes with a folder each, on one database and one index, save findings
// while the index is rebuilt again and again. In the end it matches the store.
func TestSharedIndex(t *testing.T) {
	t.Parallel()
	address, _ := cluster(t)
	servers := backends.Options{Store: backends.Place{Address: postgrestest.DSN(t)}, Index: backends.Place{Address: address}, Evidence: backends.Place{Address: t.TempDir()}}
	const pages = 10
	var working sync.WaitGroup
	for p := range 2 {
		f, ix, err := datafolder.OpenWithIndex(t.Context(), datafolder.Options{Data: t.TempDir(), Backends: servers}, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := errors.Join(ix.Close(), f.Close()); err != nil {
				t.Error(err)
			}
		})
		working.Go(func() {
			for n := range pages {
				if t.Failed() {
					return
				}
				page := fmt.Sprintf("http://%d.example/%d", p, n)
				save(t, f, page)
				if _, err := datafolder.FeedIndex(t.Context(), ix, f.Store); err != nil {
					t.Error(err)
				}
			}
		})
	}
	opts := datafolder.Options{Data: t.TempDir(), Backends: servers}
	done := make(chan struct{})
	go func() { working.Wait(); close(done) }()
	for rebuilt, going := 0, true; going; rebuilt++ {
		if _, err := datafolder.Reindex(t.Context(), opts, nil); err != nil {
			t.Error(err)
		}
		select {
		case <-done:
			going = false
		default:
		}
	}
	found, err := datafolder.Search(t.Context(), datafolder.SearchRequest{Folder: opts, Limit: 1})
	if err != nil || found.Total != 2*pages {
		t.Errorf("%d found of %d, %v", found.Total, 2*pages, err)
	}
	if _, err := os.Stat(filepath.Join(opts.Data, "holder")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a command that leases nothing has created a holder: %v", err)
	}
}

package opensearchindex

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
)

func idsOf(t *testing.T, x *Index) (ids []string) {
	t.Helper()
	if err := x.IDs(t.Context(), func(id string) bool { ids = append(ids, id); return true }); err != nil {
		t.Fatal(err)
	}
	return ids
}

func put(t testing.TB, x *Index, seq int64, list ...qianshao.FindingRecord) {
	t.Helper()
	if err := x.Put(t.Context(), list, seq); err != nil {
		t.Fatal(err)
	}
}

// TestBeginTogether: processes that start at the same time create one index.
func TestBeginTogether(t *testing.T) {
	opts := options(t)
	var group errgroup.Group
	for range 6 {
		group.Go(func() error {
			_, err := Open(t.Context(), opts)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	x := open(t, opts)
	if made, err := x.behind(t.Context(), x.name); err != nil || len(made) != 1 {
		t.Errorf("%v were created, %v", made, err)
	}
}

// TestVersions: a write older than the index's version changes nothing, deletions included.
func TestVersions(t *testing.T) {
	x := open(t, options(t))
	titled := func(id, title string) qianshao.FindingRecord {
		e := finding(id)
		e.PageTitle = title
		return e
	}
	titles := func() (list []string) {
		res, err := x.Search(t.Context(), index.Request{Sight: qianshao.SeeAll(), Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range res.Hits {
			list = append(list, h.Title)
		}
		slices.Sort(list)
		return list
	}
	want := func(what string, want ...string) {
		t.Helper()
		if got := titles(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	put(t, x, 10, titled("a", "a10"), titled("b", "b10"))
	put(t, x, 9, titled("a", "a9"), titled("c", "c9"))
	want("an older one", "a10", "b10", "c9")
	put(t, x, 10, titled("a", "a10 again"))
	want("the same", "a10 again", "b10", "c9")
	if err := x.Delete(t.Context(), []string{"a"}, 9); err != nil {
		t.Error(err)
	}
	want("an older deletion", "a10 again", "b10", "c9")
	if err := x.Delete(t.Context(), []string{"a", "b"}, 11); err != nil {
		t.Error(err)
	}
	put(t, x, 10, titled("b", "b10"))
	want("after its deletion", "c9")
	put(t, x, 12, titled("b", "b12"))
	want("found anew", "b12", "c9")
}

// TestRebuild: a rebuild replaces the index in one step; until then, or if it is interrupted, the former
// index is searched and written.
func TestRebuild(t *testing.T) {
	opts := options(t)
	former := open(t, opts)
	put(t, former, 1, finding("old"))
	broken := errors.New("broken off")
	var unfinished []string
	if _, err := Rebuild(t.Context(), opts, func(x *Index) error {
		if err := x.Put(t.Context(), []qianshao.FindingRecord{finding("half")}, 1); err != nil {
			return err
		}
		unfinished, _ = x.behind(t.Context(), x.target)
		return broken
	}); !errors.Is(err, broken) {
		t.Errorf("an interrupted rebuild: %v", err)
	}
	if got := idsOf(t, former); !slices.Equal(got, []string{"old"}) || len(unfinished) != 1 {
		t.Errorf("after it there is %v; it was filling %v", got, unfinished)
	}
	x, err := Rebuild(t.Context(), opts, func(x *Index) error {
		var group errgroup.Group
		for _, id := range []string{"a", "b", "c"} {
			group.Go(func() error { return x.Put(t.Context(), []qianshao.FindingRecord{finding(id)}, 1) })
		}
		if err := group.Wait(); err != nil {
			return err
		}
		put(t, former, 2, finding("meanwhile"))
		if got := idsOf(t, former); !slices.Equal(got, []string{"meanwhile", "old"}) {
			t.Errorf("during a rebuild there is %v", got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for what, x := range map[string]*Index{"rebuilt": x, "opened before": former, "opened after": open(t, opts)} {
		if got := idsOf(t, x); !slices.Equal(got, []string{"a", "b", "c"}) {
			t.Errorf("%s: %v", what, got)
		}
	}
	put(t, former, 3, finding("d"))
	if got := idsOf(t, x); !slices.Equal(got, []string{"a", "b", "c", "d"}) {
		t.Errorf("the other process's finding is missing: %v", got)
	}
	if left, err := x.behind(t.Context(), opts.Name+"*"); err != nil || len(left) != 1 || left[0] == opts.Name+first {
		t.Errorf("%v remain, %v", left, err)
	}
}

// TestFacetsOfShards: facets are exact for one shard and for several, also in a process that opened the
// index when it had one shard, and if no host is on all of them.
func TestFacetsOfShards(t *testing.T) {
	t.Parallel()
	opts := options(t)
	var list []qianshao.FindingRecord
	for i := range 400 {
		e := finding(fmt.Sprintf("f%03d", i))
		e.Host = fmt.Sprintf("h%02d.example", i%57*i%91) // some more often than others
		list = append(list, e)
	}
	x := open(t, opts)
	put(t, x, 1, list...)
	hosts := func() []index.FacetCount {
		res, err := x.Search(t.Context(), index.Request{Sight: qianshao.SeeAll(), Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		return res.Facets["host"]
	}
	want := hosts()
	if len(want) != index.FacetSize {
		t.Fatalf("%d hosts", len(want))
	}
	same := func(when string) {
		t.Helper()
		if got := hosts(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", when, got, want)
		}
	}
	same("one shard")
	opts.Shards = 5
	if _, err := Rebuild(t.Context(), opts, func(x *Index) error { return x.Put(t.Context(), list, 1) }); err != nil {
		t.Fatal(err)
	}
	same("when it has become five")
	same("five shards")
}

// TestMovedUnheard: an index counts as put into use even if the cluster's answer was lost, or another node
// refuses to repeat it.
func TestMovedUnheard(t *testing.T) {
	t.Parallel()
	for _, more := range []int{0, 1} { // nodes that get the request again
		opts := options(t)
		node, err := url.Parse(opts.Nodes[0])
		if err != nil {
			t.Fatal(err)
		}
		proxy := httputil.NewSingleHostReverseProxy(node)
		proxy.ModifyResponse = func(r *http.Response) error {
			if r.Request.URL.Path == "/_aliases" {
				return errors.New("lost")
			}
			return nil
		}
		proxy.ErrorLog = log.New(io.Discard, "", 0)
		deaf := httptest.NewServer(proxy)
		t.Cleanup(deaf.Close)
		put(t, open(t, opts), 1, finding("old"))
		opts.Nodes = append([]string{deaf.URL}, opts.Nodes[:more]...)
		x, err := Rebuild(t.Context(), opts, func(x *Index) error {
			return x.Put(t.Context(), []qianshao.FindingRecord{finding("new")}, 1)
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := idsOf(t, x); !slices.Equal(got, []string{"new"}) {
			t.Errorf("there is %v", got)
		}
	}
}

// TestMustRebuild: an index with another folding or zone returns an error with the remedy; so does one that
// was removed, and no write creates one of the same name.
func TestMustRebuild(t *testing.T) {
	opts := options(t)
	x := open(t, opts)
	for _, other := range []Options{
		{Nodes: opts.Nodes, Name: opts.Name, Zone: time.FixedZone("", 3600)},
		{Nodes: opts.Nodes, Name: opts.Name, Fold: strings.ToUpper},
	} {
		if _, err := Open(t.Context(), other); !errors.Is(err, index.ErrRebuild) || !strings.Contains(err.Error(), "qianshao reindex") {
			t.Errorf("opened: %v, want index.ErrRebuild with its remedy", err)
		}
	}
	if err := x.do(t.Context(), call{method: http.MethodDelete, path: "/" + opts.Name + first}); err != nil {
		t.Fatal(err)
	}
	_, searching := x.Search(t.Context(), index.Request{})
	putting := x.Put(t.Context(), []qianshao.FindingRecord{finding("a")}, 1)
	deleting := x.Delete(t.Context(), []string{"a"}, 2)
	for what, err := range map[string]error{"Search": searching, "Put": putting, "Delete": deleting} {
		if !errors.Is(err, index.ErrRebuild) || !strings.Contains(err.Error(), "qianshao reindex") {
			t.Errorf("%s: %v, want index.ErrRebuild with its remedy", what, err)
		}
	}
	if err := x.do(t.Context(), call{method: http.MethodHead, path: "/" + opts.Name}); !hasStatus(err, http.StatusNotFound) {
		t.Errorf("an index of the name was created: %v", err)
	}
	if err := x.do(t.Context(), call{method: http.MethodPut, path: "/" + opts.Name}); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), opts); err == nil || errors.Is(err, index.ErrRebuild) || !strings.Contains(err.Error(), "not one of ours") {
		t.Errorf("somebody else's index: %v", err)
	}
}

// TestForeignAlias: somebody else's index with the name as its alias is refused, and a rebuild, which
// removes the former owner of the name, does not touch it.
func TestForeignAlias(t *testing.T) {
	opts := options(t)
	x, err := newIndex(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.close)
	for _, alias := range []string{opts.Name, opts.Name + filling} {
		foreign := call{method: http.MethodPut, path: "/" + alias + "-theirs", body: object{"aliases": object{alias: object{}}}}
		if err := x.do(t.Context(), foreign); err != nil {
			t.Fatal(err)
		}
		if alias == opts.Name {
			if _, err := Open(t.Context(), opts); err == nil || errors.Is(err, index.ErrRebuild) || !strings.Contains(err.Error(), "not one of ours") {
				t.Errorf("opened: %v", err)
			}
		}
		if _, err := Rebuild(t.Context(), opts, func(*Index) error { return nil }); err == nil || !strings.Contains(err.Error(), "not one of ours") {
			t.Errorf("rebuilt with a foreign %s: %v", alias, err)
		}
		foreign.method, foreign.body = http.MethodHead, nil
		if err := x.do(t.Context(), foreign); err != nil {
			t.Errorf("the foreign index is gone: %v", err)
		}
		foreign.method = http.MethodDelete
		if err := x.do(t.Context(), foreign); err != nil {
			t.Fatal(err)
		}
	}
}

// files is the variable that names the folder with the data of all nodes, if it is on this machine.
const files = "QIANSHAO_OPENSEARCH_DATA"

// TestPurge: no segment contains the text of deleted and replaced findings once Purge has returned, while
// others go on writing.
func TestPurge(t *testing.T) {
	opts := options(t)
	opts.Shards = 3
	x := open(t, opts)
	list := make([]qianshao.FindingRecord, 300)
	for i := range list {
		list[i] = finding(fmt.Sprintf("f%03d", i))
	}
	list[0].PageText, list[100].PageTitle = "zzdeletedtextzz", "zzreplacedtitlezz"
	put(t, x, 1, list...)
	put(t, x, 2, finding("f100"))
	var gone []string
	for i := range 100 { // some in each shard
		gone = append(gone, list[i].Finding.ID)
	}
	if err := x.Delete(t.Context(), gone, 2); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var writing errgroup.Group
	writing.Go(func() error {
		for seq := int64(3); ctx.Err() == nil; seq++ {
			if err := x.Put(t.Context(), []qianshao.FindingRecord{finding("busy")}, seq); err != nil {
				return err
			}
			time.Sleep(100 * time.Millisecond)
		}
		return nil
	})
	err := x.Purge(t.Context(), nil)
	cancel()
	if err := errors.Join(err, writing.Wait()); err != nil {
		t.Fatal(err)
	}
	if shards := shardsWithDeleted(t, x); len(shards) > 1 { // that of the other writer
		t.Errorf("after Purge, the shards %v contain deleted findings", shards)
	}
	folder := os.Getenv(files)
	if folder == "" {
		t.Logf("set %s to search the nodes' files", files)
		return
	}
	if err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // others' files come and go
		}
		content, _ := os.ReadFile(path)
		for _, said := range []string{"zzdeletedtextzz", "zzreplacedtitlezz"} {
			if bytes.Contains(content, []byte(said)) {
				t.Errorf("%s still contains %s", path, said)
			}
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// shardsWithDeleted returns the shards with a segment that contains deleted documents.
func shardsWithDeleted(t *testing.T, x *Index) (numbers []string) {
	t.Helper()
	var found struct {
		Indices map[string]struct {
			Shards map[string][]struct {
				Segments map[string]struct {
					Deleted int `json:"deleted_docs"`
				} `json:"segments"`
			} `json:"shards"`
		} `json:"indices"`
	}
	if err := x.do(t.Context(), call{method: http.MethodGet, path: "/" + x.name + "/_segments", into: &found}); err != nil {
		t.Fatal(err)
	}
	for _, generation := range found.Indices {
		for number, copies := range generation.Shards {
			for _, c := range copies {
				for _, s := range c.Segments {
					if s.Deleted > 0 && !slices.Contains(numbers, number) {
						numbers = append(numbers, number)
					}
				}
			}
		}
	}
	return numbers
}

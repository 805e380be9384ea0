package datafolder_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
)

const casinoPage = `<title>青禾诊所</title><p>澳门线上赌场官网开户，注册送彩金88元，真人百家乐，老虎机爆奖</p>`

// indexFolder is the folder of a data folder's index.
func indexFolder(data string) string { return filepath.Join(data, "index.bleve") }

// foundFolder returns a closed data folder with one open finding.
func foundFolder(t *testing.T) (data string) {
	t.Helper()
	a, data := apptest.Crawl(t, casinoPage)
	if counts, err := a.Folder.Store.Counts(t.Context()); err != nil || counts.Open != 1 {
		t.Fatalf("%+v, %v", counts, err)
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	return data
}

// openFindings searches the folder. rebuilt says whether the index was rebuilt for the search.
func openFindings(t *testing.T, data string) (total int, rebuilt bool) {
	t.Helper()
	results, err := datafolder.Search(t.Context(), datafolder.SearchRequest{
		Folder: datafolder.Options{Data: data}, Query: "state:open", Reindexing: func(int, int) { rebuilt = true },
	})
	if err != nil {
		t.Error(err)
	}
	return results.Total, rebuilt
}

// TestLostIndex: a folder with a deleted or damaged index can be searched as before, and reports
// that the index is rebuilt.
func TestLostIndex(t *testing.T) {
	data := foundFolder(t)
	if n, rebuilt := openFindings(t, data); n != 1 || rebuilt {
		t.Errorf("unchanged: %d findings, rebuilt %v", n, rebuilt)
	}
	if err := os.RemoveAll(indexFolder(data)); err != nil {
		t.Fatal(err)
	}
	if n, rebuilt := openFindings(t, data); n != 1 || !rebuilt {
		t.Errorf("deleted: %d findings, rebuilt %v", n, rebuilt)
	}
	for name, rebuilds := range map[string]bool{"lock": false, "version": true, "bleve/index_meta.json": true, "bleve/store/root.bolt": true} {
		apptest.Write(t, filepath.Join(indexFolder(data), name), "damaged "+name)
		if n, rebuilt := openFindings(t, data); n != 1 || rebuilt != rebuilds {
			t.Errorf("%s damaged: %d findings, rebuilt %v", name, n, rebuilt)
		}
		apptest.Write(t, filepath.Join(indexFolder(data), name), "damaged "+name)
		if n, err := datafolder.Reindex(t.Context(), datafolder.Options{Data: data}, nil); err != nil || n != 1 {
			t.Errorf("%s damaged: reindex has %d findings, %v", name, n, err)
		}
	}
}

// TestIndexBehindStore: a finding that a process saved but did not index before it died is indexed
// when the folder is next opened, and so is a later change. Neither needs a rebuild.
func TestIndexBehindStore(t *testing.T) {
	data := foundFolder(t)
	f, err := datafolder.Open(t.Context(), datafolder.Options{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const url = "http://a.example/"
	at := time.Now()
	saved := store.Save{
		Page:     qianshao.Page{URL: url, FetchedAt: at, Status: 200, Body: []byte("赌")},
		Document: &qianshao.Document{Source: "赌", Title: "题"},
		Assessment: qianshao.Assessment{Level: qianshao.LevelHigh, Findings: []qianshao.Finding{{
			ID: qianshao.FindingID(url, "gambling"), URL: url, Category: qianshao.Gambling, Level: qianshao.LevelHigh,
		}}},
	}
	if _, err := f.Store.SavePage(t.Context(), saved); err != nil {
		t.Fatal(err)
	}
	if n, rebuilt := openFindings(t, data); n != 2 || rebuilt {
		t.Errorf("a finding that was not indexed: %d findings, rebuilt %v", n, rebuilt)
	}
	if _, err := f.Store.PageGone(t.Context(), url, 404, qianshao.CausePage, at.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if n, rebuilt := openFindings(t, data); n != 1 || rebuilt {
		t.Errorf("a finding that is gone: %d findings, rebuilt %v", n, rebuilt)
	}
}

// TestForeignIndex: an index with findings that the store does not have is rebuilt by every process
// that opens it.
func TestForeignIndex(t *testing.T) {
	data := foundFolder(t)
	f, ix, err := datafolder.OpenWithIndex(t.Context(), datafolder.Options{Data: data}, nil)
	if err != nil {
		t.Fatal(err)
	}
	foreign := qianshao.FindingRecord{Finding: qianshao.Finding{ID: "0123456789abcdef", URL: "http://b.example/"}, LastSeen: time.Now()}
	if err := ix.Put(t.Context(), []qianshao.FindingRecord{foreign}, 0); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(ix.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	var told [][2]int
	a := apptest.New(t, app.Options{Data: data, Reindexing: func(done, total int) { told = append(told, [2]int{done, total}) }})
	results, err := a.Index.Search(t.Context(), index.Request{Sight: qianshao.SeeAll()})
	if err != nil || results.Total != 1 {
		t.Errorf("%d findings, %v", results.Total, err)
	}
	if want := [][2]int{{0, 1}, {1, 1}}; len(told) != 2 || told[0] != want[0] || told[1] != want[1] {
		t.Errorf("progress %v, want %v", told, want)
	}
}

package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

// cloaked is a flagged page with a finding in the view of search visitors, and a browser's picture.
func cloaked(url string, hours int) store.Save {
	s := Page(url, "校园新闻", hours, "casino")
	s.ViewsAsked = true
	at := s.Page.FetchedAt
	s.Page.Others = []qianshao.Page{
		{View: qianshao.ViewSearchVisitor, URL: "http://casino.example/", Status: 302, FetchedAt: at},
		{View: qianshao.ViewSearchCrawler, URL: url, Status: 200, FetchedAt: at, Body: []byte("nothing new")},
		{View: qianshao.ViewBrowser, URL: url, Status: 200, FetchedAt: at, Body: []byte("dom"), Screenshot: []byte("png")},
	}
	s.Assessment.Views = map[qianshao.View]*qianshao.Document{
		qianshao.ViewSearchVisitor: {Charset: "utf-8", Source: "Location: http://casino.example/"},
	}
	return s
}

func views(t *testing.T, s Store, url, rule string) []store.View {
	t.Helper()
	list, err := s.Views(t.Context(), qianshao.FindingID(url, rule))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func state(t *testing.T, s Store, url string) store.ViewState {
	t.Helper()
	got, err := s.ViewState(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func testOnlyViewsWithEvidenceAreKept(t *testing.T, open Open) {
	s := open(t)
	const url = "http://school.example/"
	if diff := cmp.Diff(store.ViewState{}, state(t, s, url)); diff != "" {
		t.Error(diff)
	}
	first := cloaked(url, 1)
	for range 2 { // the second time changes nothing
		save(t, s, first)
	}
	at := base.Add(time.Hour)
	want := []store.View{
		{View: qianshao.ViewBrowser, URL: url, Status: 200, FetchedAt: at, Hash: hashOf([]byte("dom")), Screenshot: []byte("png")},
		{View: qianshao.ViewSearchVisitor, URL: "http://casino.example/", Status: 302, FetchedAt: at, Hash: hashOf(nil), Charset: "utf-8", Source: "Location: http://casino.example/"},
	}
	if diff := cmp.Diff(want, views(t, s, url, "casino"), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	wantState := store.ViewState{At: at, Hash: hashOf([]byte("校园新闻")), Open: []qianshao.View{qianshao.ViewSearchVisitor}}
	if diff := cmp.Diff(wantState, state(t, s, url)); diff != "" {
		t.Error(diff)
	}

	// The cloaking is gone, and there is another finding: the picture stays, the text is removed.
	later := Page(url, "校园新闻", 5, "loan")
	save(t, s, later)
	if got := views(t, s, url, "loan"); len(got) != 1 || string(got[0].Screenshot) != "png" || got[0].Source != "" {
		t.Errorf("%+v", got)
	}
	wantState.Open = nil // they were not requested again
	if diff := cmp.Diff(wantState, state(t, s, url), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}

	// The page is no longer flagged: only the picture of the finding remains.
	save(t, s, Page(url, "校园新闻", 9))
	for _, rule := range []string{"casino", "loan"} {
		if diff := cmp.Diff(want[:1], views(t, s, url, rule), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", rule, diff)
		}
	}
}

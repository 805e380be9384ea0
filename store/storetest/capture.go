package storetest

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

func finding(t testing.TB, s Store, url, rule string) store.Finding {
	t.Helper()
	f, err := s.Finding(t.Context(), qianshao.FindingID(url, rule))
	check(t, err)
	return f
}

// capture is the capture of the page that a finding was made on.
type capture struct {
	Title, Charset, Hash, Requested string
	Status                          int
	At                              time.Time
	Evidence                        string
}

func captureOf(f store.Finding) capture {
	return capture{f.PageTitle, f.Charset, f.Hash, f.RequestedURL, f.Status, f.FetchedAt, f.Evidence[0].Text}
}

// captured is the capture that a finding must keep of p.
func captured(p store.Save) capture {
	return capture{p.Document.Title, p.Document.Charset, hashOf(p.Page.Body), p.Page.RequestedURL, p.Page.Status, p.Page.FetchedAt, p.Assessment.Findings[0].Evidence[0].Text}
}

// wantCapture expects a finding to have the capture of one visit, and its page to be in the state after
// another.
func wantCapture(t *testing.T, when string, f store.Finding, of store.Save, now store.PageState) {
	t.Helper()
	if diff := cmp.Diff(captured(of), captureOf(f)); diff != "" {
		t.Errorf("%s: the capture (-want +got):\n%s", when, diff)
	}
	if diff := cmp.Diff(now, f.PageNow); diff != "" {
		t.Errorf("%s: the page now (-want +got):\n%s", when, diff)
	}
}

func stateOf(p store.Save) store.PageState {
	return store.PageState{Hash: hashOf(p.Page.Body), Status: p.Page.Status, At: p.Page.FetchedAt}
}

// testGoneKeepsCapture: a finding keeps its own hash, time, status, title and charset, whatever happens to
// its page, until it is found again. The page's present state is separate.
func testGoneKeepsCapture(t *testing.T, open Open) {
	s := open(t)
	const url = "http://a/page"
	found := Page(url, "注册送彩金", 0, "casino")
	save(t, s, found)
	wantCapture(t, "while it is open", finding(t, s, url, "casino"), found, stateOf(found))

	clean := Page(url, "清净", 5)
	clean.Page.Status, clean.Page.RequestedURL = http.StatusNonAuthoritativeInfo, url+"?other"
	clean.Document.Charset = "utf-8"
	save(t, s, clean)
	wantCapture(t, "the page is clean", finding(t, s, url, "casino"), found, stateOf(clean))

	other := Page(url, "贷款", 6, "loan")
	save(t, s, other)
	wantCapture(t, "the page shows another crime", finding(t, s, url, "casino"), found, stateOf(other))
	wantCapture(t, "the page shows another crime", finding(t, s, url, "loan"), other, stateOf(other))

	gonePage(t, s, url, 7)
	missing := store.PageState{Status: http.StatusNotFound, At: base.Add(7 * time.Hour)}
	wantCapture(t, "the page is not there", finding(t, s, url, "casino"), found, missing)
	wantCapture(t, "the page is not there", finding(t, s, url, "loan"), other, missing)

	back := Page(url, "注册送 又来", 9, "casino")
	save(t, s, back)
	wantCapture(t, "it is back", finding(t, s, url, "casino"), back, stateOf(back))
	_, err := s.PageGone(t.Context(), url, 0, qianshao.CauseMoved, base.Add(10*time.Hour))
	check(t, err)
	wantCapture(t, "the URL leads elsewhere", finding(t, s, url, "casino"), back, store.PageState{At: base.Add(10 * time.Hour)})
}

// testGoneTitleIsBounded: the title kept of a page that is gone is short, and no character is cut in two.
func testGoneTitleIsBounded(t *testing.T, open Open) {
	s := open(t)
	p := Page("http://a/", "文", 0, "casino")
	p.Document.Title = "x" + strings.Repeat("题", store.MaxTitle)
	save(t, s, p)
	if f := finding(t, s, "http://a/", "casino"); f.PageTitle != p.Document.Title {
		t.Errorf("the title of an open finding is cut to %d bytes", len(f.PageTitle))
	}
	gonePage(t, s, "http://a/", 1)
	f := finding(t, s, "http://a/", "casino")
	if want := p.Document.Title[:1+(store.MaxTitle-1)/3*3]; f.PageTitle != want {
		t.Errorf("%d bytes of title are kept, want %d", len(f.PageTitle), len(want))
	}
}

// testRelapseReplacesPicture: the picture of a finding stays while the page is clean or gone; when the
// finding comes back it is the page's present picture.
func testRelapseReplacesPicture(t *testing.T, open Open) {
	s := open(t)
	const url = "http://school.example/"
	pictureIs := func(when, want string) {
		t.Helper()
		got := ""
		for _, v := range views(t, s, url, "casino") {
			got += string(v.Screenshot)
		}
		if got != want {
			t.Errorf("%s: the picture is %q, want %q", when, got, want)
		}
	}
	save(t, s, cloaked(url, 1))
	gonePage(t, s, url, 2)
	pictureIs("the page is gone", "png")
	back := cloaked(url, 3)
	back.Page.Others[2].Screenshot = []byte("new")
	save(t, s, back)
	pictureIs("it is back", "new")
	save(t, s, Page(url, "校园新闻", 4))
	pictureIs("the page is clean", "new")
	save(t, s, Page(url, "注册送", 5, "casino"))
	pictureIs("it is back without a picture", "")
}

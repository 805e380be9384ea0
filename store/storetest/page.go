package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
)

// Page is a page as the pipeline saves it, some hours after base, with a finding of each rule.
func Page(url, source string, hours int, rules ...string) store.Save {
	s := store.Save{
		Page: qianshao.Page{
			URL: url, RequestedURL: url + "?asked", Authorisation: "city", FetchedAt: base.Add(time.Duration(hours) * time.Hour),
			Status: 200, Body: []byte(source),
		},
		Document: &qianshao.Document{Charset: "gb18030", Source: source, Title: "标题 " + source, Regions: []qianshao.Region{
			{Kind: qianshao.RegionTitle, Text: "标题"}, {Kind: qianshao.RegionText, Text: source}, {Kind: qianshao.RegionText}, {Kind: qianshao.RegionScript, Text: "a\nb"},
		}},
	}
	for _, rule := range rules {
		s.Assessment.Findings = append(s.Assessment.Findings, qianshao.Finding{
			ID: qianshao.FindingID(url, rule), URL: url, Authorisation: "city", Rule: rule, Category: qianshao.Gambling,
			Level: qianshao.LevelHigh, Score: 70, Evidence: []qianshao.Evidence{{Term: "注册送", Text: source, Span: qianshao.Span{Start: 0, End: 3}}},
		})
		s.Assessment.Level = qianshao.LevelHigh
	}
	return s
}

// pageAfter is the result of a visit, with all findings of the page in their state after it.
type pageAfter struct {
	store.Saved
	Findings []qianshao.FindingRecord
}

func visit(t testing.TB, s Store, url string, saved store.Saved, err error) pageAfter {
	t.Helper()
	check(t, err)
	records, err := s.FindingsOfPage(t.Context(), url)
	check(t, err)
	return pageAfter{saved, records}
}

func save(t testing.TB, s Store, p store.Save) pageAfter {
	t.Helper()
	saved, err := s.SavePage(t.Context(), p)
	return visit(t, s, p.Page.URL, saved, err)
}

// seen has the times in a finding's row, in hours after base.
type seen struct {
	First, Last, Gone int // Gone is -1 while it is open
	Title, Text       string
}

func sightings(records []qianshao.FindingRecord) map[string]seen {
	m := map[string]seen{}
	hours := func(at time.Time) int { return int(at.Sub(base) / time.Hour) }
	for _, e := range records {
		v := seen{First: hours(e.FirstSeen), Last: hours(e.LastSeen), Gone: -1, Title: e.PageTitle, Text: e.PageText}
		if !e.GoneAt.IsZero() {
			v.Gone = hours(e.GoneAt)
		}
		m[e.Finding.Rule] = v
	}
	return m
}

func wantSightings(t *testing.T, when string, saved pageAfter, want map[string]seen) {
	t.Helper()
	if diff := cmp.Diff(want, sightings(saved.Findings), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", when, diff)
	}
	open := false
	for _, s := range want {
		open = open || s.Gone < 0
	}
	if saved.Open != open {
		t.Errorf("%s: Open is %v", when, saved.Open)
	}
}

func testSavePage(t *testing.T, open Open) {
	s := open(t)
	const url = "http://Example.cn:8080/a"
	first := Page(url, "注册送彩金", 0, "casino", "loan")
	const title, text = "标题 注册送彩金", "标题\n注册送彩金\na b"
	for range 2 { // the second time changes nothing
		saved := save(t, s, first)
		wantSightings(t, "first visit", saved, map[string]seen{"casino": {0, 0, -1, title, text}, "loan": {0, 0, -1, title, text}})
		for _, e := range saved.Findings {
			if e.Host != "example.cn" {
				t.Errorf("host %q", e.Host)
			}
		}
	}
	checkFinding(t, s, first, base, base)

	later := Page(url, "注册送彩金 又", 5, "casino", "job")
	for range 2 {
		wantSightings(t, "another rule", save(t, s, later), map[string]seen{
			"casino": {0, 5, -1, title + " 又", "标题\n注册送彩金 又\na b"}, "job": {5, 5, -1, title + " 又", "标题\n注册送彩金 又\na b"},
			"loan": {0, 0, 5, title, "注册送彩金"},
		})
	}
	checkFinding(t, s, later, base, base.Add(5*time.Hour))
	gone, err := s.Finding(t.Context(), qianshao.FindingID(url, "loan"))
	if err != nil || gone.Source != "" || gone.State() != qianshao.StateGone || len(gone.Evidence) != 1 {
		t.Errorf("the finding that is gone keeps its evidence and no source: %+v, %v", gone, err)
	}

	clean := Page(url, "清净", 6)
	for range 2 {
		wantSightings(t, "the page is clean", save(t, s, clean), map[string]seen{
			"casino": {0, 5, 6, title + " 又", "注册送彩金 又"}, "job": {5, 5, 6, title + " 又", "注册送彩金 又"}, "loan": {0, 0, 5, title, "注册送彩金"},
		})
	}
	records, err := s.Pages(t.Context(), "", 10)
	sum := sha256.Sum256([]byte("清净"))
	if err != nil || len(records) != 1 || records[0].Flagged || !records[0].LastSeen.Equal(base.Add(6*time.Hour)) ||
		!records[0].FirstSeen.Equal(base) || records[0].Authorisation != "city" || records[0].Hash != hex.EncodeToString(sum[:]) {
		t.Errorf("the page's record is %+v, error %v", records, err)
	}

	back := Page(url, "注册送彩金", 9, "loan")
	wantSightings(t, "one is back", save(t, s, back), map[string]seen{
		"casino": {0, 5, 6, title + " 又", "注册送彩金 又"}, "job": {5, 5, 6, title + " 又", "注册送彩金 又"}, "loan": {0, 9, -1, title, text},
	})
	if saved := gonePage(t, s, url, 10); saved.Open {
		t.Error("a page that is gone has an open finding")
	}
	reopened, err := s.Finding(t.Context(), qianshao.FindingID(url, "loan"))
	if err != nil {
		t.Fatal(err)
	}
	at := func(hours int, state qianshao.State, cause qianshao.Cause) qianshao.Change {
		return qianshao.Change{At: base.Add(time.Duration(hours) * time.Hour), State: state, Cause: cause}
	}
	want := []qianshao.Change{at(5, qianshao.StateGone, qianshao.CauseContent), at(9, qianshao.StateOpen, qianshao.CauseContent), at(10, qianshao.StateGone, qianshao.CausePage)}
	if diff := cmp.Diff(want, reopened.Changes); diff != "" {
		t.Errorf("the history (-want +got):\n%s", diff)
	}
}

func gonePage(t *testing.T, s Store, url string, hours int) pageAfter {
	t.Helper()
	saved, err := s.PageGone(t.Context(), url, 404, qianshao.CausePage, base.Add(time.Duration(hours)*time.Hour))
	return visit(t, s, url, saved, err)
}

func testPageGone(t *testing.T, open Open) {
	s := open(t)
	if saved := gonePage(t, s, "http://a/unknown", 1); len(saved.Findings) != 0 {
		t.Errorf("%+v from a page that was never seen", saved)
	}
	save(t, s, Page("http://a/", "文", 0, "casino"))
	save(t, s, Page("http://a/2", "文", 0, "casino"))
	for range 2 {
		saved := gonePage(t, s, "http://a/", 1)
		if len(saved.Findings) != 1 || saved.Open || !saved.Findings[0].GoneAt.Equal(base.Add(time.Hour)) {
			t.Errorf("%+v", saved)
		}
	}
	c, err := s.Counts(t.Context())
	if err != nil || c.Pages != 2 || c.Flagged != 1 || c.Findings != 2 || c.Open != 1 {
		t.Errorf("%+v, %v", c, err)
	}
}

// testRulesChange: a finding that new rules no longer make from the same body is gone because of the rules.
func testRulesChange(t *testing.T, open Open) {
	s := open(t)
	before, after := Page("http://a/", "文", 0, "casino"), Page("http://a/", "文", 1)
	before.Rules, after.Rules = "1", "2"
	id := save(t, s, before).Findings[0].Finding.ID
	save(t, s, after)
	f, err := s.Finding(t.Context(), id)
	if err != nil || len(f.Changes) != 1 || f.Changes[0].Cause != qianshao.CauseRules {
		t.Errorf("%+v, %v", f.Changes, err)
	}
}

func testConfirm(t *testing.T, open Open) {
	s := open(t)
	p := Page("http://a/", "文", 0, "casino", "loan")
	p.Rules = "rules"
	save(t, s, p)
	hash := hashOf(p.Page.Body)
	at := base.Add(3 * time.Hour)
	for name, args := range map[string][3]string{
		"another body": {"http://a/", hashOf(nil), "rules"}, "other rules": {"http://a/", hash, "new"}, "another page": {"http://a/2", hash, "rules"},
	} {
		if _, known, err := s.Confirm(t.Context(), args[0], args[1], args[2], at); err != nil || known {
			t.Errorf("%s: known %v, error %v", name, known, err)
		}
	}
	confirmed, known, err := s.Confirm(t.Context(), "http://a/", hash, "rules", at)
	saved := visit(t, s, "http://a/", confirmed, err)
	if !known || !saved.Open || len(saved.Findings) != 2 || !saved.Findings[0].LastSeen.Equal(at) || saved.Findings[0].PageText == "" {
		t.Errorf("%+v, known %v, error %v", saved, known, err)
	}
	records, err := s.Pages(t.Context(), "", 10)
	if err != nil || !records[0].LastSeen.Equal(at) {
		t.Errorf("%+v, %v", records, err)
	}
	p.Scripted, p.Page.FetchedAt = true, at
	save(t, s, p)
	for after, want := range map[time.Duration]bool{time.Hour: true, -time.Minute: true, store.ScriptsHold: false, -2 * store.ScriptsHold: false} {
		if _, known, err := s.Confirm(t.Context(), "http://a/", hash, "rules", at.Add(after)); err != nil || known != want {
			t.Errorf("with scripts, %s later: known %v, error %v", after, known, err)
		}
	}
	gonePage(t, s, "http://a/", 4)
	if _, known, err := s.Confirm(t.Context(), "http://a/", hash, "rules", at); err != nil || known {
		t.Errorf("a page that came back is not assessed again: %v, %v", known, err)
	}
}

// checkFinding reads the finding of the first rule of p back.
func checkFinding(t *testing.T, s Store, p store.Save, first, last time.Time) {
	t.Helper()
	got, err := s.Finding(t.Context(), p.Assessment.Findings[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	want := store.Finding{
		Finding: p.Assessment.Findings[0], PageTitle: p.Document.Title, Source: p.Document.Source, Charset: "gb18030",
		FetchedAt: p.Page.FetchedAt, Status: 200, RequestedURL: p.Page.RequestedURL, FirstSeen: first, LastSeen: last,
		Hash: hashOf(p.Page.Body), PageNow: store.PageState{Hash: hashOf(p.Page.Body), Status: 200, At: p.Page.FetchedAt},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func testSavePageRefuses(t *testing.T, open Open) {
	s := open(t)
	good := Page("http://a/", "x", 0, "casino")
	noTime, noDocument, noURL, foreign := good, good, good, Page("http://a/", "x", 0, "casino")
	noTime.Page.FetchedAt = time.Time{}
	noDocument.Document = nil
	noURL.Page.URL = ""
	foreign.Assessment.Findings[0].URL = "http://b/"
	for name, p := range map[string]store.Save{"time": noTime, "document": noDocument, "URL": noURL, "foreign finding": foreign} {
		if _, err := s.SavePage(t.Context(), p); err == nil {
			t.Errorf("a page without proper %s is saved", name)
		}
	}
	if c, err := s.Counts(t.Context()); err != nil || c.Pages != 0 {
		t.Errorf("%+v remain, error %v", c, err)
	}
}

func testFindings(t *testing.T, open Open) {
	s := open(t)
	saved := save(t, s, Page("http://a/", "文", 0, "casino", "loan"))
	id := saved.Findings[0].Finding.ID
	got, err := s.Findings(t.Context(), []string{id, "unknown"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]qianshao.Finding{id: saved.Findings[0].Finding}, got); diff != "" {
		t.Error(diff)
	}
}

// testVisibleFindings: the findings that the sight shows come in the requested order, without the text of
// the page.
func testVisibleFindings(t *testing.T, open Open) {
	s := open(t)
	var ids []string
	want := map[string]qianshao.FindingRecord{}
	for i, authorisation := range []string{"mine", "theirs", ""} {
		p := Page(fmt.Sprintf("http://a/%d", i), "注册送", i, "casino")
		p.Page.Authorisation, p.Assessment.Findings[0].Authorisation = authorisation, authorisation
		record := save(t, s, p).Findings[0]
		record.PageText = ""
		ids = append(ids, record.Finding.ID)
		want[record.Finding.ID] = record
	}
	gonePage(t, s, "http://a/1", 5)
	asked := []string{ids[2], "unknown", ids[1], ids[0]}
	for _, tc := range []struct {
		sight qianshao.Sight
		want  []string
	}{
		{qianshao.SeeAll(), []string{ids[2], ids[1], ids[0]}}, {qianshao.Sight{Authorisations: []string{"mine", "none"}}, ids[:1]},
		{qianshao.Sight{}, nil}, {qianshao.Sight{Authorisations: []string{""}}, nil},
	} {
		list, err := s.VisibleFindings(t.Context(), tc.sight, asked)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, record := range list {
			id := record.Finding.ID
			got = append(got, id)
			if gone := !record.GoneAt.IsZero(); gone != (id == ids[1]) {
				t.Errorf("%s: gone is %v", id, gone)
			}
			record.GoneAt = time.Time{}
			if diff := cmp.Diff(want[id], record); diff != "" {
				t.Error(diff)
			}
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%+v shows %v, want %v", tc.sight, got, tc.want)
		}
	}
}

func testFindingRecords(t *testing.T, open Open) {
	s := open(t)
	want := map[string]qianshao.FindingRecord{}
	for i := range 7 {
		for _, e := range save(t, s, Page(fmt.Sprintf("http://a/%d", i), "注册送", i, "casino", "loan")).Findings {
			want[e.Finding.ID] = e
		}
	}
	got := map[string]qianshao.FindingRecord{}
	after := ""
	for {
		list, err := s.FindingRecords(t.Context(), after, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			break
		}
		for _, e := range list {
			if e.Finding.ID <= after {
				t.Fatalf("%s comes after %s", e.Finding.ID, after)
			}
			after = e.Finding.ID
			got[after] = e
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records to rebuild the index from (-saved +read):\n%s", diff)
	}
	for n := range len(want) + 2 { // the last range is full, or shorter
		testFindingRanges(t, s, n+1, want)
	}
}

// testFindingRanges reads all records in ranges of n.
func testFindingRanges(t *testing.T, s Store, n int, want map[string]qianshao.FindingRecord) {
	t.Helper()
	ranges, err := s.FindingRanges(t.Context(), n)
	if err != nil || len(ranges) != (len(want)+n-1)/n {
		t.Fatalf("%d findings have the ranges %v of %d, %v", len(want), ranges, n, err)
	}
	got, after := map[string]qianshao.FindingRecord{}, ""
	for i, r := range ranges {
		list, err := s.FindingRecordsIn(t.Context(), r)
		if err != nil || len(list) != min(n, len(want)-i*n) || r.After != after || list[len(list)-1].Finding.ID != r.Last {
			t.Fatalf("%d records of %+v in ranges of %d, %v", len(list), r, n, err)
		}
		for _, e := range list {
			got[e.Finding.ID] = e
		}
		after = r.Last
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records in ranges of %d (-saved +read):\n%s", n, diff)
	}
}

// testFindingMark: every visit that sees a finding and every change of a state changes the mark.
func testFindingMark(t *testing.T, open Open) {
	s := open(t)
	wantMark := func(when string, want store.FindingMark) {
		t.Helper()
		got, err := s.FindingMark(t.Context())
		if err != nil || !got.Equal(want) {
			t.Errorf("%s: %+v, %v, want %+v", when, got, err, want)
		}
	}
	at := func(hours int) time.Time { return base.Add(time.Duration(hours) * time.Hour) }
	wantMark("an empty store", store.FindingMark{})
	first := Page("http://a/1", "文", 1, "casino")
	first.Rules = "rules"
	save(t, s, first)
	save(t, s, Page("http://a/2", "文", 2, "loan"))
	wantMark("two findings", store.FindingMark{Findings: 2, Open: 2, Newest: at(2)})
	_, _, err := s.Confirm(t.Context(), "http://a/1", hashOf(first.Page.Body), "rules", at(3))
	check(t, err)
	wantMark("one was seen again", store.FindingMark{Findings: 2, Open: 2, Newest: at(3)})
	gonePage(t, s, "http://a/2", 4)
	wantMark("one is gone", store.FindingMark{Findings: 2, Open: 1, Newest: at(3)})
}

func testPagesAndCounts(t *testing.T, open Open) {
	s := open(t)
	save(t, s, Page("http://a/1", "x", 0, "casino", "loan"))
	save(t, s, Page("http://a/2", "x", 0))
	save(t, s, Page("http://a/3", "x", 0))
	add(t, s, item("a", "1", 0), item("a", "2", 0), item("a", "3", 0))
	done(t, s, item("a", "1", 0), ingest.Outcome{Skip: qianshao.SkipRobots})
	done(t, s, item("a", "2", 0), ingest.Outcome{Again: base})
	got, err := s.Counts(t.Context())
	want := store.Counts{Pages: 3, Flagged: 1, Findings: 2, Open: 2, URLs: 3, Waiting: 2, Skips: map[qianshao.Skip]int{qianshao.SkipRobots: 1}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, (-want +got):\n%s", err, diff)
	}
	second, err := s.Pages(t.Context(), "http://a/1", 1)
	if err != nil || len(second) != 1 || second[0].Key != "http://a/2" {
		t.Errorf("the page after the first: %+v, error %v", second, err)
	}
}

func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// testUnflaggedKeepsNothing: no text can be read back of a page that is not flagged, whether it never was
// or no longer is; only the captures of its findings.
func testUnflaggedKeepsNothing(t *testing.T, open Open) {
	s := open(t)
	low := Page("http://a/low", "低", 0, "casino")
	low.Assessment.Level = qianshao.LevelLow // a rule fired, but below the alert level
	if saved := save(t, s, low); len(saved.Findings) != 0 || saved.Open {
		t.Errorf("a page that is not flagged: %+v", saved)
	}
	save(t, s, Page("http://a/once", "曾经", 0, "casino"))
	save(t, s, Page("http://a/kept", "仍然", 0, "casino"))
	save(t, s, Page("http://a/once", "清净", 1))
	flagged := all(t, s.FlaggedPages(t.Context()))
	if len(flagged) != 1 || flagged[0].URL != "http://a/kept" || string(flagged[0].Body) != "仍然" || flagged[0].Authorisation != "city" ||
		flagged[0].ContentType != "text/html; charset=utf-8" || !flagged[0].FetchedAt.Equal(base) || flagged[0].Status != 200 {
		t.Errorf("flagged pages: %+v", flagged)
	}
	if unflagged, once, err := s.TextlessPages(t.Context()); err != nil || unflagged != 2 || once != 1 {
		t.Errorf("%d pages have no text, %d of them had a finding, %v", unflagged, once, err)
	}
	for _, r := range all(t, s.AllFindings(t.Context())) {
		if gone := r.Finding.URL == "http://a/once"; gone && (r.PageTitle != "标题 曾经" || r.PageText != "曾经") {
			t.Errorf("of the page that is no longer flagged: %+v", r)
		}
	}
}

// testSavedWithVisit: a page that is not flagged can be saved with the outcome of its visit, with the same
// result as from SavePage; if the outcome cannot be recorded, the page is not saved.
func testSavedWithVisit(t *testing.T, open Open) {
	it := item("a", "", 0)
	state := func(kept string, saveClean func(s Store, p store.Save)) (pages []qianshao.PageRecord, findings []qianshao.FindingRecord, views store.ViewState) {
		s := open(t)
		add(t, s, it)
		if kept != "" {
			save(t, s, Page(it.URL, kept, 0, "casino"))
		}
		clean := Page(it.URL, "清净", 1)
		clean.Rules, clean.ViewsAsked, clean.Scripted = "rules", true, true
		saveClean(s, clean)
		views, err := s.ViewState(t.Context(), it.URL)
		check(t, err)
		return all(t, s.AllPages(t.Context())), all(t, s.AllFindings(t.Context())), views
	}
	withVisit := func(s Store, p store.Save) {
		page := &ingest.Unflagged{
			URL: p.Page.URL, RequestedURL: p.Page.RequestedURL, Authorisation: p.Page.Authorisation, Status: p.Page.Status,
			FetchedAt: p.Page.FetchedAt, Hash: hashOf(p.Page.Body), Rules: p.Rules, ViewsAsked: p.ViewsAsked, Scripted: p.Scripted,
		}
		before := all(t, s.AllPages(t.Context()))
		if err := s.Done(t.Context(), item("a", "unknown", 0), ingest.Outcome{Page: page}); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the outcome of an unknown URL: %v", err)
		}
		if diff := cmp.Diff(before, all(t, s.AllPages(t.Context()))); diff != "" {
			t.Errorf("a page was saved without its outcome (-before +after):\n%s", diff)
		}
		done(t, s, it, ingest.Outcome{Page: page, Again: base.Add(time.Hour)})
		wantURLs(t, "the outcome is recorded", lease(t, s, 0, 1))
	}
	for _, kept := range []string{"", "曾经"} {
		wantPages, wantFindings, wantViews := state(kept, func(s Store, p store.Save) { save(t, s, p) })
		pages, findings, views := state(kept, withVisit)
		if diff := cmp.Diff(wantPages, pages) + cmp.Diff(wantFindings, findings) + cmp.Diff(wantViews, views); diff != "" || len(pages) != 1 {
			t.Errorf("%q before, %d pages (-saved +saved with the visit):\n%s", kept, len(pages), diff)
		}
	}
}

// testOddTexts: nothing that a page says can prevent it from being saved. Its texts come back byte by byte;
// in the evidence, which is JSON, invalid UTF-8 comes back as U+FFFD.
func testOddTexts(t *testing.T, open Open) {
	s := open(t)
	const odd = "注\x00册\xff\xfe送\u202e'\"\\;--"
	p := Page("http://a/", odd, 0, "casino")
	p.Page.ContentType, p.Document.Charset = odd, odd
	saved := save(t, s, p)
	f, err := s.Finding(t.Context(), p.Assessment.Findings[0].ID)
	check(t, err)
	if f.Source != odd || !isKept(f.PageTitle, "标题 "+odd) || !isKept(f.Charset, odd) {
		t.Errorf("source %q, title %q, charset %q", f.Source, f.PageTitle, f.Charset)
	}
	if want := strings.ReplaceAll(odd, "\xff\xfe", "\uFFFD\uFFFD"); f.Evidence[0].Text != want {
		t.Errorf("evidence %q, want %q", f.Evidence[0].Text, want)
	}
	if r := saved.Findings[0]; !isKept(r.PageTitle, "标题 "+odd) || !strings.Contains(r.PageText, odd) {
		t.Errorf("record %+v", r)
	}
	large := Page("http://b/", strings.Repeat("中文", 4<<20), 0, "casino") // 24 MiB of source
	save(t, s, large)
	if f, err = s.Finding(t.Context(), large.Assessment.Findings[0].ID); err != nil || f.Source != large.Document.Source {
		t.Errorf("%d bytes of source come back, want %d; error %v", len(f.Source), len(large.Document.Source), err)
	}
}

// isKept says whether a text is unchanged, or has U+FFFD in place of invalid UTF-8 and NUL.
func isKept(got, text string) bool {
	return got == text || got == strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
}

// testTimes: times are truncated to the millisecond, and come back in UTC.
func testTimes(t *testing.T, open Open) {
	s := open(t)
	at := time.Date(2026, 11, 1, 20, 0, 0, 123_999_999, qianshao.ChinaTime())
	want := time.Date(2026, 11, 1, 12, 0, 0, 123_000_000, time.UTC)
	p := Page("http://a/", "x", 0, "casino")
	p.Page.FetchedAt = at
	saved := save(t, s, p)
	f, err := s.Finding(t.Context(), saved.Findings[0].Finding.ID)
	check(t, err)
	records, err := s.Pages(t.Context(), "", 1)
	check(t, err)
	add(t, s, item("a", "", 0))
	lease(t, s, 0, 1)
	done(t, s, item("a", "", 0), ingest.Outcome{Again: at})
	due, _, err := s.Next(t.Context())
	check(t, err)
	for name, got := range map[string]time.Time{"FetchedAt": f.FetchedAt, "FirstSeen": f.FirstSeen, "LastSeen": f.LastSeen,
		"a record's LastSeen": saved.Findings[0].LastSeen, "a page's FirstSeen": records[0].FirstSeen, "Next": due} {
		if got != want { // including the location
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	// An earlier visit that is saved later does not change the later time.
	p.Page.FetchedAt = at.Add(-time.Hour)
	earlier := save(t, s, p).Findings[0]
	if !earlier.FirstSeen.Equal(want.Add(-time.Hour)) || !earlier.LastSeen.Equal(want) {
		t.Errorf("seen from %v to %v", earlier.FirstSeen, earlier.LastSeen)
	}
}

// testTimesAhead: times recorded by a clock that was ahead are replaced by those of the next visit,
// whatever it finds.
func testTimesAhead(t *testing.T, open Open) {
	const year = 365 * 24
	p := func(hours int, rules ...string) store.Save {
		p := Page("http://a/", "x", hours, rules...)
		p.Rules = "rules"
		return p
	}
	for name, again := range map[string]func(s Store) pageAfter{
		"found again": func(s Store) pageAfter { return save(t, s, p(0, "casino")) },
		"confirmed": func(s Store) pageAfter {
			saved, known, err := s.Confirm(t.Context(), "http://a/", hashOf([]byte("x")), "rules", base)
			if !known {
				t.Error("the page is not known")
			}
			return visit(t, s, "http://a/", saved, err)
		},
		"clean":   func(s Store) pageAfter { return save(t, s, p(0)) },
		"missing": func(s Store) pageAfter { return gonePage(t, s, "http://a/", 0) },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			save(t, s, p(year, "casino"))
			gonePage(t, s, "http://a/", year+1)
			save(t, s, p(year+2, "casino"))
			record := again(s).Findings[0]
			if !record.FirstSeen.Equal(base) || !record.LastSeen.Equal(base) {
				t.Errorf("seen from %v to %v", record.FirstSeen, record.LastSeen)
			}
			f, err := s.Finding(t.Context(), record.Finding.ID)
			check(t, err)
			pages, err := s.Pages(t.Context(), "", 1)
			check(t, err)
			if !f.PageNow.At.Equal(base) || !pages[0].FirstSeen.Equal(base) || !pages[0].LastSeen.Equal(base) {
				t.Errorf("the page was visited at %v, and seen from %v to %v", f.PageNow.At, pages[0].FirstSeen, pages[0].LastSeen)
			}
			if name == "clean" || name == "missing" {
				states := []qianshao.State{qianshao.StateGone, qianshao.StateOpen, qianshao.StateGone}
				if len(f.Changes) != len(states) {
					t.Fatalf("changes: %+v", f.Changes)
				}
				for i, c := range f.Changes {
					if c.State != states[i] || c.At.After(base) {
						t.Errorf("change %d: %+v", i, c)
					}
				}
			}
		})
	}
}

// testConcurrentSaves saves different pages and the same page concurrently, and reads meanwhile.
func testConcurrentSaves(t *testing.T, open Open) {
	const workers, pages = 6, 10
	s := open(t)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := range pages {
				for _, url := range []string{fmt.Sprintf("http://a/%d/%d", w, i), "http://a/shared"} {
					if _, err := s.SavePage(context.Background(), Page(url, "x", 0, "casino", "loan")); err != nil {
						t.Error(err)
					}
				}
				if _, err := s.Counts(context.Background()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	c, err := s.Counts(t.Context())
	want := store.Counts{Pages: workers*pages + 1, Flagged: workers*pages + 1, Findings: 2 * (workers*pages + 1), Open: 2 * (workers*pages + 1), Skips: map[qianshao.Skip]int{}}
	if diff := cmp.Diff(want, c); err != nil || diff != "" {
		t.Errorf("error %v, (-want +got):\n%s", err, diff)
	}
}

// testPageTextIsBounded: the text kept for search is cut at the end of a region.
func testPageTextIsBounded(t *testing.T, open Open) {
	s := open(t)
	p := Page("http://a/", "x", 0, "casino")
	p.Document.Regions = nil
	for range 5 {
		p.Document.Regions = append(p.Document.Regions, qianshao.Region{Text: strings.Repeat("一", store.MaxPageText/9)})
	}
	if n := len(save(t, s, p).Findings[0].PageText); n > store.MaxPageText || n < store.MaxPageText/2 {
		t.Errorf("%d bytes are kept, want nearly %d", n, store.MaxPageText)
	}
}

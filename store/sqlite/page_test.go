package sqlite

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
)

// page is a page as saved after hours, on which the rules fired.
func page(url, source string, hours int, rules ...string) store.Save {
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

func save(t testing.TB, s *Store, p store.Save) store.Saved {
	t.Helper()
	saved, err := s.SavePage(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

// seen is what a finding's row says of its time, in hours after base.
type seen struct {
	First, Last, Gone int // Gone is -1 while it is open
	Title, Text       string
}

func sightings(entries []qianshao.FindingRecord) map[string]seen {
	m := map[string]seen{}
	hours := func(at time.Time) int { return int(at.Sub(base) / time.Hour) }
	for _, e := range entries {
		v := seen{First: hours(e.FirstSeen), Last: hours(e.LastSeen), Gone: -1, Title: e.PageTitle, Text: e.PageText}
		if !e.GoneAt.IsZero() {
			v.Gone = hours(e.GoneAt)
		}
		m[e.Finding.Rule] = v
	}
	return m
}

func wantSightings(t *testing.T, when string, saved store.Saved, want map[string]seen) {
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

func TestSavePage(t *testing.T) {
	s := temp(t)
	const url = "http://Example.cn:8080/a"
	first := page(url, "注册送彩金", 0, "casino", "loan")
	const title, text = "标题 注册送彩金", "标题\n注册送彩金\na b"
	for range 2 { // twice is once
		saved := save(t, s, first)
		wantSightings(t, "first visit", saved, map[string]seen{"casino": {0, 0, -1, title, text}, "loan": {0, 0, -1, title, text}})
		for _, e := range saved.Findings {
			if e.Host != "example.cn" {
				t.Errorf("host %q", e.Host)
			}
		}
	}
	checkFinding(t, s, first, base, base)

	later := page(url, "注册送彩金 又", 5, "casino", "job")
	for range 2 {
		wantSightings(t, "another rule", save(t, s, later), map[string]seen{
			"casino": {0, 5, -1, title + " 又", "标题\n注册送彩金 又\na b"}, "job": {5, 5, -1, title + " 又", "标题\n注册送彩金 又\na b"},
			"loan": {0, 0, 5, "", "注册送彩金"},
		})
	}
	checkFinding(t, s, later, base, base.Add(5*time.Hour))
	gone, err := s.Finding(t.Context(), qianshao.FindingID(url, "loan"))
	if err != nil || gone.Source != "" || gone.PageTitle != "" || gone.State() != qianshao.StateGone || len(gone.Evidence) != 1 {
		t.Errorf("the finding that is gone keeps its evidence alone: %+v, %v", gone, err)
	}

	clean := page(url, "清净", 6)
	for range 2 {
		wantSightings(t, "the page is clean", save(t, s, clean), map[string]seen{
			"casino": {0, 5, 6, "", "注册送彩金 又"}, "job": {5, 5, 6, "", "注册送彩金 又"}, "loan": {0, 0, 5, "", "注册送彩金"},
		})
	}
	records, err := s.Pages(t.Context(), "", 10)
	sum := sha256.Sum256([]byte("清净"))
	if err != nil || len(records) != 1 || records[0].Flagged || !records[0].LastSeen.Equal(base.Add(6*time.Hour)) ||
		!records[0].FirstSeen.Equal(base) || records[0].Authorisation != "city" || records[0].Hash != hex.EncodeToString(sum[:]) {
		t.Errorf("the page's record is %+v, error %v", records, err)
	}

	back := page(url, "注册送彩金", 9, "loan")
	wantSightings(t, "one is back", save(t, s, back), map[string]seen{
		"casino": {0, 5, 6, "", "注册送彩金 又"}, "job": {5, 5, 6, "", "注册送彩金 又"}, "loan": {0, 9, -1, title, text},
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
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func gonePage(t *testing.T, s *Store, url string, hours int) store.Saved {
	t.Helper()
	saved, err := s.PageGone(t.Context(), url, 404, qianshao.CausePage, base.Add(time.Duration(hours)*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

func TestPageGone(t *testing.T) {
	s := temp(t)
	if saved := gonePage(t, s, "http://a/unknown", 1); len(saved.Findings) != 0 {
		t.Errorf("%+v of a page that was never seen", saved)
	}
	save(t, s, page("http://a/", "文", 0, "casino"))
	save(t, s, page("http://a/2", "文", 0, "casino"))
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

// TestRulesChange: a finding that the same body no longer makes is gone for the rules' sake.
func TestRulesChange(t *testing.T) {
	s := temp(t)
	before, after := page("http://a/", "文", 0, "casino"), page("http://a/", "文", 1)
	before.Rules, after.Rules = "1", "2"
	id := save(t, s, before).Findings[0].Finding.ID
	save(t, s, after)
	f, err := s.Finding(t.Context(), id)
	if err != nil || len(f.Changes) != 1 || f.Changes[0].Cause != qianshao.CauseRules {
		t.Errorf("%+v, %v", f.Changes, err)
	}
}

func TestConfirm(t *testing.T) {
	s := temp(t)
	p := page("http://a/", "文", 0, "casino", "loan")
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
	saved, known, err := s.Confirm(t.Context(), "http://a/", hash, "rules", at)
	if err != nil || !known || !saved.Open || len(saved.Findings) != 2 || !saved.Findings[0].LastSeen.Equal(at) || saved.Findings[0].PageText == "" {
		t.Errorf("%+v, known %v, error %v", saved, known, err)
	}
	records, err := s.Pages(t.Context(), "", 10)
	if err != nil || !records[0].LastSeen.Equal(at) {
		t.Errorf("%+v, %v", records, err)
	}
	gonePage(t, s, "http://a/", 4)
	if _, known, err := s.Confirm(t.Context(), "http://a/", hash, "rules", at); err != nil || known {
		t.Errorf("a page that was gone is judged anew when it is back: %v, %v", known, err)
	}
}

// checkFinding reads the finding of the first rule of p back.
func checkFinding(t *testing.T, s *Store, p store.Save, first, last time.Time) {
	t.Helper()
	got, err := s.Finding(t.Context(), p.Assessment.Findings[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	want := store.Finding{
		Finding: p.Assessment.Findings[0], PageTitle: p.Document.Title, Source: p.Document.Source, Charset: "gb18030",
		FetchedAt: p.Page.FetchedAt, Status: 200, RequestedURL: p.Page.RequestedURL, FirstSeen: first, LastSeen: last,
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(store.Finding{}, "Hash")); diff != "" || len(got.Hash) != 64 {
		t.Errorf("hash %s, (-want +got):\n%s", got.Hash, diff)
	}
}

func TestSavePageRefuses(t *testing.T) {
	s := temp(t)
	good := page("http://a/", "x", 0, "casino")
	noTime, noDocument, noURL, foreign := good, good, good, page("http://a/", "x", 0, "casino")
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
		t.Errorf("%+v stayed, error %v", c, err)
	}
}

// TestUnflaggedLeavesNoText greps the database's raw bytes: for the text in
// the clear (title, evidence), and for the compressed frames.
func TestFindings(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "q.db"))
	saved := save(t, s, page("http://a/", "文", 0, "casino", "loan"))
	id := saved.Findings[0].Finding.ID
	got, err := s.Findings(t.Context(), []string{id, "unknown"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]qianshao.Finding{id: saved.Findings[0].Finding}, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnflaggedLeavesNoText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	s := open(t, path)
	random := rand.New(rand.NewPCG(1, 2))
	secret := func(name string) string { // incompressible, so that frames hold it as it is
		var b strings.Builder
		b.WriteString(name)
		for range 3000 {
			b.WriteRune(rune(0x4E00 + random.IntN(20_000)))
		}
		return b.String()
	}
	never, once, kept := secret("NEVERFLAGGED"), secret("ONCEFLAGGED"), secret("STILLFLAGGED")
	var frames [][]byte
	for _, text := range []string{never, once} {
		frame, err := s.packer.pack(text)
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, []byte(text[:60]), []byte(text[len(text)-60:]), frame[len(frame)/2:len(frame)/2+40])
	}
	informational := page("http://a/never", never, 0, "casino")
	informational.Assessment.Level = qianshao.LevelLow // a rule fired, but below the level of alert
	save(t, s, informational)
	save(t, s, page("http://a/never", never, 0))
	save(t, s, page("http://a/kept", kept, 0, "casino"))
	flagged := page("http://a/once", once, 1, "casino", "loan")
	for i := range flagged.Assessment.Findings { // which keep their evidence, and nothing else of the page
		flagged.Assessment.Findings[i].Evidence[0].Text = "注册送"
	}
	save(t, s, flagged)
	if countFrames(t, path, frames) == 0 {
		t.Fatal("the flagged page's text is not found either: this test sees nothing")
	}
	save(t, s, page("http://a/once", once, 2))
	if n := countFrames(t, path, frames); n > 0 {
		t.Errorf("%d pieces of text are still in the files", n)
	}
	save(t, s, page("http://a/other", "later", 3, "casino"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n := countFrames(t, path, frames); n > 0 {
		t.Errorf("%d pieces of text are still in the files after closing", n)
	}
	if countFrames(t, path, [][]byte{[]byte(kept[:60])}) == 0 {
		t.Error("the page that is still flagged has lost its text")
	}
}

// countFrames counts how many of the pieces the database's files contain.
func countFrames(t *testing.T, path string, pieces [][]byte) (n int) {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, piece := range pieces {
			if bytes.Contains(data, piece) {
				n++
			}
		}
	}
	return n
}

func TestEntries(t *testing.T) {
	s := temp(t)
	want := map[string]qianshao.FindingRecord{}
	for i := range 7 {
		for _, e := range save(t, s, page(fmt.Sprintf("http://a/%d", i), "注册送", i, "casino", "loan")).Findings {
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
		t.Errorf("entries to rebuild the index from (-saved +read):\n%s", diff)
	}
}

func TestPagesAndCounts(t *testing.T) {
	s := temp(t)
	save(t, s, page("http://a/1", "x", 0, "casino", "loan"))
	save(t, s, page("http://a/2", "x", 0))
	save(t, s, page("http://a/3", "x", 0))
	add(t, s, item("a", "1", 0), item("a", "2", 0), item("a", "3", 0))
	done(t, s, item("a", "1", 0), ingest.Outcome{Skip: qianshao.SkipRobots})
	done(t, s, item("a", "2", 0), ingest.Outcome{Again: base})
	got, err := s.Counts(t.Context())
	want := store.Counts{Pages: 3, Flagged: 1, Findings: 2, Open: 2, URLs: 3, Waiting: 2, Skips: map[qianshao.Skip]int{qianshao.SkipRobots: 1}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, (-want +got):\n%s", err, diff)
	}
	second, err := s.Pages(t.Context(), "http://a/1", 1)
	if err != nil || len(second) != 1 || second[0].URL != "http://a/2" {
		t.Errorf("the page after the first: %+v, error %v", second, err)
	}
}

func TestPageTextIsBounded(t *testing.T) {
	doc := &qianshao.Document{}
	for range 5 {
		doc.Regions = append(doc.Regions, qianshao.Region{Text: strings.Repeat("一", store.MaxPageText/9)})
	}
	if n := len(pageText(doc)); n > store.MaxPageText || n < store.MaxPageText/2 {
		t.Errorf("%d bytes are kept, want nearly %d", n, store.MaxPageText)
	}
}

func BenchmarkSavePage(b *testing.B) {
	source := strings.Repeat("<p>新注册送彩金，天天返水，首存优惠 java AV</p>\n", 500)
	for name, rules := range map[string][]string{"flagged": {"casino", "loan"}, "unflagged": nil} {
		b.Run(name, func(b *testing.B) {
			s := temp(b)
			b.SetBytes(int64(len(source)))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n++
				save(b, s, page(fmt.Sprintf("http://a/%d", n), source, 0, rules...))
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "pages/s")
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "q.db")
	open(b, path)
	b.Run("existing", func(b *testing.B) {
		for b.Loop() {
			s, err := Open(b.Context(), path)
			if err != nil {
				b.Fatal(err)
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("new", func(b *testing.B) {
		dir, n := b.TempDir(), 0
		for b.Loop() {
			n++
			s, err := Open(b.Context(), filepath.Join(dir, fmt.Sprint(n)))
			if err != nil {
				b.Fatal(err)
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

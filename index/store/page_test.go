package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
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
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/ingest"
)

// page is a page as saved after hours, on which the rules fired.
func page(url, source string, hours int, rules ...string) Save {
	s := Save{
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

func save(t testing.TB, s *Store, p Save) Saved {
	t.Helper()
	saved, err := s.SavePage(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

func TestSavePage(t *testing.T) {
	s := temp(t)
	const url = "http://Example.cn:8080/a"
	first := page(url, "注册送彩金", 0, "casino", "loan")
	want := Saved{}
	for _, f := range first.Assessment.Findings {
		want.Entries = append(want.Entries, index.Entry{
			Finding: f, Host: "example.cn", PageTitle: "标题 注册送彩金", PageText: "标题\n注册送彩金\na b", FirstSeen: base, LastSeen: base,
		})
	}
	for range 2 { // twice is once
		if diff := cmp.Diff(want, save(t, s, first)); diff != "" {
			t.Errorf("first visit (-want +got):\n%s", diff)
		}
	}
	checkFinding(t, s, first, base, base)

	later := page(url, "注册送彩金 又", 5, "casino", "job")
	saved := save(t, s, later)
	if again := save(t, s, later); len(again.Removed) != 1 {
		t.Errorf("the index has not heard of the removal, and it is forgotten: %+v", again.Removed)
	}
	unlisted(t, s, saved)
	if diff := cmp.Diff([]string{qianshao.FindingID(url, "loan")}, saved.Removed); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
	seen := map[string][2]time.Time{}
	for _, e := range saved.Entries {
		seen[e.Finding.Rule] = [2]time.Time{e.FirstSeen, e.LastSeen}
	}
	end := base.Add(5 * time.Hour)
	if diff := cmp.Diff(map[string][2]time.Time{"casino": {base, end}, "job": {end, end}}, seen); diff != "" {
		t.Errorf("times (-want +got):\n%s", diff)
	}
	checkFinding(t, s, later, base, end)
	if _, err := s.Finding(t.Context(), qianshao.FindingID(url, "loan")); !errors.Is(err, ErrNotFound) {
		t.Errorf("the removed finding: %v, want ErrNotFound", err)
	}
	clean := page(url, "清净", 6)
	saved = save(t, s, clean)
	if len(saved.Entries) != 0 || len(saved.Removed) != 2 {
		t.Errorf("after the page is clean: %+v", saved)
	}
	unlisted(t, s, saved)
	if saved := save(t, s, clean); len(saved.Removed) != 0 {
		t.Errorf("once more: %+v", saved)
	}
	records, err := s.Pages(t.Context(), "", 10)
	sum := sha256.Sum256([]byte("清净"))
	if err != nil || len(records) != 1 || records[0].Flagged || !records[0].LastSeen.Equal(base.Add(6*time.Hour)) ||
		!records[0].FirstSeen.Equal(base) || records[0].Authorisation != "city" || records[0].Hash != hex.EncodeToString(sum[:]) {
		t.Errorf("the page's record is %+v, error %v", records, err)
	}
}

// checkFinding reads the finding of the first rule of p back.
func checkFinding(t *testing.T, s *Store, p Save, first, last time.Time) {
	t.Helper()
	got, err := s.Finding(t.Context(), p.Assessment.Findings[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	want := StoredFinding{
		Finding: p.Assessment.Findings[0], PageTitle: p.Document.Title, Source: p.Document.Source, Charset: "gb18030",
		FetchedAt: p.Page.FetchedAt, Status: 200, RequestedURL: p.Page.RequestedURL, FirstSeen: first, LastSeen: last,
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(StoredFinding{}, "Hash")); diff != "" || len(got.Hash) != 64 {
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
	for name, p := range map[string]Save{"time": noTime, "document": noDocument, "URL": noURL, "foreign finding": foreign} {
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
	id := saved.Entries[0].Finding.ID
	got, err := s.Findings(t.Context(), []string{id, "unknown"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]qianshao.Finding{id: saved.Entries[0].Finding}, got); diff != "" {
		t.Error(diff)
	}
}

// unlisted says that the index is rid of what was removed.
func unlisted(t *testing.T, s *Store, saved Saved) {
	t.Helper()
	if err := s.Unlisted(t.Context(), saved.Removed); err != nil {
		t.Fatal(err)
	}
}

// A finding that comes back before the index has heard that it was gone must not be deleted there.
func TestRemovalTakenBack(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "q.db"))
	save(t, s, page("http://a/", "文", 0, "casino"))
	save(t, s, page("http://a/", "清净", 1))
	if saved := save(t, s, page("http://a/", "文", 2, "casino")); len(saved.Removed) != 0 {
		t.Errorf("removed: %v", saved.Removed)
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
	save(t, s, page("http://a/once", once, 1, "casino", "loan"))
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
	want := map[string]index.Entry{}
	for i := range 7 {
		for _, e := range save(t, s, page(fmt.Sprintf("http://a/%d", i), "注册送", i, "casino", "loan")).Entries {
			want[e.Finding.ID] = e
		}
	}
	got := map[string]index.Entry{}
	after := ""
	for {
		list, err := s.Entries(t.Context(), after, 3)
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
	want := Counts{Pages: 3, Flagged: 1, Findings: 2, URLs: 3, Waiting: 2, Skips: map[qianshao.Skip]int{qianshao.SkipRobots: 1}}
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
		doc.Regions = append(doc.Regions, qianshao.Region{Text: strings.Repeat("一", MaxPageText/9)})
	}
	if n := len(pageText(doc)); n > MaxPageText || n < MaxPageText/2 {
		t.Errorf("%d bytes are kept, want nearly %d", n, MaxPageText)
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

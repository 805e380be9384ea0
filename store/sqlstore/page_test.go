package sqlstore

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/database/databasetest"
	"github.com/qianshao/qianshao/store/storetest"
)

func save(t testing.TB, s *Store, p store.Save) {
	t.Helper()
	if _, err := s.SavePage(t.Context(), p); err != nil {
		t.Fatal(err)
	}
}

// TestUnflaggedLeavesNoText searches the database's raw bytes for plain text (title, evidence) and for the
// compressed frames.
func TestUnflaggedLeavesNoText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	s := open(t, path)
	random := rand.New(rand.NewPCG(1, 2))
	secret := func(name string) string { // incompressible, so that frames contain it unchanged
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
	informational := storetest.Page("http://a/never", never, 0, "casino")
	informational.Assessment.Level = qianshao.LevelLow // a rule fired, but below the alert level
	save(t, s, informational)
	save(t, s, storetest.Page("http://a/never", never, 0))
	save(t, s, storetest.Page("http://a/kept", kept, 0, "casino"))
	flagged := storetest.Page("http://a/once", once, 1, "casino", "loan")
	flagged.Document.Title = "标题"
	for i := range flagged.Assessment.Findings { // which keep the title and evidence, but no other text of the page
		flagged.Assessment.Findings[i].Evidence[0].Text = "注册送"
	}
	save(t, s, flagged)
	if countFrames(t, path, frames) == 0 {
		t.Fatal("the flagged page's text is not found either: this test cannot see anything")
	}
	save(t, s, storetest.Page("http://a/once", once, 2))
	if n := countFrames(t, path, frames); n > 0 {
		t.Errorf("%d pieces of text are still in the files", n)
	}
	save(t, s, storetest.Page("http://a/other", "later", 3, "casino"))
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
				save(b, s, storetest.Page(fmt.Sprintf("http://a/%d", n), source, 0, rules...))
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
			s, err := New(sqlite.Open(b.Context(), path))
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
			s, err := New(sqlite.Open(b.Context(), filepath.Join(dir, fmt.Sprint(n))))
			if err != nil {
				b.Fatal(err)
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestUnflaggedBesideFlagged: a visit without findings is recorded while another transaction, still open,
// has saved findings of the page. Nothing of the page remains.
func TestUnflaggedBesideFlagged(t *testing.T) {
	const url = "http://a/"
	databasetest.Each(t, func(t *testing.T, open databasetest.Open) {
		for _, known := range []bool{false, true} {
			s, ctx := in(t, open), t.Context()
			if known {
				save(t, s, storetest.Page(url, "clean", 0))
			}
			flagged := storetest.Page(url, "注册送", 1, "casino")
			begun, visited := make(chan struct{}), make(chan error)
			go func() {
				<-begun
				visited <- s.db.UpdateRows(ctx, database.Ordered, "visit", func(tx *database.Tx) error {
					_, err := s.saveUnflagged(ctx, tx, &ingest.Unflagged{URL: url, RequestedURL: url, Status: 200, FetchedAt: flagged.Page.FetchedAt.Add(time.Hour)})
					return err
				})
			}()
			err := s.db.Update(ctx, database.Durable, "find", func(tx *database.Tx) error {
				v := visit{page: url, hash: hashOf(flagged.Page.Body), at: flagged.Page.FetchedAt}
				err := s.savePage(ctx, tx, &flagged, &v)
				close(begun)
				time.Sleep(100 * time.Millisecond) // time for the visit to get as far as it can
				return err
			})
			if err := errors.Join(err, <-visited); err != nil {
				t.Fatal(err)
			}
			counts, err := s.Counts(ctx)
			if err != nil || counts.Pages != 1 || counts.Flagged != 0 || counts.Findings != 1 || counts.Open != 0 {
				t.Errorf("known before: %v; %+v, %v", known, counts, err)
			}
			if unflagged, once, err := s.TextlessPages(ctx); err != nil || unflagged != 1 || once != 1 {
				t.Errorf("known before: %v; %d pages without text, %d of them with a finding once, %v", known, unflagged, once, err)
			}
		}
	})
}

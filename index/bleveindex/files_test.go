package bleveindex

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
)

func record(id, text string) qianshao.FindingRecord {
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	return qianshao.FindingRecord{
		Finding: qianshao.Finding{ID: id, URL: "http://example.cn/" + id, Rule: "casino", Category: qianshao.Gambling, Level: qianshao.LevelHigh, Score: 70},
		Host:    "example.cn", PageText: text, FirstSeen: at, LastSeen: at,
	}
}

func put(t testing.TB, x *Index, records ...qianshao.FindingRecord) {
	t.Helper()
	if err := x.Put(context.Background(), records, 0); err != nil {
		t.Fatal(err)
	}
}

func total(t testing.TB, x *Index) int {
	t.Helper()
	res, err := x.Search(context.Background(), index.Request{Sight: qianshao.SeeAll(), Query: index.Phrase{Text: "注册送"}})
	if err != nil {
		t.Error(err) // not Fatal: other goroutines call it too
	}
	return res.Total
}

// TestDurable copies the folder as it is on the disk right after Put, as a kill at that moment would leave
// it.
func TestDurable(t *testing.T) {
	path := t.TempDir()
	x := open(t, path, Options{})
	for i := range 5 {
		put(t, x, record(fmt.Sprint("a", i), "注册送"), record(fmt.Sprint("b", i), "注册送"))
		copied := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(copied, os.DirFS(path)); err != nil {
			t.Fatal(err)
		}
		if got, want := total(t, open(t, copied, Options{})), 2*(i+1); got != want {
			t.Fatalf("after Put %d the disk has %d records, want %d", i, got, want)
		}
	}
}

func TestReopen(t *testing.T) {
	path := t.TempDir()
	fold := strings.ToUpper
	x := open(t, path, Options{Fold: fold})
	put(t, x, record("a", "注册送"))
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	x = open(t, path, Options{Fold: fold})
	if total(t, x) != 1 {
		t.Error("the record is gone after reopening")
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{}); !errors.Is(err, index.ErrRebuild) || !strings.Contains(err.Error(), "qianshao reindex") {
		t.Errorf("another folding: %v, want ErrRebuild with its remedy", err)
	}
}

// TestOlderFormat: an index that lacks a field would silently find nothing in it.
func TestOlderFormat(t *testing.T) {
	path := t.TempDir()
	if err := open(t, path, Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	if err := writeVersion(path, fmt.Sprintf("qianshao index %d\n", formatVersion-1)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{}); !errors.Is(err, index.ErrRebuild) || !strings.Contains(err.Error(), "qianshao reindex") {
		t.Errorf("an older format: %v, want ErrRebuild with its remedy", err)
	}
}

// TestZone: the days of a facet depend on the zone, so an index of another zone, or of the version before
// zones, must be rebuilt.
func TestZone(t *testing.T) {
	late := record("a", "注册送")
	late.LastSeen = time.Date(2026, 11, 1, 17, 0, 0, 0, time.UTC) // the 2nd in Shanghai
	for want, zone := range map[string]*time.Location{"2026-11-02": nil, "2026-11-01": time.UTC} {
		path := t.TempDir()
		x := open(t, path, Options{Zone: zone})
		put(t, x, late)
		res, err := x.Search(t.Context(), index.Request{Sight: qianshao.SeeAll()})
		if err != nil {
			t.Fatal(err)
		}
		if days := res.Facets["day"]; len(days) != 1 || days[0].Value != want {
			t.Errorf("in %v the days are %v, want %s", zone, days, want)
		}
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path, Options{Zone: time.FixedZone("", 3600)}); !errors.Is(err, index.ErrRebuild) {
			t.Errorf("another zone: %v, want ErrRebuild", err)
		}
		if err := os.WriteFile(filepath.Join(path, versionFile), []byte("qianshao index 2\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path, Options{Zone: zone}); !errors.Is(err, index.ErrRebuild) {
			t.Errorf("the version before: %v, want ErrRebuild", err)
		}
	}
}

// TestLocked lets another process, this test binary again, hold the index.
func TestLocked(t *testing.T) {
	const variable = "QIANSHAO_TEST_HOLD_INDEX"
	if path := os.Getenv(variable); path != "" {
		open(t, path, Options{})
		fmt.Println("held")
		_, _ = os.Stdin.Read(make([]byte, 1)) // until the parent closes it
		return
	}
	path := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestLocked$")
	cmd.Env = append(os.Environ(), variable+"="+path)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := stdout.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("Open: %v, want ErrLocked", err)
	}
	if _, err := Rebuild(path, Options{}, func(*Index) error { return nil }); !errors.Is(err, ErrLocked) {
		t.Errorf("Rebuild: %v, want ErrLocked", err)
	}
	stdin.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	open(t, path, Options{}) // free again
}

func TestRebuild(t *testing.T) {
	path := t.TempDir()
	x := open(t, path, Options{})
	put(t, x, record("old", "注册送"))
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the store is gone")
	if _, err := Rebuild(path, Options{}, func(*Index) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("Rebuild: %v, want the error of fill", err)
	}
	if _, err := Open(path, Options{}); !errors.Is(err, index.ErrRebuild) {
		t.Errorf("Open after a broken rebuild: %v, want ErrRebuild", err)
	}
	x, err := Rebuild(path, Options{}, func(x *Index) error {
		return x.Put(t.Context(), []qianshao.FindingRecord{record("a", "注册送"), record("b", "注册送")}, 0)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if got := total(t, open(t, path, Options{})); got != 2 {
		t.Errorf("the rebuilt index has %d records, want 2", got)
	}
}

// TestDamaged overwrites or truncates each file in turn. The result may be an error that names the remedy
// or a wrong answer, but never a panic, and Rebuild repairs everything.
func TestDamaged(t *testing.T) {
	origin := t.TempDir()
	x := open(t, origin, Options{})
	for i := range 3 {
		put(t, x, record(fmt.Sprint(i), strings.Repeat("注册送彩金", 50)))
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(origin, bleveDir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, filepath.Join(origin, bleveDir, "index_meta.json"), filepath.Join(origin, lockFile))
	for _, file := range files {
		rel, err := filepath.Rel(origin, file)
		if err != nil {
			t.Fatal(err)
		}
		for name, damage := range map[string]func([]byte) []byte{
			"empty":   func([]byte) []byte { return nil },
			"halved":  func(b []byte) []byte { return b[:len(b)/2] },
			"missing": nil,
			"zeroed":  func(b []byte) []byte { return make([]byte, len(b)) },
		} {
			t.Run(filepath.Base(rel)+" "+name, func(t *testing.T) { testDamage(t, origin, rel, damage) })
		}
	}
}

func testDamage(t *testing.T, origin, rel string, damage func([]byte) []byte) {
	path := filepath.Join(t.TempDir(), "index")
	if err := os.CopyFS(path, os.DirFS(origin)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(path, rel)
	if damage == nil {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	} else {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, damage(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if x, err := Open(path, Options{}); err != nil {
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "qianshao reindex") {
			t.Errorf("Open: %v, want ErrCorrupt with its remedy", err)
		}
	} else {
		for _, n := range []index.Node{nil, index.Phrase{Text: "注册送"}} {
			if _, err := x.Search(t.Context(), index.Request{Sight: qianshao.SeeAll(), Query: n, Limit: 10}); err != nil {
				t.Logf("Search: %v", err)
			}
		}
		n := 0
		if err := x.IDs(t.Context(), func(string) bool { n++; return true }); err != nil {
			t.Logf("IDs: %v", err)
		} else if n != 3 {
			t.Errorf("%d of 3 records remain, and Open has not noticed", n)
		}
		if err := x.Close(); err != nil {
			t.Logf("Close: %v", err)
		}
	}
	x, err := Rebuild(path, Options{}, func(x *Index) error { return x.Put(t.Context(), []qianshao.FindingRecord{record("a", "注册送")}, 0) })
	if err != nil {
		t.Fatalf("Rebuild: %v", err)
	}
	if total(t, x) != 1 {
		t.Error("the rebuilt index is incomplete")
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
}

// TestCutWhileOpen truncates the files of an open index, so that a search fails in its own goroutines: the
// error names the remedy, as for an index that was damaged before.
func TestCutWhileOpen(t *testing.T) {
	path := t.TempDir()
	x := open(t, path, Options{})
	for i := range 3 {
		put(t, x, record(fmt.Sprint(i), "注册送"))
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	x, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	files, err := filepath.Glob(filepath.Join(path, bleveDir, "store", "*.zap"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the segments are %q, error %v", files, err)
	}
	for _, file := range files {
		if err := os.Truncate(file, 0); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // nothing half-built is kept
		_, err = x.Search(t.Context(), index.Request{Sight: qianshao.SeeAll(), Limit: 10})
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "qianshao reindex") {
			t.Errorf("Search: %v, want ErrCorrupt with its remedy", err)
		}
	}
}

// TestFoldPanics: if folding fails on a hostile page, it must not end the process from within one of
// bleve's goroutines.
func TestFoldPanics(t *testing.T) {
	x := open(t, t.TempDir(), Options{Fold: func(s string) string {
		if strings.Contains(s, "hostile") {
			panic("no")
		}
		return s
	}})
	if err := x.Put(t.Context(), []qianshao.FindingRecord{record("a", "hostile")}, 0); err == nil {
		t.Error("Put returns no error although folding panicked")
	}
	put(t, x, record("b", "注册送"))
	if n := total(t, x); n == 0 {
		t.Error("a record put afterwards is not found")
	}
}

// TestPurgeLeavesNoText: the index's files no longer contain a deleted record's text, and still contain all
// others, whether one is deleted or all but one.
func TestPurgeLeavesNoText(t *testing.T) {
	path := t.TempDir()
	x := open(t, path, Options{})
	for i := range 30 {
		r := record(fmt.Sprint("id", i), "注册送")
		r.PageTitle = fmt.Sprintf("SECRET-%d-TITLE", i)
		put(t, x, r)
	}
	has := func(text string) bool {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(path, bleveDir, "store", "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			if strings.Contains(string(content), text) {
				return true
			}
		}
		return false
	}
	if !has("SECRET-7-TITLE") {
		t.Fatal("the title is not found: this test cannot see anything")
	}
	remove := func(left int, ids ...string) {
		t.Helper()
		again := record("id0", "注册送")
		again.PageTitle = "SECRET-0-TITLE"
		one := &again
		if left == 0 {
			one = nil
		}
		if err := errors.Join(x.Delete(t.Context(), ids, 0), x.Purge(t.Context(), one)); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if has("SECRET-" + id[2:] + "-TITLE") {
				t.Errorf("the title of %s is still in the files", id)
			}
		}
		if n := total(t, x); n != left {
			t.Errorf("%d records, want %d", n, left)
		}
	}
	remove(29, "id7")
	var rest []string
	for i := range 30 {
		if i != 7 {
			rest = append(rest, fmt.Sprint("id", i))
		}
	}
	remove(1, rest[1:]...)
	remove(0, rest[0])
	put(t, x, record("new", "注册送")) // the index works
	if n := total(t, x); n != 1 {
		t.Errorf("%d records, want 1", n)
	}
}

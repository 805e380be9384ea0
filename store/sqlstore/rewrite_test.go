package sqlstore

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/qianshao/qianshao/ingest"
)

// TestRewrite: no copy is left of URLs dropped from a frontier in use, not even in the gaps of the
// database's pages.
func TestRewrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	s := open(t, path)
	if done, err := s.Rewrite(t.Context()); done || err != nil {
		t.Errorf("nothing was marked, but it was rewritten: %v, %v", done, err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	items := make([]ingest.Item, 3000)
	for i := range items {
		items[i] = ingest.Item{URL: fmt.Sprintf("http://a/%d?sid=%08d.", random.IntN(1000), i), Host: "a", Authorisation: "x"}
	}
	random.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	if err := s.Add(t.Context(), items); err != nil {
		t.Fatal(err)
	}
	for _, it := range items { // this makes the rows longer, so that they move
		memory := ingest.Memory{Page: it.URL, ETag: fmt.Sprintf("%0*d", 1+random.IntN(60), 1)}
		if err := s.Done(t.Context(), it, ingest.Outcome{Again: time.UnixMilli(1), Memory: memory}); err != nil {
			t.Fatal(err)
		}
	}
	s.emptyLog(t.Context())
	before := copies(t, path)
	var dropped []string
	for _, it := range items {
		id := it.URL[len(it.URL)-9:]
		if before[id] > 3 || len(dropped) < 10 { // there are three in its row and its index entry
			if err := s.Done(t.Context(), it, ingest.Outcome{Drop: true}); err != nil {
				t.Fatal(err)
			}
			dropped = append(dropped, id)
		}
	}
	if done, err := s.Rewrite(t.Context()); !done || err != nil {
		t.Errorf("it was not rewritten: %v, %v", done, err)
	}
	after := copies(t, path)
	for _, id := range dropped {
		if after[id] > 0 {
			t.Errorf("%s: %d copies before, %d after it was dropped", id, before[id], after[id])
		}
	}
	if len(after) != len(items)-len(dropped) {
		t.Errorf("%d URLs of %d remain, %d were dropped", len(after), len(items), len(dropped))
	}
	if done, err := s.Rewrite(t.Context()); done || err != nil {
		t.Errorf("it was rewritten twice: %v, %v", done, err)
	}
	if err := s.Add(t.Context(), items[:1]); err != nil { // it is still writable
		t.Error(err)
	}
}

// copies counts the queries in the raw bytes of the database's files.
func copies(t *testing.T, path string) map[string]int {
	t.Helper()
	found := map[string]int{}
	for _, file := range []string{path, path + "-wal"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for {
			_, rest, ok := bytes.Cut(data, []byte("?sid="))
			if !ok || len(rest) < 9 {
				break
			}
			found[string(rest[:9])]++
			data = rest
		}
	}
	return found
}

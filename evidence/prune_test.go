package evidence_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/evidence"
)

// aged is an item of a category, last seen some days ago.
func aged(n, days int, categories ...qianshao.Category) evidence.Item {
	it := item(n, strings.Repeat(fmt.Sprint(n), 50))
	it.Page.FetchedAt = day.AddDate(0, 0, -days)
	it.Assessment.Categories = categories
	return it
}

func expired(t *testing.T, a archive, p evidence.Policy) []evidence.Expired {
	t.Helper()
	list, err := a.Expired(t.Context(), p, day)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func pages(list []evidence.Expired) (urls []string) {
	for _, e := range list {
		urls = append(urls, strings.TrimPrefix(e.URL, "http://a.example/"))
	}
	return urls
}

func TestExpired(t *testing.T) {
	a := temp(t)
	a.add(t, aged(1, 400, qianshao.Gambling))
	a.add(t, aged(2, 30, qianshao.Gambling))
	a.add(t, aged(3, 29, qianshao.Gambling))
	a.add(t, aged(4, 400, qianshao.Gambling, qianshao.Fraud))
	a.add(t, aged(5, 400, qianshao.Fraud))
	held := aged(6, 400, qianshao.Gambling)
	a.add(t, held)
	a.add(t, aged(7, 400, qianshao.Gambling))
	if err := a.Seen(t.Context(), "http://a.example/7", day); err != nil { // the page is unchanged
		t.Fatal(err)
	}
	hold := []string{held.Assessment.Findings[0].ID}
	for _, tc := range []struct {
		name   string
		policy evidence.Policy
		want   []string
	}{
		{"no policy keeps everything", evidence.Policy{}, nil},
		{"a category", evidence.Policy{Days: map[qianshao.Category]int{qianshao.Gambling: 30}, Hold: hold}, []string{"1", "2"}},
		{"the longest of two", evidence.Policy{Days: map[qianshao.Category]int{qianshao.Gambling: 30, qianshao.Fraud: 300}, Hold: hold}, []string{"1", "2", "4", "5"}},
		{"for ever in one of two", evidence.Policy{Days: map[qianshao.Category]int{qianshao.Gambling: 30, qianshao.Fraud: 0}, Default: 1, Hold: hold}, []string{"1", "2"}},
		{"default", evidence.Policy{Default: 100}, []string{"1", "4", "5", "6"}},
	} {
		if got := pages(expired(t, a, tc.policy)); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

// prunable is an archive in which every other page has expired.
func prunable(t *testing.T) (a archive, gone []evidence.Expired) {
	t.Helper()
	a = temp(t)
	for i := range 10 {
		a.add(t, aged(i, 100*(i%2), qianshao.Gambling))
	}
	gone = expired(t, a, evidence.Policy{Default: 50})
	if len(gone) != 5 {
		t.Fatalf("%v have expired", pages(gone))
	}
	return a, gone
}

// pruned checks that the deleted pages are gone from the disk, that the others
// are where the indexes say, and that the chain records the deletion.
func pruned(t *testing.T, a archive) {
	t.Helper()
	v := a.sound(t)
	if v.Deleted != 25 || v.Deletions != 5 || v.Uncut != 0 {
		t.Errorf("verified %+v", v)
	}
	checkIndex(t, a, 5)
	uris := map[string]bool{}
	for _, name := range a.files(t) {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, rec := range read(t, bytes.NewReader(file)) {
			uris[rec.URI] = true
			if rec.Type == "metadata" && rec.URI == "" && !strings.HasPrefix(rec.Block, "reason: retention of gambling is 50 days; last seen 2026-08-17 (UTC+8)\r\ndeleted: ") {
				t.Errorf("a deletion says %q", rec.Block)
			}
		}
	}
	for i := range 10 {
		if url := fmt.Sprintf("http://a.example/%d", i); uris[url] != (i%2 == 0) {
			t.Errorf("%s is in the files: %v", url, uris[url])
		}
	}
	if left, _ := filepath.Glob(filepath.Join(a.folder, ".*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestDelete(t *testing.T) {
	a, gone := prunable(t)
	if err := a.Delete(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	pruned(t, a)
	// A deleted page that is still on the web is archived anew, and the chain goes on.
	if added := a.add(t, aged(1, 0, qianshao.Gambling)); added.Records != 5 {
		t.Errorf("added %+v", added)
	}
	a.sound(t)
	if got := expired(t, a, evidence.Policy{Default: 50}); len(got) > 0 {
		t.Errorf("expired once more: %v", pages(got))
	}
	// Nothing is deleted twice.
	if err := a.Delete(t.Context(), gone); err == nil || !strings.Contains(err.Error(), "deleted meanwhile") {
		t.Errorf("deleted again: %v", err)
	}
	a.sound(t)
	// Delete the rest, including deletions in the same files.
	if err := a.Delete(t.Context(), expired(t, a, evidence.Policy{Default: 1})); err != nil {
		t.Fatal(err)
	}
	a.sound(t)
}

// TestDeleteInterrupted stops a deletion after each of its steps: the archive
// verifies every time, and the next start finishes the deletion.
func TestDeleteInterrupted(t *testing.T) {
	for _, deleted := range []bool{true, false} {
		t.Run(fmt.Sprintf("an object's deletion and its mark in the database, deleted %v", deleted), func(t *testing.T) {
			a, gone := prunable(t)
			old := contents(t, a.files(t))
			if err := a.Delete(t.Context(), gone); err != nil {
				t.Fatal(err)
			}
			for name, b := range old {
				if !deleted {
					if err := os.WriteFile(name, b, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			execute(t, a, `UPDATE evidence_links SET cut = 0`)
			v := a.sound(t)
			if want := 25 * btoi(!deleted); v.Uncut != want || v.Deleted != 25 {
				t.Errorf("verified %+v", v)
			}
			if err := a.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			pruned(t, a)
		})
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestDeletePutBack: a deleted object that somebody has put back is reported.
func TestDeletePutBack(t *testing.T) {
	a, gone := prunable(t)
	old := contents(t, a.files(t))
	if err := a.Delete(t.Context(), gone[:1]); err != nil {
		t.Fatal(err)
	}
	for name, b := range old {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if list, _ := a.problems(t, evidence.Head{}); len(list) != 1 || !strings.Contains(list[0], "bytes were appended") {
		t.Errorf("problems %q", list)
	}
}

// TestDeleteNothing: where there is nothing to delete, Delete begins no chain.
func TestDeleteNothing(t *testing.T) {
	a := temp(t)
	if err := a.Delete(t.Context(), nil); err != nil {
		t.Errorf("before anything is archived: %v", err)
	}
	if state, err := a.store.EvidenceState(t.Context()); err != nil || len(state.Chains) > 0 {
		t.Errorf("%+v, %v", state, err)
	}
}

func contents(t *testing.T, names []string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = b
	}
	return all
}

// TestDeletionProofs: that the database calls a record deleted is not enough.
func TestDeletionProofs(t *testing.T) {
	for _, tc := range []struct{ name, statement, want string }{
		{"another record", `UPDATE evidence_links SET gone = (SELECT max(gone) FROM evidence_links), cut = 1 WHERE seq = 4294967298`, "does not name it"},
		{"a deletion's own link", `DELETE FROM evidence_links WHERE kind = 'deletion' AND seq = (SELECT max(gone) FROM evidence_links)`, "there is no deletion"},
		{"undone", `UPDATE evidence_links SET gone = 0, cut = 0 WHERE gone <> 0`, "the file is missing"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, gone := prunable(t)
			if err := a.Delete(t.Context(), gone); err != nil {
				t.Fatal(err)
			}
			execute(t, a, tc.statement)
			if list, _ := a.problems(t, evidence.Head{}); !strings.Contains(strings.Join(list, "\n"), tc.want) {
				t.Errorf("want %q in:\n%s", tc.want, strings.Join(list, "\n"))
			}
		})
	}
}

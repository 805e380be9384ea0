package evidence_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/evidence/bucket"
)

// oldHead is the head of the chain in testdata/old, as printed by the version that wrote it.
const oldHead = "49:7c4a6eb1a5c47f97dd07a92cd9386087e2aab9ed51c45eed499e133c926c9ee1"

// old opens a copy of an archive written by the last version with only one chain: eleven pages in four files
// with their indexes. Odd pages are a hundred days old, page 1 is deleted and page 10 is in no index. more
// changes the files before they are opened.
func old(t *testing.T, more func(folder string)) archive {
	t.Helper()
	folder := t.TempDir()
	files := filepath.Join(folder, "evidence")
	if err := os.CopyFS(files, os.DirFS("testdata/old")); err != nil {
		t.Fatal(err)
	}
	packed, err := os.Open(filepath.Join(files, "qianshao.db.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	db, err := io.ReadAll(unpacked)
	if err = errors.Join(err, os.WriteFile(filepath.Join(folder, "qianshao.db"), db, 0o600), os.Remove(packed.Name()),
		os.WriteFile(filepath.Join(files, "archive.lock"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if more != nil {
		more(files)
	}
	return open(t, folder)
}

func keptHead(t *testing.T) evidence.Head {
	t.Helper()
	head, err := evidence.ParseHead(oldHead)
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// TestOldArchive: an archive of files with many captures verifies up to a head kept elsewhere, is continued
// in another chain, and can be pruned, indexed, copied and exported.
func TestOldArchive(t *testing.T) {
	t.Parallel()
	a := old(t, nil)
	if list, v := a.problems(t, keptHead(t)); len(list) > 0 || v.Records != 45 || v.Deleted != 4 || v.Files != 4 || v.Chains != 1 {
		t.Fatalf("verified %+v, problems %q", v, list)
	}
	if err := a.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.add(t, aged(11, 100, qianshao.Gambling))
	if added := a.add(t, aged(0, 0, qianshao.Gambling)); added.Records != 0 {
		t.Errorf("a page is archived again: %+v", added)
	}
	checkIndex(t, a, 11)
	exported(t, a, "http://a.example/2", "http://a.example/11")
	gone := expired(t, a, evidence.Policy{Default: 50})
	if got := strings.Join(pages(gone), " "); got != "3 5 7 9 10 11" {
		t.Errorf("expired: %s", got)
	}
	if err := a.Delete(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	if list, v := a.problems(t, keptHead(t)); len(list) > 0 || v.Deleted != 4+5*4+5 || v.Uncut != 0 || v.Chains != 2 {
		t.Errorf("verified %+v, problems %q", v, list)
	}
	checkIndex(t, a, 5)
	for name, content := range contents(t, a.files(t)) {
		for _, rec := range read(t, bytes.NewReader(content)) {
			if strings.HasSuffix(rec.URI, "/3") || strings.HasSuffix(rec.URI, "/10") {
				t.Errorf("%s still has %s", name, rec.URI)
			}
		}
	}
	to := bucket.NewFolder(t.TempDir())
	if err := a.CopyTo(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	from := bucket.NewFolder(a.folder)
	for name, err := range from.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".cdxj") {
			continue // derived data, which is not copied
		}
		size, err := from.Size(t.Context(), name)
		if n, missing := to.Size(t.Context(), name); n != size || err != nil || missing != nil {
			t.Errorf("%s has %d bytes, %v, its copy %d, %v", name, size, err, n, missing)
		}
	}
}

// TestOldArchiveAfterACrash: the first start cuts off what a crash of the old version has left.
func TestOldArchiveAfterACrash(t *testing.T) {
	t.Parallel()
	const last = "qianshao-000000000040.warc.gz"
	for name, leave := range map[string]func(folder string) error{
		"bytes behind the last record": func(folder string) error {
			f, err := os.OpenFile(filepath.Join(folder, last), os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteString("not recorded")
			}
			return errors.Join(err, f.Close())
		},
		"a file that was begun": func(folder string) error {
			return os.WriteFile(filepath.Join(folder, "qianshao-000000000050.warc.gz"), []byte("x"), 0o600)
		},
		"a file being written anew": func(folder string) error {
			return os.WriteFile(filepath.Join(folder, "."+last+".1.tmp"), []byte("x"), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := old(t, func(folder string) {
				if err := leave(folder); err != nil {
					t.Fatal(err)
				}
			})
			if list, _ := a.problems(t, evidence.Head{}); len(list) != 1 || !strings.Contains(list[0], "the next start") {
				t.Errorf("before a start: %q", list)
			}
			if err := a.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			a.sound(t)
		})
	}
}

// TestOldArchiveCutInterrupted: a process may die after rewriting a file and before marking that in the
// database, and more may be deleted before the next one finishes it; the file's content tells what was done.
func TestOldArchiveCutInterrupted(t *testing.T) {
	t.Parallel()
	for _, rewritten := range []bool{true, false} {
		t.Run(fmt.Sprintf("rewritten %v", rewritten), func(t *testing.T) {
			t.Parallel()
			a := old(t, nil)
			gone := expired(t, a, evidence.Policy{Default: 50})
			before := contents(t, a.files(t))
			if err := a.Delete(t.Context(), gone[:2]); err != nil {
				t.Fatal(err)
			}
			if !rewritten {
				for name, b := range before {
					if err := os.WriteFile(name, b, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			execute(t, a, `UPDATE evidence_links SET cut = 0 WHERE gone > 49`)
			if v := a.sound(t); v.Uncut != 8*btoi(!rewritten) {
				t.Errorf("verified %+v", v)
			}
			for _, more := range [][]evidence.Expired{gone[2:4], gone[4:]} {
				if err := a.Delete(t.Context(), more); err != nil {
					t.Fatal(err)
				}
			}
			if v := a.sound(t); v.Uncut != 0 || v.Deleted != 4+5*4 {
				t.Errorf("verified %+v", v)
			}
			checkIndex(t, a, 5)
			if indexes, _ := filepath.Glob(filepath.Join(a.folder, "*.cdxj")); len(indexes) != 1 { // of the file from which nothing was deleted
				t.Errorf("indexes with deleted addresses are left: %v", indexes)
			}
		})
	}
}

// twice is a ledger whose transactions are lost once and then run again.
type twice struct{ evidence.Ledger }

func (t twice) CutEvidence(ctx context.Context, file string, cut func([]evidence.Link) error) error {
	return t.Ledger.CutEvidence(ctx, file, func(links []evidence.Link) error {
		if err := cut(slices.Clone(links)); err != nil {
			return err
		}
		return cut(links)
	})
}

// TestOldArchiveCutTwice: a file may be rewritten in a transaction that is lost and run again.
func TestOldArchiveCutTwice(t *testing.T) {
	t.Parallel()
	a := old(t, nil)
	again, err := opened(filepath.Dir(a.folder), "writer", func(l evidence.Ledger) evidence.Ledger { return twice{l} })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { again.store.Close() })
	if err := again.Delete(t.Context(), expired(t, again, evidence.Policy{Default: 50})); err != nil {
		t.Fatal(err)
	}
	if v := again.sound(t); v.Uncut != 0 || v.Deleted != 4+5*4 {
		t.Errorf("verified %+v", v)
	}
}

// unreplaced is a bucket in which no file can be rewritten.
type unreplaced struct{ bucket.Bucket }

func (unreplaced) Replace(context.Context, string, io.Reader, int64) error { return bucket.ErrLocked }

// TestOldArchiveRewrittenElsewhere: a start leaves a file that another process may be rewriting, and
// removes it once that is impossible.
func TestOldArchiveRewrittenElsewhere(t *testing.T) {
	t.Parallel()
	a := old(t, nil)
	b := bucket.NewFolder(a.folder)
	other, err := openedIn(unreplaced{b}, filepath.Dir(a.folder), "other", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.store.Close() })
	if err := other.Delete(t.Context(), expired(t, other, evidence.Policy{Default: 50})); !errors.Is(err, bucket.ErrLocked) {
		t.Fatalf("error %v", err)
	}
	uncut, err := a.store.UncutEvidence(t.Context())
	if err != nil || len(uncut) == 0 {
		t.Fatalf("%q, %v", uncut, err)
	}
	temporary := "." + uncut[0] + ".1.tmp"
	if err := b.Put(t.Context(), temporary, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if err := other.Recover(t.Context()); !errors.Is(err, bucket.ErrLocked) || !slices.Contains(objects(t, b), temporary) {
		t.Errorf("while the file may be being rewritten: %v, %q", err, objects(t, b))
	}
	if err := a.Recover(t.Context()); err != nil || slices.Contains(objects(t, b), temporary) {
		t.Errorf("when it is rewritten: %v, %q", err, objects(t, b))
	}
	a.sound(t)
}

// TestOldArchiveCutThenTorn: bytes after the last record are cut off even from a file out of which
// records were cut.
func TestOldArchiveCutThenTorn(t *testing.T) {
	t.Parallel()
	a := old(t, nil)
	if err := a.Delete(t.Context(), expired(t, a, evidence.Policy{Default: 50})); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(a.folder, "qianshao-000000000040.warc.gz"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("not recorded"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := a.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.sound(t)
}

// exported checks, from a zip alone, that the records of some pages are in chains that the register vouches for.
func exported(t *testing.T, a archive, urls ...string) {
	t.Helper()
	if err := a.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	state, err := a.store.EvidenceState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := evidence.Bundle{Head: state.Register}
	for _, url := range urls {
		captures, err := a.CapturesOf(t.Context(), url, qianshao.FindingID(url, "gambling-x"))
		if err != nil || len(captures) == 0 {
			t.Fatalf("%d captures of %s, %v", len(captures), url, err)
		}
		b.Captures = append(b.Captures, captures...)
	}
	var out bytes.Buffer
	if err := a.Export(t.Context(), &out, b); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		members[f.Name] = string(content)
	}
	checkProof(t, members, state.Register.Chain)
}

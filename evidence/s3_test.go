package evidence_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/evidence/bucket/buckettest"
)

func openInBucket(t *testing.T, b bucket.Bucket, folder, writer string) archive {
	t.Helper()
	a, err := openedIn(b, folder, writer, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.store.Close() })
	return a
}

func objects(t *testing.T, b bucket.Bucket) (names []string) {
	t.Helper()
	for name, err := range b.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

// TestS3Archive: the archive works on an S3 server as in a folder: two writers, recovery after a dead one,
// deletion, export, and copies to and from it, of older versions' files as well.
func TestS3Archive(t *testing.T) {
	t.Parallel()
	b, folder := buckettest.S3(t), t.TempDir()
	a := openInBucket(t, b, folder, "writer")
	other := openInBucket(t, b, folder, "other")
	for i := range 4 {
		a.add(t, aged(2*i, 0, qianshao.Gambling))
		other.add(t, aged(2*i+1, 100, qianshao.Gambling))
	}
	if err := b.Put(t.Context(), "writer-000001/000000/000000077.warc.gz", strings.NewReader("never linked")); err != nil {
		t.Fatal(err)
	}
	if list, _ := a.problems(t, evidence.Head{}); len(list) != 1 || !strings.Contains(list[0], "the file was never recorded") {
		t.Errorf("problems %q", list)
	}
	next := openInBucket(t, b, folder, "writer")
	if err := next.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v := a.sound(t); v.Files != 8 || v.Chains != 2 {
		t.Errorf("verified %+v", v)
	}
	exported(t, a, "http://a.example/2", "http://a.example/3")
	if err := a.Delete(t.Context(), expired(t, a, evidence.Policy{Default: 50})); err != nil {
		t.Fatal(err)
	}
	if v := a.sound(t); v.Deleted != 20 || v.Uncut != 0 || len(objects(t, b)) != 5 {
		t.Errorf("verified %+v, objects %q", v, objects(t, b))
	}
	copyTo := bucket.NewFolder(filepath.Join(t.TempDir(), "evidence"))
	if err := a.CopyTo(t.Context(), copyTo); err != nil {
		t.Fatal(err)
	}
	openInBucket(t, copyTo, folder, "").sound(t)

	was := old(t, nil)
	there := buckettest.S3(t)
	if err := was.CopyTo(t.Context(), there); err != nil {
		t.Fatal(err)
	}
	moved := openInBucket(t, there, filepath.Dir(was.folder), "writer")
	if err := moved.Delete(t.Context(), expired(t, moved, evidence.Policy{Default: 50})); err != nil {
		t.Fatal(err)
	}
	if list, v := moved.problems(t, keptHead(t)); len(list) > 0 || v.Deleted != 4+5*4 {
		t.Errorf("verified %+v, problems %q", v, list)
	}
}

// TestS3ArchiveLocked: an object that a lock keeps stays, is reported, and is deleted later.
func TestS3ArchiveLocked(t *testing.T) {
	t.Parallel()
	b, folder := buckettest.Locked(t), t.TempDir()
	a := openInBucket(t, b, folder, "writer")
	a.add(t, aged(1, 100, qianshao.Gambling))
	a.add(t, aged(2, 100, qianshao.Gambling))
	err := a.Delete(t.Context(), expired(t, a, evidence.Policy{Default: 50}))
	tomorrow := time.Now().Add(23 * time.Hour).UTC().Format("2006-01-02")
	if !errors.Is(err, bucket.ErrLocked) || !strings.Contains(err.Error(), "when the locks have ended, an \"evidence prune --apply\" finishes it") ||
		!strings.Contains(err.Error(), "2 objects stay, for their locks keep them, the last of them until "+tomorrow) {
		t.Fatalf("error %v", err)
	}
	if v := a.sound(t); v.Uncut != 10 || v.Deleted != 10 {
		t.Errorf("verified %+v", v)
	}
	// An object that was never linked stays, too, but does not keep a start from doing the rest.
	if err := b.Put(t.Context(), "writer-000001/000000/000000077.warc.gz", strings.NewReader("never linked")); err != nil {
		t.Fatal(err)
	}
	buckettest.PutLocked(t, b, "writer-000001/000000/000000078.warc.gz", time.Second)
	time.Sleep(2 * time.Second)
	if err := openInBucket(t, b, folder, "writer").Recover(t.Context()); !errors.Is(err, bucket.ErrLocked) {
		t.Errorf("Recover: %v", err)
	}
	if left := objects(t, b); len(left) != 4 || slices.Contains(left, "writer-000001/000000/000000078.warc.gz") {
		t.Errorf("left %q", left)
	}
}

// TestS3ArchiveLockedFile: a locked file with many captures is not rewritten, however often that is tried,
// until its lock has ended.
func TestS3ArchiveLockedFile(t *testing.T) {
	t.Parallel()
	was, b := old(t, nil), buckettest.Locked(t)
	if err := was.CopyTo(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	a := openInBucket(t, b, filepath.Dir(was.folder), "writer")
	gone := expired(t, a, evidence.Policy{Default: 50})
	for range 2 {
		if err := a.Delete(t.Context(), gone); !errors.Is(err, bucket.ErrLocked) {
			t.Fatalf("error %v", err)
		}
		gone = nil
	}
	if list, v := a.problems(t, keptHead(t)); len(list) > 0 || v.Uncut != 5*4 {
		t.Errorf("verified %+v, problems %q", v, list)
	}
}

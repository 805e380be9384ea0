package evidence_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

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

// TestS3Archive: the archive on an S3 server is what it is in a folder: two writers, what a dead one has left, deletion,
// export, and copies from there and to there, of files of older versions as well.
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

// TestS3ArchiveLocked: what a lock keeps stays, is told, and is deleted later.
func TestS3ArchiveLocked(t *testing.T) {
	t.Parallel()
	b := buckettest.Locked(t)
	a := openInBucket(t, b, t.TempDir(), "writer")
	a.add(t, aged(1, 100, qianshao.Gambling))
	err := a.Delete(t.Context(), expired(t, a, evidence.Policy{Default: 50}))
	if !errors.Is(err, bucket.ErrLocked) || !strings.Contains(err.Error(), "the next \"evidence prune --apply\" finishes it") {
		t.Fatalf("error %v", err)
	}
	if v := a.sound(t); v.Uncut != 5 || v.Deleted != 5 {
		t.Errorf("verified %+v", v)
	}
}

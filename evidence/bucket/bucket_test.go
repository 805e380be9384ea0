package bucket_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/evidence/bucket/buckettest"
)

func TestFolder(t *testing.T) {
	t.Parallel()
	buckettest.Run(t, func(t *testing.T) bucket.Bucket {
		t.Helper()
		return bucket.NewFolder(filepath.Join(t.TempDir(), "made", "when needed"))
	})
}

// TestFolderIsTheOwners: only the owner may read what is stored, in any of its folders.
func TestFolderIsTheOwners(t *testing.T) {
	t.Parallel()
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	top := filepath.Join(t.TempDir(), "evidence")
	b := bucket.NewFolder(top)
	if err := b.Put(t.Context(), "a/b/c", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if err := b.Replace(t.Context(), "a/b/c", strings.NewReader("y"), 1); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{"": 0o700, "a": 0o700, "a/b": 0o700, "a/b/c": 0o600} {
		if info, err := os.Stat(filepath.Join(top, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestS3(t *testing.T) {
	t.Parallel()
	buckettest.Run(t, func(t *testing.T) bucket.Bucket {
		t.Helper()
		return buckettest.S3(t)
	})
}

// TestS3Lock: an object cannot be deleted before its lock ends, and Delete says when that is.
func TestS3Lock(t *testing.T) {
	t.Parallel()
	b := buckettest.Locked(t)
	if err := b.Put(t.Context(), "kept", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	tomorrow := time.Now().Add(23 * time.Hour).UTC().Format("2006-01-02")
	if err := b.Delete(t.Context(), "kept"); !errors.Is(err, bucket.ErrLocked) || !strings.Contains(err.Error(), tomorrow) {
		t.Errorf("Delete: %v", err)
	}
	for range 2 {
		if err := b.Replace(t.Context(), "kept", strings.NewReader("yy"), 2); !errors.Is(err, bucket.ErrLocked) || !strings.Contains(err.Error(), tomorrow) {
			t.Errorf("Replace: %v", err)
		}
	}
	if size, err := b.Size(t.Context(), "kept"); size != 1 || err != nil {
		t.Errorf("a locked object was replaced: %d bytes, %v", size, err)
	}
	// If there was no object, Replace locks the new one, as Put does.
	if err := b.Replace(t.Context(), "new", strings.NewReader("x"), 1); err != nil {
		t.Error(err)
	}
	if err := b.Delete(t.Context(), "new"); !errors.Is(err, bucket.ErrLocked) {
		t.Errorf("Delete of an object stored by Replace: %v", err)
	}
}

// TestS3LockEnds: an object that replaces one whose lock has ended can itself be replaced and deleted.
func TestS3LockEnds(t *testing.T) {
	t.Parallel()
	b := buckettest.Locked(t)
	buckettest.PutLocked(t, b, "ended", time.Second)
	time.Sleep(2 * time.Second)
	for _, content := range []string{"second", "third"} {
		if err := b.Replace(t.Context(), "ended", strings.NewReader(content), int64(len(content))); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Delete(t.Context(), "ended"); err != nil {
		t.Error(err)
	}
	if _, err := b.Size(t.Context(), "ended"); !errors.Is(err, bucket.ErrNotFound) {
		t.Errorf("an older version is left: %v", err)
	}
}

// TestOpenRefuses: the error says what is wrong with a location, and does not repeat keys.
func TestOpenRefuses(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hush 4711")
	empty := filepath.Join(t.TempDir(), "none")
	for _, tc := range []struct {
		location string
		opts     bucket.Options
		want     string
	}{
		{"s3://b", bucket.Options{}, "write endpoint=https://HOST[:PORT]"},
		{"s3://b?endpoint=host:9000", bucket.Options{}, "write endpoint=https://HOST[:PORT]"},
		{"s3://b?endpoint=https://host/path", bucket.Options{}, "write endpoint=https://HOST[:PORT]"},
		{"s3://b?endpoint=https://host&lok=1d", bucket.Options{}, `"lok" is unknown`},
		{"s3://b?endpoint=https://host&lock=1y", bucket.Options{}, "lock=1y is not a number of days"},
		{"s3://b?endpoint=https://host&lock=0d", bucket.Options{}, "lock=0d is not a number of days"},
		{"s3://b?endpoint=https://host&mode=strict", bucket.Options{}, "neither governance nor compliance"},
		{"s3://b/a%20b?endpoint=https://host", bucket.Options{}, "cannot be the name"},
		{"s3://key:hush 4711@b?endpoint=https://host", bucket.Options{}, "must have the form"},
		{"s3://key:hush4711@b?endpoint=https://host", bucket.Options{}, "keys do not belong in the location"},
		{"s3://b?endpoint=https://key:hush4711@host", bucket.Options{}, "keys do not belong in the location"},
		{"s3://b?endpoint=https://host", bucket.Options{CredentialsFile: empty}, "there is no file"},
		{"s3://b?endpoint=https://host", bucket.Options{CAFile: empty}, "there is no file"},
		{"s3://bucket?endpoint=http://127.0.0.1:1", bucket.Options{}, "does the server run"},
		{"gs://b", bucket.Options{}, "name a folder or s3://"},
	} {
		_, err := bucket.Open(t.Context(), tc.location, tc.opts)
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(strings.ReplaceAll(err.Error(), " ", ""), "hush4711") {
			t.Errorf("%s: %v, want %q", tc.location, err, tc.want)
		}
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", empty)
	t.Setenv("HOME", t.TempDir())
	if _, err := bucket.Open(t.Context(), "s3://b?endpoint=https://host", bucket.Options{}); err == nil || !strings.Contains(err.Error(), "no credentials") {
		t.Errorf("without credentials: %v", err)
	}
}

// TestOpenS3Refuses: a bucket is refused that does not exist, or has no lock although one is required.
func TestOpenS3Refuses(t *testing.T) {
	t.Parallel()
	location, opts := buckettest.Server(t)
	u, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = fmt.Sprintf("no-such-bucket-%d", os.Getpid())
	if _, err := bucket.Open(t.Context(), u.String(), opts); err == nil || !strings.Contains(err.Error(), "no such bucket") {
		t.Errorf("a missing bucket: %v", err)
	}
	if _, err := bucket.Open(t.Context(), buckettest.S3Location(t)+"&lock=1d", opts); err == nil || !strings.Contains(err.Error(), "no object lock") {
		t.Errorf("a bucket without lock: %v", err)
	}
}

// TestServerThatOverwrites: a server that accepts If-None-Match but ignores it gets no evidence. The server
// is simulated.
func TestServerThatOverwrites(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "testtesttest")
	var stored []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodPut:
			stored = append(stored, r.URL.Path)
			w.Header().Set("ETag", `"e"`)
		case http.MethodGet: // it has no object lock
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	b, err := bucket.Open(t.Context(), "s3://evidence/p?region=us-east-1&endpoint="+server.URL, bucket.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Put(t.Context(), "page", strings.NewReader("x")); err == nil || !strings.Contains(err.Error(), "ignores If-None-Match") {
		t.Errorf("Put: %v", err)
	}
	if slices.Contains(stored, "/evidence/p/page") {
		t.Errorf("it has %q", stored)
	}
}

// Package buckettest checks that an implementation of bucket.Bucket does what the interface promises.
package buckettest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/qianshao/qianshao/evidence/bucket"
)

// Run tests a bucket; open returns an empty one.
func Run(t *testing.T, open func(t *testing.T) bucket.Bucket) {
	for name, test := range map[string]func(*testing.T, bucket.Bucket){
		"empty": testEmpty, "put": testPut, "put at once": testPutAtOnce, "ranges": testRanges, "list": testList,
		"replace": testReplace, "delete": testDelete, "names": testNames, "cancelled": testCancelled,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func put(t *testing.T, b bucket.Bucket, name, content string) {
	t.Helper()
	if err := b.Put(t.Context(), name, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, b bucket.Bucket, name string, offset, length int64) string {
	t.Helper()
	r, err := b.Get(t.Context(), name, offset, length)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func whole(t *testing.T, b bucket.Bucket, name string) string {
	t.Helper()
	return get(t, b, name, 0, math.MaxInt64)
}

// list returns the names of objects with their sizes.
func list(t *testing.T, b bucket.Bucket, prefix string) (names []string) {
	t.Helper()
	for name, err := range b.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		size, err := b.Size(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, fmt.Sprintf("%s %d", name, size))
	}
	slices.Sort(names)
	return names
}

// testEmpty: in a new bucket nothing is found, and calls that need no object do not fail.
func testEmpty(t *testing.T, b bucket.Bucket) {
	if names := list(t, b, ""); len(names) > 0 {
		t.Errorf("an empty bucket has %q", names)
	}
	if _, err := b.Get(t.Context(), "a/b", 0, 1); !errors.Is(err, bucket.ErrNotFound) {
		t.Errorf("Get: %v", err)
	}
	if _, err := b.Get(t.Context(), "a/b", 0, 0); !errors.Is(err, bucket.ErrNotFound) {
		t.Errorf("Get of no bytes: %v", err)
	}
	if _, err := b.Size(t.Context(), "a/b"); !errors.Is(err, bucket.ErrNotFound) {
		t.Errorf("Size: %v", err)
	}
	if err := b.Delete(t.Context(), "a/b"); err != nil {
		t.Errorf("Delete: %v", err)
	}
}

// testPut: an object is never overwritten. Storing the same content again is not an
// error, since an answer may have been lost.
func testPut(t *testing.T, b bucket.Bucket) {
	put(t, b, "a/b/one.gz", "first")
	put(t, b, "a/b/empty", "")
	put(t, b, "a/b/one.gz", "first")
	for _, other := range []string{"other", "firs", "first.", ""} {
		if err := b.Put(t.Context(), "a/b/one.gz", strings.NewReader(other)); !errors.Is(err, bucket.ErrExists) {
			t.Errorf("Put of %q: %v", other, err)
		}
	}
	if got := whole(t, b, "a/b/one.gz"); got != "first" {
		t.Errorf("the object is %q", got)
	}
	for name, want := range map[string]int64{"a/b/one.gz": 5, "a/b/empty": 0} {
		if n, err := b.Size(t.Context(), name); n != want || err != nil {
			t.Errorf("%s has %d bytes, %v", name, n, err)
		}
	}
	if _, err := b.Size(t.Context(), "a/b"); !errors.Is(err, bucket.ErrNotFound) && err != nil {
		t.Errorf("Size of a folder: %v", err)
	}
}

// testPutAtOnce: of several that store different objects under one name, one succeeds, and its object is
// there.
func testPutAtOnce(t *testing.T, b bucket.Bucket) {
	const writers = 8
	var stored atomic.Int64
	var content atomic.Value
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			mine := bytes.Repeat([]byte{byte('a' + w)}, 100_000+w)
			switch err := b.Put(t.Context(), "contended", bytes.NewReader(mine)); {
			case err == nil:
				stored.Add(1)
				content.Store(string(mine))
			case !errors.Is(err, bucket.ErrExists):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := whole(t, b, "contended"); stored.Load() != 1 || got != content.Load() {
		t.Errorf("%d have stored it; the object has %d bytes of %.1s", stored.Load(), len(got), got)
	}
}

func testRanges(t *testing.T, b bucket.Bucket) {
	put(t, b, "r", "0123456789")
	for _, tc := range []struct {
		offset, length int64
		want           string
	}{{0, 1, "0"}, {0, 10, "0123456789"}, {3, 4, "3456"}, {9, 1, "9"}, {8, 5, "89"}, {10, 1, ""}, {50, 5, ""}, {4, 0, ""}, {2, math.MaxInt64 - 2, "23456789"}} {
		if got := get(t, b, "r", tc.offset, tc.length); got != tc.want {
			t.Errorf("%d bytes from %d: %q, want %q", tc.length, tc.offset, got, tc.want)
		}
	}
}

func testList(t *testing.T, b bucket.Bucket) {
	for _, name := range []string{"w-1/0/1.gz", "w-1/0/2.gz", "w-1/1/1.gz", "w-10/0/1.gz", "w-1.gz", "x"} {
		put(t, b, name, name)
	}
	for prefix, want := range map[string][]string{
		"":        {"w-1.gz 6", "w-1/0/1.gz 10", "w-1/0/2.gz 10", "w-1/1/1.gz 10", "w-10/0/1.gz 11", "x 1"},
		"w-1/":    {"w-1/0/1.gz 10", "w-1/0/2.gz 10", "w-1/1/1.gz 10"},
		"w-1/0/":  {"w-1/0/1.gz 10", "w-1/0/2.gz 10"},
		"w-1":     {"w-1.gz 6", "w-1/0/1.gz 10", "w-1/0/2.gz 10", "w-1/1/1.gz 10", "w-10/0/1.gz 11"},
		"w-1/0/1": {"w-1/0/1.gz 10"},
		"y":       nil,
		"y/z/":    nil,
	} {
		if got := list(t, b, prefix); !slices.Equal(got, want) {
			t.Errorf("with %q: %q, want %q", prefix, got, want)
		}
	}
	const many = 1100 // more than a server lists at once
	for i := range many {
		if testing.Short() && i == 20 {
			return
		}
		put(t, b, fmt.Sprintf("many/%d", i), "")
	}
	if got := list(t, b, "many/"); len(slices.Compact(got)) != many {
		t.Errorf("%d of %d objects are listed", len(got), many)
	}
}

// testReplace: only the new content is there, even if there was none before.
func testReplace(t *testing.T, b bucket.Bucket) {
	put(t, b, "d/file", "the old content")
	put(t, b, "d/file2", "beside it")
	for _, content := range []string{"new", "", "newer still"} {
		if err := b.Replace(t.Context(), "d/file", strings.NewReader(content), int64(len(content))); err != nil {
			t.Fatal(err)
		}
		if got := whole(t, b, "d/file"); got != content {
			t.Errorf("the object is %q, want %q", got, content)
		}
	}
	if got, want := list(t, b, ""), []string{"d/file 11", "d/file2 9"}; !slices.Equal(got, want) {
		t.Errorf("the bucket has %q, want %q", got, want)
	}
}

func testDelete(t *testing.T, b bucket.Bucket) {
	put(t, b, "d/file", "x")
	put(t, b, "d/file2", "y")
	for range 2 { // whether it is there or not
		if err := b.Delete(t.Context(), "d/file"); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Get(t.Context(), "d/file", 0, 1); !errors.Is(err, bucket.ErrNotFound) {
			t.Errorf("Get of a deleted object: %v", err)
		}
	}
	if got := list(t, b, ""); !slices.Equal(got, []string{"d/file2 1"}) {
		t.Errorf("the bucket has %q", got)
	}
	put(t, b, "d/file", "another") // the name is free again
	if got := whole(t, b, "d/file"); got != "another" {
		t.Errorf("the object is %q", got)
	}
}

// testNames: no name leads out of the bucket.
func testNames(t *testing.T, b bucket.Bucket) {
	for _, name := range []string{"", ".", "..", "../x", "a/../b", "a//b", "/a", "a/", "a b", "a\\b", "a\x00", "页", "a?b", strings.Repeat("n", 1000)} {
		_, failed := b.Size(t.Context(), name)
		_, unread := b.Get(t.Context(), name, 0, 1)
		for _, err := range []error{
			b.Put(t.Context(), name, strings.NewReader("x")), b.Replace(t.Context(), name, strings.NewReader("x"), 1), b.Delete(t.Context(), name), failed, unread,
		} {
			if err == nil || errors.Is(err, bucket.ErrNotFound) {
				t.Errorf("%q is taken for a name: %v", name, err)
			}
		}
	}
	put(t, b, "A-z_0.9/.hidden", "x")
}

// failing reads some bytes and then fails.
type failing struct{ io.ReadSeeker }

var errBroken = errors.New("for the test")

func (f failing) Read(p []byte) (int, error) {
	n, err := f.ReadSeeker.Read(p[:min(len(p), 10)])
	if errors.Is(err, io.EOF) {
		err = errBroken
	}
	return n, err
}

// testCancelled: an object whose content breaks off is not stored in part.
func testCancelled(t *testing.T, b bucket.Bucket) {
	if err := b.Put(t.Context(), "broken", failing{strings.NewReader(strings.Repeat("x", 1000))}); err == nil {
		t.Error("Put of unreadable content succeeds")
	}
	put(t, b, "kept", "old")
	if err := b.Replace(t.Context(), "kept", failing{strings.NewReader(strings.Repeat("x", 1000))}, 2000); err == nil {
		t.Error("Replace by unreadable content succeeds")
	}
	if got := list(t, b, ""); !slices.Equal(got, []string{"kept 3"}) {
		t.Errorf("the bucket has %q", got)
	}
}

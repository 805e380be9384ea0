package bucket_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/evidence/bucket/buckettest"
)

// TestClaim: a bucket belongs to the store that claims it first, even under an object lock; an owner that was
// noted only in part, because a process died, does not count.
func TestClaim(t *testing.T) {
	t.Parallel()
	const mine, theirs = "abcdefghijklmnopqrstuvwxyz", "bcdefghijklmnopqrstuvwxyza"
	for name, open := range map[string]func(t testing.TB) bucket.Bucket{
		"folder": func(t testing.TB) bucket.Bucket { return bucket.NewFolder(filepath.Join(t.TempDir(), "made")) },
		"s3":     buckettest.S3,
		"locked": buckettest.Locked,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			if name != "locked" {
				if err := b.Put(t.Context(), bucket.Owner, strings.NewReader(mine[:5])); err != nil {
					t.Fatal(err)
				}
			}
			if err := bucket.CheckOwner(t.Context(), b, theirs); err != nil {
				t.Errorf("an unclaimed bucket: %v", err)
			}
			for range 2 {
				if err := bucket.Claim(t.Context(), b, mine); err != nil {
					t.Fatal(err)
				}
			}
			if err := bucket.CheckOwner(t.Context(), b, mine); err != nil {
				t.Error(err)
			}
			for _, err := range []error{bucket.Claim(t.Context(), b, theirs), bucket.CheckOwner(t.Context(), b, theirs), bucket.CheckOwner(t.Context(), b, "")} {
				if !errors.Is(err, bucket.ErrOthers) || !strings.Contains(err.Error(), b.String()) {
					t.Errorf("another store: %v", err)
				}
			}
		})
	}
}

// TestWrongKey: a server's answer about a key becomes one sentence, with what to do about it.
func TestWrongKey(t *testing.T) {
	location, _ := buckettest.Server(t)
	t.Setenv("AWS_SECRET_ACCESS_KEY", "another")
	_, err := bucket.Open(t.Context(), location, bucket.Options{})
	if err == nil || !strings.Contains(err.Error(), "; is the endpoint right") || strings.Contains(err.Error(), ".;") {
		t.Error(err)
	}
}

package buckettest

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/qianshao/qianshao/evidence/bucket"
)

// Server returns the location that QIANSHAO_S3 names, as s3://bucket?endpoint=http://127.0.0.1:9000;
// its keys are those of the environment. Each test has its own buckets on the server. Without the
// variable the test is skipped.
func Server(t testing.TB) (location string, opts bucket.Options) {
	t.Helper()
	location = os.Getenv("QIANSHAO_S3")
	if location == "" {
		t.Skip("QIANSHAO_S3 names no S3 server, as s3://bucket?endpoint=http://127.0.0.1:9000 with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; .ci/backends starts one")
	}
	return location, opts
}

// S3Location makes a new bucket on the server, and removes it after the test.
func S3Location(t testing.TB) string { return makeBucket(t, false) }

// S3 opens a new bucket on the server, with a prefix.
func S3(t testing.TB) bucket.Bucket { return openS3(t, S3Location(t)) }

// Locked opens a new bucket that keeps each object for a day. It is left on the server.
func Locked(t testing.TB) bucket.Bucket { return openS3(t, makeBucket(t, true)+"&lock=1d") }

// PutLocked stores an object in a bucket on the server that is locked for less than a day.
func PutLocked(t testing.TB, b bucket.Bucket, name string, lock time.Duration) {
	t.Helper()
	server, _ := Server(t)
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	place, err := url.Parse(b.String())
	if err != nil {
		t.Fatal(err)
	}
	_, err = client(t, u).PutObject(t.Context(), place.Host, strings.TrimPrefix(place.Path, "/")+name, strings.NewReader("x"), 1,
		minio.PutObjectOptions{SendContentMd5: true, Mode: minio.Governance, RetainUntilDate: time.Now().Add(lock).UTC()})
	if err != nil {
		t.Fatal(err)
	}
}

func client(t testing.TB, server *url.URL) *minio.Client {
	t.Helper()
	endpoint, err := url.Parse(server.Query().Get("endpoint"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := minio.New(endpoint.Host, &minio.Options{Creds: credentials.NewEnvAWS(), Secure: endpoint.Scheme == "https", BucketLookup: minio.BucketLookupPath})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func openS3(t testing.TB, location string) bucket.Bucket {
	t.Helper()
	b, err := bucket.Open(t.Context(), location, bucket.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func makeBucket(t testing.TB, lock bool) (location string) {
	t.Helper()
	server, _ := Server(t)
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	client := client(t, u)
	u.Host, u.Path = "test-"+strings.ToLower(rand.Text()), "/a/prefix"
	if err := client.MakeBucket(t.Context(), u.Host, minio.MakeBucketOptions{ObjectLocking: lock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !lock {
			emptyAndRemove(t, client, u.Host)
		}
	})
	return u.String()
}

func emptyAndRemove(t testing.TB, client *minio.Client, name string) {
	t.Helper()
	ctx := context.Background() // the test's context has ended
	for o := range client.ListObjectsIter(ctx, name, minio.ListObjectsOptions{Recursive: true}) {
		if err := client.RemoveObject(ctx, name, o.Key, minio.RemoveObjectOptions{}); err != nil {
			t.Error(err)
		}
	}
	if err := client.RemoveBucket(ctx, name); err != nil {
		t.Error(err)
	}
}

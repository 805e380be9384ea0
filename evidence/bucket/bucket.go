// Package bucket keeps the evidence archive's objects: in a folder, or on an S3 server.
// An object has a name, and is stored whole or not at all.
package bucket

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/qianshao/qianshao/locales"
)

// Bucket is a place for objects. It is safe for concurrent use, even by several
// processes. Package buckettest checks that implementations keep these promises.
type Bucket interface {
	// Put stores an object. When it returns without an error the object is durable; after
	// an error the object may still be there. An existing object of that name stays: Put succeeds
	// if it has the same content, as after a lost answer, and otherwise returns ErrExists.
	Put(ctx context.Context, name string, content io.ReadSeeker) error
	// Replace stores an object of a known size in place of an existing one. Readers get either
	// the old or the new content. Nothing is kept of the old content, not even as an older
	// version. An object that is kept by a lock stays as it is, with ErrLocked; an object that
	// replaces one whose lock has ended gets no new lock. After any other error the new content
	// may be there, and Replace may be repeated.
	Replace(ctx context.Context, name string, content io.Reader, size int64) error
	// Delete removes an object with all its versions; it need not exist. An object that is
	// kept by a lock stays, with ErrLocked.
	Delete(ctx context.Context, name string) error
	// Get reads length bytes from offset on, or fewer if the object ends before. It
	// returns ErrNotFound if there is no such object.
	Get(ctx context.Context, name string, offset, length int64) (io.ReadCloser, error)
	// Size returns an object's size, or ErrNotFound.
	Size(ctx context.Context, name string) (int64, error)
	// List yields the names of the objects that begin with a prefix, in any order. It may or
	// may not include objects that are stored or deleted meanwhile.
	List(ctx context.Context, prefix string) iter.Seq2[string, error]
	// String names the place, without secrets.
	String() string
}

// Sentinels to test for with errors.Is.
var (
	ErrNotFound = locales.Errorf("bucket.not_found")
	ErrExists   = locales.Errorf("bucket.exists")
	// ErrLocked says that the server keeps an object from being deleted for some time yet.
	ErrLocked = locales.Errorf("bucket.locked")
)

// LockedError is ErrLocked with the time when the lock ends.
type LockedError struct{ Until time.Time }

func (e *LockedError) Error() string { return e.In(locales.English) }

// In implements locales.Speaker.
func (e *LockedError) In(l locales.Lang) string {
	return l.Text("bucket.locked_until", ErrLocked, e.Until.UTC().Format(time.RFC3339))
}

func (e *LockedError) Unwrap() error { return ErrLocked }

// Options of Open, for buckets on a server.
type Options struct {
	// CredentialsFile is in the format of ~/.aws/credentials. Without it,
	// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are used, or else the file that
	// AWS_SHARED_CREDENTIALS_FILE names, or ~/.aws/credentials.
	CredentialsFile string
	// CAFile has the certificates, in PEM, that vouch for the server; "" means the system's.
	CAFile string
}

// Open opens a bucket: s3://BUCKET/PREFIX?endpoint=…, as OpenS3 reads it, or a folder.
func Open(ctx context.Context, location string, opts Options) (Bucket, error) {
	if strings.HasPrefix(location, "s3://") {
		return OpenS3(ctx, location, opts)
	}
	if scheme, _, is := strings.Cut(location, "://"); is {
		return nil, locales.Errorf("bucket.scheme", scheme)
	}
	return NewFolder(location), nil
}

// checkName refuses names that would not be the same path in every kind of bucket. Names
// come from a database, which somebody may have changed.
func checkName(name string) error {
	for segment := range strings.SplitSeq(name, "/") {
		if segment == "" || segment == "." || segment == ".." || strings.ContainsFunc(segment, isForeign) {
			return locales.Errorf("bucket.name", name)
		}
	}
	if len(name) > maxName {
		return locales.Errorf("bucket.name", name)
	}
	return nil
}

// maxName is in bytes; S3 accepts 1,024 including the prefix.
const maxName = 512

func isForeign(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
}

// sameContent compares content that is to be stored with the object of the same name.
func sameContent(ctx context.Context, b Bucket, name string, content io.ReadSeeker) (same bool, err error) {
	size, err := content.Seek(0, io.SeekEnd)
	if err != nil {
		return false, err
	}
	if is, err := b.Size(ctx, name); err != nil || is != size {
		return false, err
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	there, err := b.Get(ctx, name, 0, size)
	if err != nil {
		return false, err
	}
	defer there.Close()
	return equal(there, content)
}

// equal says whether two readers have the same bytes.
func equal(x, y io.Reader) (bool, error) {
	a, b := make([]byte, 32<<10), make([]byte, 32<<10)
	for {
		n, errX := io.ReadFull(x, a)
		m, errY := io.ReadFull(y, b)
		if n != m || string(a[:n]) != string(b[:m]) {
			return false, errors.Join(notEnd(errX), notEnd(errY))
		}
		if errX != nil || errY != nil {
			return true, errors.Join(notEnd(errX), notEnd(errY))
		}
	}
}

func notEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

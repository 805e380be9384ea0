package bucket

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/qianshao/qianshao/internal/trust"
	"github.com/qianshao/qianshao/locales"
)

// S3 is a bucket on a server that speaks S3.
type S3 struct {
	core   minio.Core
	place  place
	locked bool // the bucket has object lock

	mu      sync.Mutex
	refuses bool // the server has been seen to refuse a second object with the same name
}

// place is a parsed location.
type place struct {
	bucket, prefix   string // the prefix is empty or ends with a slash
	endpoint, region string
	secure           bool
	lock             time.Duration
	mode             minio.RetentionMode
}

var errKeys = locales.Errorf("bucket.keys")

// parsePlace reads s3://BUCKET/PREFIX?endpoint=https://HOST:PORT&region=REGION&lock=365d&mode=governance.
func parsePlace(location string) (p place, err error) {
	u, err := url.Parse(location)
	if err != nil {
		return p, locales.Errorf("bucket.location")
	}
	if u.User != nil {
		return p, errKeys
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return p, locales.Errorf("bucket.query", u.Scheme, u.Host)
	}
	p = place{bucket: u.Host, region: query.Get("region"), mode: minio.Governance}
	if prefix := strings.Trim(u.Path, "/"); prefix != "" {
		if err := checkName(prefix); err != nil {
			return p, err
		}
		p.prefix = prefix + "/"
	}
	for key := range query {
		switch key {
		case "endpoint", "region", "lock", "mode":
		default:
			return p, locales.Errorf("bucket.unknown", p, key)
		}
	}
	endpoint, err := url.Parse(query.Get("endpoint"))
	if err == nil && endpoint.User != nil {
		return p, errKeys
	}
	if err != nil || endpoint.Host == "" || endpoint.Path != "" && endpoint.Path != "/" || endpoint.Scheme != "https" && endpoint.Scheme != "http" {
		return p, locales.Errorf("bucket.endpoint", p)
	}
	p.endpoint, p.secure = endpoint.Host, endpoint.Scheme == "https"
	if lock := query.Get("lock"); lock != "" {
		var days int
		if n, err := fmt.Sscanf(lock, "%dd", &days); n != 1 || err != nil || fmt.Sprintf("%dd", days) != lock || days < 1 || days > maxLockDays {
			return p, locales.Errorf("bucket.lock", p, lock)
		}
		p.lock = time.Duration(days) * 24 * time.Hour
	}
	if mode := query.Get("mode"); mode != "" {
		if p.mode = minio.RetentionMode(strings.ToUpper(mode)); !p.mode.IsValid() {
			return p, locales.Errorf("bucket.mode", p, mode)
		}
	}
	return p, nil
}

// CheckS3 returns what is wrong with the location of a bucket on an S3 server, as far as that can be seen
// without asking the server.
func CheckS3(location string) error {
	_, err := parsePlace(location)
	return err
}

// maxLockDays is a hundred years, the most that S3 servers accept.
const maxLockDays = 36500

func (p place) String() string { return "s3://" + p.bucket + "/" + p.prefix }

// String implements Bucket.
func (s *S3) String() string { return s.place.String() }

// OpenS3 opens an existing bucket on an S3 server: see parsePlace. With lock=365d the
// bucket must have object lock, and an object cannot be deleted for that time.
func OpenS3(ctx context.Context, location string, opts Options) (*S3, error) {
	p, err := parsePlace(location)
	if err != nil {
		return nil, err
	}
	keys, err := opts.credentials()
	if err != nil {
		return nil, err
	}
	transport, err := opts.transport(p.secure)
	if err != nil {
		return nil, err
	}
	client, err := minio.New(p.endpoint, &minio.Options{
		Creds: keys, Secure: p.secure, Region: p.region, Transport: transport, MaxRetries: maxRetries, BucketLookup: p.lookup(),
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p, err)
	}
	s := &S3{core: minio.Core{Client: client}, place: p}
	if err := s.check(ctx); err != nil {
		return nil, locales.Errorf("bucket.at", p, p.endpoint, err)
	}
	return s, nil
}

// maxRetries bounds the retries of one request, which take some seconds in all; the archive tries a page
// again later.
const maxRetries = 5

// lookup puts the bucket into the path if its name cannot be part of a host name.
func (p place) lookup() minio.BucketLookupType {
	if strings.HasSuffix(p.endpoint, ".amazonaws.com") || strings.HasSuffix(p.endpoint, ".aliyuncs.com") {
		return minio.BucketLookupAuto
	}
	return minio.BucketLookupPath
}

func (o *Options) credentials() (*credentials.Credentials, error) {
	providers := []credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}}
	if o.CredentialsFile != "" {
		if _, err := trust.Secret(o.CredentialsFile); err != nil {
			return nil, err
		}
		providers = []credentials.Provider{&credentials.FileAWSCredentials{Filename: o.CredentialsFile}}
	}
	keys := credentials.NewChainCredentials(providers)
	if v, err := keys.GetWithContext(nil); err != nil || v.AccessKeyID == "" || v.SecretAccessKey == "" {
		return nil, locales.Errorf("bucket.no_credentials")
	}
	return keys, nil
}

func (o *Options) transport(secure bool) (*http.Transport, error) {
	t, err := minio.DefaultTransport(secure)
	if err != nil {
		return nil, err
	}
	t.TLSClientConfig, err = trust.TLS(o.CAFile)
	return t, err
}

// check checks that the bucket exists, and has the lock that is required.
func (s *S3) check(ctx context.Context) error {
	there, err := s.core.BucketExists(ctx, s.place.bucket)
	if err != nil {
		return locales.Errorf("bucket.refused", clause{err}, trust.Remedy(err).Or(locales.M("bucket.reach")))
	}
	if !there {
		return locales.Errorf("bucket.missing")
	}
	lock, _, _, _, err := s.core.GetObjectLockConfig(ctx, s.place.bucket) //nolint:dogsled // only whether there is one
	if s.locked = err == nil && lock == "Enabled"; !s.locked && s.place.lock > 0 {
		return locales.Errorf("bucket.no_lock")
	}
	return nil
}

// clause is an error without its full stop, as the sentence goes on after a server's message.
type clause struct{ error }

func (c clause) Error() string { return strings.TrimSuffix(c.error.Error(), ".") }
func (c clause) Unwrap() error { return c.error }

// Put implements Bucket.
func (s *S3) Put(ctx context.Context, name string, content io.ReadSeeker) error {
	if err := checkName(name); err != nil {
		return err
	}
	if err := s.mustRefuse(ctx); err != nil {
		return err
	}
	size, err := content.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return err
	}
	err = s.put(ctx, name, content, size, true)
	if errors.Is(err, ErrExists) {
		if same, failed := sameContent(ctx, s, name, content); failed != nil || same {
			return failed
		}
	}
	return s.failed(name, err)
}

// put stores an object. If it must be new, it is locked, and if there already is one, the error is
// ErrExists.
func (s *S3) put(ctx context.Context, name string, content io.Reader, size int64, isNew bool) error {
	opts := minio.PutObjectOptions{ContentType: "application/warc", DisableMultipart: true, SendContentMd5: s.locked}
	if isNew && s.place.lock > 0 {
		opts.Mode, opts.RetainUntilDate = s.place.mode, time.Now().Add(s.place.lock).UTC().Truncate(time.Second)
	}
	if isNew {
		opts.SetMatchETagExcept("*")
	}
	_, err := s.core.Client.PutObject(ctx, s.place.bucket, s.place.prefix+name, content, size, opts)
	if code := minio.ToErrorResponse(err).StatusCode; isNew && (code == http.StatusPreconditionFailed || code == http.StatusConflict) {
		return ErrExists
	}
	return err
}

// marker is an object by which a server shows that it refuses a second object with the same name: some
// servers accept the condition but ignore it, and would let evidence be overwritten.
const marker = ".qianshao"

func (s *S3) mustRefuse(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuses {
		return nil
	}
	var err error
	for range 2 { // the first time, the marker may not exist yet
		if err = s.put(ctx, marker, strings.NewReader(marker), int64(len(marker)), true); err != nil {
			break
		}
	}
	switch {
	case errors.Is(err, ErrExists):
		s.refuses = true
		return nil
	case err != nil:
		return s.failed(marker, err)
	}
	return locales.Errorf("bucket.overwrites", s)
}

// Replace implements Bucket.
func (s *S3) Replace(ctx context.Context, name string, content io.Reader, size int64) error {
	if err := checkName(name); err != nil {
		return err
	}
	// Whether a lock keeps an older version only shows when it is to be removed.
	if err := s.removeVersions(ctx, name, true); err != nil {
		return err
	}
	there, err := s.core.StatObject(ctx, s.place.bucket, s.place.prefix+name, minio.StatObjectOptions{})
	isNew := errors.Is(s.failed(name, err), ErrNotFound)
	if err == nil {
		err = lockOf(there.Metadata)
	}
	if err != nil && !isNew {
		return s.failed(name, err)
	}
	if err := s.put(ctx, name, content, size, isNew); err != nil {
		return s.failed(name, err)
	}
	return s.removeVersions(ctx, name, true)
}

// lockOf returns the lock that an object's header names; nil if there is none, or it has ended.
func lockOf(header http.Header) error {
	if header.Get("X-Amz-Object-Lock-Legal-Hold") == "ON" {
		return locales.Errorf("bucket.legal_hold", ErrLocked)
	}
	until, err := time.Parse(time.RFC3339, header.Get("X-Amz-Object-Lock-Retain-Until-Date"))
	if err != nil || !until.After(time.Now()) {
		return nil
	}
	return &LockedError{until}
}

// Delete implements Bucket.
func (s *S3) Delete(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	return s.removeVersions(ctx, name, false)
}

// removeVersions removes the versions of an object and its delete markers, or, with butLatest, all but
// the latest. In a bucket without versions, the object itself is the only version.
func (s *S3) removeVersions(ctx context.Context, name string, butLatest bool) error {
	key := s.place.prefix + name
	var failed error
	for v := range s.core.ListObjectsIter(ctx, s.place.bucket, minio.ListObjectsOptions{Prefix: key, WithVersions: true, Recursive: true}) {
		if v.Err != nil {
			return s.failed(name, v.Err)
		}
		if v.Key != key || butLatest && v.IsLatest {
			continue
		}
		err := s.core.RemoveObject(ctx, s.place.bucket, key, minio.RemoveObjectOptions{VersionID: v.VersionID})
		failed = errors.Join(failed, s.refused(ctx, name, v.VersionID, err))
	}
	return failed
}

// refused returns the lock because of which a server has refused to touch a version of an object.
func (s *S3) refused(ctx context.Context, name, version string, err error) error {
	if err == nil || !s.locked || minio.ToErrorResponse(err).Code != minio.AccessDenied {
		return s.failed(name, err)
	}
	// Not every server names the lock of an older version.
	info, _ := s.core.StatObject(ctx, s.place.bucket, s.place.prefix+name, minio.StatObjectOptions{VersionID: version})
	return s.failed(name, locales.Errorf("because", cmp.Or(lockOf(info.Metadata), ErrLocked), err))
}

// Get implements Bucket.
func (s *S3) Get(ctx context.Context, name string, offset, length int64) (io.ReadCloser, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if length <= 0 {
		_, err := s.Size(ctx, name)
		return io.NopCloser(bytes.NewReader(nil)), err
	}
	var opts minio.GetObjectOptions
	opts.Set("Range", fmt.Sprintf("bytes=%d-%d", offset, offset+min(length, maxObject)-1))
	content, _, _, err := s.core.GetObject(ctx, s.place.bucket, s.place.prefix+name, opts)
	if minio.ToErrorResponse(err).StatusCode == http.StatusRequestedRangeNotSatisfiable {
		return io.NopCloser(bytes.NewReader(nil)), nil
	}
	if err != nil {
		return nil, s.failed(name, err)
	}
	return content, nil
}

// maxObject is the largest size of an object on S3.
const maxObject = 5 << 40

// Size implements Bucket.
func (s *S3) Size(ctx context.Context, name string) (int64, error) {
	if err := checkName(name); err != nil {
		return 0, err
	}
	info, err := s.core.StatObject(ctx, s.place.bucket, s.place.prefix+name, minio.StatObjectOptions{})
	return info.Size, s.failed(name, err)
}

// List implements Bucket.
func (s *S3) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for o := range s.core.ListObjectsIter(ctx, s.place.bucket, minio.ListObjectsOptions{Prefix: s.place.prefix + prefix, Recursive: true}) {
			name := strings.TrimPrefix(o.Key, s.place.prefix)
			if o.Err == nil && name == marker {
				continue
			}
			if !yield(name, s.failed("", o.Err)) || o.Err != nil {
				return
			}
		}
	}
}

// failed adds the object's name to an error.
func (s *S3) failed(name string, err error) error {
	if err == nil {
		return nil
	}
	var unreached *url.Error
	if code := minio.ToErrorResponse(err).Code; code == minio.NoSuchKey || code == "NotFound" {
		err = locales.Errorf("because", ErrNotFound, err)
	} else if errors.As(err, &unreached) {
		err = locales.Errorf("bucket.unreached", err)
	}
	return fmt.Errorf("%s%s: %w", s.place, name, err)
}

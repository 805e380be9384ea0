package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/qianshao/qianshao/locales"
)

// Folder is a bucket in a folder, which is made for its owner only when something is
// stored. An object is a file, and the part of its name before a slash is a folder.
type Folder struct{ path string }

// NewFolder returns the bucket in a folder. It reads and writes nothing yet.
func NewFolder(path string) *Folder { return &Folder{path} }

// String implements Bucket.
func (f *Folder) String() string { return f.path }

func (f *Folder) file(name string) (string, error) {
	return filepath.Join(f.path, filepath.FromSlash(name)), checkName(name)
}

// Put implements Bucket. A process that dies may leave an incomplete object, which Put
// has not reported as stored.
func (f *Folder) Put(ctx context.Context, name string, content io.ReadSeeker) error {
	file, err := f.file(name)
	if err != nil {
		return err
	}
	to, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeFolder(filepath.Dir(file)); err == nil {
			to, err = os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		}
	}
	if errors.Is(err, fs.ErrExist) {
		if same, err := sameContent(ctx, f, name, content); err != nil || same {
			return err
		}
		return fmt.Errorf("%s: %w", file, ErrExists)
	}
	if err != nil {
		return explained(err)
	}
	if err := fill(to, content); err != nil {
		return explained(errors.Join(err, os.Remove(file)))
	}
	return syncFolder(filepath.Dir(file))
}

// fill writes a file and makes it durable.
func fill(to *os.File, content io.Reader) error {
	_, err := io.Copy(to, content)
	if err == nil {
		err = to.Sync()
	}
	return errors.Join(err, to.Close())
}

// makeFolder makes a folder durable with those above it that are missing.
func makeFolder(name string) error {
	err := os.Mkdir(name, 0o700)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeFolder(filepath.Dir(name)); err == nil {
			err = os.Mkdir(name, 0o700)
		}
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncFolder(filepath.Dir(name))
}

// Replace implements Bucket. A process that dies leaves a file whose name ends in Temporary.
func (f *Folder) Replace(_ context.Context, name string, content io.Reader, size int64) error {
	file, err := f.file(name)
	if err != nil {
		return err
	}
	to, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*"+Temporary) // mode 0600
	if err != nil {
		return explained(err)
	}
	err = fill(to, io.LimitReader(content, size))
	if err == nil {
		err = os.Rename(to.Name(), file)
	}
	if err != nil {
		return explained(errors.Join(err, os.Remove(to.Name())))
	}
	return syncFolder(filepath.Dir(file))
}

// Temporary is the suffix of incomplete files' names, which begin with a dot.
const Temporary = ".tmp"

// Delete implements Bucket.
func (f *Folder) Delete(_ context.Context, name string) error {
	file, err := f.file(name)
	if err != nil {
		return err
	}
	err = os.Remove(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncFolder(filepath.Dir(file))
}

// Get implements Bucket.
func (f *Folder) Get(_ context.Context, name string, offset, length int64) (io.ReadCloser, error) {
	file, err := f.file(name)
	if err != nil {
		return nil, err
	}
	from, err := os.Open(file)
	if err != nil {
		return nil, notFound(err)
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(from, offset, length), from}, nil
}

// Size implements Bucket.
func (f *Folder) Size(_ context.Context, name string) (int64, error) {
	file, err := f.file(name)
	if err != nil {
		return 0, err
	}
	info, err := os.Stat(file)
	if err != nil {
		return 0, notFound(err)
	}
	return info.Size(), nil
}

// notFound turns the file system's error into the bucket's.
func notFound(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return locales.Errorf("because", ErrNotFound, err)
	}
	return err
}

// List implements Bucket. Everything that is not a folder counts as an object.
func (f *Folder) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		root, err := filepath.EvalSymlinks(f.path) // the folder may be a link to another disk
		if err != nil {
			if gone(err) != nil {
				yield("", err)
			}
			return
		}
		top := filepath.Join(root, filepath.FromSlash(path.Dir(prefix+"x")))
		err = filepath.WalkDir(top, func(file string, entry fs.DirEntry, err error) error {
			if err = errors.Join(err, ctx.Err()); err != nil {
				return gone(err)
			}
			inside, err := filepath.Rel(root, file)
			if err != nil {
				return err
			}
			name := filepath.ToSlash(inside)
			switch {
			case entry.IsDir() && name != "." && !strings.HasPrefix(name+"/", prefix) && !strings.HasPrefix(prefix, name+"/"):
				return fs.SkipDir
			case entry.IsDir() || !strings.HasPrefix(name, prefix):
				return nil
			}
			if !yield(name, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield("", err)
		}
	}
}

// gone treats a file that has vanished meanwhile as one that was never there.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// explained adds to an error what to do about it.
func explained(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return locales.Errorf("bucket.disk_full", err)
	}
	return err
}

// syncFolder makes the names in a folder durable.
func syncFolder(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

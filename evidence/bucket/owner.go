package bucket

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/qianshao/qianshao/locales"
)

// Owner is the object that says whose evidence is in a bucket: it contains the id of a store.
const Owner = ".qianshao-store"

// idLength is the length of a store's id.
const idLength = 26

// ErrOthers says that a bucket has the evidence of another store.
var ErrOthers = locales.Errorf("bucket.others")

// Claim notes that a bucket has the evidence of a store. If another store is already noted, the error
// wraps ErrOthers.
func Claim(ctx context.Context, b Bucket, store string) error {
	err := b.Put(ctx, Owner, strings.NewReader(store))
	if !errors.Is(err, ErrExists) {
		return err
	}
	whole, err := owned(ctx, b, store)
	if err != nil || whole {
		return err
	}
	return b.Replace(ctx, Owner, strings.NewReader(store), int64(len(store))) // a process died while writing it
}

// CheckOwner refuses a bucket that has the evidence of another store, with an error that wraps ErrOthers.
// It changes nothing.
func CheckOwner(ctx context.Context, b Bucket, store string) error {
	_, err := owned(ctx, b, store)
	return err
}

// owned says whether the bucket's owner is noted; if it is another store, that is an error.
func owned(ctx context.Context, b Bucket, store string) (noted bool, err error) {
	content, err := b.Get(ctx, Owner, 0, idLength+1)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer content.Close()
	id, err := io.ReadAll(content)
	switch {
	case err != nil:
		return false, err
	case len(id) < idLength:
		return false, nil
	case string(id) != store:
		return true, locales.Errorf("bucket.another_store", b, ErrOthers, Owner)
	}
	return true, nil
}

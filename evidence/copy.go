package evidence

import (
	"bytes"
	"context"
	"io"
	"math"

	"github.com/qianshao/qianshao/evidence/bucket"
)

// inMemory is the size up to which an object is copied in one step.
const inMemory = 64 << 20

// CopyTo copies the objects that the ledger knows into an empty bucket, while other
// processes may add more. The ledger may itself be a copy from before the call; what was
// added since is left out. An object that is missing or too short is copied as it is, for
// Verify to report: somebody may have damaged it, or records were deleted since the ledger
// was copied.
func (a *Archive) CopyTo(ctx context.Context, to bucket.Bucket) error {
	var file string
	var length int64
	copyFile := func() error {
		if length == 0 {
			return nil
		}
		return a.copyObject(ctx, file, to, length)
	}
	err := a.eachLink(ctx, 0, math.MaxInt64, func(l *Link) (err error) {
		if l.File != file {
			err = copyFile()
			file, length = l.File, 0
		}
		if !l.Cut {
			length += l.Length
		}
		return err
	})
	if err != nil {
		return err
	}
	return copyFile()
}

// copyObject copies the first bytes of an object, or all if there are fewer: if deleted records were
// cut out after the ledger was copied, the shorter object is as good as the longer one.
func (a *Archive) copyObject(ctx context.Context, name string, to bucket.Bucket, length int64) error {
	if length > inMemory {
		size, err := a.opts.Bucket.Size(ctx, name)
		if err != nil {
			return unlessMissing(err)
		}
		length = min(length, size)
	}
	from, err := a.opts.Bucket.Get(ctx, name, 0, length)
	if err != nil {
		return unlessMissing(err)
	}
	defer from.Close()
	if length > inMemory {
		return to.Replace(ctx, name, untilDone{ctx, from}, length)
	}
	content, err := io.ReadAll(untilDone{ctx, from})
	if err != nil {
		return err
	}
	return to.Put(ctx, name, bytes.NewReader(content))
}

// DeletedSince says whether records were deleted since there were gone deleted ones. The objects of a
// copy that was made meanwhile may then be of a later moment than its ledger.
func (a *Archive) DeletedSince(ctx context.Context, gone int64) (bool, error) {
	state, err := a.opts.Ledger.EvidenceState(ctx)
	return state.Gone != gone, err
}

// untilDone reads until its context ends.
type untilDone struct {
	ctx  context.Context //nolint:containedctx // lives for one copy
	from io.Reader
}

func (r untilDone) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(p)
}

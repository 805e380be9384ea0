package evidence

import (
	"bytes"
	"context"
	"io"
	"math"
	"slices"

	"github.com/qianshao/qianshao/evidence/bucket"
)

// Bounds of reading ahead: the number of objects, and the bytes of each, as an object may have 256 MB.
const (
	objectsAhead = 16
	bytesAhead   = 1 << 20
)

// ahead reads objects before they are needed, several at once, since a server takes some time for each.
type ahead struct {
	from bucket.Bucket
	next []*object       // in the order in which they are to be opened
	ctx  context.Context //nolint:containedctx // lives for one call of Verify
	stop context.CancelFunc
}

func newAhead(ctx context.Context, from bucket.Bucket) *ahead {
	a := &ahead{from: from}
	a.ctx, a.stop = context.WithCancel(ctx)
	return a
}

// object is an object that is being read, or will be.
type object struct {
	name string
	done chan struct{} // nil until reading begins; closed when the fields below are set
	body io.ReadCloser
	head []byte // what was read ahead
	err  error
}

// expect queues the objects of the links that are read next.
func (a *ahead) expect(links []Link) {
	for i := range links {
		if file := links[i].File; len(a.next) == 0 || a.next[len(a.next)-1].name != file {
			a.next = append(a.next, &object{name: file})
		}
	}
}

// open returns an expected object from its beginning, and begins to read those after it. Those before it are
// skipped.
func (a *ahead) open(name string) (io.ReadCloser, error) {
	i := slices.IndexFunc(a.next, func(o *object) bool { return o.name == name })
	if i < 0 { // it was already opened: links of two chains name it
		return a.from.Get(a.ctx, name, 0, math.MaxInt64)
	}
	a.drop(i)
	for _, o := range a.next[:min(len(a.next), objectsAhead)] {
		if o.done == nil {
			o.done = make(chan struct{})
			go a.read(o)
		}
	}
	o := a.next[0]
	a.next = a.next[1:]
	<-o.done
	if o.body == nil {
		return nil, o.err
	}
	rest := io.Reader(o.body)
	if o.err != nil { // reading ahead failed
		rest = failed{o.err}
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(o.head), rest), o.body}, nil
}

// read begins to read an object.
func (a *ahead) read(o *object) {
	defer close(o.done)
	if o.body, o.err = a.from.Get(a.ctx, o.name, 0, math.MaxInt64); o.err == nil {
		o.head, o.err = io.ReadAll(io.LimitReader(o.body, bytesAhead))
	}
}

// drop skips the first n objects, and closes those that were begun.
func (a *ahead) drop(n int) {
	for _, o := range a.next[:n] {
		if o.done == nil {
			continue
		}
		if <-o.done; o.body != nil {
			_ = o.body.Close()
		}
	}
	a.next = a.next[n:]
}

// close stops all reading.
func (a *ahead) close() {
	a.stop()
	a.drop(len(a.next))
}

// failed is the reader of an object whose reading has failed.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }

package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// writing is a chain that this archive has begun.
type writing struct {
	Chain
	objects atomic.Int64 // names given
	unclean atomic.Bool  // an object may exist that was never linked

	mu   sync.Mutex // held while links are added
	head Head
}

// perFolder is how many objects share a folder in their names.
const perFolder = 1000

// object names the chain's next object.
func (w *writing) object() string {
	n := w.objects.Add(1)
	return fmt.Sprintf("%s/%06d/%09d.warc.gz", w.Name(), n/perFolder, n)
}

// batch is what one step adds to the archive.
type batch struct {
	records []encoded
	bytes   []byte // of all the records
}

// extendTries bounds how often an object is stored again because its chain was fenced meanwhile.
const extendTries = 3

// extend stores a batch as an object and then links it. complete adds to the extension what
// is recorded together with the links; it may be called more than once. After an error
// nothing is linked, unless the ledger has recorded it and cannot be reached any more.
func (a *Archive) extend(ctx context.Context, b batch, complete func(x *Extension)) (err error) {
	for range extendTries {
		if err = a.tryExtend(ctx, b, complete); !errors.Is(err, ErrFenced) {
			return err
		}
		a.opts.Log.Warn("another process has closed this process's evidence chain; starting a new one", "error", err)
	}
	return err
}

func (a *Archive) tryExtend(ctx context.Context, b batch, complete func(x *Extension)) error {
	w, err := a.writing(ctx)
	if err != nil {
		return err
	}
	name, added := w.object(), a.opts.Now().UTC().Truncate(time.Second)
	info, block, err := a.info(name, added)
	if err != nil {
		return err
	}
	x := Extension{Links: []Link{info.link(name, 0, added)}}
	for i := range b.records {
		x.Links = append(x.Links, b.records[i].link(name, int64(len(block)), added))
	}
	if err := a.opts.Bucket.Put(ctx, name, bytes.NewReader(append(block, b.bytes...))); err != nil {
		w.unclean.Store(true) // the object may still arrive
		return errors.Join(err, a.discard(ctx, w, name))
	}
	linked, err := a.link(context.WithoutCancel(ctx), w, &x, complete)
	if err != nil && !linked {
		err = errors.Join(err, a.discard(ctx, w, name))
	}
	return err
}

// writing returns the archive's own chain, and begins it if there is none.
func (a *Archive) writing(ctx context.Context) (*writing, error) {
	if a.opts.Writer == "" {
		return nil, errors.New("this archive was opened to be read only")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.own == nil {
		c, err := a.opts.Ledger.BeginEvidence(ctx, a.opts.Writer)
		if err != nil {
			return nil, err
		}
		a.own = &writing{Chain: c, head: c.Head}
		a.begun = append(a.begun, a.own)
	}
	return a.own, nil
}

// link appends links to the chain. After an error the chain is fenced, so that nothing more
// can be recorded: linked says that the ledger nevertheless has the links, or that it cannot be
// reached to find out.
func (a *Archive) link(ctx context.Context, w *writing, x *Extension, complete func(x *Extension)) (linked bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	previous := w.head.Chain
	for i := range x.Links {
		l := &x.Links[i]
		l.Seq = w.head.Seq + 1 + int64(i)
		l.Chain = l.chainValue(previous)
		previous = l.Chain
	}
	complete(x)
	last := x.Links[len(x.Links)-1]
	if err = a.opts.Ledger.AppendEvidence(ctx, w.head, *x); err == nil {
		w.head = Head{Seq: last.Seq, Chain: last.Chain, Added: last.Added}
		return true, nil
	}
	a.leave(w)
	if fenced := a.opts.Ledger.FenceEvidence(ctx, w.Number); fenced != nil {
		w.unclean.Store(true)
		return true, errors.Join(err, fenced)
	}
	now, _, unread := a.opts.Ledger.EvidenceChain(ctx, w.Number)
	if unread != nil {
		w.unclean.Store(true)
		return true, errors.Join(err, unread)
	}
	if now.Seq == last.Seq && now.Chain == last.Chain {
		a.opts.Log.Warn("links of the evidence chain were recorded although an error was reported", "error", err)
		return true, nil
	}
	return false, err
}

// leave makes the next Add begin another chain.
func (a *Archive) leave(w *writing) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.own == w {
		a.own = nil
	}
}

// discard removes an object that is not linked.
func (a *Archive) discard(ctx context.Context, w *writing, name string) error {
	err := a.opts.Bucket.Delete(context.WithoutCancel(ctx), name)
	if err != nil {
		w.unclean.Store(true)
		err = fmt.Errorf("remove what was not linked: %w", err)
	}
	return err
}

// Close ends the chains that the archive has begun, and registers their heads. Nothing may be added
// meanwhile or later. If something fails, the writer's next Recover makes up for it.
func (a *Archive) Close(ctx context.Context) error {
	a.mu.Lock()
	begun := a.begun
	a.own, a.begun = nil, nil
	a.mu.Unlock()
	var failed error
	for _, w := range begun {
		failed = errors.Join(failed, a.end(ctx, w.Chain, w.unclean.Load()))
	}
	return failed
}

// end ends a chain. If the chain is unclean, it removes the objects that were never linked.
func (a *Archive) end(ctx context.Context, c Chain, unclean bool) error {
	if unclean {
		if err := a.opts.Ledger.FenceEvidence(ctx, c.Number); err != nil {
			return err
		}
		if err := a.sweep(ctx, c); err != nil {
			return err
		}
	}
	return a.opts.Ledger.EndEvidence(ctx, c.Number, a.opts.Now())
}

// sweep removes the objects of a fenced chain that were never linked.
func (a *Archive) sweep(ctx context.Context, c Chain) error {
	if c.Writer == "" {
		return a.sweepFiles(ctx, c)
	}
	linked := map[string]bool{}
	err := a.eachLink(ctx, Before(c.Number), Before(c.Number+1), func(l *Link) error { linked[l.File] = true; return nil })
	if err != nil {
		return err
	}
	var kept locked
	for name, err := range a.opts.Bucket.List(ctx, c.Name()+"/") {
		if err != nil {
			return err
		}
		if linked[name] {
			continue
		}
		err = a.opts.Bucket.Delete(ctx, name)
		if err == nil {
			a.opts.Log.Warn("removing an evidence object that was never recorded, as after a crash", "object", name)
		}
		if err := kept.unless(err); err != nil {
			return err
		}
	}
	return kept.err()
}

// eachLink calls f for each link after the Seq after, up to the Seq through.
func (a *Archive) eachLink(ctx context.Context, after, through int64, f func(l *Link) error) error {
	for {
		links, err := a.opts.Ledger.EvidenceLinks(ctx, after, linksAtATime)
		if err != nil || len(links) == 0 {
			return err
		}
		for i := range links {
			if links[i].Seq > through {
				return nil
			}
			if err := f(&links[i]); err != nil {
				return err
			}
		}
		after = links[len(links)-1].Seq
	}
}

// linksAtATime is how many links are in memory at a time.
const linksAtATime = 500

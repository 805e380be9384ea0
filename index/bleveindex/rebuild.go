package bleveindex

import (
	"context"
	"errors"
	"runtime"

	"github.com/blevesearch/bleve/v2"

	"github.com/qianshao/qianshao/locales"
)

// unsynced is how many batches of a rebuild may wait for the disk: enough to keep it busy, few enough for
// the memory that they take.
const unsynced = 4

// rebuild is the state of a rebuild. Its batches are written concurrently and do not wait for the disk:
// nobody uses the index before all of them are on it.
type rebuild struct {
	waiting chan struct{} // holds a token for each batch not yet on the disk
	failed  chan error    // the first failed write
}

// fillAnew creates an empty index, replacing whatever is there, has it filled, and opens it as usual when
// everything is on the disk.
func fillAnew(path string, opts Options, fill func(*Index) error) (*Index, error) {
	config := engineConfig()
	config["unsafe_batch"] = true
	x, err := create(path, opts, config)
	if err != nil {
		return nil, err
	}
	x.writing = make(chan struct{}, runtime.GOMAXPROCS(0))
	x.rebuilt = &rebuild{waiting: make(chan struct{}, unsynced), failed: make(chan error, 1)}
	if err = fill(x); err == nil {
		err = x.sync()
	}
	if err = errors.Join(err, guard(locales.M("index.closing"), x.bleve.Close)); err != nil {
		return nil, locales.Errorf("because", locales.M("index.rebuilding", path), err)
	}
	return openEngine(path, opts)
}

// write writes a batch, differently during a rebuild.
func (x *Index) write(batch *bleve.Batch) error {
	if x.rebuilt == nil {
		return x.writeGeneration(batch)
	}
	return x.rebuilt.write(x.bleve, batch)
}

func (r *rebuild) write(b bleve.Index, batch *bleve.Batch) error {
	r.waiting <- struct{}{}
	batch.SetPersistedCallback(func(err error) {
		if err != nil {
			select {
			case r.failed <- err:
			default:
			}
		}
		<-r.waiting
	})
	return b.Batch(batch)
}

// sync waits until all batches of a rebuild are on the disk, and writes a generation.
func (x *Index) sync() error {
	last := x.bleve.NewBatch()
	last.SetInternal([]byte(generationKey), []byte("1"))
	if err := x.apply(context.Background(), last); err != nil {
		return err
	}
	return x.await(context.Background(), func() error {
		for range unsynced {
			x.rebuilt.waiting <- struct{}{}
		}
		select {
		case err := <-x.rebuilt.failed:
			return err
		default:
			return nil
		}
	})
}

package bleveindex

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"github.com/blevesearch/bleve/v2"

	"github.com/qianshao/qianshao/locales"
)

// generationKey is the key under which each batch stores its number in the index.
const generationKey = "qianshao_generation"

// writeGeneration writes a batch with its number: into the index with the batch, and then into a separate
// file. If scorch cannot read a segment it opens an older state and only logs that; the file then has a
// greater number than the index. The file need not be synced: an outdated one after a power cut raises no
// alarm.
func (x *Index) writeGeneration(batch *bleve.Batch) error {
	next := []byte(strconv.FormatUint(x.generation+1, 10))
	batch.SetInternal([]byte(generationKey), next)
	if err := x.bleve.Batch(batch); err != nil {
		return err
	}
	x.generation++
	return os.WriteFile(filepath.Join(x.path, generationFile), next, 0o600)
}

// checkGeneration reads the index's generation and compares it with the file's.
func (x *Index) checkGeneration() (err error) {
	reader, err := x.raw.Reader()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	value, err := reader.GetInternal([]byte(generationKey))
	if err != nil {
		return err
	}
	if value != nil {
		if x.generation, err = strconv.ParseUint(string(value), 10, 64); err != nil {
			return locales.Errorf("because", opening(x.path), damaged(locales.M("index.damaged.generation", value)))
		}
	}
	beside, err := os.ReadFile(filepath.Join(x.path, generationFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	// A file truncated by a crash has a smaller number, or none.
	if written, err := strconv.ParseUint(string(beside), 10, 64); err == nil && written > x.generation {
		return locales.Errorf("because", opening(x.path), damaged(locales.M("index.damaged.lost", x.generation, written)))
	}
	return nil
}

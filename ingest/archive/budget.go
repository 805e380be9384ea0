// Package archive opens archives (zip, tar, gzip) within bounds. Nothing is
// written to disk, and the names inside are made safe to show.
package archive

import (
	"io"

	"github.com/qianshao/qianshao"
)

const (
	// maxFiles is more than most sites' backups contain. A larger archive has to
	// be unpacked and scanned as a folder.
	maxFiles = 50_000
	// maxExpanded bounds what is unpacked from one archive: judging that much takes minutes.
	maxExpanded = 1 << 30
	// maxRatio is the expansion above which an archive is a bomb. HTML compresses 3
	// to 30 times, generated tables 100 times; deflate's bound is 1,032.
	maxRatio = 200
	// ratioFloor is the unpacked size up to which any ratio is accepted.
	ratioFloor = 32 << 20
	// maxDirectory bounds a zip's directory, which is wholly in memory: 160 bytes
	// for each of maxFiles. Otherwise it could be as large as the file.
	maxDirectory = 8 << 20
)

// Budget bounds what one archive, together with all that is inside it, may expand to.
type Budget struct {
	files    int
	packed   int64 // bytes of the outermost archive
	expanded int64
}

// NewBudget returns the budget for an archive of packed bytes; packed is 0 for a
// stream, which is then read through Count.
func NewBudget(packed int64) *Budget { return &Budget{packed: packed} }

// file counts a file that is about to be read.
func (b *Budget) file() error {
	b.files++
	switch {
	case b.files > maxFiles:
		return qianshao.UnreadFiles
	case b.spent():
		return qianshao.UnreadExpands
	}
	return nil
}

func (b *Budget) spent() bool {
	return b.expanded > maxExpanded || b.expanded > ratioFloor && b.expanded > maxRatio*b.packed
}

// unpacked counts a decoder's output, and ends it when the budget is spent.
type unpacked struct {
	r      io.Reader
	budget *Budget
}

func (u *unpacked) Read(p []byte) (int, error) {
	if u.budget.spent() {
		return 0, qianshao.UnreadExpands
	}
	n, err := u.r.Read(p)
	u.budget.expanded += int64(n)
	return n, err
}

// Count returns r, and counts its bytes as those of the outermost archive.
func (b *Budget) Count(r io.Reader) io.Reader { return &packed{r, b} }

type packed struct {
	r      io.Reader
	budget *Budget
}

func (p *packed) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.budget.packed += int64(n)
	return n, err
}

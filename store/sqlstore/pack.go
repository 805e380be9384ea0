package sqlstore

import (
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/qianshao/qianshao/store"
)

// maxUnpacked bounds what a frame may expand to, so that a damaged database cannot exhaust memory. No page
// reaches it: the crawler's limit for bodies is 20 MB and decoding to UTF-8 at most triples it.
const maxUnpacked = 128 << 20

// packer compresses page texts. The zero value is ready; its tables are built on first use.
type packer struct {
	once sync.Once
	enc  *zstd.Encoder
	dec  *zstd.Decoder
	err  error
}

// packWindow is how far back the encoder looks, in bytes; it keeps twice as many. Nearly all pages are
// smaller.
const packWindow = 1 << 20

func (p *packer) init() error {
	p.once.Do(func() {
		if p.enc, p.err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(packWindow)); p.err != nil {
			return
		}
		p.dec, p.err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxUnpacked))
	})
	return p.err
}

func (p *packer) pack(s string) ([]byte, error) {
	if err := p.init(); err != nil {
		return nil, err
	}
	return p.enc.EncodeAll([]byte(s), nil), nil
}

func (p *packer) unpack(b []byte) (string, error) {
	if err := p.init(); err != nil {
		return "", err
	}
	out, err := p.dec.DecodeAll(b, nil)
	if err != nil {
		return "", fmt.Errorf("%w: unpacking a page's text: %w", store.ErrCorrupt, err)
	}
	return string(out), nil
}

// close ends the decoder's goroutines, if any were started.
func (p *packer) close() {
	p.once.Do(func() { p.err = fmt.Errorf("store is closed") })
	if p.dec != nil {
		p.dec.Close()
	}
}

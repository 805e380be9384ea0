package warc

import (
	"bufio"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
)

// source decodes a file's gzip members, if it has any, and knows where in the
// file each member begins.
type source struct {
	raw  *counter
	file *bufio.Reader // over raw
	gzip *gzip.Reader  // nil for a plain file

	started bool
	inside  bool  // a member is open
	read    int64 // decoded bytes given out
	members []member
}

// member ties a place among the decoded bytes to one in the file.
type member struct{ decoded, file int64 }

func newSource(r io.Reader) *source {
	raw := &counter{r: r}
	return &source{raw: raw, file: bufio.NewReaderSize(raw, 64<<10)}
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (s *source) place() int64 { return s.raw.n - int64(s.file.Buffered()) }

// Read gives decoded bytes, never those of two members in one call.
func (s *source) Read(p []byte) (int, error) {
	if !s.started {
		s.started = true
		magic, err := s.file.Peek(2)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
			s.gzip = new(gzip.Reader)
		}
	}
	if s.gzip == nil {
		n, err := s.file.Read(p)
		s.read += int64(n)
		return n, err
	}
	for {
		if !s.inside {
			if err := s.open(); err != nil {
				return 0, err
			}
		}
		n, err := s.gzip.Read(p)
		s.read += int64(n)
		if errors.Is(err, io.EOF) {
			s.inside, err = false, nil
			if n == 0 {
				continue
			}
		}
		return n, err
	}
}

// open begins the next member, or returns io.EOF behind the last.
func (s *source) open() error {
	if _, err := s.file.Peek(1); err != nil {
		return err
	}
	at := member{s.read, s.place()}
	if err := s.gzip.Reset(s.file); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	s.gzip.Multistream(false)
	s.inside = true
	if n := len(s.members); n > 0 && s.members[n-1].decoded == at.decoded {
		s.members[n-1] = at // the member before was empty
	} else {
		s.members = append(s.members, at)
	}
	return nil
}

// offset returns the place in the file of the decoded byte at position: that of
// its member if the file is gzipped. Positions must not descend.
func (s *source) offset(position int64) int64 {
	if s.gzip == nil {
		return position
	}
	for len(s.members) > 1 && s.members[1].decoded <= position {
		s.members = s.members[1:]
	}
	if len(s.members) == 0 {
		return 0
	}
	return s.members[0].file
}

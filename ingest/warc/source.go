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

	seeker io.Seeker // nil if the file is a stream
	begin  int64     // where the file begins, for the seeker

	started bool
	inside  bool  // a member is open
	returns int   // how often back has been called
	opened  int64 // where the last member begins that was opened, or was to be
	read    int64 // decoded bytes given out
	members []member
}

// member ties a place among the decoded bytes to one in the file.
type member struct{ decoded, file int64 }

func newSource(r io.Reader) *source {
	raw := &counter{r: r}
	s := &source{raw: raw, file: bufio.NewReaderSize(raw, 64<<10)}
	if seeker, ok := r.(io.Seeker); ok {
		if begin, err := seeker.Seek(0, io.SeekCurrent); err == nil { // not so for a pipe
			s.seeker, s.begin = seeker, begin
		}
	}
	return s
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
	s.opened = s.place()
	at := member{s.read, s.opened}
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

// toMember leaves a member that cannot be read for the next one that begins
// behind it, as far as its first bytes tell; false if there is none.
func (s *source) toMember() bool {
	if s.gzip == nil {
		return false
	}
	s.inside = false
	s.back()
	for {
		start, err := s.file.Peek(len(memberStart))
		if err != nil {
			return false
		}
		if string(start) == memberStart {
			return true
		}
		_, _ = s.file.Discard(1) // it was peeked at
	}
}

// back returns to just behind the beginning of the broken member, where the
// file allows it: of one that was cut short, the decoder has taken the beginning
// of the next for its own content.
func (s *source) back() {
	if s.seeker == nil || s.returns == maxReturns {
		return
	}
	s.returns++
	at := s.opened + 1
	if _, err := s.seeker.Seek(s.begin+at, io.SeekStart); err != nil {
		return // reading goes on where it is
	}
	s.raw.n = at
	s.file.Reset(s.raw)
}

// maxReturns bounds how often a file is read again from a broken member on: one
// that is made of beginnings would be read as often as it has bytes.
const maxReturns = 100

// memberStart are a gzip member's first bytes: the magic number, and deflate as
// its method (RFC 1952, 2.3.1).
const memberStart = "\x1f\x8b\x08"

// nextMember returns how many decoded bytes lie between position and the next
// member, 0 if it begins there; known is false if none has been opened yet.
func (s *source) nextMember(position int64) (distance int64, known bool) {
	for i := 1; i < len(s.members); i++ { // the first one holds the record that is being read
		if s.members[i].decoded >= position {
			return s.members[i].decoded - position, true
		}
	}
	return 0, false
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

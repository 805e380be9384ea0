package warc

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"

	"github.com/klauspost/compress/gzip"
)

// source decodes a file's gzip members, if it has any, and knows where in the
// file each member begins.
type source struct {
	raw  *counter
	file *bufio.Reader // over raw
	gzip *gzip.Reader  // nil for a plain file

	seeker io.Seeker   // nil if the file is a stream
	begin  int64       // where the file begins, for the seeker
	ahead  io.ReaderAt // reads ahead in a plain file; nil if the file is a stream

	started bool
	inside  bool  // a member is open
	returns int   // how often back has been called
	opened  int64 // where the last member begins that was opened, or could not be
	read    int64 // decoded bytes given out
	members []member
}

// member ties a place among the decoded bytes to one in the file.
type member struct{ decoded, file int64 }

func newSource(r io.Reader) *source {
	raw := &counter{r: r}
	s := &source{raw: raw, file: bufio.NewReaderSize(raw, 64<<10)}
	if seeker, ok := r.(io.Seeker); ok {
		if begin, err := seeker.Seek(0, io.SeekCurrent); err == nil { // fails for a pipe
			s.seeker, s.begin = seeker, begin
			s.ahead, _ = r.(io.ReaderAt)
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

// Read returns decoded bytes, never from two members in one call.
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

// open opens the next member, or returns io.EOF after the last.
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

// toMember skips a member that cannot be read and goes to the next one, which
// it recognises by its first bytes; false if there is none.
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

// back returns to just after the beginning of the broken member, where the file
// allows it: of one that was cut short, the decoder has taken the beginning of
// the next for its own content.
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

// maxReturns bounds how often a file is read again from a broken member on: a file of nothing but
// members' beginnings would be read as often as it has bytes.
const maxReturns = 100

// memberStart are a gzip member's first bytes: the magic number, and deflate as
// its method (RFC 1952, 2.3.1).
const memberStart = "\x1f\x8b\x08"

// nextMember returns how many decoded bytes there are between position and the next member, 0 if it
// begins there; known is false if that member has not been opened yet.
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

// maxHead bounds how much is read to tell a record's header from a line that
// only looks like one. Writers put WARC-Type first, or nearly so.
const maxHead = 2 << 10

// misled returns how far after start a record begins inside a block of a wrong
// length; found is false if the length is right, no record begins there, or the
// file does not allow looking ahead. If the length is right, the block is not
// searched, since a page may itself be an archive.
func (s *source) misled(start, length int64) (distance int64, found bool) {
	if s.gzip != nil || s.ahead == nil || s.endsBlock(start, length) {
		return 0, false
	}
	length = min(length, math.MaxInt64-maxHead)
	// The header of the record that is searched for may cross the block's end.
	text := bufio.NewReaderSize(io.NewSectionReader(s.ahead, s.begin+start, length+maxHead), 32<<10)
	for distance < length {
		line, err := text.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return 0, false
		}
		distance += int64(len(line))
		if string(line) == "\r\n" && distance < length {
			if head, _ := text.Peek(maxHead); beginsRecord(head) {
				return distance, true
			}
		}
	}
	return 0, false
}

// endsBlock says whether a block may end length bytes after start, that is,
// whether a record or the end of the file follows.
func (s *source) endsBlock(start, length int64) bool {
	if length > math.MaxInt64-s.begin-start {
		return false
	}
	var around [64]byte // the header's or block's last byte, blank lines and the next record's first bytes
	n, err := s.ahead.ReadAt(around[:], s.begin+start+length-1)
	if err != nil && !errors.Is(err, io.EOF) {
		return true // reading on will report the error
	}
	if n == 0 {
		return false
	}
	behind := bytes.TrimLeft(around[1:n], "\r\n")
	return len(behind) == 0 || bytes.HasPrefix(behind, []byte("WARC/"))
}

// beginsRecord says whether head is the beginning of a record: a version line
// and, within the header, a field that every record has.
func beginsRecord(head []byte) bool {
	if !bytes.HasPrefix(head, []byte("WARC/1.0\r\n")) && !bytes.HasPrefix(head, []byte("WARC/1.1\r\n")) {
		return false
	}
	fields, _, _ := bytes.Cut(head, []byte("\r\n\r\n"))
	fields = bytes.ToLower(fields)
	return bytes.Contains(fields, []byte("\r\nwarc-type:")) || bytes.Contains(fields, []byte("\r\nwarc-record-id:"))
}

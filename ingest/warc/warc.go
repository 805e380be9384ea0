// Package warc reads WARC files, versions 1.0 and 1.1 (ISO 28500), plain or
// gzipped record by record, and writes version 1.1. Reading streams: one
// record's header is in memory, and no block. Behind a broken record it goes on
// with the next one. In a plain file, which it can look ahead in, that holds for
// a Content-Length that is too large as well; in a stream the records that such a
// length takes in are lost.
package warc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Limits of what is read into memory.
const (
	// maxLine bounds one line of a header; URLs and cookies stay far below.
	maxLine = 64 << 10
	// maxFields bounds the fields of a header.
	maxFields = 1000
	// maxBroken bounds the broken records of a file: one of random bytes, or made
	// for it, would give as many errors as lines.
	maxBroken = 1000
)

// Reader reads records in their order.
type Reader struct {
	in      *source
	text    *bufio.Reader
	current *Record
	broken  int  // records so far
	ended   bool // nothing more can be read
}

// Record is one WARC record. Its block is to be read before the next call of Next.
type Record struct {
	// Offset is where the record begins in the file, in bytes: in a gzipped file
	// the place of the gzip member that holds it.
	Offset int64
	// Version as "1.1".
	Version string
	// Type as in "response", lower case.
	Type string
	// TargetURI without the angle brackets that some 1.0 writers put.
	TargetURI string
	Date      time.Time // zero if missing or malformed
	// ContentType of the block: "application/http;msgtype=response".
	ContentType string
	// Length of the block in bytes.
	Length int64
	// Truncated says that the writer cut the block (WARC-Truncated) or that the
	// record is the first of several segments.
	Truncated bool
	Fields    Fields
	// Block is the record's content.
	Block io.Reader
}

// Error is a record that cannot be read. Reader.Next goes on behind it.
type Error struct {
	// Offset is where the broken record begins.
	Offset int64
	// Next is where the next record begins, which the next call of Reader.Next
	// reads; 0 if none was found.
	Next int64
	Err  error
}

func (e *Error) Error() string {
	if e.Next == 0 {
		return fmt.Sprintf("warc record at byte %d: %v", e.Offset, e.Err)
	}
	return fmt.Sprintf("warc record at byte %d: %v; passed over, reading goes on at byte %d", e.Offset, e.Err, e.Next)
}

func (e *Error) Unwrap() error { return e.Err }

// ErrTruncated says that the file ends within a record. The records before it are whole.
var ErrTruncated = errors.New("the file ends within this record; it was cut short")

// errTruncatedStream: in a stream nothing tells a record that was cut short from
// one whose length takes in all that follows.
var errTruncatedStream = fmt.Errorf("%w, or its Content-Length is too large and any records behind it were passed over; give the archive as a file, where they are found", ErrTruncated)

// NewReader returns a Reader of a WARC file, plain or gzipped as its first
// bytes tell.
func NewReader(r io.Reader) *Reader {
	in := newSource(r)
	return &Reader{in: in, text: bufio.NewReaderSize(in, 32<<10)}
}

// position is the number of decoded bytes consumed so far.
func (r *Reader) position() int64 { return r.in.read - int64(r.text.Buffered()) }

// Next returns the next record, io.EOF behind the last one, or an *Error that
// names the place of a broken record; the call after that goes on behind it.
func (r *Reader) Next() (*Record, error) {
	if r.ended {
		return nil, io.EOF
	}
	if r.current != nil {
		broken := r.current
		r.current = nil
		if _, err := io.Copy(io.Discard, broken.Block); err != nil {
			return nil, r.fail(broken.Offset, err)
		}
	}
	first, err := r.skipBlank()
	offset := r.in.offset(r.position())
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		return nil, r.fail(offset, err)
	}
	rec, err := r.header(first)
	if err != nil {
		return nil, r.fail(offset, err)
	}
	rec.Offset = offset
	content := &block{r: r, left: rec.Length}
	if distance, found := r.in.misled(r.position(), rec.Length); found {
		content.left, content.misled = distance, true
	}
	rec.Block = content
	r.current = rec
	return rec, nil
}

// fail names a broken record and steps to the next one.
func (r *Reader) fail(offset int64, err error) error {
	broken := &Error{Offset: offset, Err: err}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		broken.Err = ErrTruncated
		if r.in.gzip == nil && r.in.ahead == nil {
			broken.Err = errTruncatedStream
		}
	}
	r.broken++
	switch {
	case r.broken == maxBroken:
		r.ended = true
		broken.Err = fmt.Errorf("%w; it is the broken record number %d, and nothing behind it is read", broken.Err, maxBroken)
	case r.toNext():
		broken.Next = r.in.offset(r.position())
	default:
		r.ended = true
	}
	return broken
}

// toNext steps to the line that begins the next record, and says whether there is one.
func (r *Reader) toNext() bool {
	for {
		if r.atRecord() {
			return true
		}
		_, err := r.text.ReadSlice('\n')
		switch {
		case err == nil, errors.Is(err, bufio.ErrBufferFull):
		case !r.in.toMember():
			return false
		}
	}
}

// atRecord says whether a record begins here, as far as its first bytes tell.
func (r *Reader) atRecord() bool {
	const begin = "WARC/1."
	start, _ := r.text.Peek(len(begin))
	return string(start) == begin
}

// skipBlank steps over the blank lines that end a record. It returns the first
// byte of what follows, unread.
func (r *Reader) skipBlank() (byte, error) {
	for {
		c, err := r.text.Peek(1)
		if err != nil {
			return 0, err
		}
		if c[0] != '\r' && c[0] != '\n' {
			return c[0], nil
		}
		if _, err := r.text.Discard(1); err != nil {
			return 0, err
		}
	}
}

func (r *Reader) header(first byte) (*Record, error) {
	if first != 'W' {
		return nil, errors.New("no WARC record begins here; is this a WARC file?")
	}
	line, err := readLine(r.text)
	if err != nil {
		return nil, err
	}
	version, ok := strings.CutPrefix(line, "WARC/")
	if !ok {
		return nil, fmt.Errorf("no WARC record begins here but %.40q; is this a WARC file?", line)
	}
	if version != "1.0" && version != "1.1" {
		return nil, fmt.Errorf("WARC version %.10q is not 1.0 or 1.1", version)
	}
	fields, err := readFields(r.text)
	if err != nil {
		return nil, err
	}
	rec := &Record{Version: version, Fields: fields,
		Type:        strings.ToLower(fields.Get("WARC-Type")),
		TargetURI:   strings.TrimSuffix(strings.TrimPrefix(fields.Get("WARC-Target-URI"), "<"), ">"),
		ContentType: fields.Get("Content-Type"),
		Truncated:   fields.Get("WARC-Truncated") != "" || fields.Get("WARC-Segment-Number") != "",
	}
	rec.Length, err = strconv.ParseInt(fields.Get("Content-Length"), 10, 64)
	if err != nil || rec.Length < 0 {
		return nil, fmt.Errorf("Content-Length %.20q is not a length", fields.Get("Content-Length"))
	}
	// 1.1 permits fractions of a second; RFC 3339 parsing takes both.
	if at, err := time.Parse(time.RFC3339, fields.Get("WARC-Date")); err == nil {
		rec.Date = at
	}
	return rec, nil
}

// errLength is a block that ends before its length is used up: in a file that
// is gzipped by record, the next member begins with the next record; in a plain
// one, a record begins inside the block and none behind it.
var errLength = errors.New("Content-Length is larger than the record")

// block reads a record's content and tells an early end from the right one.
type block struct {
	r      *Reader
	left   int64
	misled bool // the next record begins when nothing is left, before the stated length
}

func (b *block) Read(p []byte) (int, error) {
	if b.left <= 0 {
		if b.misled {
			return 0, errLength
		}
		return 0, io.EOF
	}
	if b.r.in.gzip != nil {
		_, _ = b.r.text.Peek(1) // opens the next member, if this one is at its end
		if distance, known := b.r.in.nextMember(b.r.position()); known && distance == 0 && b.r.atRecord() {
			return 0, errLength
		} else if distance > 0 {
			p = p[:min(int64(len(p)), distance)]
		}
	}
	n, err := b.r.text.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if errors.Is(err, io.EOF) {
		err = nil // the end of the block is told by the next call
		if b.left > 0 {
			err = io.ErrUnexpectedEOF
		}
	}
	return n, err
}

// Fields are a header's, in their order.
type Fields []Field

// Field is one line of a header.
type Field struct{ Name, Value string }

// Get returns the first value of a field, "" if there is none. Case does not matter.
func (f Fields) Get(name string) string {
	for i := range f {
		if strings.EqualFold(f[i].Name, name) {
			return f[i].Value
		}
	}
	return ""
}

// readFields reads lines of "Name: value" up to a blank one. A line that is
// none, as servers do send, is left out.
func readFields(r *bufio.Reader) (Fields, error) {
	var fields Fields
	for range maxFields {
		line, err := readLine(r)
		if err != nil {
			return nil, err
		}
		if line == "" {
			return fields, nil
		}
		if (line[0] == ' ' || line[0] == '\t') && len(fields) > 0 { // folded
			last := &fields[len(fields)-1]
			if len(last.Value) < maxLine {
				last.Value += " " + strings.Trim(line, " \t")
			}
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if ok && name != "" {
			fields = append(fields, Field{strings.TrimRight(name, " \t"), strings.Trim(value, " \t")})
		}
	}
	return nil, fmt.Errorf("more than %d header fields", maxFields)
}

// readLine reads a line without its end, at most maxLine bytes.
func readLine(r *bufio.Reader) (string, error) {
	var long []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(long)+len(part) > maxLine {
			return "", fmt.Errorf("a header line is longer than %d bytes", maxLine)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long, part...)
			continue
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return "", err
		}
		part = bytes.TrimRight(part, "\r\n")
		return string(append(long, part...)), nil
	}
}

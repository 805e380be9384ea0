// Package warc reads WARC files, versions 1.0 and 1.1 (ISO 28500), plain or
// gzipped record by record, and writes version 1.1. Reading streams: only one
// record's header is in memory, and no block. After a broken record it goes on
// with the next one. In a plain file, where it can look ahead, it does so even
// after a Content-Length that is too large; in a stream, the records that such a
// length spans are lost.
package warc

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao/locales"
)

// Limits of what is read into memory.
const (
	// maxLine bounds one line of a header; URLs and cookies stay far below.
	maxLine = 64 << 10
	// maxFields bounds the fields of a header.
	maxFields = 1000
	// maxBroken bounds the broken records of a file: one of random bytes, or a
	// hostile one, would give as many errors as it has lines.
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
	// Offset is where the record begins in the file, in bytes; in a gzipped
	// file, the place of the gzip member that contains it.
	Offset int64
	// Version is the version of the format, such as "1.1".
	Version string
	// Type is the record's type in lower case, such as "response".
	Type string
	// TargetURI is the URI without the angle brackets that some 1.0 writers put around it.
	TargetURI string
	Date      time.Time // zero if missing or malformed
	// ContentType is the block's type: "application/http;msgtype=response".
	ContentType string
	// Length is the length of the block in bytes.
	Length int64
	// Truncated says that the writer cut the block (WARC-Truncated) or that the
	// record is the first of several segments.
	Truncated bool
	Fields    Fields
	// Block is the record's content.
	Block io.Reader
}

// Error is a record that cannot be read. Reader.Next goes on after it.
type Error struct {
	// Offset is where the broken record begins.
	Offset int64
	// Next is where the next record begins, which the next call of Reader.Next
	// reads; 0 if none was found.
	Next int64
	Err  error
}

func (e *Error) Error() string { return e.In(locales.English) }

// In implements locales.Speaker.
func (e *Error) In(l locales.Lang) string {
	if e.Next == 0 {
		return l.Text("warc.at", e.Offset, e.Err)
	}
	return l.Text("warc.at.skipped", e.Offset, e.Err, e.Next)
}

func (e *Error) Unwrap() error { return e.Err }

// ErrTruncated says that the file ends within a record. The records before it are whole.
var ErrTruncated = locales.Errorf("warc.truncated")

// errTruncatedStream: in a stream, a record that was cut short cannot be told
// from one whose length spans all that follows.
var errTruncatedStream = locales.Errorf("warc.truncated.stream", ErrTruncated)

// NewReader returns a Reader of a WARC file. Its first bytes tell whether it is
// plain or gzipped.
func NewReader(r io.Reader) *Reader {
	in := newSource(r)
	return &Reader{in: in, text: bufio.NewReaderSize(in, 32<<10)}
}

// position is the number of decoded bytes consumed so far.
func (r *Reader) position() int64 { return r.in.read - int64(r.text.Buffered()) }

// Next returns the next record, io.EOF after the last one, or an *Error that
// names the place of a broken record; the next call goes on after it.
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

// fail returns the error for a broken record, and goes to the next one.
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
		broken.Err = locales.Errorf("warc.broken", broken.Err, maxBroken)
	case r.toNext():
		broken.Next = r.in.offset(r.position())
	default:
		r.ended = true
	}
	return broken
}

// toNext goes to the line that begins the next record, and says whether there is one.
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

// skipBlank skips the blank lines that end a record. It returns the byte that
// follows without consuming it.
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
		return nil, locales.Errorf("warc.none")
	}
	line, err := readLine(r.text)
	if err != nil {
		return nil, err
	}
	version, ok := strings.CutPrefix(line, "WARC/")
	if !ok {
		return nil, locales.Errorf("warc.none.but", line)
	}
	if version != "1.0" && version != "1.1" {
		return nil, locales.Errorf("warc.version", version)
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
		return nil, locales.Errorf("warc.length", fields.Get("Content-Length"))
	}
	// 1.1 permits fractions of a second; RFC 3339 parsing accepts both.
	if at, err := time.Parse(time.RFC3339, fields.Get("WARC-Date")); err == nil {
		rec.Date = at
	}
	return rec, nil
}

// errLength is for a block that ends before its stated length: in a file
// gzipped by record, the next member begins with the next record; in a plain
// one, a record begins inside the block and none after it.
var errLength = locales.Errorf("warc.length.large")

// block reads a record's content and distinguishes an early end from the right one.
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
		err = nil // the next call reports the end of the block
		if b.left > 0 {
			err = io.ErrUnexpectedEOF
		}
	}
	return n, err
}

// Fields are the fields of a header, in their order.
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

// readFields reads lines of "Name: value" up to a blank one. A line that is not
// a field, which servers do send, is left out.
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
		if (line[0] == ' ' || line[0] == '\t') && len(fields) > 0 { // a folded line
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
	return nil, locales.Errorf("warc.fields", maxFields)
}

// readLine reads a line without its end, at most maxLine bytes.
func readLine(r *bufio.Reader) (string, error) {
	var long []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(long)+len(part) > maxLine {
			return "", locales.Errorf("warc.line", maxLine)
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

package warc

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// Types of records, as WARC-Type has them.
const (
	TypeInfo     = "warcinfo"
	TypeRequest  = "request"
	TypeResponse = "response"
	TypeResource = "resource"
	TypeMetadata = "metadata"
)

// Content types of the blocks that this package knows.
const (
	ContentFields   = "application/warc-fields"
	ContentRequest  = "application/http; msgtype=request"
	ContentResponse = "application/http; msgtype=response"
)

// ConformsTo is the value of warcinfo's field of that name, for WARC 1.1.
const ConformsTo = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"

// Draft is a record to be written.
type Draft struct {
	// ID is an id from NewID; empty for a new one.
	ID   string
	Type string
	// TargetURI is the URI that the record is about; empty for warcinfo.
	TargetURI string
	// Date is when the content was captured.
	Date        time.Time
	ContentType string
	// Fields are additional fields of the record's header, in their order.
	Fields Fields
	// Header and Body are the record's block, one after the other. Header is the
	// HTTP header with its blank line, and empty unless the block is HTTP; Body
	// alone is the payload.
	Header, Body []byte
	// Truncated says why the block was cut, in the standard's words: "length",
	// "time", "disconnect". It is empty if the block is whole.
	Truncated string
}

// Written says where and how a record was written.
type Written struct {
	ID string
	// Offset and Length are the place of the record's gzip member in the output, in bytes.
	Offset, Length int64
	// SHA256 is the hash of the member's bytes.
	SHA256 [sha256.Size]byte
	// PayloadDigest is as in WARC-Payload-Digest: "sha256:" and hex digits.
	PayloadDigest string
}

// Writer writes records of WARC 1.1 (ISO 28500:2017), each as a gzip member of
// its own, so that one can be read, or taken out, without the others. It does
// not buffer: when Write returns, the record has been passed on.
type Writer struct {
	out  *summer
	gzip *gzip.Writer
}

// NewWriter returns a Writer. Nothing is written before the first record.
func NewWriter(w io.Writer) *Writer {
	out := &summer{w: w, sum: sha256.New()}
	return &Writer{out: out, gzip: gzip.NewWriter(out)}
}

// Reset makes w start afresh, like NewWriter(to), but keeps the compressor, which takes a megabyte.
func (w *Writer) Reset(to io.Writer) { w.out.w, w.out.n = to, 0 }

// summer counts and hashes what it passes on.
type summer struct {
	w   io.Writer
	sum hash.Hash
	n   int64
}

func (s *summer) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.sum.Write(p[:n])
	s.n += int64(n)
	return n, err
}

// Write writes one record. After an error the record may have been written in part.
func (w *Writer) Write(d Draft) (Written, error) {
	out := Written{ID: d.ID, Offset: w.out.n}
	if out.ID == "" {
		out.ID = NewID()
	}
	header, payload, err := d.header(out.ID)
	if err != nil {
		return Written{}, fmt.Errorf("write a %s record of %q: %w", d.Type, d.TargetURI, err)
	}
	out.PayloadDigest = payload
	w.out.sum.Reset()
	w.gzip.Reset(w.out)
	for _, part := range [][]byte{header, d.Header, d.Body, []byte("\r\n\r\n")} {
		if _, err := w.gzip.Write(part); err != nil {
			return Written{}, fmt.Errorf("write a %s record of %q: %w", d.Type, d.TargetURI, err)
		}
	}
	if err := w.gzip.Close(); err != nil {
		return Written{}, fmt.Errorf("write a %s record of %q: %w", d.Type, d.TargetURI, err)
	}
	out.Length = w.out.n - out.Offset
	w.out.sum.Sum(out.SHA256[:0])
	return out, nil
}

// header returns the record's header with its blank line, and the payload's digest.
func (d *Draft) header(id string) (text []byte, payload string, err error) {
	if d.Type == "" || d.ContentType == "" || d.Date.IsZero() {
		return nil, "", errors.New("type, content type and date must be set")
	}
	// Whole seconds, as readers of WARC 1.0 do not know fractions.
	fields := Fields{{"WARC-Type", d.Type}, {"WARC-Record-ID", id}, {"WARC-Date", d.Date.UTC().Format(time.RFC3339)}}
	if d.TargetURI != "" {
		fields = append(fields, Field{"WARC-Target-URI", EscapeURI(d.TargetURI)})
	}
	fields = append(fields, d.Fields...)
	payload = Digest(d.Body)
	if d.Type != TypeInfo {
		fields = append(fields, Field{"WARC-Block-Digest", Digest(d.Header, d.Body)}, Field{"WARC-Payload-Digest", payload})
	}
	if d.Truncated != "" {
		fields = append(fields, Field{"WARC-Truncated", d.Truncated})
	}
	fields = append(fields, Field{"Content-Type", d.ContentType}, Field{"Content-Length", strconv.Itoa(len(d.Header) + len(d.Body))})
	block, err := FieldsBlock(fields)
	if err != nil {
		return nil, "", err
	}
	return append(append([]byte("WARC/1.1\r\n"), block...), "\r\n"...), payload, nil
}

// FieldsBlock returns the fields as lines: the block of a warcinfo record, or
// of another record of type ContentFields. A line break in a name or value is
// an error.
func FieldsBlock(fields Fields) ([]byte, error) {
	var b bytes.Buffer
	for _, f := range fields {
		if f.Name == "" || strings.ContainsAny(f.Name, ": \t\r\n\x00") || strings.ContainsAny(f.Value, "\r\n\x00") {
			return nil, fmt.Errorf("%q: %.100q is not a header field", f.Name, f.Value)
		}
		if len(f.Name)+len(f.Value)+2 > maxLine {
			return nil, fmt.Errorf("the value of %q is longer than %d bytes", f.Name, maxLine)
		}
		fmt.Fprintf(&b, "%s: %s\r\n", f.Name, f.Value)
	}
	return b.Bytes(), nil
}

// Digest returns "sha256:" and the hash of the parts in hex, the form that
// warcio writes for SHA-256.
func Digest(parts ...[]byte) string {
	sum := sha256.New()
	for _, p := range parts {
		sum.Write(p)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// NewID returns a new record id: a random UUID (RFC 9562, version 4) as a URI in angle brackets.
func NewID() string {
	var u [16]byte
	_, _ = rand.Read(u[:]) // never fails
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("<urn:uuid:%x-%x-%x-%x-%x>", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// EscapeURI percent-encodes characters that are not allowed in a URI: white
// space, controls, angle brackets, and all beyond ASCII, which readers take for
// Latin-1. Canonical URLs have none of them.
func EscapeURI(uri string) string {
	var b strings.Builder
	for i := range len(uri) {
		if c := uri[i]; c <= ' ' || c >= 0x7f || c == '<' || c == '>' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// InfoDraft returns the record that begins a file.
func InfoDraft(name string, at time.Time, fields Fields) (Draft, error) {
	block, err := FieldsBlock(append(fields, Field{"format", "WARC File Format 1.1"}, Field{"conformsTo", ConformsTo}))
	if err != nil {
		return Draft{}, fmt.Errorf("warcinfo of %s: %w", name, err)
	}
	return Draft{Type: TypeInfo, Date: at, ContentType: ContentFields, Fields: Fields{{"WARC-Filename", name}}, Body: block}, nil
}

// ResponseDraft returns the record of an HTTP response. The header ends with its blank line; the body
// is without transfer coding, but still with its content coding.
func ResponseDraft(uri string, at time.Time, header, body []byte) Draft {
	return Draft{Type: TypeResponse, TargetURI: uri, Date: at, ContentType: ContentResponse, Header: header, Body: body}
}

// RequestDraft returns the record of the request that led to the response with that id.
func RequestDraft(uri string, at time.Time, header []byte, response string) Draft {
	return Draft{Type: TypeRequest, TargetURI: uri, Date: at, ContentType: ContentRequest, Header: header,
		Fields: Fields{{"WARC-Concurrent-To", response}}}
}

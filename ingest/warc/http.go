package warc

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao/locales"
)

// Response is an HTTP response from a record.
type Response struct {
	// Status is the HTTP status.
	Status int
	Header http.Header
	// Body is the payload without transfer encoding, but still with its content
	// encoding. It must be read before the next call of Reader.Next.
	Body io.Reader
}

// IsHTTP says whether the record's block is an HTTP response.
func (r *Record) IsHTTP() bool {
	t, params, _ := strings.Cut(strings.ToLower(r.ContentType), ";")
	return r.Type == "response" && strings.TrimSpace(t) == "application/http" && !strings.Contains(params, "msgtype=request")
}

// Response reads the HTTP header of a record for which IsHTTP holds. It accepts
// what is found in practice: lines that are not fields, and bodies that are
// declared chunked but were archived without the chunks.
func (r *Record) Response() (*Response, error) {
	text := bufio.NewReader(r.Block)
	line, err := readLine(text)
	if err != nil {
		return nil, locales.Errorf("warc.status", r.TargetURI, ended(err))
	}
	proto, rest, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	status, err := strconv.Atoi(code)
	if err != nil || !strings.HasPrefix(proto, "HTTP") || status < 100 || status > 999 {
		return nil, locales.Errorf("warc.status.bad", r.TargetURI, line)
	}
	fields, err := readFields(text)
	if err != nil {
		return nil, locales.Errorf("warc.header", r.TargetURI, ended(err))
	}
	resp := &Response{Status: status, Header: http.Header{}, Body: text}
	for _, f := range fields {
		resp.Header.Add(f.Name, f.Value)
	}
	if strings.Contains(strings.ToLower(resp.Header.Get("Transfer-Encoding")), "chunked") && startsChunk(text) {
		resp.Body = httputil.NewChunkedReader(text)
	}
	return resp, nil
}

// ended replaces an unexpected EOF by an error that says that the block ended too soon; the file itself
// may be whole.
func ended(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return locales.Errorf("warc.ended")
	}
	return err
}

// startsChunk says whether r begins with a chunk's size.
func startsChunk(r *bufio.Reader) bool {
	const most = 18 // 16 hex digits and the line's end
	start, _ := r.Peek(most)
	for i, c := range start {
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'f', 'A' <= c && c <= 'F':
		case c == '\r', c == '\n', c == ';', c == ' ':
			return i > 0
		default:
			return false
		}
	}
	return false
}

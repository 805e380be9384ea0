package fetch

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptrace"

	"golang.org/x/net/http/httpguts"

	"github.com/qianshao/qianshao"
)

// traced returns a context under which a request notes the connection that it was sent over, and the
// address that it was sent to.
func traced(ctx context.Context, x *qianshao.Exchange, used *net.Conn) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		*used = info.Conn
		x.Address = hostOf(info.Conn.RemoteAddr())
	}})
}

func hostOf(a net.Addr) string {
	host, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return host
}

// writeHeaders fills in both header blocks. net/http keeps no order of fields:
// they are sorted by name.
func writeHeaders(x *qianshao.Exchange, req *http.Request, response *http.Response) {
	var sent, got bytes.Buffer
	_ = req.Write(&sent) // a GET has a header and no body
	got.WriteString("HTTP/1.1 " + response.Status + "\r\n")
	_ = response.Header.Write(&got)
	got.WriteString("\r\n")
	x.Protocol, x.Request, x.ResponseHeader = response.Proto, sent.Bytes(), got.Bytes()
}

// exchanges returns the whole chain once the last body has been read. Where
// nothing was decoded, the exchange shares the page's bytes.
func (a *answer) exchanges(body []byte, truncated bool) []qianshao.Exchange {
	last := a.exchange
	last.Body, last.Truncated = body, truncated
	if a.wire != nil && a.wire.kept != nil {
		// A decoder stops at the end of its data, which may come before the end of the stream.
		drain(a.wire)
		last.Body, last.Truncated = a.wire.kept.Bytes(), !a.wire.ended
	}
	return append(a.hops, last)
}

// maxValidator bounds an ETag or date that is kept and sent back.
const maxValidator = 1 << 10

// validator returns a value if it can be sent, else "".
func validator(value string) string {
	if len(value) > maxValidator || !httpguts.ValidHeaderFieldValue(value) {
		return ""
	}
	return value
}

// validators returns the validators of a page that came in full, or those that
// a 304 confirmed, as a server need not repeat them.
func (a *answer) validators(asked want) (etag, lastModified string) {
	etag = validator(a.response.Header.Get("ETag"))
	lastModified = validator(a.response.Header.Get("Last-Modified"))
	switch a.response.StatusCode {
	case http.StatusOK:
		return etag, lastModified
	case http.StatusNotModified:
		if etag == "" && lastModified == "" {
			return asked.etag, asked.lastModified
		}
		return etag, lastModified
	}
	return "", ""
}

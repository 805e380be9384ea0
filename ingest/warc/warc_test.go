package warc_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/qianshao/qianshao/ingest/warc"
)

// record writes one WARC record; fields are lines of "Name: value".
func record(version, kind, uri, contentType, block string, fields ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "WARC/%s\r\nWARC-Type: %s\r\nWARC-Date: 2026-11-23T08:00:00Z\r\n", version, kind)
	if uri != "" {
		fmt.Fprintf(&b, "WARC-Target-URI: %s\r\n", uri)
	}
	fmt.Fprintf(&b, "Content-Type: %s\r\n", contentType)
	for _, f := range fields {
		b.WriteString(f + "\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s\r\n\r\n", len(block), block)
	return b.String()
}

const httpType = "application/http; msgtype=response"

func packed(members ...string) []byte {
	var b bytes.Buffer
	for _, m := range members {
		w := gzip.NewWriter(&b)
		_, _ = io.WriteString(w, m)
		_ = w.Close()
	}
	return b.Bytes()
}

// told is a record as the tests compare it.
type told struct {
	Offset     int64
	Type, URI  string
	Status     int
	Body       string
	BodyBroken bool
}

func readAll(r io.Reader) (all []told, err error) {
	records := warc.NewReader(r)
	for {
		rec, err := records.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		t := told{Offset: rec.Offset, Type: rec.Type, URI: rec.TargetURI}
		body := rec.Block
		if rec.IsHTTP() {
			resp, err := rec.Response()
			if err != nil {
				t.BodyBroken = true
				all = append(all, t)
				continue
			}
			t.Status, body = resp.Status, resp.Body
		}
		text, readErr := io.ReadAll(body)
		t.Body, t.BodyBroken = string(text), readErr != nil
		all = append(all, t)
	}
}

func sample() []string {
	return []string{
		record("1.0", "warcinfo", "", "application/warc-fields", "software: test\r\n"),
		record("1.0", "response", "<http://a.example/>", httpType, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>one\r\n\r\nWARC/1.0 is no record here"),
		record("1.1", "response", "http://a.example/2", httpType, "HTTP/1.1 404 Not Found\nTransfer-Encoding: chunked\n\n4\r\n<p>t\r\n2\r\nwo\r\n0\r\n\r\n", "WARC-Truncated: length"),
		record("1.1", "resource", "file:///x.txt", "text/plain", "three"),
		record("1.1", "request", "http://a.example/", "application/http; msgtype=request", "GET / HTTP/1.1\r\n\r\n"),
		record("1.1", "response", "http://a.example/3", httpType, "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\nnot chunked any more"),
		record("1.1", "response", "http://a.example/4", httpType, ""),
		record("1.1", "response", "http://a.example/5", httpType, "HTTP/1.0 200 OK\r\nNo colon here\r\nX-Folded: a\r\n b\r\n\r\n"),
	}
}

func want() []told {
	return []told{
		{Type: "warcinfo", Body: "software: test\r\n"},
		{Type: "response", URI: "http://a.example/", Status: 200, Body: "<p>one\r\n\r\nWARC/1.0 is no record here"},
		{Type: "response", URI: "http://a.example/2", Status: 404, Body: "<p>two"},
		{Type: "resource", URI: "file:///x.txt", Body: "three"},
		{Type: "request", URI: "http://a.example/", Body: "GET / HTTP/1.1\r\n\r\n"},
		{Type: "response", URI: "http://a.example/3", Status: 200, Body: "not chunked any more"},
		{Type: "response", URI: "http://a.example/4", BodyBroken: true},
		{Type: "response", URI: "http://a.example/5", Status: 200},
	}
}

func TestRead(t *testing.T) {
	plain := strings.Join(sample(), "")
	for _, tc := range []struct {
		name string
		file []byte
		// perRecord says that offsets are those of gzip members, else of the records themselves.
		offsets func(i int) int64
	}{
		{"plain", []byte(plain), func(i int) int64 { return int64(len(strings.Join(sample()[:i], ""))) }},
		{"gzip a record", packed(sample()...), func(i int) int64 { return int64(len(packed(sample()[:i]...))) }},
		{"gzip in one", packed(plain), func(int) int64 { return 0 }},
		{"empty members between", packed(interleave(sample())...), func(i int) int64 { return int64(len(packed(interleave(sample()[:i])...))) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			expected := want()
			for i := range expected {
				expected[i].Offset = tc.offsets(i)
			}
			// Read one byte at a time: the result must not depend on where a Read ends.
			got, err := readAll(oneByte{bytes.NewReader(tc.file)})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(expected, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(1, len(p))]) }

func interleave(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, s, "")
	}
	return out
}

// TestTruncated cuts a file at every byte: what comes back is a beginning of
// the records, and an error that names the offset of the broken one.
func TestTruncated(t *testing.T) {
	for _, tc := range []struct {
		name string
		file []byte
	}{
		{"plain", []byte(strings.Join(sample(), ""))},
		{"gzip", packed(sample()...)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			whole, err := readAll(bytes.NewReader(tc.file))
			if err != nil {
				t.Fatal(err)
			}
			for n := range len(tc.file) {
				got, err := readAll(bytes.NewReader(tc.file[:n]))
				complete := got
				if err != nil {
					var at *warc.Error
					if !errors.As(err, &at) || at.Offset > int64(n) {
						t.Fatalf("cut at %d: %v", n, err)
					}
					if len(got) > 0 && got[len(got)-1].Offset == at.Offset {
						complete = got[:len(got)-1] // its beginning was returned
					}
				}
				if diff := cmp.Diff(whole[:len(complete)], complete, cmp.Transformer("nil", func(l []told) []told { return append([]told{}, l...) })); diff != "" {
					t.Fatalf("cut at %d (-want +got):\n%s", n, diff)
				}
				if err == nil && n > 0 && len(got) == 0 && n > 4 {
					t.Fatalf("cut at %d: neither record nor error", n)
				}
			}
		})
	}
}

func TestErrors(t *testing.T) {
	first := record("1.0", "resource", "x", "text/plain", "one")
	for _, tc := range []struct {
		name, file, message string
		offset              int64
	}{
		{"no WARC", "<html>", "no WARC record", 0},
		{"garbage behind a record", first + "garbage", "no WARC record", int64(len(first))},
		{"version", "WARC/2.0\r\n\r\n", "version", 0},
		{"no length", "WARC/1.0\r\nWARC-Type: response\r\n\r\n", "Content-Length", 0},
		{"negative length", "WARC/1.0\r\nContent-Length: -1\r\n\r\n", "Content-Length", 0},
		{"line too long", "WARC/1.0\r\nX: " + strings.Repeat("x", 1<<17) + "\r\n\r\n", "longer", 0},
		{"too many fields", "WARC/1.0\r\n" + strings.Repeat("X: y\r\n", 2000) + "\r\n", "fields", 0},
		{"cut", first + strings.TrimSuffix(first, "one\r\n\r\n") + "o", "cut short", int64(len(first))},
	} {
		_, err := readAll(strings.NewReader(tc.file))
		var at *warc.Error
		if !errors.As(err, &at) || at.Offset != tc.offset || !strings.Contains(err.Error(), tc.message) {
			t.Errorf("%s: %v, want %q at %d", tc.name, err, tc.message, tc.offset)
		}
	}
	if _, err := readAll(bytes.NewReader(append(packed(first), "\x1f\x8b garbage"...))); err == nil {
		t.Error("a broken gzip member gave no error")
	}
}

func TestHeader(t *testing.T) {
	rec, err := warc.NewReader(strings.NewReader(record("1.1", "Response", "http://a.example/", httpType, "x", "WARC-Segment-Number: 1", "X-Empty:"))).Next()
	if err != nil {
		t.Fatal(err)
	}
	if rec.Type != "response" || !rec.Truncated || rec.Version != "1.1" || !rec.Date.Equal(time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)) || rec.Fields.Get("x-empty") != "" {
		t.Errorf("%+v", rec)
	}
}

// FuzzReader: a file gives the same records whenever it is read, in order and
// within the file, and then its end or an error with a place.
func FuzzReader(f *testing.F) {
	f.Add([]byte(strings.Join(sample(), "")))
	f.Add(packed(sample()...))
	f.Add([]byte("WARC/1.0\r\nContent-Length: 99999999999999999\r\nContent-Type: application/http\r\nWARC-Type: response\r\n\r\nHTTP/1.1 200\r\n"))
	f.Add([]byte(strings.Replace(sample()[3], "Content-Length: 5", "Content-Length: 99999", 1) + sample()[4]))
	f.Fuzz(func(t *testing.T, file []byte) {
		if first, again := summarise(t, file), summarise(t, file); !slices.Equal(first, again) {
			t.Errorf("one file has records %+v and %+v", first, again)
		}
	})
}

// recordRead is what summarise found in a record.
type recordRead struct {
	offset    int64
	recordURI string
	body      int64 // bytes of an answer's body
}

// summarise reads all records of a file, skipping broken ones.
func summarise(t *testing.T, file []byte) (all []recordRead) {
	t.Helper()
	records := warc.NewReader(bytes.NewReader(file))
	last := int64(-1)
	for {
		rec, err := records.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			var at *warc.Error
			if !errors.As(err, &at) || at.Offset < 0 || at.Offset > int64(len(file)) || at.Next != 0 && at.Next < at.Offset {
				t.Fatalf("%T %v", err, err)
			}
			continue
		}
		if rec.Offset < last || rec.Offset > int64(len(file)) {
			t.Fatalf("offset %d after %d in %d bytes", rec.Offset, last, len(file))
		}
		last = rec.Offset
		read := recordRead{offset: rec.Offset, recordURI: rec.TargetURI}
		if rec.IsHTTP() {
			if resp, err := rec.Response(); err == nil {
				read.body, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
			}
		}
		all = append(all, read)
	}
}

func BenchmarkReader(b *testing.B) {
	page := strings.Repeat("<p>一段文字，有几个词。</p>\n", 600) // about 20 KB, the median page
	var records []string
	for i := range 200 {
		records = append(records, record("1.0", "response", fmt.Sprintf("http://a.example/%d", i), httpType, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"+page))
	}
	for _, bc := range []struct {
		name string
		file []byte
	}{{"plain", []byte(strings.Join(records, ""))}, {"gzip", packed(records...)}} {
		b.Run(bc.name, func(b *testing.B) {
			b.SetBytes(int64(len(strings.Join(records, ""))))
			b.ReportAllocs()
			for b.Loop() {
				r := warc.NewReader(bytes.NewReader(bc.file))
				for {
					rec, err := r.Next()
					if err != nil {
						break
					}
					resp, err := rec.Response()
					if err != nil {
						b.Fatal(err)
					}
					if _, err := io.Copy(io.Discard, resp.Body); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(len(records))*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

package warc_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/qianshao/qianshao/ingest/warc"
)

var captured = time.Date(2026, 11, 25, 8, 30, 1, 999, time.UTC)

func drafts(t *testing.T) []warc.Draft {
	t.Helper()
	info, err := warc.InfoDraft("a.warc.gz", captured, warc.Fields{{"software", "test"}, {"operator", "某单位"}})
	if err != nil {
		t.Fatal(err)
	}
	response := warc.ResponseDraft("http://a.example/页?x=1 2", captured, []byte("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"), []byte("<p>百家乐\r\n\r\nWARC/1.1"))
	response.ID = warc.NewID()
	response.Truncated = "length"
	return []warc.Draft{
		info,
		warc.RequestDraft(response.TargetURI, captured, []byte("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"), response.ID),
		response,
		{Type: warc.TypeResource, TargetURI: "urn:view:http://a.example/", Date: captured, ContentType: "image/png", Body: bytes.Repeat([]byte{0x1f, 0x8b}, 100_000)},
		{Type: warc.TypeMetadata, TargetURI: "http://a.example/", Date: captured, ContentType: warc.ContentFields},
	}
}

func escaped(uri string) string {
	return strings.NewReplacer(" ", "%20", "页", "%E9%A1%B5").Replace(uri)
}

// TestWriterRoundTrip reads back what was written, and also reads each record
// alone by its place in the file.
func TestWriterRoundTrip(t *testing.T) {
	var file bytes.Buffer
	w := warc.NewWriter(&file)
	all := drafts(t)
	var written []warc.Written
	for _, d := range all {
		got, err := w.Write(d)
		if err != nil {
			t.Fatal(err)
		}
		written = append(written, got)
	}
	r := warc.NewReader(bytes.NewReader(file.Bytes()))
	for i, d := range all {
		rec, err := r.Next()
		if err != nil {
			t.Fatalf("record %d: %v", i, err)
		}
		block, err := io.ReadAll(rec.Block)
		if err != nil {
			t.Fatalf("record %d: %v", i, err)
		}
		if want := string(d.Header) + string(d.Body); string(block) != want {
			t.Errorf("record %d: block of %d bytes, want %d", i, len(block), len(want))
		}
		got := []string{rec.Version, rec.Type, rec.TargetURI, rec.ContentType, rec.Date.Format(time.RFC3339), rec.Fields.Get("WARC-Record-ID")}
		want := []string{"1.1", d.Type, escaped(d.TargetURI), d.ContentType, "2026-11-25T08:30:01Z", written[i].ID}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("record %d (-want +got):\n%s", i, diff)
		}
		if rec.Truncated != (d.Truncated != "") || rec.Offset != written[i].Offset {
			t.Errorf("record %d: truncated %v, offset %d; want %q, %d", i, rec.Truncated, rec.Offset, d.Truncated, written[i].Offset)
		}
		member := file.Bytes()[written[i].Offset:][:written[i].Length]
		if sha256.Sum256(member) != written[i].SHA256 {
			t.Errorf("record %d: SHA256 is not that of its bytes in the file", i)
		}
		single, err := gzip.NewReader(bytes.NewReader(member))
		if err != nil {
			t.Fatalf("record %d alone: %v", i, err)
		}
		if text, err := io.ReadAll(single); err != nil || !bytes.HasSuffix(text, append(block, "\r\n\r\n"...)) {
			t.Errorf("record %d alone: %v", i, err)
		}
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last record: %v", err)
	}
	if end := written[len(written)-1]; end.Offset+end.Length != int64(file.Len()) {
		t.Errorf("the last record ends at %d, the file at %d", end.Offset+end.Length, file.Len())
	}
}

// TestWriterRefuses: a value that would break the header's lines is an error, and nothing is written.
func TestWriterRefuses(t *testing.T) {
	for name, d := range map[string]warc.Draft{
		"no type":        {Date: captured, ContentType: "text/plain"},
		"no date":        {Type: warc.TypeResource, ContentType: "text/plain"},
		"line in value":  {Type: warc.TypeResource, Date: captured, ContentType: "text/plain\r\nX: y"},
		"line in field":  {Type: warc.TypeResource, Date: captured, ContentType: "text/plain", Fields: warc.Fields{{"X", "a\nb"}}},
		"colon in name":  {Type: warc.TypeResource, Date: captured, ContentType: "text/plain", Fields: warc.Fields{{"X:", "a"}}},
		"value too long": {Type: warc.TypeResource, Date: captured, ContentType: "text/plain", TargetURI: strings.Repeat("a", 1<<20)},
	} {
		var file bytes.Buffer
		if _, err := warc.NewWriter(&file).Write(d); err == nil || file.Len() > 0 {
			t.Errorf("%s: error %v, %d bytes written", name, err, file.Len())
		}
	}
}

// FuzzWriter: whatever a server sends is read back byte for byte, and the
// record after it is found.
func FuzzWriter(f *testing.F) {
	f.Add("http://a.example/", "HTTP/1.1 200 OK\r\n\r\n", "body", "length")
	f.Add("http://a.example/\r\nWARC-Type: x", "", "\r\n\r\nWARC/1.1\r\n", "")
	f.Add("\x00 \x7f", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n", "4\r\n", "")
	f.Fuzz(func(t *testing.T, uri, header, body, truncated string) {
		var file bytes.Buffer
		w := warc.NewWriter(&file)
		first := warc.ResponseDraft(uri, captured, []byte(header), []byte(body))
		first.Truncated = truncated
		if _, err := w.Write(first); err != nil {
			if file.Len() > 0 {
				t.Fatalf("%v, and yet %d bytes written", err, file.Len())
			}
			return
		}
		if _, err := w.Write(warc.ResponseDraft("http://b.example/", captured, []byte(header), []byte(body))); err != nil {
			t.Fatal(err)
		}
		r := warc.NewReader(&file)
		for range 2 {
			rec, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			block, err := io.ReadAll(rec.Block)
			if err != nil || string(block) != header+body {
				t.Fatalf("%q, %v; want %q", block, err, header+body)
			}
		}
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Fatalf("after the last record: %v", err)
		}
	})
}

// TestWriterReset writes the same file twice with one writer.
func TestWriterReset(t *testing.T) {
	t.Parallel()
	var first, second bytes.Buffer
	w := warc.NewWriter(&first)
	write := func() (written []warc.Written) {
		for _, d := range drafts(t)[2:4] {
			d.ID = "<urn:uuid:1>"
			got, err := w.Write(d)
			if err != nil {
				t.Fatal(err)
			}
			written = append(written, got)
		}
		return written
	}
	before := write()
	w.Reset(&second)
	if diff := cmp.Diff(before, write()); diff != "" || !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Errorf("%d and %d bytes; records (-first +second):\n%s", first.Len(), second.Len(), diff)
	}
}

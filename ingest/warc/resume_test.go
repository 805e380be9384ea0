package warc_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao/ingest/warc"
)

// TestGoesOnBehindABrokenRecord: because of one broken record no other is lost,
// and the error names where it is and where reading goes on.
func TestGoesOnBehindABrokenRecord(t *testing.T) {
	page := func(name string) string {
		return record("1.1", "response", "http://"+name+"/", httpType, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>页</p>")
	}
	length := func(name string, n int) string {
		right := page(name)
		at := strings.Index(right, "Content-Length: ")
		end := at + strings.Index(right[at:], "\r\n")
		return right[:at] + fmt.Sprintf("Content-Length: %d", n) + right[end:]
	}
	flipped := []byte(string(packed(page("a"))))
	flipped[len(flipped)/2] ^= 0xff
	for name, tc := range map[string]struct {
		file string
		want []string // hosts of whole records, and texts of errors
	}{
		"too short":                         {length("a", 20) + page("b") + page("c"), []string{"a", "no WARC record begins here; .* reading goes on at byte", "b", "c"}},
		"too long, in a file":               {length("a", 150) + page("b") + page("c") + page("d"), []string{"a", "byte 0: Content-Length is larger than the record; .* goes on at byte 223", "b", "c", "d"}},
		"far too long, in a file":           {page("a") + length("b", 99999) + page("c") + page("d"), []string{"a", "b", "Content-Length is larger than the record; .* goes on", "c", "d"}},
		"the longest length, in a file":     {length("a", math.MaxInt64) + page("b"), []string{"a", "Content-Length is larger than the record; .* goes on", "b"}},
		"far too long, the last, in a file": {page("a") + length("b", 99999), []string{"a", "b", "cut short"}},
		"far too long, twice, in a file":    {length("a", 99999) + length("b", 99999) + page("c"), []string{"a", "larger", "b", "larger", "c"}},
		"an archive in a record":            {record("1.1", "resource", "http://a/", "application/warc", page("x")+page("y")) + page("b"), []string{"a", "b"}},
		"no record within, in a file":       {length("a", 99999) + "WARC/1.1\r\nis a text about archives\r\n\r\n", []string{"a", "cut short"}},
		"no length":                         {strings.Replace(page("a"), "Content-Length", "X-Length", 1) + page("b"), []string{"is not a length", "b"}},
		"another version":                   {strings.Replace(page("a"), "WARC/1.1", "WARC/0.18", 1) + page("b"), []string{"is not 1.0 or 1.1", "b"}},
		"garbage between":                   {page("a") + "garbage\r\n" + page("b"), []string{"a", "no WARC record begins", "b"}},
		"a line without end":                {page("a") + "WARC/1.1\r\nX: " + strings.Repeat("x", 1<<20) + "\r\n\r\n" + page("b"), []string{"a", "longer than", "b"}},
		"too short, gzip by record":         {string(packed(length("a", 20), page("b"), page("c"))), []string{"a", "no WARC record begins", "b", "c"}},
		"too long, gzip by record":          {string(packed(length("a", 400), page("b"), page("c"))), []string{"a", "Content-Length is larger than the record", "b", "c"}},
		"far too long, gzip":                {string(packed(length("a", 1<<40), page("b"))), []string{"a", "Content-Length is larger than the record", "b"}},
		"too short, gzip in one":            {string(packed(length("a", 20) + page("b") + page("c"))), []string{"a", "no WARC record begins", "b", "c"}},
		"a member with wrong content":       {string(flipped) + string(packed(page("b"))), []string{"warc record at byte 0: .* goes on at byte", "b"}},
		"garbage between members":           {string(packed(page("a"))) + "\x1f\x8b garbage" + string(packed(page("b"))), []string{"a", "gzip", "b"}},
		"a member cut short, in a file":     {string(packed(page("a"))) + string(packed(page("x")))[:60] + string(packed(page("b"))), []string{"a", "goes on", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := tellAll(strings.NewReader(tc.file))
			if len(got) != len(tc.want) {
				t.Fatalf("records and errors\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
			for i, want := range tc.want {
				if !matches(got[i], want) {
					t.Errorf("%d is %q, want %q", i, got[i], want)
				}
			}
			if diff := cmp.Diff(got, tellAll(oneByteFile{strings.NewReader(tc.file)})); diff != "" {
				t.Errorf("read a byte at a time, it gives another result:\n%s", diff)
			}
			if strings.HasSuffix(name, ", in a file") {
				return // differs: a stream can neither go back nor look ahead
			}
			if diff := cmp.Diff(got, tellAll(oneByte{strings.NewReader(tc.file)})); diff != "" {
				t.Errorf("read as a stream, it gives another result:\n%s", diff)
			}
		})
	}
}

// oneByteFile is a file that gives a byte at a time.
type oneByteFile struct{ *strings.Reader }

func (f oneByteFile) Read(p []byte) (int, error) { return f.Reader.Read(p[:min(1, len(p))]) }

// TestFarTooLongInAStream: the error says which records are lost.
func TestFarTooLongInAStream(t *testing.T) {
	long := strings.Replace(record("1.1", "resource", "http://a/", "text/plain", "x"), "Content-Length: 1", "Content-Length: 99999", 1)
	told := tellAll(oneByte{strings.NewReader(long + record("1.1", "resource", "http://b/", "text/plain", "x"))})
	if len(told) != 2 || !matches(told[1], "byte 0: .* cut short, or its Content-Length is too large and the records after it were skipped; give the archive as a file") {
		t.Errorf("told %q", told)
	}
}

// TestWrongLengthLeavesTheNextRecord: the content of a record whose length is too
// large ends where the next record begins.
func TestWrongLengthLeavesTheNextRecord(t *testing.T) {
	long := strings.Replace(record("1.1", "resource", "http://a/", "text/plain", "one"), "Content-Length: 3", "Content-Length: 99999", 1)
	rec, err := warc.NewReader(strings.NewReader(long + record("1.1", "resource", "http://b/", "text/plain", "two"))).Next()
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(rec.Block); string(text) != "one\r\n\r\n" || err == nil {
		t.Errorf("content %q, error %v", text, err)
	}
}

// matches says whether text contains the parts of want, which are separated by ".*", in their order.
func matches(text, want string) bool {
	for part := range strings.SplitSeq(want, ".*") {
		at := strings.Index(text, strings.TrimSpace(part))
		if at < 0 {
			return false
		}
		text = text[at+len(strings.TrimSpace(part)):]
	}
	return true
}

// tellAll reads a file to its end and returns the hosts of its records, and the errors.
func tellAll(r io.Reader) (told []string) {
	for records := warc.NewReader(r); ; {
		rec, err := records.Next()
		switch {
		case errors.Is(err, io.EOF):
			return told
		case err != nil:
			told = append(told, err.Error())
		default:
			told = append(told, strings.Trim(rec.TargetURI, "htp:/"))
			_, _ = io.Copy(io.Discard, rec.Block) // Next reports what is wrong with it
		}
	}
}

// TestBrokenRecordsAreBounded: a file of nothing but records' beginnings does
// not give a million errors.
func TestBrokenRecordsAreBounded(t *testing.T) {
	told := tellAll(strings.NewReader(strings.Repeat("WARC/1.1\r\n\r\n", 100_000)))
	if len(told) != 1000 || !strings.Contains(told[999], "nothing after it is read") {
		t.Errorf("%d errors, the last one %q", len(told), told[len(told)-1])
	}
}

// TestBrokenMembersAreLinear: a file of nothing but gzip members' beginnings is
// read a bounded number of times.
func TestBrokenMembersAreLinear(t *testing.T) {
	start := packed(record("1.1", "resource", "http://a/", "text/plain", strings.Repeat("x", 1<<16)))
	file := &countedReads{Reader: strings.NewReader(strings.Repeat(string(start[:len(start)-20]), 500))}
	tellAll(file)
	if most := 200 * file.Size(); file.n > most {
		t.Errorf("%d bytes of a file of %d were read", file.n, file.Size())
	}
}

type countedReads struct {
	*strings.Reader
	n int64
}

func (c *countedReads) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

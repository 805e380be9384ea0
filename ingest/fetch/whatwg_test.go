package fetch_test

import (
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	whatwg "github.com/nlnwa/whatwg-url/url"

	"github.com/qianshao/qianshao/ingest/fetch"
)

// whatwgCase is one case of urltestdata.json, the test suite of the WHATWG's
// URL standard, which the library has among its own tests.
type whatwgCase struct {
	Input    string
	Base     *string
	Failure  bool
	Href     string
	Protocol string
	Hostname string
	Port     string
	Pathname string
	Search   string
}

func whatwgCases(t *testing.T) []whatwgCase {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/nlnwa/whatwg-url").Output()
	if err != nil {
		t.Skipf("the library's source is not available: %v", err)
	}
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "testdata", "urltestdata.json"))
	if err != nil {
		t.Skipf("the library came without the suite: %v", err)
	}
	var raw []json.RawMessage // there are comments between the cases
	if err := json.Unmarshal(data, &raw); err != nil {
		t.Fatal(err)
	}
	var cases []whatwgCase
	for _, r := range raw {
		var c whatwgCase
		if json.Unmarshal(r, &c) == nil {
			cases = append(cases, c)
		}
	}
	return cases
}

// TestWHATWG checks the library against the whole suite, and our code against its http and https cases:
// the host, port, path and query must be a browser's, in our spelling.
func TestWHATWG(t *testing.T) {
	parsed, ours, refused := 0, 0, 0
	for _, c := range whatwgCases(t) {
		resolve := func() (string, error) { return fetch.Canonical(c.Input) }
		u, err := whatwg.Parse(c.Input)
		if c.Base != nil {
			resolve = func() (string, error) { return fetch.Resolve(*c.Base, c.Input) }
			u, err = whatwg.ParseRef(*c.Base, c.Input)
		}
		if c.Failure != (err != nil) || err == nil && u.Href(false) != c.Href {
			t.Errorf("the library on %q seen from %v: %v, %v; want %q", c.Input, c.Base, u, err, c.Href)
			continue
		}
		parsed++
		got, err := resolve()
		if c.Failure || c.Protocol != "http:" && c.Protocol != "https:" {
			if refused++; err == nil {
				t.Errorf("%q seen from %v gives %q, want an error", c.Input, c.Base, got)
			}
			continue
		}
		want, wantErr := fetch.Canonical(c.Href)
		if err != nil || wantErr != nil {
			t.Logf("%q is refused: %v, %v", c.Input, err, wantErr)
			if (err == nil) != (wantErr == nil) {
				t.Errorf("%q and its href %q are not refused alike: %v, %v", c.Input, c.Href, err, wantErr)
			}
			continue
		}
		if ours++; got != want {
			t.Errorf("%q seen from %v gives %q, want %q", c.Input, c.Base, got, want)
		}
		checkParts(t, c, got)
	}
	t.Logf("%d cases: %d URLs of http and https, %d refused", parsed, ours, refused)
	if parsed < 800 || ours < 200 {
		t.Errorf("only %d cases and %d URLs were looked at", parsed, ours)
	}
}

// checkParts compares with the parts that the suite gives, whatever Canonical
// makes of the suite's href.
func checkParts(t *testing.T, c whatwgCase, got string) {
	u, err := url.Parse(got)
	if err != nil {
		t.Errorf("%q gives %q: %v", c.Input, got, err)
		return
	}
	host := "[" + u.Hostname() + "]"
	if !strings.HasPrefix(c.Hostname, "[") {
		host = u.Hostname()
	}
	same := func(a, b string) bool { // apart from escapes, as we escape a lone "%"
		return unescaped(a) == unescaped(b)
	}
	if u.Scheme+":" != c.Protocol || host != strings.TrimSuffix(c.Hostname, ".") || u.Port() != c.Port || !same(u.EscapedPath(), c.Pathname) || !same(u.RawQuery, strings.TrimPrefix(c.Search, "?")) {
		t.Errorf("%q gives %q, want %s//%s %s %s %s", c.Input, got, c.Protocol, c.Hostname, c.Port, c.Pathname, c.Search)
	}
}

// unescaped decodes escapes and leaves a "%" that does not begin one.
func unescaped(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c, err := strconv.ParseUint(s[min(i+1, len(s)):min(i+3, len(s))], 16, 8); s[i] == '%' && err == nil && i+2 < len(s) {
			b.WriteByte(byte(c))
			i += 2
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

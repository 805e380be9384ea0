package warc

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// IndexEntry is a record as a CDXJ index lists it.
type IndexEntry struct {
	URI  string
	Date time.Time
	// MIME type without parameters.
	MIME string
	// Status is the HTTP status; 0 where there is none.
	Status int
	// Digest is the digest of the payload, as in WARC-Payload-Digest.
	Digest string
	// File is the name of the archive's file; Offset and Length are the record's place in it.
	File           string
	Offset, Length int64
}

// WriteIndex writes the entries as CDXJ, sorted as pywb needs it: a line has
// the key (SURT), the time in 14 digits, and a JSON object whose values are all strings.
func WriteIndex(w io.Writer, entries []IndexEntry) error {
	lines := make([][]byte, 0, len(entries))
	for i := range entries {
		line, err := entries[i].line()
		if err != nil {
			return fmt.Errorf("index entry of %q: %w", entries[i].URI, err)
		}
		lines = append(lines, line)
	}
	slices.SortFunc(lines, bytes.Compare)
	for _, line := range lines {
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

func (e *IndexEntry) line() ([]byte, error) {
	values := struct {
		URL      string `json:"url"`
		MIME     string `json:"mime"`
		Status   string `json:"status,omitempty"`
		Digest   string `json:"digest"`
		Length   string `json:"length"`
		Offset   string `json:"offset"`
		Filename string `json:"filename"`
	}{URL: EscapeURI(e.URI), MIME: e.MIME, Digest: e.Digest, Length: strconv.FormatInt(e.Length, 10), Offset: strconv.FormatInt(e.Offset, 10), Filename: e.File}
	if e.Status != 0 {
		values.Status = strconv.Itoa(e.Status)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s ", SURT(e.URI), e.Date.UTC().Format("20060102150405"))
	encoder := json.NewEncoder(&b) // ends the line
	encoder.SetEscapeHTML(false)   // & is frequent in URLs
	err := encoder.Encode(values)
	return b.Bytes(), err
}

// SURT returns the key under which web archives sort a URL: the host's labels
// in reverse order, then path and query, without what seldom makes a
// difference: scheme, user, www, default port, case, the order of the query's
// arguments, session ids. "http://www.A.example/b?d&c" gives
// "example,a)/b?c&d". It follows the canonicalisation of the Internet
// Archive's wayback machine, as pywb does. A URI of another scheme than http
// and https is its own key.
func SURT(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return EscapeURI(uri)
	}
	labels := strings.Split(wwwPrefix.ReplaceAllString(strings.ToLower(u.Hostname()), ""), ".")
	slices.Reverse(labels)
	key := escapeOnce(strings.Join(labels, ","))
	if port := u.Port(); port != "" && (u.Scheme != "http" || port != "80") && (u.Scheme != "https" || port != "443") {
		key += ":" + port
	}
	key += ")" + surtPath(u.EscapedPath())
	if query := surtQuery(u.RawQuery); query != "" {
		key += "?" + query
	}
	return key
}

var wwwPrefix = regexp.MustCompile(`^www\d*\.`)

// Session ids of ASP.NET in a path, of other servers in a query.
var (
	pathSessions = []*regexp.Regexp{
		regexp.MustCompile(`(?i)^(.*/)\((?:[a-z]\([0-9a-z]{24}\))+\)/([^?]+\.aspx.*)$`),
		regexp.MustCompile(`(?i)^(.*/)\([0-9a-z]{24}\)/([^?]+\.aspx.*)$`),
	}
	querySessions = []*regexp.Regexp{
		regexp.MustCompile(`(?i)^(.*)(?:jsessionid=[0-9a-z]{32})(?:&(.*))?$`),
		regexp.MustCompile(`(?i)^(.*)(?:phpsessid=[0-9a-z]{32})(?:&(.*))?$`),
		regexp.MustCompile(`(?i)^(.*)(?:sid=[0-9a-z]{32})(?:&(.*))?$`),
		regexp.MustCompile(`(?i)^(.*)(?:aspsessionid[a-z]{8}=[a-z]{24})(?:&(.*))?$`),
		regexp.MustCompile(`(?i)^(.*)(?:cfid=[^&]+&cftoken=[^&]+)(?:&(.*))?$`),
	}
)

func surtPath(path string) string {
	var kept []string
	segments := strings.Split(unescapeAll(path), "/")
	for i, s := range segments {
		switch {
		case s == ".." && len(kept) > 0:
			kept = kept[:len(kept)-1]
		case s == "" && i < len(segments)-1, s == ".":
		default:
			kept = append(kept, s)
		}
	}
	out := strings.ToLower(escapeOnce("/" + strings.Join(kept, "/")))
	for _, session := range pathSessions {
		out = session.ReplaceAllString(out, "$1$2")
	}
	if len(out) > 1 {
		out = strings.TrimSuffix(out, "/")
	}
	return out
}

func surtQuery(query string) string {
	query = escapeOnce(unescapeAll(query))
	for _, session := range querySessions {
		query = session.ReplaceAllString(query, "$1$2")
	}
	arguments := strings.Split(strings.ToLower(query), "&")
	slices.SortFunc(arguments, func(a, b string) int {
		aName, aValue, aHas := strings.Cut(a, "=")
		bName, bValue, bHas := strings.Cut(b, "=")
		if aName == bName && aHas != bHas { // "x" sorts before "x="
			return len(a) - len(b)
		}
		return cmp.Or(strings.Compare(aName, bName), strings.Compare(aValue, bValue))
	})
	return strings.Join(arguments, "&")
}

// unescapeRounds bounds how many nested encodings are undone: "%252525…" would
// take time in the square of its length.
const unescapeRounds = 10

// unescapeAll decodes percent-encoding until there is none left.
func unescapeAll(s string) string {
	for range unescapeRounds {
		decoded := unescapeRound(s)
		if decoded == s {
			break
		}
		s = decoded
	}
	return s
}

func unescapeRound(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// escapeOnce encodes controls, white space, "#", "%" and all beyond ASCII.
func escapeOnce(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '#' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

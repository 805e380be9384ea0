package export

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/locales"
)

// payloads are texts that HTML or Markdown would run, load or follow.
func payloads() (list []string) {
	bodies := []string{
		"<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
		"[x](javascript:alert(1))", "![x](http://evil.example/leak)", "<http://evil.example/leak>", "http://evil.example/leak www.evil.example a@evil.example @admin #1",
		"<!--<details open ontoggle=alert(1)>", "| a | b |\n|---|---|", "\n# heading\n- [ ] task", "[x]: http://evil.example/leak\n\n[x]", "&lt;script&gt;&#x3c;a href=&quot;http://evil.example&quot;&#x3e;", "$\\href{http://evil.example}{x}$ {{.}} ${alert(1)}",
	}
	for _, around := range []string{"%s", "`%s", "```\n%s\n```", "`````%s``", "a\u2028%s\u202e", "\\`%s\\", "</code></pre>%s"} {
		for _, body := range bodies {
			list = append(list, fmt.Sprintf(around, body))
		}
	}
	return list
}

var codeSpan = regexp.MustCompile("`+")

// outsideCode returns Markdown without its code, by CommonMark 6.1 and 4.5: a span ends at the next run of
// equally many backticks, a block at a line of at least as many as it began with.
func outsideCode(markdown string) string {
	var out strings.Builder
	fence := ""
	for line := range strings.Lines(markdown) {
		trimmed := strings.TrimRight(line, "\n")
		run := codeSpan.FindString(trimmed)
		switch {
		case fence != "":
			if strings.HasPrefix(trimmed, fence) && strings.Trim(trimmed, "`") == "" {
				fence = ""
			}
		case len(run) >= 3 && strings.HasPrefix(trimmed, run) && !strings.Contains(trimmed[len(run):], "`"):
			fence = run
		default:
			out.WriteString(withoutSpans(line))
		}
	}
	if fence != "" {
		out.WriteString("<unclosed>")
	}
	return out.String()
}

func withoutSpans(line string) string {
	var out strings.Builder
	for i := 0; i < len(line); {
		run := codeSpan.FindString(line[i:])
		switch {
		case line[i] == '\\' && i+1 < len(line): // an escaped backtick begins no span
			out.WriteString(line[i : i+2])
			i += 2
		case line[i] == '`':
			end := len(run)
			for _, at := range codeSpan.FindAllStringIndex(line[i+len(run):], -1) {
				if at[1]-at[0] == len(run) {
					end = len(run) + at[1]
					break
				}
			}
			if end == len(run) {
				out.WriteString(run)
			}
			i += end
		default:
			out.WriteByte(line[i])
			i++
		}
	}
	return out.String()
}

// TestMarkdownHoldsTexts: outside code there are only words, with every special character escaped, and
// nothing from pages, rules and people.
func TestMarkdownHoldsTexts(t *testing.T) {
	t.Parallel()
	if n := len(payloads()); n < 76 {
		t.Fatalf("%d payloads", n)
	}
	live := regexp.MustCompile(`(^|[^\\])([<>\[\]|!#@&$]|https?:|www\.|javascript:)`)
	for _, s := range payloads() {
		var b bytes.Buffer
		out, err := newText(&b, locales.English, time.UTC, plain(s), plain(s), time.UnixMilli(0))
		if err != nil {
			t.Fatal(err)
		}
		row := hostileRow(s)
		if err := out.row(&row); err != nil {
			t.Fatal(err)
		}
		if err := out.end(); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(outsideCode(b.String())) {
			text := strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(line), "# "), "## ")
			if found := live.FindString(text); found != "" {
				t.Errorf("%q: outside code there is %q in %q", s, found, line)
			}
		}
		if strings.ContainsAny(b.String(), "\u2028\u202e") {
			t.Errorf("%q: characters that reverse or split lines remain", s)
		}
	}
}

// TestLines: one line per finding, with stable keys, whatever its texts.
func TestLines(t *testing.T) {
	t.Parallel()
	for _, s := range append(payloads(), formulas()...) {
		var b bytes.Buffer
		row := hostileRow(s)
		if err := newLines(&b).row(&row); err != nil {
			t.Fatal(err)
		}
		var keys map[string]any
		if err := json.Unmarshal(b.Bytes(), &keys); err != nil || strings.Count(b.String(), "\n") != 1 {
			t.Errorf("%q: %v, %q", s, err, b.String())
		}
		for _, key := range []string{"id", "url", "url_defanged", "site", "page_title", "category", "level", "score", "state", "rule", "rule_title", "law", "evidence", "indicators", "first_seen", "last_seen", "campaigns"} {
			if _, ok := keys[key]; !ok {
				t.Errorf("%q: the key %s is missing", s, key)
			}
		}
	}
}

// many is a store with any number of findings, which records how many are read at a time, and how many
// bytes had been written by then.
type many struct {
	out     *counter
	largest int
	before  []int64
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

func (m *many) VisibleFindings(_ context.Context, _ qianshao.Sight, ids []string) (list []qianshao.FindingRecord, err error) {
	m.largest, m.before = max(m.largest, len(ids)), append(m.before, m.out.n)
	for _, id := range ids {
		list = append(list, qianshao.FindingRecord{Finding: qianshao.Finding{ID: id, URL: "http://a.example/" + id, Evidence: []qianshao.Evidence{{Text: strings.Repeat("注册送", 50)}}}})
	}
	return list, nil
}

func (m *many) Members(context.Context, qianshao.Sight, string, string, int) (p campaign.Members, err error) {
	return p, io.EOF
}

func (m *many) CampaignsOf(context.Context, []string) (map[string][]string, error) { return nil, nil }

func (m *many) Standings(context.Context, []string) (map[string]desk.Standing, error) {
	return nil, nil
}

// TestStreams: of 5,000 findings a few hundred are in memory at a time, and are written before the next are
// read.
func TestStreams(t *testing.T) {
	t.Parallel()
	var ids []string
	for i := range 5000 {
		ids = append(ids, fmt.Sprintf("%016x", i))
	}
	for _, format := range []Format{CSV, JSONLines, Markdown} {
		m := &many{out: &counter{}}
		x := &written{
			e: New(Options{Store: m, Campaigns: m, Zone: time.UTC}), ctx: t.Context(), account: &qianshao.Account{Name: "a"}, r: &Request{Format: format}, of: "all",
		}
		n, err := x.encode(m.out, format, ids)
		if err != nil || n != len(ids) || m.largest != step || len(m.before) != len(ids)/step {
			t.Errorf("%s: %d findings, %v, read %d at a time", format, n, err, m.largest)
		}
		// csv.Writer buffers 4 KiB, and a step is more than that.
		if !slices.IsSorted(m.before) || len(slices.Compact(m.before)) != len(ids)/step {
			t.Errorf("%s: findings are not written as they are read: %v", format, m.before)
		}
	}
}

// TestBounds: a file that exceeds its limit is refused, with advice on what to narrow.
func TestBounds(t *testing.T) {
	t.Parallel()
	b := &bounded{w: io.Discard, sum: nopHash{}, n: MaxBytes - 1}
	if _, err := b.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	if _, err := b.Write([]byte("x")); err == nil || !strings.Contains(err.Error(), "fewer findings") {
		t.Errorf("beyond the bound: %v", err)
	}
	e := New(Options{})
	for range MaxAtOnce {
		e.turns <- struct{}{}
	}
	if _, err := e.Export(t.Context(), qianshao.Account{}, Request{Finding: "x", Format: CSV}); err == nil || !strings.Contains(err.Error(), "try again") {
		t.Errorf("one more at a time: %v", err)
	}
	for format, n := range map[Format]int{Markdown: MaxReported, CSV: MaxFindings} {
		ids := make([]string, n+1)
		for i := range ids {
			ids[i] = fmt.Sprint(i)
		}
		if _, err := e.selected(t.Context(), &qianshao.Account{}, &Request{Findings: ids, Format: format}); err == nil || !strings.Contains(err.Error(), fmt.Sprint(n)) {
			t.Errorf("%d as %s: %v", n+1, format, err)
		}
	}
}

// late is a store that takes too long.
type late struct{}

func (late) VisibleFindings(context.Context, qianshao.Sight, []string) ([]qianshao.FindingRecord, error) {
	return nil, fmt.Errorf("read: %w", context.DeadlineExceeded)
}

// TestSlow: an export that takes too long is refused, with advice on what to narrow.
func TestSlow(t *testing.T) {
	t.Parallel()
	_, err := New(Options{Store: late{}}).Export(t.Context(), qianshao.Account{}, Request{Finding: "x", Format: CSV})
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.Code != RefusedSlow || !strings.Contains(refusal.In(locales.Chinese), "时限") {
		t.Errorf("%v", err)
	}
}

// TestVerdicts: a verdict is exported with its reason and whether the content is still the same, and not at
// all while it waits for a second review.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	record := qianshao.FindingRecord{Finding: qianshao.Finding{ID: "x", Seen: "now"}}
	for _, tc := range []struct {
		standing desk.Standing
		json     string
		csv      string
	}{
		{desk.Standing{}, "", ""},
		{desk.Standing{Verdict: qianshao.VerdictCrime, Reason: qianshao.ReasonHacked, Seen: "now"}, `"verdict":"crime","reason":"hacked",`, "违法,被入侵站点"},
		{desk.Standing{Verdict: qianshao.VerdictCrime, Reason: qianshao.ReasonHacked, Seen: "then"}, `"verdict":"crime","reason":"hacked","stale":true,`, "违法（内容已变，待重新判定）,被入侵站点"},
		{desk.Standing{Verdict: qianshao.VerdictCrime, Reason: qianshao.ReasonHacked, Seen: "then", Second: desk.SecondSample}, `"verdict":"in_review",`, "待复核,,"},
		{desk.Standing{Verdict: qianshao.VerdictCrime, Reason: qianshao.ReasonHacked, Seen: "now", Second: desk.SecondSample, Reviews: 1}, `"verdict":"crime","reason":"hacked",`, "违法,被入侵站点"},
	} {
		var asLine, asTable bytes.Buffer
		row := newRow(&record, &tc.standing, nil, nil, time.UTC)
		table, err := newTable(&asTable, locales.Chinese)
		if err == nil {
			err = errors.Join(newLines(&asLine).row(&row), table.row(&row), table.end())
		}
		if err != nil {
			t.Fatal(err)
		}
		if tc.json == "" && strings.Contains(asLine.String(), "verdict") || !strings.Contains(asLine.String(), tc.json) || !strings.Contains(asTable.String(), tc.csv) {
			t.Errorf("%+v: %s%s", tc.standing, asLine.String(), asTable.String())
		}
		if strings.Contains(asLine.String(), "stale") != strings.Contains(tc.json, "stale") {
			t.Errorf("%+v: %s", tc.standing, asLine.String())
		}
	}
}

// nopHash is a hash of nothing.
type nopHash struct{}

func (nopHash) Write(p []byte) (int, error) { return len(p), nil }
func (nopHash) Sum([]byte) []byte           { return nil }
func (nopHash) Reset()                      {}
func (nopHash) Size() int                   { return 0 }
func (nopHash) BlockSize() int              { return 1 }

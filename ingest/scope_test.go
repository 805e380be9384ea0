package ingest_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/locales"
)

// fixture is a scope file with one authorisation, lines replaced as the test needs.
const fixture = `authorisations:
  - id: school-2026
    owner: 示例学校
    basis: 合同 2026-017
    contact: it@school.example
    valid_from: 2026-01-01
    valid_until: 2026-12-31
    hosts: [school.example, "*.school.example"]
    rate: 2
`

func TestParseScope(t *testing.T) {
	got, err := ingest.ParseScope("scope.yaml", []byte(`
authorisations:
  - id: school-2026
    owner: 示例学校
    basis: 合同 2026-017
    contact: it@school.example
    valid_from: 2026-01-01
    valid_until: 2026-12-31
    hosts: [学校.example, "*.School.example", "intranet.school.example:8080", "[::1]:9000"]
    include: [/新闻/]
    exclude: ["/新闻/%64raft"]
    allow_private: true
    seeds: ["HTTP://学校.example/新闻/index.html#top"]
  - id: second
    owner: o
    basis: b
    contact: c
    valid_from: 2026-01-01T08:00:00Z
    valid_until: 2026-02-01T00:00:00+08:00
    hosts: [other.example]
    rate: 0.5
    queries: false
    include:
    revisit_min: 90m
    revisit_max: 30d
    robots_waiver: 合同附件 3
    views: [search_visitor, search_crawler]
    crawler_basis: 合同附件 4
`))
	if err != nil {
		t.Fatal(err)
	}
	china := time.FixedZone("CST", 8*3600)
	want := []qianshao.Authorisation{{
		ID: "school-2026", Owner: "示例学校", Basis: "合同 2026-017", Contact: "it@school.example",
		ValidFrom: time.Date(2026, 1, 1, 0, 0, 0, 0, china), ValidUntil: time.Date(2027, 1, 1, 0, 0, 0, 0, china),
		Hosts:   []string{"xn--48s290a.example", "*.school.example", "intranet.school.example:8080", "[::1]:9000"},
		Include: []string{"/%E6%96%B0%E9%97%BB/"}, Exclude: []string{"/%E6%96%B0%E9%97%BB/draft"},
		Rate: 1, AllowPrivate: true, Seeds: []string{"http://xn--48s290a.example/%E6%96%B0%E9%97%BB/index.html"},
	}, {
		ID: "second", Owner: "o", Basis: "b", Contact: "c",
		ValidFrom: time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC), ValidUntil: time.Date(2026, 2, 1, 0, 0, 0, 0, china),
		Hosts: []string{"other.example"}, Include: []string{}, Exclude: []string{}, NoQueries: true, Rate: 0.5, Seeds: []string{},
		RevisitMin: 90 * time.Minute, RevisitMax: 30 * 24 * time.Hour, RobotsWaiver: "合同附件 3",
		Views: []qianshao.View{qianshao.ViewSearchVisitor, qianshao.ViewSearchCrawler}, CrawlerBasis: "合同附件 4",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("authorisations (-want +got):\n%s", diff)
	}
	scope, err := ingest.NewScope(got)
	if err != nil {
		t.Fatalf("authorisations from ParseScope are refused: %v", err)
	}
	if diff := cmp.Diff(want, scope.Authorisations()); diff != "" {
		t.Errorf("canonical form is not stable (-want +got):\n%s", diff)
	}
	if list, err := ingest.ParseScope("scope.yaml", []byte("authorisations:\n")); err != nil || len(list) != 0 {
		t.Errorf("an empty register permits nothing, but is not a mistake: %v, %v", list, err)
	}
}

// TestParseScopeMistakes: each mistake is reported with file, line, column and remedy.
func TestParseScopeMistakes(t *testing.T) {
	for _, tc := range []struct{ name, old, new, want string }{
		{"unknown key", "rate: 2", "rates: 2", `scope.yaml:9:5: unknown key "rates"; did you mean "rate"?`},
		{"far key", "rate: 2", "tempo: 2", `scope.yaml:9:5: unknown key "tempo"; the keys are id, owner`},
		{"top key", "authorisations:", "authorizations:", `scope.yaml:1:1: unknown key "authorizations"; did you mean "authorisations"?`},
		{"key twice", "rate: 2", "rate: 2\n    rate: 3", `scope.yaml:10:5: key "rate" is given twice`},
		{"no id", "id: school-2026", "id: ", `scope.yaml:2:8: id is empty; give a short name`},
		{"id with space", "id: school-2026", "id: a b", `scope.yaml:2:9: id "a b" has spaces`},
		{"owner empty", "owner: 示例学校", `owner: " "`, `scope.yaml:3:12: owner is empty; name the organisation`},
		{"basis missing", "    basis: 合同 2026-017\n", "", `scope.yaml:2:5: basis is empty; name the legal basis`},
		{"contact null", "contact: it@school.example", "contact: ~", `scope.yaml:5:14: contact is empty`},
		{"owner a list", "owner: 示例学校", "owner: [a]", `scope.yaml:3:12: owner is not a text`},
		{"date", "2026-12-31", "31.12.2026", `scope.yaml:7:18: valid_until "31.12.2026" is not a date; write 2026-12-31`},
		{"no such day", "2026-12-31", "2026-02-30", `scope.yaml:7:18: valid_until "2026-02-30" is not a date`},
		{"ends before it begins", "2026-12-31", "2025-12-31", `scope.yaml:7:18: valid_until is not after valid_from`},
		{"ends before it begins, and an unknown key", "valid_until: 2026-12-31", "valid_until: 2025-12-31\n    tempo: 2", `scope.yaml:7:18: valid_until is not after valid_from`},
		{"both dates missing", "    valid_from: 2026-01-01\n    valid_until: 2026-12-31\n", "", "valid_from is missing; write the first day of the authorisation, such as 2026-01-31\nscope.yaml:2:5: valid_until is missing"},
		{"no until", "    valid_until: 2026-12-31\n", "", `scope.yaml:2:5: valid_until is missing`},
		{"hosts missing", `    hosts: [school.example, "*.school.example"]` + "\n", "", `scope.yaml:2:5: hosts is empty`},
		{"hosts no list", `[school.example, "*.school.example"]`, "school.example", `scope.yaml:8:12: hosts is not a list; write [school.example]`},
		{"host with scheme", "[school.example,", "[\"https://school.example\",", `scope.yaml:8:13: host "https://school.example" is not a bare name`},
		{"host with path", "[school.example,", "[school.example/x,", `scope.yaml:8:13: host "school.example/x" is not a bare name`},
		{"wildcard alone", `"*.school.example"`, `"*"`, `scope.yaml:8:29: host "*" has a * that is not in front`},
		{"wildcard on a public suffix", `"*.school.example"`, `"*.com.cn"`, `scope.yaml:8:29: host "*.com.cn" covers the sites of many owners, since com.cn is a public suffix; name`},
		{"wildcard on a top-level domain", `"*.school.example"`, `"*.cn"`, `since cn is a public suffix`},
		{"wildcard on an unknown top-level domain", `"*.school.example"`, `"*.intranet"`, `since intranet is a public suffix`},
		{"wildcard in the middle", `"*.school.example"`, `"www.*.example"`, `has a * that is not in front`},
		{"wildcard on an address", `"*.school.example"`, `"*.8.8.8.8"`, `an address has no subdomains`},
		{"port 80", `"*.school.example"`, `"school.example:80"`, `ports 80 and 443 are always covered; write school.example`},
		{"port no number", `"*.school.example"`, `"school.example:http"`, `port "http" is not a number`},
		{"port too large", `"*.school.example"`, `"school.example:70000"`, `port "70000" is not a number from 1 to 65535`},
		{"private address", `"*.school.example"`, `"0x7f.1"`, `is a private address, which the address guard closes; for an intranet site, set allow_private: true`},
		{"bare IPv6", `"*.school.example"`, `"2001:db8::1"`, `write an IPv6 address in brackets`},
		{"unquoted wildcard", `"*.school.example"`, `*.school.example`, `scope.yaml:8:29: a text that begins with *; put it in half-width quotes`},
		{"rate zero", "rate: 2", "rate: 0", `scope.yaml:9:11: rate "0" is not a number`},
		{"rate negative", "rate: 2", "rate: -1", `scope.yaml:9:11: rate -1 is not between`},
		{"rate too high", "rate: 2", "rate: 1e9", `scope.yaml:9:11: rate 1e+09 is not between`},
		{"rate not a number", "rate: 2", "rate: .nan", `scope.yaml:9:11: rate`},
		{"rate words", "rate: 2", "rate: fast", `scope.yaml:9:11: rate "fast" is not a number`},
		{"queries", "rate: 2", "queries: none", `scope.yaml:9:14: queries "none" is neither true nor false`},
		{"allow_private", "rate: 2", "allow_private: yes", `scope.yaml:9:20: allow_private "yes" is neither true nor false`},
		{"revisit in words", "rate: 2", "revisit_min: daily", `scope.yaml:9:18: revisit_min "daily" is not a length of time; write 90m (90 minutes), 6h (6 hours) or 7d (7 days)`},
		{"revisit too soon", "rate: 2", "revisit_min: 1m", `scope.yaml:9:18: revisit_min is not between 10 minutes and 90 days`},
		{"revisit too late", "rate: 2", "revisit_max: 91d", `scope.yaml:9:18: revisit_max is not between`},
		{"revisit swapped", "rate: 2", "revisit_min: 2d\n    revisit_max: 1d", `scope.yaml:10:18: revisit_max is shorter than revisit_min`},
		{"view unknown", "rate: 2", "views: [search_visitor, googlebot]", `scope.yaml:9:29: view "googlebot" is neither search_visitor nor search_crawler`},
		{"view without basis", "rate: 2", "views: [search_crawler]", `scope.yaml:9:13: for the view search_crawler, fill in crawler_basis`},
		{"include without slash", "rate: 2", "include: [news]", `scope.yaml:9:15: path "news" does not begin with /`},
		{"exclude with star", "rate: 2", `exclude: ["/a*"]`, `scope.yaml:9:15: path "/a*" contains one of ? # *`},
		{"seed outside", "rate: 2", `seeds: ["http://other.example/"]`, `scope.yaml:9:13: seed "http://other.example/" lies outside its own authorisation (not_authorised)`},
		{"seed excluded", "rate: 2", "exclude: [/x]\n    seeds: [\"http://school.example/x\"]", `scope.yaml:10:13: seed "http://school.example/x" lies outside its own authorisation (path_excluded)`},
		{"seed no URL", "rate: 2", "seeds: [school.example]", `scope.yaml:9:13: seed "school.example" is not a complete URL; write one`},
		{"id twice", "rate: 2", "rate: 2\n" + strings.SplitN(fixture, "\n", 2)[1], `scope.yaml:10:5: id "school-2026" is used twice, first in line 2`},
		{"id of all", "id: school-2026", `id: "*"`, `scope.yaml:2:9: id "*" has characters other than letters, digits and . _ - @`},
		{"id of all, in Chinese", "id: school-2026", `id: "*"`, `“id”不能是 "*"；只能用字母、数字、汉字和 . _ - @，以字母、数字或汉字开头，最多 64 个字符`},
		{"id empty", "id: school-2026", `id: ""`, `scope.yaml:2:9: id is empty; give a short name, such as school-2026`},
		{"id missing", "id: school-2026\n    owner", `owner`, `id is empty`},
		{"id with a slash", "id: school-2026", `id: school/2026`, `id "school/2026" has characters other`},
		{"id of signs", "id: school-2026", `id: "-2026"`, `does not begin with a letter or digit`},
		{"id with a bidirectional control", "id: school-2026", `id: "a\u202eb"`, `has spaces or invisible characters`},
		{"id too long", "id: school-2026", "id: " + strings.Repeat("校", 65), `is longer than 64 characters`},
		{"indentation", "    owner", "   owner", `scope.yaml:3:4: the indentation matches that of no line above`},
		{"anchor", "owner: 示例学校", "owner: &x 示例学校", `scope.yaml:3:12: anchors and aliases are not allowed here`},
		{"second document", "rate: 2", "rate: 2\n---\nx: 1", `second YAML document`},
		{"Chinese comma", "rate: 2", "exclude: [/private/，/admin/]", `scope.yaml:9:24: "，" does not separate two entries; write a half-width comma`},
		{"Chinese comma in a line", "rate: 2", "exclude:\n      - /private/、/admin/", `scope.yaml:10:18: "、" does not separate two entries`},
		{"Chinese colon", "rate: 2", "rate：2", `scope.yaml:9:9: a full-width colon after a key; write a half-width colon and a space`},
		{"Chinese quotes", "[school.example,", "[“school.example”,", `scope.yaml:8:13: full-width quotes are part of the text`},
		{"Chinese quotes of the id", "id: school-2026", "id: “school-2026”", `scope.yaml:2:9: full-width quotes are part of the text`},
		{"Chinese brackets", `[school.example, "*.school.example"]`, "【school.example、www.school.example】", `scope.yaml:8:12: hosts is not a list; write [school.example, www.school.example]`},
		{"tab", "    owner", "\towner", `scope.yaml:3:1: a tab in the indentation; write spaces`},
		{"full-width blank", "    owner", "　　owner", `scope.yaml:3:1: a full-width space in the indentation`},
		{"full-width number", "rate: 2", "rate: ２", `scope.yaml:9:11: rate "２" is not a number; write requests a second, such as 0.5, 1 or 2; write 2 with half-width signs`},
		{"Chinese day", "2026-12-31", "2026年12月31日", `write 2026-12-31 or 2026-12-31T18:00:00+08:00; write 2026-12-31`},
		{"Chinese yes", "rate: 2", "allow_private: 是", `is neither true nor false; write one of them`},
		{"no space", "rate: 2", "rate:2", `scope.yaml:9:9: no space after the colon`},
		{"GBK", "示例学校", "\xca\xbe\xc0\xfd", `not UTF-8; save the file as UTF-8`},
		{"a list at the top", "authorisations:", "- authorisations:", `the file is not a list of keys and values`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if !strings.Contains(fixture, tc.old) {
				t.Fatalf("the fixture has no %q", tc.old)
			}
			_, err := ingest.ParseScope("scope.yaml", []byte(strings.Replace(fixture, tc.old, tc.new, 1)))
			var mistakes *ingest.ScopeError
			if !errors.As(err, &mistakes) || !strings.Contains(err.Error()+"\n"+locales.Chinese.Error(err), tc.want) {
				t.Errorf("%v, want %s", err, tc.want)
			}
		})
	}
	for _, empty := range []string{"", "# nothing\n"} {
		if _, err := ingest.ParseScope("scope.yaml", []byte(empty)); err == nil || !strings.Contains(err.Error(), "begin with authorisations:") {
			t.Errorf("%q: %v", empty, err)
		}
	}
}

func TestNewScopeRefuses(t *testing.T) {
	if _, err := ingest.NewScope([]qianshao.Authorisation{{ID: "x"}}); err == nil || !strings.Contains(err.Error(), "hosts is empty") {
		t.Error(err)
	}
}

// authorise returns an authorisation in force in 2026.
func authorise(id string, change func(*qianshao.Authorisation), hosts ...string) qianshao.Authorisation {
	a := qianshao.Authorisation{ID: id, Owner: "o", Basis: "b", Contact: "c", Hosts: hosts,
		ValidFrom: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), ValidUntil: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
	if change != nil {
		change(&a)
	}
	return a
}

func TestDecide(t *testing.T) {
	scope, err := ingest.NewScope([]qianshao.Authorisation{
		authorise("old", func(a *qianshao.Authorisation) { a.ValidUntil = a.ValidFrom.AddDate(0, 1, 0) }, "school.example", "*.past.example"),
		authorise("news", func(a *qianshao.Authorisation) { a.Include, a.Exclude = []string{"/news/"}, []string{"/news/draft"} }, "school.example"),
		authorise("all", nil, "*.school.example", "school.example:8080"),
		authorise("deep", nil, "*.lab.school.example", "[2001:db8::1]"),
	})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		url  string
		id   string
		skip qianshao.Skip
	}{
		{"http://school.example/news/a", "news", ""},
		{"https://school.example/news/a", "news", ""},
		{"http://school.example/news/draft/1", "old", qianshao.SkipNotInForce},
		{"http://school.example/other", "old", qianshao.SkipNotInForce},
		{"http://school.example:8080/other", "all", ""},
		{"http://school.example:8081/other", "", qianshao.SkipNotAuthorised},
		{"http://www.school.example/", "all", ""},
		{"http://x.lab.school.example/", "all", ""},
		{"http://x.lab.school.example:8080/", "", qianshao.SkipNotAuthorised},
		{"http://notschool.example/", "", qianshao.SkipNotAuthorised},
		{"http://school.example.evil.example/", "", qianshao.SkipNotAuthorised},
		{"http://www.past.example/", "old", qianshao.SkipNotInForce},
		{"http://past.example/", "", qianshao.SkipNotAuthorised},
		{"http://[2001:db8::1]/", "deep", ""},
		{"http://other.example/", "", qianshao.SkipNotAuthorised},
		{"ftp://school.example/", "", qianshao.SkipBadURL},
		{"http:///x", "", qianshao.SkipBadURL},
	} {
		u, err := url.Parse(tc.url)
		if err != nil {
			t.Fatal(err)
		}
		a, skip := scope.Decide(u, now)
		id := ""
		if a != nil {
			id = a.ID
		}
		if id != tc.id || skip != tc.skip {
			t.Errorf("%s: %q, %q; want %q, %q", tc.url, id, skip, tc.id, tc.skip)
		}
	}
}

// TestDecideAsCovers checks that the index of names decides as each authorisation does by itself.
func TestDecideAsCovers(t *testing.T) {
	t.Parallel()
	hosts := []string{"a.cn", "*.a.cn", "a.cn:8080", "*.b.a.cn:8443", "[::1]", "[::1]:8080", "127.0.0.1", "c.cn"}
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for some := range 1 << len(hosts) {
		a := qianshao.Authorisation{ID: "a", Owner: "o", Basis: "b", Contact: "c", AllowPrivate: true, ValidFrom: now.AddDate(-1, 0, 0), ValidUntil: now.AddDate(1, 0, 0)}
		for i, host := range hosts {
			if some>>i&1 == 1 {
				a.Hosts = append(a.Hosts, host)
			}
		}
		if len(a.Hosts) == 0 {
			continue
		}
		scope, err := ingest.NewScope([]qianshao.Authorisation{a})
		if err != nil {
			t.Fatal(err)
		}
		for _, host := range []string{"a.cn", "a.cn:8080", "a.cn:443", "x.a.cn", "x.a.cn:8080", "y.b.a.cn:8443", "b.a.cn:8443", "[::1]", "[::1]:8080", "127.0.0.1", "c.cn", "xa.cn", "cn"} {
			u := &url.URL{Scheme: "http", Host: host, Path: "/"}
			if _, skip := scope.Decide(u, now); skip != a.Covers(u, now) {
				t.Errorf("%s by %q: %q, but the authorisation says %q", host, a.Hosts, skip, a.Covers(u, now))
			}
		}
	}
}

func TestDecidePathExcluded(t *testing.T) {
	ended := func(a *qianshao.Authorisation) {
		a.Include, a.ValidUntil = []string{"/x"}, a.ValidFrom.AddDate(0, 1, 0)
	}
	scope, err := ingest.NewScope([]qianshao.Authorisation{
		authorise("ended", ended, "school.example"),
		authorise("news", func(a *qianshao.Authorisation) { a.Include = []string{"/news/"} }, "school.example"),
	})
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse("http://school.example/robots.txt")
	if a, skip := scope.Decide(u, time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)); skip != qianshao.SkipPathExcluded || a == nil || a.ID != "news" {
		t.Errorf("%+v, %s: the authorisation in force is to be named, or robots.txt cannot be read", a, skip)
	}
}

// FuzzParseScope: no input causes a panic, every mistake has a place, and
// NewScope accepts what was parsed and leaves it unchanged.
func FuzzParseScope(f *testing.F) {
	f.Add([]byte(fixture))
	f.Add([]byte("authorisations: [{hosts: [*x]}]"))
	f.Add([]byte("authorisations:\n- &a {id: *a}\n- ? [x]\n  : y\n"))
	f.Add([]byte("authorisations: !!binary x\n<<: {a: b}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := ingest.ParseScope("f", data)
		if err != nil {
			var mistakes *ingest.ScopeError
			if !errors.As(err, &mistakes) || len(mistakes.Mistakes) == 0 {
				t.Fatalf("%T %v", err, err)
			}
			for _, m := range mistakes.Mistakes {
				if m.Line < 1 || m.Column < 1 || m.Message.Key == "" {
					t.Errorf("%+v", m)
				}
			}
			return
		}
		scope, err := ingest.NewScope(list)
		if err != nil {
			t.Fatalf("parsed, then refused: %v", err)
		}
		if diff := cmp.Diff(list, scope.Authorisations()); diff != "" {
			t.Errorf("not canonical after parsing:\n%s", diff)
		}
	})
}

// TestSeed: the crawl begins at the seeds, or, if there are none, at the hosts
// and included paths; never at anything that is not in force.
func TestSeed(t *testing.T) {
	scope, err := ingest.NewScope([]qianshao.Authorisation{
		authorise("seeds", func(a *qianshao.Authorisation) { a.Seeds = []string{"https://a.example/x"} }, "a.example", "b.example"),
		authorise("hosts", nil, "c.example", "*.d.example", "e.example:8080"),
		authorise("paths", func(a *qianshao.Authorisation) { a.Include = []string{"/news/", "/notes/"} }, "f.example"),
		authorise("ended", func(a *qianshao.Authorisation) { a.ValidUntil = a.ValidFrom.AddDate(0, 1, 0) }, "g.example"),
	})
	if err != nil {
		t.Fatal(err)
	}
	f := &recorded{}
	if err := ingest.Seed(context.Background(), f, scope, time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	want := []ingest.Item{
		{URL: "https://a.example/x", Host: "a.example", Authorisation: "seeds"},
		{URL: "http://c.example/", Host: "c.example", Authorisation: "hosts"},
		{URL: "http://e.example:8080/", Host: "e.example", Authorisation: "hosts"},
		{URL: "http://f.example/news/", Host: "f.example", Authorisation: "paths"},
		{URL: "http://f.example/notes/", Host: "f.example", Authorisation: "paths"},
	}
	if diff := cmp.Diff(want, f.items); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
}

// recorded keeps what is added; Seed calls no other method.
type recorded struct {
	ingest.Frontier
	items []ingest.Item
}

func (r *recorded) Add(_ context.Context, items []ingest.Item) error {
	r.items = append(r.items, items...)
	return nil
}

package robots

import (
	"strings"
	"testing"
)

// The expectations of Google's published test suite for its robots.txt parser
// (github.com/google/robotstxt, robots_test.cc as of 2025), written out as our
// own tables: 145 on access, 11 on agents' names, 22 on what is read from a
// file, and one each on paths (19 cases) and on escapes (4 cases).
const googleTotal = 180

// expectation is one file and what it means for one agent, by path; "" is the
// suite's empty URL.
type expectation struct {
	name  string
	file  string
	agent string
	allow []string
	deny  []string
}

const (
	both   = "user-agent: FooBot\ndisallow: /\n"
	groups = "allow: /foo/bar/\n\nuser-agent: FooBot\ndisallow: /\nallow: /x/\nuser-agent: BarBot\ndisallow: /\nallow: /y/\n\n\nallow: /w/\nuser-agent: BazBot\n\nuser-agent: FooBot\nallow: /z/\ndisallow: /\n"
	global = "user-agent: *\nallow: /\nuser-agent: FooBot\ndisallow: /\n"
	utf    = "User-agent: FooBot\nDisallow: /\nAllow: "
)

func googleExpectations() []expectation {
	list := []expectation{
		{"system: empty file", "", "FooBot", []string{""}, nil},
		{"system: empty agent", both, "", []string{""}, nil},
		{"system: empty path", both, "FooBot", nil, []string{""}},
		{"system: all empty", "", "", []string{""}, nil},

		{"line syntax", both, "FooBot", nil, []string{"/x/y"}},
		{"line syntax: unknown keys", "foo: FooBot\nbar: /\n", "FooBot", []string{"/x/y"}, nil},
		{"line syntax: colons missing", "user-agent FooBot\ndisallow /\n", "FooBot", nil, []string{"/x/y"}},

		{"groups: merged", groups, "FooBot", []string{"/x/b", "/z/d"}, []string{"/y/c", "/foo/bar/"}},
		{"groups: blank lines do not end one", groups, "BarBot", []string{"/y/c", "/w/a"}, []string{"/z/d", "/foo/bar/"}},
		{"groups: shared", groups, "BazBot", []string{"/z/d"}, []string{"/foo/bar/"}},

		{"groups: a sitemap does not end one", "User-agent: BarBot\nSitemap: https://foo.bar/sitemap\nUser-agent: *\nDisallow: /\n", "FooBot", nil, []string{"/"}},
		{"groups: nor for the agent before it", "User-agent: BarBot\nSitemap: https://foo.bar/sitemap\nUser-agent: *\nDisallow: /\n", "BarBot", nil, []string{"/"}},
		{"groups: an unknown line does not end one", "User-agent: FooBot\nInvalid-Unknown-Line: unknown\nUser-agent: *\nDisallow: /\n", "FooBot", nil, []string{"/"}},
		{"groups: nor for another agent", "User-agent: FooBot\nInvalid-Unknown-Line: unknown\nUser-agent: *\nDisallow: /\n", "BarBot", nil, []string{"/"}},

		{"keys in upper case", "USER-AGENT: FooBot\nALLOW: /x/\nDISALLOW: /\n", "FooBot", []string{"/x/y"}, []string{"/a/b"}},
		{"keys in lower case", "user-agent: FooBot\nallow: /x/\ndisallow: /\n", "FooBot", []string{"/x/y"}, []string{"/a/b"}},
		{"keys in mixed case", "uSeR-aGeNt: FooBot\nAlLoW: /x/\ndIsAlLoW: /\n", "FooBot", []string{"/x/y"}, []string{"/a/b"}},
	}
	for _, written := range []string{"FOO BAR", "foo bar", "FoO bAr"} {
		for _, asked := range []string{"Foo", "foo"} {
			list = append(list, expectation{"agent's case: " + written + " for " + asked,
				"User-Agent: " + written + "\nAllow: /x/\nDisallow: /\n", asked, []string{"/x/y"}, []string{"/a/b"}})
		}
	}
	upToSpace := "User-Agent: *\nDisallow: /\nUser-Agent: Foo Bar\nAllow: /x/\nDisallow: /\n"
	onlySpecific := "user-agent: FooBot\nallow: /\nuser-agent: BarBot\ndisallow: /\nuser-agent: BazBot\ndisallow: /\n"
	list = append(list, []expectation{
		{"agent up to the first space", upToSpace, "Foo", []string{"/x/y"}, nil},
		{"an agent with a space is none", upToSpace, "Foo Bar", nil, []string{"/x/y"}},

		{"star: empty file", "", "FooBot", []string{"/x/y"}, nil},
		{"star: own group first", global, "FooBot", nil, []string{"/x/y"}},
		{"star: for all others", global, "BarBot", []string{"/x/y"}, nil},
		{"star: none", onlySpecific, "QuxBot", []string{"/x/y"}, nil},

		{"paths: lower case", "user-agent: FooBot\ndisallow: /x/\n", "FooBot", nil, []string{"/x/y"}},
		{"paths: upper case", "user-agent: FooBot\ndisallow: /X/\n", "FooBot", []string{"/x/y"}, nil},

		{"longest: disallow", "user-agent: FooBot\ndisallow: /x/page.html\nallow: /x/\n", "FooBot", nil, []string{"/x/page.html"}},
		{"longest: allow", "user-agent: FooBot\nallow: /x/page.html\ndisallow: /x/\n", "FooBot", []string{"/x/page.html"}, []string{"/x/"}},
		{"longest: both empty", "user-agent: FooBot\ndisallow: \nallow: \n", "FooBot", []string{"/x/page.html"}, nil},
		{"longest: equal", "user-agent: FooBot\ndisallow: /\nallow: /\n", "FooBot", []string{"/x/page.html"}, nil},
		{"longest: slash", "user-agent: FooBot\ndisallow: /x\nallow: /x/\n", "FooBot", []string{"/x/"}, []string{"/x"}},
		{"longest: equal and long", "user-agent: FooBot\ndisallow: /x/page.html\nallow: /x/page.html\n", "FooBot", []string{"/x/page.html"}, nil},
		{"longest: star counts", "user-agent: FooBot\nallow: /page\ndisallow: /*.html\n", "FooBot", []string{"/page"}, []string{"/page.html"}},
		{"longest: beats star", "user-agent: FooBot\nallow: /x/page.\ndisallow: /*.html\n", "FooBot", []string{"/x/page.html"}, []string{"/x/y.html"}},
		{"own group replaces star's", "User-agent: *\nDisallow: /x/\nUser-agent: FooBot\nDisallow: /y/\n", "FooBot", []string{"/x/page"}, []string{"/y/page"}},

		{"encoding: query", utf + "/foo/bar?qux=taz&baz=http://foo.bar?tar&par\n", "FooBot", []string{"/foo/bar?qux=taz&baz=http://foo.bar?tar&par"}, nil},
		{"encoding: rule in UTF-8", utf + "/foo/bar/ツ\n", "FooBot", []string{"/foo/bar/%E3%83%84"}, []string{"/foo/bar/ツ"}},
		{"encoding: rule escaped", utf + "/foo/bar/%E3%83%84\n", "FooBot", []string{"/foo/bar/%E3%83%84"}, []string{"/foo/bar/ツ"}},
		{"encoding: unreserved escaped", utf + "/foo/bar/%62%61%7A\n", "FooBot", []string{"/foo/bar/%62%61%7A"}, []string{"/foo/bar/baz"}},

		{"special: star", "User-agent: FooBot\nDisallow: /foo/bar/quz\nAllow: /foo/*/qux\n", "FooBot", []string{"/foo/quz", "/foo//quz", "/foo/bax/quz"}, []string{"/foo/bar/quz"}},
		{"special: end", "User-agent: FooBot\nDisallow: /foo/bar$\nAllow: /foo/bar/qux\n", "FooBot", []string{"/foo/bar/qux", "/foo/bar/", "/foo/bar/baz"}, []string{"/foo/bar"}},
		{"special: comment", "User-agent: FooBot\n# Disallow: /\nDisallow: /foo/quz#qux\nAllow: /\n", "FooBot", []string{"/foo/bar"}, []string{"/foo/quz"}},

		{"index.html", "User-Agent: *\nAllow: /allowed-slash/index.html\nDisallow: /\n", "foobot",
			[]string{"/allowed-slash/", "/allowed-slash/index.html"}, []string{"/allowed-slash/index.htm", "/anyother-url"}},
	}...)
	return append(append(list, longLines()...), documentation()...)
}

// longLines: a line is cut after 8*2083 bytes.
func longLines() []expectation {
	const most = 2083 * 8
	long := func(key, fill string) string {
		return "/x/" + strings.Repeat(fill, most-len(key)+1-2*len("/x/"))
	}
	d, a, b := long("disallow: ", "a"), long("allow: ", "a"), long("allow: ", "b")
	return []expectation{
		{"long line: disallow", "user-agent: FooBot\ndisallow: " + d + "/qux\n", "FooBot", []string{"/fux"}, []string{d + "/fux"}},
		{"long line: allow", "user-agent: FooBot\ndisallow: /\nallow: " + a + "/qux\nallow: " + b + "/qux\n", "FooBot",
			[]string{a + "/qux", b + "/fux"}, []string{"/"}},
	}
}

// documentation holds the examples of Google's reference.
func documentation() []expectation {
	fish := []string{"/fish", "/fish.html", "/fish/salmon.html", "/fishheads", "/fishheads/yummy.html", "/fish.html?id=anything"}
	only := func(pattern string) string { return "user-agent: FooBot\ndisallow: /\nallow: " + pattern + "\n" }
	return []expectation{
		{"docs: /fish", only("/fish"), "FooBot", fish, []string{"/bar", "/Fish.asp", "/catfish", "/?id=fish"}},
		{"docs: /fish*", only("/fish*"), "FooBot", fish, []string{"/bar", "/Fish.bar", "/catfish", "/?id=fish"}},
		{"docs: /fish/", only("/fish/"), "FooBot", []string{"/fish/", "/fish/salmon", "/fish/?salmon", "/fish/salmon.html", "/fish/?id=anything"},
			[]string{"/bar", "/fish", "/fish.html", "/Fish/Salmon.html"}},
		{"docs: /*.php", only("/*.php"), "FooBot",
			[]string{"/filename.php", "/folder/filename.php", "/folder/filename.php?parameters", "//folder/any.php.file.html", "/filename.php/", "/index?f=filename.php/"},
			[]string{"/bar", "/php/", "/index?php", "/windows.PHP"}},
		{"docs: /*.php$", only("/*.php$"), "FooBot", []string{"/filename.php", "/folder/filename.php"},
			[]string{"/bar", "/filename.php?parameters", "/filename.php/", "/filename.php5", "/php/", "/filename?php", "/aaaphpaaa", "//windows.PHP"}},
		{"docs: /fish*.php", only("/fish*.php"), "FooBot", []string{"/fish.php", "/fishheads/catfish.php?parameters"}, []string{"/bar", "/Fish.PHP"}},
		{"docs: precedence", "user-agent: FooBot\nallow: /p\ndisallow: /\n", "FooBot", []string{"/page"}, nil},
		{"docs: precedence, equal", "user-agent: FooBot\nallow: /folder\ndisallow: /folder\n", "FooBot", []string{"/folder/page"}, nil},
		{"docs: precedence, star", "user-agent: FooBot\nallow: /page\ndisallow: /*.htm\n", "FooBot", nil, []string{"/page.htm"}},
		{"docs: precedence, end", "user-agent: FooBot\nallow: /$\ndisallow: /\n", "FooBot", []string{"/"}, []string{"/page.html"}},
	}
}

// reading is what a file consists of: known directives, unknown ones, and the
// number of the last line with either.
type reading struct {
	name           string
	file           string
	known, unknown int
	last           int
	counts         int // expectations of the suite that the row stands for
}

func googleReadings() []reading {
	const foo, bar = "User-Agent: foo|Allow: /some/path|User-Agent: bar|||Disallow: /", "User-Agent: foo\nAllow: /AnyValue\n"
	ended := func(by string) string { return strings.ReplaceAll(foo, "|", by) }
	return []reading{
		{"lines of Unix", ended("\n") + "\n", 4, 0, 6, 2},
		{"lines of DOS", ended("\r\n") + "\r\n", 4, 0, 6, 2},
		{"lines of old Macs", ended("\r") + "\r", 4, 0, 6, 2},
		{"no last newline", ended("\n"), 4, 0, 6, 2},
		{"lines of all kinds", "User-Agent: foo\nAllow: /some/path\r\nUser-Agent: bar\n\r\n\nDisallow: /", 4, 0, 6, 2},
		{"BOM", "\xEF\xBB\xBF" + bar, 2, 0, 2, 2},
		{"BOM of two bytes", "\xEF\xBB" + bar, 2, 0, 2, 2},
		{"BOM of one byte", "\xEF" + bar, 2, 0, 2, 2},
		{"broken BOM", "\xEF\x11\xBF" + bar, 1, 1, 2, 2},
		{"BOM in the middle", "User-Agent: foo\n\xEF\xBB\xBFAllow: /AnyValue\n", 1, 1, 2, 2},
	}
}

func (r reading) check(t *testing.T) {
	got := reading{name: r.name, file: r.file, counts: r.counts}
	number := 0
	for line := range lines([]byte(r.file)) {
		number++
		key, _, ok := split(line)
		if !ok {
			continue
		}
		got.last = number
		if directive(key) == "" {
			got.unknown++
		} else {
			got.known++
		}
	}
	if got != r {
		t.Errorf("%s: %+v, want %+v", r.name, got, r)
	}
}

// checkAgents: a name to obey is a bare product token.
func checkAgents(t *testing.T) (count int) {
	for name, want := range map[string]bool{"Foobot": true, "Foobot-Bar": true, "Foo_Bar": true,
		"": false, "ツ": false, "Foobot*": false, " Foobot ": false, "Foobot/2.1": false, "Foobot Bar": false} {
		if ValidAgent(name) != want {
			t.Errorf("agent %q is valid: %v", name, !want)
		}
	}
	return 11 // the suite tests the empty name and the one with a space twice
}

func checkPaths(t *testing.T) (count int) {
	cases := map[string]string{
		"": "/", "http://www.example.com": "/", "http://www.example.com/": "/", "http://www.example.com/a": "/a", "http://www.example.com/a/": "/a/",
		"http://www.example.com/a/b?c=http://d.e/": "/a/b?c=http://d.e/", "http://www.example.com/a/b?c=d&e=f#fragment": "/a/b?c=d&e=f",
		"example.com": "/", "example.com/": "/", "example.com/a": "/a", "example.com/a/": "/a/", "example.com/a/b?c=d&e=f#fragment": "/a/b?c=d&e=f",
		"a": "/", "a/": "/", "/a": "/a", "a/b": "/b", "example.com?a": "/?a", "example.com/a;b#c": "/a;b", "//a/b/c": "/b/c",
	}
	for url, want := range cases {
		if got := pathOf(url); got != want {
			t.Errorf("path of %q: %q, want %q", url, got, want)
		}
	}
	if len(cases) != 19 {
		t.Errorf("%d cases of paths, want 19", len(cases))
	}
	return 1
}

func checkEscapes(t *testing.T) (count int) {
	for in, want := range map[string]string{"http://www.example.com": "http://www.example.com", "/a/b/c": "/a/b/c", "á": "%C3%A1", "%aa": "%AA"} {
		if got := escape(in); got != want {
			t.Errorf("escaped %q: %q, want %q", in, got, want)
		}
	}
	return 1
}

// checkSitemaps: a sitemap line may be anywhere in the file.
func checkSitemaps(t *testing.T) (count int) {
	const rest, at = "User-Agent: foo\nAllow: /some/path\nUser-Agent: bar\n\n\n", "http://foo.bar/sitemap.xml"
	for _, file := range []string{rest + "Sitemap: " + at + "\n", "Sitemap: " + at + "\n" + rest} {
		count++
		if got := Parse([]byte(file)).Sitemaps(); len(got) != 1 || got[0] != at {
			t.Errorf("sitemaps %q of\n%s", got, file)
		}
	}
	return count
}

func TestGoogleExpectations(t *testing.T) {
	access := 0
	for _, e := range googleExpectations() {
		t.Run(e.name, func(t *testing.T) { access += e.check(t) })
	}
	read := 0
	for _, r := range googleReadings() {
		r.check(t)
		read += r.counts
	}
	read += checkSitemaps(t)
	agents, paths, escapes := checkAgents(t), checkPaths(t), checkEscapes(t)
	if total := access + read + agents + paths + escapes; total != googleTotal || access != 145 || read != 22 {
		t.Errorf("%d expectations (%d of access, %d of reading), want %d", total, access, read, googleTotal)
	}
}

func (e expectation) check(t *testing.T) (count int) {
	r := Parse([]byte(e.file))
	for allowed, paths := range map[bool][]string{true: e.allow, false: e.deny} {
		for _, path := range paths {
			count++
			if path != "" {
				path = "http://foo.bar" + path
			}
			if r.Allowed(e.agent, path) != allowed {
				t.Errorf("%.60q is allowed for %q: %v, by\n%.300s", path, e.agent, !allowed, e.file)
			}
		}
	}
	return count
}

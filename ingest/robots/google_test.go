package robots_test

import (
	"strings"
	"testing"

	"github.com/qianshao/qianshao/ingest/robots"
)

// expectation is one file and what it means for one agent. The paths are those
// of the URLs in Google's published test suite of its robots.txt parser
// (github.com/google/robotstxt, robots_test.cc), written out as our own table.
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

// longLines: what lies behind 8*2083 bytes of a line is cut.
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

func TestGoogleExpectations(t *testing.T) {
	count := 0
	for _, e := range googleExpectations() {
		t.Run(e.name, func(t *testing.T) {
			r := robots.Parse([]byte(e.file))
			for _, path := range e.allow {
				count++
				if !r.Allowed(e.agent, path) {
					t.Errorf("%.60q is disallowed for %q by\n%.300s", path, e.agent, e.file)
				}
			}
			for _, path := range e.deny {
				count++
				if r.Allowed(e.agent, path) {
					t.Errorf("%.60q is allowed for %q by\n%.300s", path, e.agent, e.file)
				}
			}
		})
	}
	t.Logf("%d expectations of access", count)
}

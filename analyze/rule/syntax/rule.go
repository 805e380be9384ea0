// Package syntax is the written form of the rule language: it parses the files of
// a rule set, reports mistakes with line and column, and formats rules.
//
// A rule is one YAML file, rules/<folder>/<id>.yaml:
//
//	title: 线上赌场推广
//	id: gambling-casino-promotion      # a-z 0-9 -, equals the file's name
//	status: stable                     # stable, test, experimental, deprecated
//	description: 网页以开户彩金招揽访客到线上赌场投注。
//	author: Qianshao                   # optional
//	date: 2026-11-23
//	modified: 2026-12-01               # optional, not before date
//	references: [https://…]            # optional
//	tags: [promotion]                  # optional
//	category: gambling                 # the closed list of qianshao.Categories
//	level: high                        # informational, low, medium, high, critical
//	legal_basis: [刑法第三百零三条（开设赌场罪）]
//	falsepositives: [警方通报, 法律科普]  # optional
//	detection:
//	  brand: {lists: [casino-brands]}  # a block: any of lists, terms, regex
//	  offer:
//	    terms: [注册送, 首存优惠 | 2]     # "| 2" is a weight, default 1
//	    regex: ['\d{2,4}\s*元\s*彩金']
//	    regions: [title, meta, text]   # default: every kind but url
//	    hidden: true                   # true: concealed only; false: visible only; default: both
//	    max_chars: 140                 # only in regions of at most so many characters
//	    min_chars: 4                   # only in regions of at least so many
//	  short_offer: {like: offer, min: 1, max_chars: 20} # a block above with other bounds
//	    word: true                     # begins and ends where the tokenizer ends words
//	    plain: true                    # what is more disguise than term does not count
//	    min: 2                         # the distinct terms' weights must sum to this, default 1
//	    within: 60                     # and do so inside so many characters of one region
//	    except: [六合区]                 # a hit inside one of these does not count
//	  condition: brand and offer
//	tests:                             # at least one of each kind
//	  - {text: 澳门新葡京开户，注册送88元彩金, expect: fires, why: 牌子加优惠}
//	  - {html: "<p>六合区图书馆周末开放</p>", expect: quiet}
//
// The condition knows and, or, not, parentheses, "2 of (a, b, c)",
// "any of offer*", "all of them" and "a near/20 b" (at most 20 folded
// characters between a hit of a and one of b in the same region). Behind a
// block or a near, "away/20 c" leaves out the hits of the first block that have
// one of c so close: an excuse beside one advertisement excuses no other one.
//
// A block of max_chars or min_chars without lists, terms and regex looks for
// nothing: it stands for the regions of that length. "sure near/0 brief" means
// a hit of sure in such a region; "brief" alone, that there is one anywhere on
// the page, which says little of a page that is no message. It is neither
// evidence nor corroboration.
//
// Terms and excepts are looked for in the folded text (package fold), so they
// match through disguises. A regular expression (RE2) runs on the region's own
// text and, where that has no match, on its folded form (lower case, without
// separators); write (?i) for letters of either case.
//
// "hidden: true" means kept from visitors on purpose (Hiding.Concealed);
// comments, inline scripts, noscript and templates are neither hidden nor
// visible and are reached by leaving hidden out.
//
// What is concealed is also judged alone: a rule fires when its condition holds
// on the whole page or on the concealed text by itself, so that no word of a
// hacked page excuses what was hidden in it.
//
// A hit that is far from its term (match.CostDisguised: soon reached by two
// characters, late by five) counts only with corroboration: another block of
// the same rule is satisfied by plain hits, a contact handle stands nearby, or
// the region is concealed. On a page of much text the first of these is not
// enough: among many words some sound like any term.
//
// A word list, lists/<name>.txt, has one term a line, "# comment" lines and an
// optional weight behind a bar: "注册送彩金 | 3". An awareness context,
// contexts/<name>.yaml, has name, title, description, detection (with its
// condition) and lowers, the points that it takes off a score. Contexts read
// visible text only and ignore disguised hits: whoever plants a police notice
// to dodge detection hides it.
package syntax

import (
	"slices"

	"github.com/qianshao/qianshao"
	"go.yaml.in/yaml/v3"
)

// maxLowers is the most points that a context may take off a score: the whole scale.
const maxLowers = 100

// Values of Rule.Status.
const (
	StatusStable       = "stable"
	StatusTest         = "test"
	StatusExperimental = "experimental"
	StatusDeprecated   = "deprecated"
)

func statuses() []string {
	return []string{StatusStable, StatusTest, StatusExperimental, StatusDeprecated}
}

// Values of Test.Expect.
const (
	ExpectFires = "fires"
	ExpectQuiet = "quiet"
)

// Rule is a rule as written.
type Rule struct {
	ID, Title, Description, Author Text
	Status                         string
	Date, Modified                 Text // YYYY-MM-DD
	References, Tags               []Text
	Category                       qianshao.Category
	Level                          qianshao.Level
	LegalBasis, FalsePositives     []Text
	Tests                          []Test
	Detection                      Detection

	given map[string]*yaml.Node
}

// PlaceOf returns where the value of a key is written; the zero Place if the rule lacks the key.
func (r *Rule) PlaceOf(key string) Place {
	if n := r.given[key]; n != nil {
		return placeOf(n)
	}
	return Place{}
}

// Test is an example inside a rule: exactly one of Text and HTML is set.
type Test struct {
	Text, HTML string
	// Expect is ExpectFires (a finding at qianshao.AlertLevel or above) or ExpectQuiet.
	Expect string
	Why    string
	// Line is the test's line in the rule's file.
	Line int
}

// Content returns the test's text or HTML.
func (t Test) Content() string {
	if t.HTML != "" {
		return t.HTML
	}
	return t.Text
}

// Context is an awareness context as written.
type Context struct {
	Name, Title, Description Text
	Lowers                   int
	Detection                Detection
}

func ruleKeys() []string {
	return []string{"title", "id", "status", "description", "author", "date", "modified", "references", "tags",
		"category", "level", "legal_basis", "falsepositives", "detection", "tests"}
}

func contextKeys() []string {
	return []string{"name", "title", "description", "detection", "lowers"}
}

func testKeys() []string { return []string{"text", "html", "expect", "why"} }

func levels() (out []string) {
	for l := qianshao.LevelInformational; l <= qianshao.LevelCritical; l++ {
		out = append(out, l.String())
	}
	return out
}

// ParseRule reads a rule's file. The rule is complete only if f has no mistakes.
func (f *File) ParseRule(src []byte) *Rule {
	r := &Rule{given: map[string]*yaml.Node{}}
	root := f.mappingOf(src, "rule")
	if root == nil {
		return r
	}
	f.mapping(root, "a rule", ruleKeys(), func(key, value *yaml.Node) {
		r.given[key.Value] = value
		f.ruleField(r, key.Value, value)
	})
	f.requireKeys(root, r.given, "title", "id", "status", "description", "date", "category", "level", "legal_basis", "falsepositives", "detection", "tests")
	if r.Modified.Value != "" && r.Date.Value != "" && r.Modified.Value < r.Date.Value {
		f.Errorf(r.Modified.Place, "modified %s is before date %s", r.Modified.Value, r.Date.Value)
	}
	if n := r.given["tests"]; n != nil && n.Kind == yaml.SequenceNode {
		f.checkTests(r, n)
	}
	if r.given["detection"] != nil {
		f.checkDetection(r.Detection)
	}
	return r
}

func (f *File) ruleField(r *Rule, key string, n *yaml.Node) {
	switch key {
	case "title":
		r.Title = f.scalar(n, key)
	case "id":
		r.ID = f.name(n, key, isID, "a-z, 0-9 and - between them")
	case "status":
		r.Status = f.oneOf(n, key, statuses())
	case "description":
		r.Description = f.scalar(n, key)
	case "author":
		r.Author = f.scalar(n, key)
	case "date":
		r.Date = f.date(n, key)
	case "modified":
		r.Modified = f.date(n, key)
	case "references":
		r.References = f.list(n, key)
	case "tags":
		r.Tags = f.list(n, key)
	case "category":
		r.Category = f.category(n)
	case "level":
		r.Level, _ = qianshao.ParseLevel(f.oneOf(n, key, levels()))
	case "legal_basis":
		r.LegalBasis = f.list(n, key)
	case "falsepositives":
		r.FalsePositives = f.list(n, key)
	case "detection":
		r.Detection = f.detection(n)
	case "tests":
		r.Tests = f.tests(n)
	}
}

// ParseContext reads an awareness context's file. The context is complete only if f has no mistakes.
func (f *File) ParseContext(src []byte) *Context {
	c := &Context{}
	root := f.mappingOf(src, "context")
	if root == nil {
		return c
	}
	given := map[string]*yaml.Node{}
	f.mapping(root, "a context", contextKeys(), func(key, value *yaml.Node) {
		given[key.Value] = value
		switch key.Value {
		case "name":
			c.Name = f.name(value, "name", isContextName, "a-z, 0-9 and _ between them")
		case "title":
			c.Title = f.scalar(value, "title")
		case "description":
			c.Description = f.scalar(value, "description")
		case "detection":
			c.Detection = f.detection(value)
		case "lowers":
			c.Lowers = f.number(value, "lowers", 1, maxLowers)
		}
	})
	f.requireKeys(root, given, contextKeys()...)
	if given["detection"] != nil {
		f.checkDetection(c.Detection)
	}
	return c
}

func (f *File) category(n *yaml.Node) qianshao.Category {
	t := f.scalar(n, "category")
	if t.Value == "" {
		return ""
	}
	category, err := qianshao.ParseCategory(t.Value)
	if err != nil {
		var names []string
		for _, c := range qianshao.Categories() {
			names = append(names, string(c))
		}
		f.errorf(n, "%v%s", err, DidYouMean(t.Value, names))
	}
	return category
}

func (f *File) tests(n *yaml.Node) (out []Test) {
	if n.Kind != yaml.SequenceNode {
		f.errorf(n, "tests should be a list of {text: …, expect: %s}", ExpectFires)
		return nil
	}
	for _, item := range n.Content {
		t := Test{Line: item.Line}
		given := map[string]*yaml.Node{}
		f.mapping(item, "a test", testKeys(), func(key, value *yaml.Node) {
			given[key.Value] = value
			switch key.Value {
			case "text":
				t.Text = f.scalar(value, "text of a test").Value
			case "html":
				t.HTML = f.scalar(value, "html of a test").Value
			case "expect":
				t.Expect = f.oneOf(value, "expect", []string{ExpectFires, ExpectQuiet})
			case "why":
				t.Why = f.scalar(value, "why of a test").Value
			}
		})
		if item.Kind != yaml.MappingNode {
			continue
		}
		if (given["text"] == nil) == (given["html"] == nil) {
			f.errorf(item, "a test has either text or html")
		}
		if given["expect"] == nil {
			f.errorf(item, "expect is missing in a test; write expect: %s or expect: %s", ExpectFires, ExpectQuiet)
		}
		out = append(out, t)
	}
	return out
}

// checkTests asks for an example of each kind: nobody knows what a rule does that
// was never seen to fire or to stay quiet.
func (f *File) checkTests(r *Rule, n *yaml.Node) {
	for _, expect := range []string{ExpectFires, ExpectQuiet} {
		if !slices.ContainsFunc(r.Tests, func(t Test) bool { return t.Expect == expect }) {
			f.errorf(n, "no test with expect: %s; give at least one of each kind", expect)
		}
	}
}

// isID is true for words of a-z and 0-9 joined by single hyphens.
func isID(s string) bool { return isJoined(s, '-') }

// isContextName is isID with underscores: police_notice.
func isContextName(s string) bool { return isJoined(s, '_') }

func isJoined(s string, joint byte) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
		case c == joint && i > 0 && i < len(s)-1 && s[i-1] != joint:
		default:
			return false
		}
	}
	return s != ""
}

// Package rule is the rule language: it reads rules, word lists and awareness
// contexts, refuses every mistake with its file, line and column, compiles all
// terms of all rules into one automaton and holds documents against them.
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
package rule

import (
	"io/fs"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/match"
	"github.com/qianshao/qianshao/analyze/token"
)

// Rule is one rule as its author wrote it.
type Rule struct {
	ID, Title, Status, Description, Author string
	// Date and Modified are YYYY-MM-DD.
	Date, Modified             string
	References, Tags           []string
	Category                   qianshao.Category
	Level                      qianshao.Level
	LegalBasis, FalsePositives []string
	// Condition is the detection's condition, Blocks the names of its blocks in the file's order.
	Condition string
	Blocks    []string
	Tests     []Test
	// File is the path inside the file system given to Load, or, for a rule of
	// the overlay, that path behind Options.OverlayName.
	File string
	// Overlay: the rule is the operator's own. Replaces: in place of one of the same id.
	Overlay, Replaces bool
	// Off is set if the overlay has switched the rule off: it never fires.
	Off *Off

	detection *detection
}

// Values of Rule.Status.
const (
	StatusStable       = "stable"
	StatusTest         = "test"
	StatusExperimental = "experimental"
	StatusDeprecated   = "deprecated"
)

// Values of Test.Expect.
const (
	ExpectFires = "fires"
	ExpectQuiet = "quiet"
)

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

// Set is a compiled set of rules. It is immutable and safe for concurrent use.
type Set struct {
	digest     string
	rules      []*Rule // by id
	byID       map[string]*Rule
	contexts   []*context // by name
	detections []*detection
	blocks     []*block
	terms      []term
	patterns   []*pattern
	measures   [][]*block // that ask for a length and look for nothing, those that ask for the same together
	slots      int        // number of terms and expressions of blocks
	automaton  func() (*match.Matcher, error)
	haystack   func() *haystack
	segmenter  *token.Segmenter
	kinds      kindSet // of the regions that any block reads
	margin     int32   // folded characters that an unfinished match can reach back
	contact    *contactFinder
	pool       sync.Pool

	textAllowances, pageAllowances []*Allowance
	warnings                       []Mistake
	lapses                         string // YYYY-MM-DD
}

// Digest names the set: 16 hex digits of the SHA-256 of its files' names and
// contents. The same program judges a page alike under sets of one digest.
func (s *Set) Digest() string { return s.digest }

// context is a kind of text that speaks about crime without promoting it.
type context struct {
	name, title, description, file string
	lowers                         int
	detection                      *detection
}

// Options of Load. The zero value is usable.
type Options struct {
	// Segmenter bounds the hits of blocks with "word: true". It loads its
	// dictionary on the first such hit. Nil means one of the set's own.
	Segmenter *token.Segmenter
	// Overlay is the operator's own folder (see overlay.go); nil means none.
	// OverlayName, the folder's path, stands before its files' names in messages.
	Overlay     fs.FS
	OverlayName string
	// Now decides which entries of the overlay have lapsed. The zero time: none has.
	Now time.Time
}

// Rules returns all rules, sorted by id.
func (s *Set) Rules() []*Rule { return s.rules }

// On returns the rules that are in force, sorted by id: all but those that the overlay switches off.
func (s *Set) On() (on []*Rule) {
	for _, r := range s.rules {
		if r.Off == nil {
			on = append(on, r)
		}
	}
	return on
}

// Allowances returns how many entries the overlay's allow-list has in force.
func (s *Set) Allowances() int { return len(s.textAllowances) + len(s.pageAllowances) }

// Rule returns the rule with that id.
func (s *Set) Rule(id string) (*Rule, bool) {
	r, ok := s.byID[id]
	return r, ok
}

// Terms returns the number of distinct terms, after folding, in the automaton.
func (s *Set) Terms() int { return len(s.terms) }

// Prepare builds the automaton, which otherwise happens on the first document:
// a command that only lists the rules does not wait for it. The error would
// be a mistake in this package, as Load has checked the terms.
func (s *Set) Prepare() error {
	s.haystack()
	_, err := s.automaton()
	return err
}

// Result is what a document showed.
type Result struct {
	Fired    []Fired   // sorted by rule id
	Contexts []Context // sorted by name
	// Withheld are rules that lost a hit to a text of the allow-list, as they
	// would have fired without it; sorted by rule id.
	Withheld []Withheld
}

// Fired is a rule whose condition holds, with what scoring needs to know.
// Its numbers speak of the hits that make the condition true: blocks behind
// "not" have no part in them.
type Fired struct {
	Rule *Rule
	// Evidence is sorted by its place in the source, at most qianshao.MaxEvidence pieces.
	Evidence []qianshao.Evidence
	// Concealed: what is kept from visitors (Hiding.Concealed) makes the
	// condition true by itself, judged as if it were a page of its own.
	// Where hidden and visible text do so only together, as a menu's 福彩开奖
	// does with a police notice below it, the hidden text is listed as evidence
	// and has no part in the fields that follow.
	Concealed bool
	// Terms is the number of distinct terms and regular expressions that hit.
	Terms int
	// Disguised: some hit cost more than plainCost to undisguise.
	Disguised bool
	// Inert: all evidence stands in comments or scripts.
	Inert bool
}

// Context is an awareness context that was recognised.
type Context struct {
	Name, Title string
	// Lowers is the number of points that it takes off a score.
	Lowers   int
	Evidence []qianshao.Evidence
}

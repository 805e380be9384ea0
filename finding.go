package qianshao

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// Finding is one kind of crime on one page, with everything a person needs to
// check it: all rules of the category that fired, and all their evidence.
type Finding struct {
	// ID is the same for the same category on the same URL, so saving a finding twice has no
	// further effect, and changing the rules makes no new finding. A finding that moves to another
	// category keeps its id.
	ID string `json:"id"`
	// URL of the page.
	URL string `json:"url"`
	// Authorisation under which the page was fetched; empty for the operator's own files.
	Authorisation string `json:"authorisation,omitempty"`
	// RobotsWaiver is the owner's written waiver of robots.txt under which the page was fetched.
	RobotsWaiver string `json:"robots_waiver,omitempty"`
	// RobotsTags are the page's directives for robots, each with its origin: "X-Robots-Tag:
	// noindex", "meta robots: none".
	RobotsTags []string `json:"robots_tags,omitempty"`
	// Rule is the rule with the highest score; Title, Level, Score and Breakdown are from it.
	Rule     string   `json:"rule"`
	Title    string   `json:"title"`
	Category Category `json:"category"`
	Level    Level    `json:"level"`
	// Score is the sum of Breakdown's points, 0 to MaxScore.
	Score     int         `json:"score"`
	Breakdown []ScorePart `json:"breakdown"`
	// Also are the other rules of the category that fired, the highest score first.
	Also []OtherRule `json:"also,omitempty"`
	// Hidden says that some evidence was concealed from visitors.
	Hidden   bool       `json:"hidden"`
	Evidence []Evidence `json:"evidence"`
	// PlainVersion is what the plain visitor got in the place of evidence from another view; nil if
	// all evidence is from the plain view. It has no Term, and its Text is empty if the plain
	// visitor got nothing there.
	PlainVersion *Evidence `json:"instead,omitempty"`
	// Indicators are the contact and payment handles near the evidence, in the
	// order of the source; only findings at AlertLevel or above have any.
	Indicators []Indicator `json:"indicators,omitempty"`
	// Seen is the hash of what the evidence shows, computed by desk.Seen: verdicts are about this.
	// It does not change when rules or the rest of the page change. Empty outside a store.
	Seen string `json:"seen,omitempty"`
}

// OtherRule is a rule that fired beside the one that a finding is named after.
type OtherRule struct {
	Rule  string `json:"rule"`
	Title string `json:"title"`
	Level Level  `json:"level"`
	Score int    `json:"score"`
}

// Host returns the host of the page, in lower case and without its port; empty for a file.
func (f *Finding) Host() string {
	u, err := url.Parse(f.URL)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// Rules returns the ids of all rules that fired, the one with the highest score first.
func (f *Finding) Rules() []string {
	ids := []string{f.Rule}
	for _, other := range f.Also {
		ids = append(ids, other.Rule)
	}
	return ids
}

// FindingID returns the id that a new finding of a category on the page at url gets: 16
// hex digits. (Before findings are merged by category, what is the id of a rule.)
func FindingID(url, what string) string {
	sum := sha256.Sum256([]byte(url + "\x00" + what))
	return hex.EncodeToString(sum[:8])
}

// ScorePart is one line of a score's explanation.
type ScorePart struct {
	// Reason is a stable code: rule_level; terms of a message; specific, telling, flavour and
	// everyday terms of a page, terms_cap; hidden, hidden_alone, cloaked, disguised, inert, corroborated,
	// awareness, cap.
	Reason string `json:"reason"`
	// Detail explains the reason for this case in words.
	Detail string `json:"detail"`
	Points int    `json:"points"`
}

// Evidence is one place in the page's source that a rule points to.
type Evidence struct {
	// Rule is the rule that points here, if it is not the finding's own.
	Rule string `json:"rule,omitempty"`
	// Block is the name of the rule's detection block.
	Block string `json:"block"`
	// Term is the list's term, or the regular expression, that matched.
	Term string `json:"term"`
	// Text is the raw source within Span, cut at MaxEvidenceText bytes, or what was read in
	// Picture.
	Text string `json:"text"`
	// Steps are the transforms that lead from Text to Term; empty for a plain hit.
	Steps  []string   `json:"steps,omitempty"`
	Region RegionKind `json:"region"`
	// Name is the attribute's or meta tag's name.
	Name   string `json:"name,omitempty"`
	Hidden Hiding `json:"hidden,omitempty"`
	Path   string `json:"path,omitempty"`
	// Script is the URL of the external script that has the evidence. Text is then the script's
	// text, and Span an empty range where the page refers to the script.
	Script string `json:"script,omitempty"`
	// View is the view of the page that has the evidence, if the plain visitor's does not; Span,
	// Line and Column are places in that view's source.
	View View `json:"view,omitempty"`
	// Picture is the picture that contains the text, as in Region.Picture; Span is then the place
	// where the page shows it.
	Picture string `json:"picture,omitempty"`
	// Span is a byte range in Document.Source.
	Span Span `json:"span"`
	// Line and Column count from 1; Column in characters.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Before and After are some of the region's text on either side.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// IsPattern says whether the evidence was found by a regular expression.
func (e *Evidence) IsPattern() bool { return strings.ContainsAny(e.Term, `\[(*+?{|`) }

// weight ranks evidence by how informative it is: concealed text comes first, then words that a
// visitor reads; long and disguised words rank higher.
func (e *Evidence) weight() (n int) {
	if e.Hidden.Concealed() {
		n += 80
	}
	if len(e.Steps) > 0 {
		n += 4
	}
	if e.Region != RegionURL {
		n += 20
	}
	if !e.IsPattern() {
		n += 10 + min(9, utf8.RuneCountInString(e.Term))
	}
	return n
}

// Primary returns the most informative piece of evidence; ok is false if there is none.
func (f *Finding) Primary() (best Evidence, ok bool) {
	for i := range f.Evidence {
		if !ok || f.Evidence[i].weight() > best.weight() {
			best, ok = f.Evidence[i], true
		}
	}
	return best, ok
}

// Limits of what a finding carries; a page that repeats one word ten thousand
// times does not need ten thousand pieces of evidence.
const (
	MaxEvidence     = 50  // pieces a finding
	MaxEvidenceText = 400 // bytes of Evidence.Text
	EvidenceContext = 20  // characters of Before and After
)

// Assessment is what the analyzer makes of one page.
type Assessment struct {
	// Category is the category of the highest-scoring finding; empty unless the page is flagged.
	Category Category
	// Categories are those of all findings at AlertLevel or above, the primary one first.
	Categories []Category
	Level      Level
	Score      int       // the highest of Findings
	Findings   []Finding // highest score first
	// Contexts names the kinds of awareness text that were recognised
	// (police_notice, news, legal_education …).
	Contexts []string
	// Views are the documents of the other views that evidence points to.
	Views map[View]*Document
	// Allowed are the alerts that the operator's allow-list holds back, highest
	// score first: nothing is suppressed in silence.
	Allowed []Allowed
}

// Allowed is a rule that would have raised an alert, had the page or the text not been on the
// operator's allow-list.
type Allowed struct {
	Rule     string   `json:"rule"`
	Category Category `json:"category"`
	// Level and Score are those that the finding would have had.
	Level Level `json:"level"`
	Score int   `json:"score"`
	// By names the entry of the allow-list, with its reason and where it is written.
	By string `json:"by"`
	// Entry is the entry itself, an *analyze/rule.Allowance, which can be translated.
	Entry fmt.Stringer `json:"-"`
}

// Flagged says whether a person should see the page.
func (a *Assessment) Flagged() bool { return a.Level >= AlertLevel }

// PageRecord is what the store keeps of every page it has seen: neither the text nor the query of
// the URL.
type PageRecord struct {
	// Key is PageKey of the page's URL.
	Key           string
	Authorisation string
	// Hash is the SHA-256 of the body, in hex.
	Hash      string
	Status    int
	FirstSeen time.Time
	LastSeen  time.Time
	Flagged   bool
}

// FindingRecord is one finding as the store keeps it and the search index
// lists it. Its key is Finding.ID.
type FindingRecord struct {
	Finding Finding
	// Host is the page's host, lower case, without port.
	Host string
	// PageTitle and PageText are the page's title and the text of all its
	// regions, hidden text included; newlines separate the regions.
	PageTitle string
	PageText  string
	// FirstSeen and LastSeen are the first and the last time the finding was seen.
	FirstSeen time.Time
	LastSeen  time.Time
	// GoneAt is when the page was first seen without the finding; the zero time while it is open.
	GoneAt time.Time
	// Review is the state of the finding's review. Only the index reads it.
	Review Review
}

// State says whether the finding is open or gone.
func (r *FindingRecord) State() State {
	if r.GoneAt.IsZero() {
		return StateOpen
	}
	return StateGone
}

// Package rule is a rule set: it loads rules, word lists, awareness contexts and an operator's
// overlay, and refuses the set as a whole if any file has a mistake. Package syntax describes the
// language, package policy decides what a rule may look for, and package engine judges documents by
// a set.
package rule

import (
	"cmp"
	"io/fs"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
)

// Rule is one rule of a set.
type Rule struct {
	ID, Title, Status, Description, Author string
	// Date and Modified are YYYY-MM-DD.
	Date, Modified             string
	References, Tags           []string
	Category                   qianshao.Category
	Level                      qianshao.Level
	Judges                     string // a qianshao.Form or syntax.JudgesBoth
	LegalBasis, FalsePositives []string
	Detection                  *Detection
	Tests                      []syntax.Test
	// File is the path inside the file system given to Load; for a rule of the overlay it begins
	// with Options.OverlayName.
	File string
	// Overlay says that the rule is the operator's own, Replaces that it replaces a shipped one of
	// the same id.
	Overlay, Replaces bool
	// Off is set if the overlay has switched the rule off: it never fires.
	Off *Off
}

// JudgesForm says whether the rule judges texts of that form; the empty form means a page.
func (r *Rule) JudgesForm(form qianshao.Form) bool {
	return r.Judges == syntax.JudgesBoth || r.Judges == string(cmp.Or(form, qianshao.FormPage))
}

// Context is an awareness context: a kind of text that talks about crime without promoting it.
type Context struct {
	Name, Title, Description, File string
	// Lowers is the number of points that it takes off a score.
	Lowers int
	// WholePage says that it excuses everything on the page, not only what is within it.
	WholePage bool
	Detection *Detection
}

// Detection is what a rule or a context looks for, with its word lists filled in.
type Detection struct {
	// ID is the rule's id or the context's name.
	ID string
	// IsContext is true for a context's detection and false for a rule's.
	IsContext bool
	Blocks    []Block
	// Condition refers to the blocks by their indexes in Blocks.
	Condition *syntax.Condition
}

// Block is one block of a detection.
type Block struct {
	Name string
	// Terms are those of the block and of its lists, sorted by Key.
	Terms []syntax.Term
	// Regexps all compile, and none matches the empty text.
	Regexps []string
	// Excepts are texts; hits inside them do not count.
	Excepts []syntax.Term
	// Regions are the kinds of regions that the block reads; empty means all but URLs.
	Regions []qianshao.RegionKind
	// Hidden says which regions the block reads: concealed ones if true, visible ones if false,
	// both if nil.
	Hidden *bool
	// MinChars and MaxChars bound the length of the regions that the block reads; 0 sets no bound.
	MinChars, MaxChars int
	Word, Plain        bool
	// Unbounded says that short terms count inside words, too.
	Unbounded   bool
	Min, Within int
	// Grade is the grade of the expressions; each term has its own.
	Grade syntax.Grade
	// LengthOnly says that the block asks for a region's length and looks for nothing.
	LengthOnly bool
}

// Set is a set of rules without mistakes. It is immutable.
type Set struct {
	digest     string
	rules      []*Rule // by id
	byID       map[string]*Rule
	contexts   []*Context // by name
	detections []*Detection

	ofPatterns *Set // returned by OfPatterns
	repeated   []syntax.Mistake

	textAllowances, pageAllowances []*Allowance
	ordinary                       Ordinary
	own                            Own
	dictionary                     string
	warnings                       []syntax.Mistake
	expires                        string // YYYY-MM-DD
}

// Own counts an overlay's files, and the words of its dictionary.
type Own struct{ Rules, Lists, Patterns, Contexts, Words int }

// Options of Load. The zero value is ready to use.
type Options struct {
	// Overlay is the operator's own folder (see overlay.go); nil means none.
	// OverlayName, the folder's path, precedes its files' names in messages.
	Overlay     fs.FS
	OverlayName string
	// Now decides which entries of the overlay have expired: none, if it is the zero time.
	Now time.Time
}

// Digest identifies the set: 16 hex digits of the SHA-256 of its files' names and contents. The
// same program judges a page alike under sets with the same digest.
func (s *Set) Digest() string { return s.digest }

// Rules returns all rules, sorted by id.
func (s *Set) Rules() []*Rule { return s.rules }

// On returns the rules in force, sorted by id: all that the overlay does not switch off.
func (s *Set) On() (on []*Rule) {
	for _, r := range s.rules {
		if r.Off == nil {
			on = append(on, r)
		}
	}
	return on
}

// Rule returns the rule with that id.
func (s *Set) Rule(id string) (*Rule, bool) {
	r, ok := s.byID[id]
	return r, ok
}

// Contexts returns all awareness contexts, sorted by name.
func (s *Set) Contexts() []*Context { return s.contexts }

// Detections returns the detections of all contexts and rules, in the order of their files.
func (s *Set) Detections() []*Detection { return s.detections }

// Ordinary returns how many ordinary sites use each term.
func (s *Set) Ordinary() Ordinary { return s.ordinary }

// Own returns how many files of each kind the overlay has, and how many words.
func (s *Set) Own() Own { return s.own }

// Dictionary returns the operator's own words, in lines of "word" or "word frequency", without
// repetitions; empty if there are none.
func (s *Set) Dictionary() string { return s.dictionary }

// Allowances returns how many entries of the overlay's allow-list are in force.
func (s *Set) Allowances() int { return len(s.textAllowances) + len(s.pageAllowances) }

// TextAllowances returns the entries of kind AllowText, in the order of the file.
func (s *Set) TextAllowances() []*Allowance { return s.textAllowances }

// Warnings returns entries of an overlay that have no effect, sorted by place: expired ones, and
// those that name a rule or a term that does not exist.
func (s *Set) Warnings() []syntax.Mistake { return s.warnings }

// Repeated returns notes on terms that two files give to the same block; the higher weight counts.
// These are not mistakes: other blocks may use either list without the other.
func (s *Set) Repeated() []syntax.Mistake { return s.repeated }

// Expires returns the moment at which the next entry of the overlay expires and the set should be
// loaded again; ok is false if none will expire.
func (s *Set) Expires() (at time.Time, ok bool) {
	day, err := time.ParseInLocation(time.DateOnly, s.expires, qianshao.ChinaTime())
	if err != nil {
		return time.Time{}, false // no entry has a last day
	}
	return day.AddDate(0, 0, 1), true
}

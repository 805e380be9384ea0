package rule

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"go.yaml.in/yaml/v3"
)

// An overlay is the operator's own folder beside the rule set. It survives an
// upgrade, because nothing in it repeats what is shipped:
//
//	rules/**/*.yaml     new rules, and rules that replace the one of the same id
//	contexts/*.yaml     the same for awareness contexts
//	lists/<name>.txt    terms for the list of that name; "- term" takes one away
//	allow.yaml          hosts, URLs and texts that never count
//	off.yaml            rules that are switched off
//	words.txt           words that look like a person's name and are none
//
// What would leave the operator blind is a mistake: a list that no rule uses, a
// rule that names a list that is gone. What has merely lost its object is a
// warning: a rule to be switched off, or a term to be taken away, that an
// upgrade has removed.
const (
	allowFile = "allow.yaml"
	offFile   = "off.yaml"
)

func overlayParts() []string {
	return []string{rulesFolder, listsFolder, contextsFolder, allowFile, offFile, vouchedFile}
}

// Off says who switched a rule off, and why.
type Off struct {
	Reason string
	// Until is the last day, YYYY-MM-DD, on which it counts; empty: for good.
	Until string
	// Place is where it is written: file:line:column.
	Place string
}

func (o *Off) String() string {
	return fmt.Sprintf("switched off by %s (%s)%s", o.Place, o.Reason, untilInWords(o.Until))
}

func untilInWords(day string) string {
	if day == "" {
		return ""
	}
	return " until " + day
}

// overlay is what its two files say.
type overlay struct {
	allowances []*Allowance
	off        []offEntry
	warnings   []Mistake
	// lapses is the first of the days in "until" that are still to come; empty without one.
	lapses string
}

type offEntry struct {
	id   text
	file string
	off  *Off
}

// overlaySource reads allow.yaml and off.yaml.
type overlaySource struct {
	source
	today string // YYYY-MM-DD; empty: nothing lapses
	out   *overlay
}

// checkRoot names what lies in an overlay and is read by nothing.
func (l *loader) checkRoot(o Options) error {
	entries, err := fs.ReadDir(o.Overlay, ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || name == "README.md" || slices.Contains(overlayParts(), name) {
			continue
		}
		l.mistakes = append(l.mistakes, Mistake{File: o.shown(name), Message: fmt.Sprintf("nothing reads this; an overlay has %s%s",
			strings.Join(overlayParts(), ", "), didYouMean(name, overlayParts()))})
	}
	return nil
}

// shown is the name of a file of the overlay in messages.
func (o Options) shown(name string) string { return path.Join(o.OverlayName, name) }

// readOverlay reads the two files of the overlay that are there.
func (l *loader) readOverlay(o Options) error {
	for _, name := range []string{allowFile, offFile} {
		if _, err := fs.Stat(o.Overlay, name); err != nil {
			continue
		}
		src, err := readCapped(o.Overlay, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(l.digest, "%s %x\n", name, sha256.Sum256(src))
		s := &overlaySource{source: source{file: o.shown(name)}, out: &l.overlay}
		if !o.Now.IsZero() {
			s.today = o.Now.In(qianshao.ChinaTime()).Format(time.DateOnly)
		}
		if name == allowFile {
			s.allow(src)
		} else {
			s.off(src)
		}
		l.mistakes = append(l.mistakes, s.mistakes...)
	}
	return nil
}

func offKeys() []string { return []string{"id", "reason", "until"} }

// off reads off.yaml: rules: [{id: …, reason: …, until: …}].
func (s *overlaySource) off(src []byte) {
	root := s.document(src, "list of rules")
	if root == nil {
		return
	}
	s.mapping(root, "off.yaml", []string{"rules"}, func(_, value *yaml.Node) {
		s.entries(value, "rules", func(item *yaml.Node) {
			var id text
			o := &Off{Place: s.place(item)}
			given := map[string]*yaml.Node{}
			s.mapping(item, "a rule that is off", offKeys(), func(key, value *yaml.Node) {
				given[key.Value] = value
				switch key.Value {
				case "id":
					id = s.scalar(value, "id")
				case "reason":
					o.Reason = s.scalar(value, "reason").value
				case "until":
					o.Until = s.date(value, "until")
				}
			})
			s.requireKeys(item, given, "id", "reason")
			if id.value != "" && !s.lapsed(given["until"], o.Until, "the rule is on again") {
				s.out.off = append(s.out.off, offEntry{id, s.file, o})
			}
		})
	})
}

// entries calls read for each mapping of a list.
func (s *source) entries(n *yaml.Node, what string, read func(item *yaml.Node)) {
	switch {
	case n.Kind != yaml.SequenceNode:
		s.errorf(n, "%s should be a list: each entry begins with \"- \"", what)
		return
	case len(n.Content) > maxItems:
		s.errorf(n, "%s has more than %d entries", what, maxItems)
		return
	}
	for _, item := range n.Content {
		if item.Kind != yaml.MappingNode {
			s.errorf(item, "an entry of %s should hold keys with values, as in {…: …, reason: …}", what)
			continue
		}
		read(item)
	}
}

func (s *source) place(n *yaml.Node) string {
	return fmt.Sprintf("%s:%d:%d", s.file, n.Line, n.Column)
}

// lapsed says whether the last day of an entry is behind us, and warns of it.
func (s *overlaySource) lapsed(n *yaml.Node, until, effect string) bool {
	switch {
	case until == "" || s.today == "":
		return false
	case until < s.today:
		s.warn(n, "until %s is past, so %s; remove the entry or give it a later day", until, effect)
		return true
	case s.out.lapses == "" || until < s.out.lapses:
		s.out.lapses = until
	}
	return false
}

func (s *overlaySource) warn(n *yaml.Node, format string, args ...any) {
	s.out.warnings = append(s.out.warnings, Mistake{File: s.file, Line: n.Line, Column: n.Column, Message: fmt.Sprintf(format, args...)})
}

// apply switches rules off, and warns of ids that no rule has.
func (o *overlay) apply(set *Set) {
	var ids []string
	for _, r := range set.rules {
		ids = append(ids, r.ID)
	}
	unknown := func(file string, id text, effect string) {
		o.warnings = append(o.warnings, Mistake{File: file, Line: id.node.Line, Column: id.node.Column,
			Message: fmt.Sprintf("there is no rule %q, so %s%s", id.value, effect, cmp.Or(didYouMean(id.value, ids), "; \"rules list\" lists them"))})
	}
	for _, entry := range o.off {
		if r := set.byID[entry.id.value]; r != nil {
			r.Off = entry.off
		} else {
			unknown(entry.file, entry.id, "nothing is switched off")
		}
	}
	for _, a := range o.allowances {
		for _, id := range a.rules {
			if set.byID[id.value] == nil {
				unknown(a.file, id, "the entry counts for nothing")
			}
		}
	}
	slices.SortStableFunc(o.warnings, Mistake.compare)
	set.warnings, set.lapses = o.warnings, o.lapses
}

// Warnings are what an overlay says in vain: days that are past, rules and terms
// that are no longer there. They are sorted by their place.
func (s *Set) Warnings() []Mistake { return s.warnings }

// Lapses returns the moment at which the next entry of the overlay stops
// counting, so that the set should be loaded anew; ok is false without one.
func (s *Set) Lapses() (at time.Time, ok bool) {
	day, err := time.ParseInLocation(time.DateOnly, s.lapses, qianshao.ChinaTime())
	if err != nil {
		return time.Time{}, false // there is none
	}
	return day.AddDate(0, 0, 1), true
}

package rule

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"strings"
	"unicode"
)

// censor refuses persons and opinions as what a rule looks for. Only blocks that
// can make a rule fire count; what stands behind a "not", or in an awareness
// context, leaves pages alone and may be anything.
type censor struct {
	names    *names
	subjects *subjects
	vouched  map[string]bool   // by key: words of words.txt
	verdicts map[string]string // by key, so that a list is judged once
}

func newCensor(vouched map[string]bool) *censor {
	return &censor{names: newNames(), subjects: newSubjects(), vouched: vouched, verdicts: map[string]string{}}
}

// refusal says why a word may not be looked for; empty if it may.
func (c *censor) refusal(w weighted) string {
	if why, known := c.verdicts[w.key]; known {
		return why
	}
	why, word := "", strings.ReplaceAll(w.key, " ", "")
	switch shape := c.names.shape(word); {
	case shape == sureName:
		why = fmt.Sprintf("%q is a person's name by its shape; rules are about crimes on pages, never about persons. "+
			"Take it off; a brand stands with the word that makes it a crime, as in 高仿某某", w.term)
	case shape == likeName && !c.vouched[w.key]:
		why = fmt.Sprintf("%q may be a person's name; rules are about crimes on pages, never about persons. "+
			"Take it off or, if it is a word or a brand, vouch for it in words.txt: %s | what it is", w.term, w.term)
	}
	if topic := c.subjects.topic(word); topic != "" && why == "" {
		why = fmt.Sprintf("%q is about %s, which is no crime; rules never watch politics, protest, petitions, religion or journalism. "+
			"It may stand behind a \"not\", or in a context, to leave pages alone", w.term, topic)
	}
	c.verdicts[w.key] = why
	return why
}

// judge speaks of all terms and expressions of a rule's detection.
func (c *censor) judge(s *source, d *detection, src detectionSource, terms [][]weighted) {
	if d.isContext || d.condition == nil {
		return
	}
	alone := make([]bool, len(d.blocks)) // satisfied by institutions alone
	for i, b := range d.blocks {
		if !b.positive {
			continue
		}
		institutions := int32(0)
		for _, w := range terms[i] {
			if why := c.refusal(w); why != "" {
				s.mistakes = append(s.mistakes, w.mistake(why))
			}
			if c.subjects.institutions[w.key] {
				institutions += w.weight
			}
		}
		for _, t := range src.blocks[i].regex {
			c.judgePattern(s, t)
			if c.offersInstitution(t.value) {
				institutions++
			}
		}
		alone[i] = b.measures || institutions >= b.min
	}
	if !d.condition.holdsBy(alone) {
		return
	}
	for i, b := range d.blocks {
		for _, w := range terms[i] {
			if alone[i] && b.positive && c.subjects.institutions[w.key] {
				s.mistakes = append(s.mistakes, w.mistake(fmt.Sprintf(noCrime, w.term)))
			}
		}
		for _, t := range src.blocks[i].regex {
			if alone[i] && b.positive && c.offersInstitution(t.value) {
				s.errorf(t.node, noCrime, t.value)
			}
		}
	}
}

const noCrime = "%q would make a rule fire by itself, and names no crime; demand a block that does"

// offersInstitution says whether an institution is one of an expression's alternatives.
func (c *censor) offersInstitution(pattern string) bool {
	for _, alternative := range strings.FieldsFunc(pattern, func(r rune) bool { return strings.ContainsRune("|()", r) }) {
		if c.subjects.institutions[strings.TrimPrefix(alternative, "?:")] {
			return true
		}
	}
	return false
}

// judgePattern looks at the runs of Chinese characters in a regular expression,
// outside of [sets] of them.
func (c *censor) judgePattern(s *source, t text) {
	inSet := false
	for _, run := range strings.FieldsFunc(t.value, func(r rune) bool {
		inSet = r == '[' || inSet && r != ']'
		return inSet || !unicode.Is(unicode.Han, r)
	}) {
		w := weighted{term: run}
		s.fold(&w)
		if c.names.shape(w.key) == sureName || c.subjects.topic(w.key) != "" {
			s.errorf(t.node, "regex: %s", c.refusal(w))
		}
	}
}

func (w weighted) mistake(message string) Mistake {
	return Mistake{File: w.file, Line: int(w.line), Column: int(w.column), Message: message}
}

// holdsBy says whether a condition holds when these blocks do and no other.
func (n *node) holdsBy(blocks []bool) bool {
	return n.evalSigned(true, func(n *node, positive bool) truth {
		if positive && blocks[n.block] && (n.op == opBlock || n.other == noBlock || blocks[n.other]) {
			return yes
		}
		return no
	}) == yes
}

// vouchedFile stands beside rules/: words that look like persons' names and are
// none, each with what it is: "路子野 | 行话，门路多". It opens no name that is beyond
// doubt.
const vouchedFile = "words.txt"

// readVouched reads the words.txt of a rule set or an overlay, if it is there.
func (l *loader) readVouched(fsys fs.FS, shown string) error {
	if _, err := fs.Stat(fsys, vouchedFile); err != nil {
		return nil
	}
	src, err := readCapped(fsys, vouchedFile)
	if err != nil {
		return err
	}
	fmt.Fprintf(l.digest, "%s %x\n", shown, sha256.Sum256(src))
	s, names := &source{file: shown}, newNames()
	s.lines(src, func(line string, number, column int) {
		word, what, _ := strings.Cut(line, "|")
		w := weighted{term: strings.TrimSpace(word)}
		s.fold(&w)
		switch shape := names.shape(strings.ReplaceAll(w.key, " ", "")); {
		case strings.TrimSpace(what) == "":
			s.at(number, column, "say what %q is: %s | 行话，…", w.term, w.term)
		case shape == sureName:
			s.at(number, column, "%q is a person's name by its shape, and nothing vouches for that; in a list it stands with the word that makes it a crime, as in 高仿某某", w.term)
		case shape == noName:
			s.at(number, column, "nothing refuses %q as a name; remove the line", w.term)
		default:
			l.vouched[w.key] = true
		}
	})
	l.mistakes = append(l.mistakes, s.mistakes...)
	return nil
}

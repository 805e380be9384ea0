package rule

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"

	"github.com/qianshao/qianshao/analyze/rule/syntax"
)

// Fingerprint is a hash, in 16 hex digits, of what a rule looks for and how it judges the hits. It
// changes when a list or a pattern that the rule uses changes, and stays the same when only the
// rule's title, description, tests or comments do.
func (r *Rule) Fingerprint() string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %s %s %q\n", r.ID, r.Category, r.Level, r.Judges)
	for i := range r.Detection.Blocks {
		r.Detection.Blocks[i].write(h)
	}
	fmt.Fprintf(h, "%q\n", r.Detection.Condition.Text)
	return hex.EncodeToString(h.Sum(nil)[:digestBytes])
}

func (b *Block) write(h hash.Hash) {
	hidden := "either"
	if b.Hidden != nil {
		hidden = fmt.Sprint(*b.Hidden)
	}
	fmt.Fprintf(h, "%q %v %s %d %d %t %t %t %d %d %v %t %q\n", b.Name, b.Regions, hidden, b.MinChars, b.MaxChars, b.Word, b.Plain, b.Unbounded,
		b.Min, b.Within, b.Grade, b.LengthOnly, b.Regexps)
	for _, terms := range [][]syntax.Term{b.Terms, b.Excepts} {
		for _, t := range terms {
			fmt.Fprintf(h, "%q %d %v\n", t.Key, t.Weight, t.Grade)
		}
		fmt.Fprintln(h)
	}
}

// Fingerprints returns those of the rules in force, by id.
func (s *Set) Fingerprints() map[string]string {
	out := map[string]string{}
	for _, r := range s.On() {
		out[r.ID] = r.Fingerprint()
	}
	return out
}

package rule

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/locales"
)

// An overlay is the operator's own folder beside the rule set. It survives upgrades, because it
// repeats nothing that is shipped:
//
//	rules/**/*.yaml     new rules, and rules that replace the one of the same id
//	patterns/*.yaml     the same for patterns
//	contexts/*.yaml     the same for awareness contexts
//	lists/<name>.txt    terms for the list of that name; "- term" removes one
//	allow.yaml          hosts, URLs and texts that never count
//	off.yaml            rules that are switched off
//	words.txt           words that look like a person's name but are not
//	dictionary.txt      words for splitting texts, beside those of the program
//
// It is a mistake if the operator would miss pages: a list or pattern that no rule uses, a rule
// that names a missing one. It is a warning if an upgrade has removed what an entry is about: a
// rule to be switched off, a term to be removed.
const (
	allowFile = "allow.yaml"
	offFile   = "off.yaml"
)

// OverlayParts returns the files and folders of an overlay.
func OverlayParts() []string {
	return []string{rulesFolder, listsFolder, patternsFolder, contextsFolder, allowFile, offFile, vouchedFile, dictionaryFile, ordinaryFile}
}

// Off is an entry of off.yaml: it switches a rule off.
type Off struct {
	Reason string
	// Until is the last day, YYYY-MM-DD, on which the rule is off; empty means for good.
	Until string
	// Place says where the entry is written: file:line:column.
	Place string
}

// Message says which entry switches the rule off, why and for how long.
func (o *Off) Message() locales.Message {
	return locales.M("rule.off.by", o.Place, o.Reason, until(o.Until))
}

// until says up to which day an entry counts, or nothing if it counts for good.
func until(day string) locales.Message {
	if day == "" {
		return locales.Message{}
	}
	return locales.M("rule.until", day)
}

// overlay is the content of allow.yaml and off.yaml.
type overlay struct {
	allowances []*Allowance
	off        []offEntry
	warnings   []syntax.Mistake
	// expires is the earliest "until" that has not passed; empty if there is none.
	expires string
}

type offEntry struct {
	id   syntax.Text
	file *syntax.File
	off  *Off
}

// overlayReader reads allow.yaml and off.yaml.
type overlayReader struct {
	*syntax.File
	today string // YYYY-MM-DD; empty means that nothing expires
	out   *overlay
}

// checkRoot reports files of an overlay that nothing reads.
func (l *loader) checkRoot(o Options) error {
	entries, err := fs.ReadDir(o.Overlay, ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || name == "README.md" || slices.Contains(OverlayParts(), name) {
			continue
		}
		l.mistakes = append(l.mistakes, syntax.Mistake{
			File: o.shown(name), Message: locales.M("rule.set.part", locales.List(OverlayParts()), syntax.DidYouMean(name, OverlayParts())),
		})
	}
	return nil
}

// shown returns the name of an overlay's file for messages.
func (o Options) shown(name string) string { return path.Join(o.OverlayName, name) }

// readOverlay reads allow.yaml and off.yaml, if they exist.
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
		r := &overlayReader{File: &syntax.File{Name: o.shown(name)}, out: &l.overlay}
		if !o.Now.IsZero() {
			r.today = o.Now.In(qianshao.ChinaTime()).Format(time.DateOnly)
		}
		if name == allowFile {
			r.ParseAllow(src, r.allow)
		} else {
			r.ParseOff(src, r.off)
		}
		l.mistakes = append(l.mistakes, r.Mistakes...)
	}
	return nil
}

func (r *overlayReader) off(entry syntax.Off) {
	if entry.ID.Value == "" || r.expired(entry.Until, "rule.past.off") {
		return
	}
	off := &Off{Reason: entry.Reason.Value, Until: entry.Until.Value, Place: r.place(entry.Place)}
	r.out.off = append(r.out.off, offEntry{entry.ID, r.File, off})
}

func (r *overlayReader) place(at syntax.Place) string {
	return fmt.Sprintf("%s:%d:%d", r.Name, at.Line, at.Column)
}

// expired says whether an entry's last day has passed, and warns of it with the message of the key.
func (r *overlayReader) expired(until syntax.Text, key string) bool {
	switch {
	case until.Value == "" || r.today == "":
		return false
	case until.Value < r.today:
		r.out.warnings = append(r.out.warnings, r.MistakeAt(until.Place, locales.M(key, until.Value)))
		return true
	case r.out.expires == "" || until.Value < r.out.expires:
		r.out.expires = until.Value
	}
	return false
}

// apply puts the overlay's entries into the set, and warns of ids that no rule has.
func (o *overlay) apply(set *Set) {
	var ids []string
	for _, r := range set.rules {
		ids = append(ids, r.ID)
	}
	unknown := func(f *syntax.File, id syntax.Text, key string) {
		o.warnings = append(o.warnings, f.MistakeAt(id.Place, locales.M(key, id.Value, syntax.DidYouMean(id.Value, ids).Or(locales.M("rule.gone.list")))))
	}
	for _, entry := range o.off {
		if r := set.byID[entry.id.Value]; r != nil {
			r.Off = entry.off
		} else {
			unknown(entry.file, entry.id, "rule.gone.off")
		}
	}
	for _, a := range o.allowances {
		if a.Kind == AllowText {
			set.textAllowances = append(set.textAllowances, a)
		} else {
			set.pageAllowances = append(set.pageAllowances, a)
		}
		for _, id := range a.rules {
			if set.byID[id.Value] == nil {
				unknown(a.file, id, "rule.gone.allowed")
			}
		}
	}
	slices.SortStableFunc(o.warnings, syntax.Mistake.Compare)
	set.warnings, set.expires = o.warnings, o.expires
}

package rule

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/locales"
)

// ordinaryFile counts how many ordinary sites use each term. It is at the root of a rule set; the
// counts of an overlay's file are added to it.
const ordinaryFile = "ordinary.tsv"

// Place is a part of a page, as far as ordinary sites use terms differently there.
type Place uint8

// The places, in the order of the file's columns.
const (
	PlaceTitle     Place = iota // title, meta elements, headings
	PlaceVisible                // what a visitor reads
	PlaceHidden                 // text concealed from visitors
	PlaceAttribute              // attributes of elements
	PlaceScript                 // scripts and comments
	places
)

// Places returns the names of the places in the order of the file's columns.
func Places() []string { return []string{"title", "visible", "hidden", "attribute", "script"} }

// Sightings counts the ordinary sites that use a term.
type Sightings struct {
	// Any counts the sites that use the term anywhere, In those that use it in each place.
	Any int
	In  [places]int
}

// Ordinary says how many ordinary sites use each term. It has only counts, neither texts nor names
// of sites. The zero value is a count of no sites.
type Ordinary struct {
	// Sites is the number of sites counted.
	Sites int
	// Terms has the terms that at least one site uses, by syntax.Term.Key.
	Terms map[string]Sightings
}

// add adds the counts of other sites.
func (o *Ordinary) add(more Ordinary) {
	o.Sites += more.Sites
	if o.Terms == nil {
		o.Terms = make(map[string]Sightings, len(more.Terms))
	}
	for key, m := range more.Terms {
		s := o.Terms[key]
		s.Any += m.Any
		for i, n := range m.In {
			s.In[i] += n
		}
		o.Terms[key] = s
	}
}

// Bytes returns the counts in the form that parseOrdinary reads.
func (o Ordinary) Bytes() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "sites\t%d\n", o.Sites)
	fmt.Fprintf(&b, "term\tany\t%s\n", strings.Join(Places(), "\t"))
	for _, key := range slices.Sorted(maps.Keys(o.Terms)) {
		s := o.Terms[key]
		fmt.Fprintf(&b, "%s\t%d", key, s.Any)
		for _, n := range s.In {
			fmt.Fprintf(&b, "\t%d", n)
		}
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

// parseOrdinary reads a file of counts. Mistakes go to f.
func parseOrdinary(f *syntax.File, src []byte) Ordinary {
	o := Ordinary{Terms: map[string]Sightings{}}
	f.Lines(src, func(line string, at syntax.Place) {
		columns := strings.Split(line, "\t")
		switch {
		case columns[0] == "sites" && len(columns) == 2 && o.Sites == 0:
			n, err := strconv.Atoi(columns[1])
			if err != nil || n < 1 {
				f.Errorf(at, "rule.ordinary.sites", columns[1])
			}
			o.Sites = n
		case columns[0] == "term":
		case o.Sites == 0:
			f.Errorf(at, "rule.ordinary.first")
		default:
			s, problem := sightings(columns, o.Sites)
			if problem.Key != "" {
				f.Add(at, problem)
			}
			o.Terms[columns[0]] = s
		}
	})
	return o
}

func sightings(columns []string, sites int) (s Sightings, problem locales.Message) {
	if len(columns) != 2+int(places) {
		return s, locales.M("rule.ordinary.columns", len(columns), 2+int(places), locales.List(Places()))
	}
	for i, column := range columns[1:] {
		n, err := strconv.Atoi(column)
		if err != nil || n < 0 || n > sites {
			return s, locales.M("rule.ordinary.count", column, sites)
		}
		if i == 0 {
			s.Any = n
		} else {
			s.In[i-1] = n
		}
	}
	return s, problem
}

// readOrdinary reads the counts of a rule set or an overlay, if there are any.
func (l *loader) readOrdinary(fsys fs.FS, shown string) error {
	src, err := l.readOptional(fsys, ordinaryFile, shown)
	if src == nil || err != nil {
		return err
	}
	reader := &syntax.File{Name: shown}
	l.ordinary.add(parseOrdinary(reader, src))
	l.mistakes = append(l.mistakes, reader.Mistakes...)
	return nil
}

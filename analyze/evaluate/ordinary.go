package evaluate

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/locales"
)

// Counted says which pages Ordinary counts.
type Counted struct {
	// Only limits the count to these folders and archives; empty means all.
	Only []string
	// BothHalves counts the checking half as well, which can then no longer serve as a check. It is
	// for pages on which nothing is measured.
	BothHalves bool
}

// Ordinary counts on how many ordinary sites each term of the rules occurs. Ordinary are the pages
// labelled none, and those of an archive that are not flagged. The checking half is left out unless
// count asks for it.
func Ordinary(fsys fs.FS, analyzer *analyze.Analyzer, opts Options, count Counted) (rule.Ordinary, error) {
	folder, err := read(fsys)
	if err != nil {
		return rule.Ordinary{}, err
	}
	c := &siteCounter{analyzer: analyzer, bothHalves: count.BothHalves, sites: map[string]bool{}, terms: map[string]map[string]placeSet{}}
	for _, s := range folder.sets {
		for i := range s.samples {
			if page := &s.samples[i]; !s.isCases() && !page.IsMessage() && page.Label.Innocent() && wanted(page.Page.URL, count.Only) {
				c.count(page)
			}
		}
	}
	for _, name := range folder.archives {
		if opts.Archive == nil || !wanted(name, count.Only) {
			continue
		}
		if err := c.countArchive(fsys, name, opts); err != nil {
			return rule.Ordinary{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(c.sites) == 0 {
		if count.BothHalves {
			return rule.Ordinary{}, locales.Errorf("labelled.no_ordinary")
		}
		return rule.Ordinary{}, locales.Errorf("labelled.no_tuning")
	}
	return c.result(), nil
}

func wanted(name string, only []string) bool {
	return len(only) == 0 || slices.ContainsFunc(only, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// placeSet is a bit set of places.
type placeSet uint8

// siteCounter collects on which sites, and where on their pages, each term occurs.
type siteCounter struct {
	analyzer   *analyze.Analyzer
	bothHalves bool
	sites      map[string]bool
	terms      map[string]map[string]placeSet // by term, by site
}

func (c *siteCounter) counts(s *Sample) bool { return c.bothHalves || s.Half == Tuning }

func (c *siteCounter) count(s *Sample) {
	if !c.counts(s) {
		return
	}
	c.sites[s.Site] = true
	for _, seen := range c.analyzer.Engine().Sightings(analyze.Extract(s.Page)) {
		sites := c.terms[seen.Term]
		if sites == nil {
			sites = map[string]placeSet{}
			c.terms[seen.Term] = sites
		}
		sites[s.Site] |= 1 << seen.Place
	}
}

func (c *siteCounter) countArchive(fsys fs.FS, name string, opts Options) error {
	file, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	for page, err := range opts.Archive(name, file) {
		if err != nil {
			return err
		}
		s := archivedPage(page)
		if !c.counts(&s) {
			continue
		}
		if _, a := c.analyzer.Assess(page); a.Level < qianshao.AlertLevel {
			c.count(&s)
		}
	}
	return nil
}

func (c *siteCounter) result() rule.Ordinary {
	out := rule.Ordinary{Sites: len(c.sites), Terms: map[string]rule.Sightings{}}
	for term, sites := range c.terms {
		counted := rule.Sightings{Any: len(sites)}
		for _, places := range sites {
			for i := range counted.In {
				if places&(1<<i) != 0 {
					counted.In[i]++
				}
			}
		}
		out.Terms[term] = counted
	}
	return out
}

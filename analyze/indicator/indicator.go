// Package indicator finds, near the evidence of a finding, the handles by which the promoters of a
// crime want to be reached or paid, even if they are spelt to evade filters: 加V: ①③…, 扣扣：1 2 3,
// abc点com. A value with a checksum must pass it. Resident identity numbers are never indicators,
// however they are spelt.
//
// Nothing is harvested. Indicators are looked for only beside findings at AlertLevel or above, and
// only in the regions that hold the evidence and in those next to them. If the evidence is
// concealed, only concealed regions count, since on a hacked page the visible text belongs to the
// victim. The exception are the site's registration and the accounts of its statistics scripts:
// they identify the site and may stand anywhere on the page.
package indicator

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
)

// How far from evidence indicators are looked for.
const (
	nearRegions = 6    // places in the document's order on either side
	nearLinks   = 2    // likewise, for the targets of links near visible evidence
	nearBytes   = 1200 // bytes of text on either side, 400 Chinese characters
	// maxRead bounds the text read on one page, in bytes. A promotional page shows its handles
	// within the first tens of kilobytes.
	maxRead = 128 << 10
)

// Finder finds indicators. It is safe for concurrent use.
type Finder struct {
	labels   map[rune][]label
	patterns patterns
}

// New returns a finder.
func New() *Finder { return &Finder{labels: buildLabels(), patterns: compilePatterns()} }

// Attach sets the indicators of those findings that are at AlertLevel or above. The findings must
// be doc's.
func (f *Finder) Attach(doc *qianshao.Document, page string, findings []qianshao.Finding) {
	if !slices.ContainsFunc(findings, isAlert) {
		return
	}
	s := &search{doc: doc, labels: f.labels, web: newWeb(f.patterns, page)}
	s.reading.hashes = maxChecksums
	near := s.windows(findings)
	s.scan(near)
	site := s.site()
	var all []*qianshao.Indicator
	for i := range findings {
		if !isAlert(findings[i]) {
			continue
		}
		findings[i].Indicators = s.choose(near[i], site)
		for k := range findings[i].Indicators {
			all = append(all, &findings[i].Indicators[k])
		}
	}
	setPositions(doc.Source, all)
}

func isAlert(f qianshao.Finding) bool { return f.Level >= qianshao.AlertLevel }

// search is the work on one page.
type search struct {
	doc     *qianshao.Document
	labels  map[rune][]label
	web     *web
	reading reading
	links   map[int]string // target by the link's region
	found   map[int][]candidate
	// collected is memory for windows before they are merged.
	collected []window
}

// window is a part of a region's text, in bytes. far says that the sites it links to are too far
// from the evidence to belong to it.
type window struct {
	region, from, to int
	far              bool
}

// side distinguishes what a visitor sees, what is concealed, and what no visitor is meant to read.
type side uint8

const (
	sideSeen side = iota
	sideConcealed
	sideInert
)

func sideOf(r *qianshao.Region) side {
	switch {
	case r.Hidden.Concealed():
		return sideConcealed
	case r.Hidden != qianshao.HidingNone:
		return sideInert
	}
	return sideSeen
}

// windows returns what is near the evidence of each alert, in document order, merged.
func (s *search) windows(findings []qianshao.Finding) [][]window {
	near := make([][]window, len(findings))
	s.places(findings, func(finding, region, at int) {
		if near[finding] == nil {
			near[finding] = make([]window, 0, len(findings[finding].Evidence))
		}
		near[finding] = append(near[finding], window{region: region, from: at - nearBytes, to: at + nearBytes})
	})
	edges := make([]edge, len(s.doc.Regions))
	for i := range near {
		if len(near[i]) > 0 {
			s.collected = s.neighbours(near[i], edges)
			near[i] = slices.Clone(merge(s.collected))
		}
	}
	return near
}

// merge sorts windows and joins those that overlap.
func merge(windows []window) []window {
	slices.SortFunc(windows, func(x, y window) int { return cmp.Or(x.region-y.region, x.from-y.from, x.to-y.to) })
	merged := windows[:0]
	for _, w := range windows {
		if n := len(merged); n > 0 && merged[n-1].region == w.region && w.from <= merged[n-1].to {
			merged[n-1].to = max(merged[n-1].to, w.to)
			merged[n-1].far = merged[n-1].far && w.far
		} else {
			merged = append(merged, w)
		}
	}
	return merged
}

// places calls use for the evidence of each alert, in document order, with its region and its
// offset in the region's text.
func (s *search) places(findings []qianshao.Finding, use func(finding, region, at int)) {
	type element struct {
		kind       qianshao.RegionKind
		path, name string
	}
	type piece struct {
		*qianshao.Evidence
		finding int
	}
	wanted := map[element][]piece{}
	for i := range findings {
		if !isAlert(findings[i]) {
			continue
		}
		for k := range findings[i].Evidence {
			e := &findings[i].Evidence[k]
			key := element{e.Region, e.Path, e.Name}
			wanted[key] = append(wanted[key], piece{e, i})
		}
	}
	for i := range s.doc.Regions {
		r := &s.doc.Regions[i]
		for _, e := range wanted[element{r.Kind, r.Path, r.Name}] {
			if r.Script != e.Script || r.Picture != e.Picture {
				continue
			}
			var at int
			if e.Script != "" || e.Picture != "" { // the page's source does not hold the text
				at = strings.Index(r.Text, e.Before+e.Text+e.After)
			} else {
				at = textOffset(r, e.Span.Start)
			}
			if at >= 0 {
				use(e.finding, i, at)
			}
		}
	}
}

// textOffset returns the offset in the region's text of a byte of the source, or -1 if the byte is
// not in the region.
func textOffset(r *qianshao.Region, source int) int {
	for _, run := range r.Map {
		if source < run.Source.Start || source >= run.Source.End {
			continue
		}
		if run.Text.Len() != run.Source.Len() {
			return run.Text.Start
		}
		return run.Text.Start + source - run.Source.Start
	}
	return -1
}

// edge says that evidence needs the beginning or the end of a region near it, and whether the
// region is near enough for a site linked from there to belong to the evidence.
type edge uint8

const (
	edgeBegin edge = 1 << iota
	edgeBeginNear
	edgeEnd
	edgeEndNear
)

// neighbours returns the windows of evidence and of the regions around it. Evidence often lies in
// consecutive regions, so that most of them are needed many times: edges merges these needs into
// one window. All of edges must be zero before the call, and is again after it.
func (s *search) neighbours(evidence []window, edges []edge) []window {
	for i, w := range evidence {
		if i == 0 || evidence[i-1].region != w.region {
			s.mark(w.region, edges)
		}
	}
	all := s.collected[:0]
	all = append(all, evidence...)
	first, last := evidence[0].region-nearRegions, evidence[len(evidence)-1].region+nearRegions
	for i := max(first, 0); i <= min(last, len(edges)-1); i++ {
		e := edges[i]
		if e == 0 {
			continue
		}
		if e&edgeBegin != 0 {
			all = append(all, window{region: i, to: nearBytes, far: e&edgeBeginNear == 0})
		}
		if e&edgeEnd != 0 {
			end := len(s.doc.Regions[i].Text)
			all = append(all, window{region: i, from: end - nearBytes, to: end, far: e&edgeEndNear == 0})
		}
		edges[i] = 0
	}
	return all
}

// mark sets the edges of the regions around one that has evidence.
func (s *search) mark(region int, edges []edge) {
	here := sideOf(&s.doc.Regions[region])
	for step := 1; step <= nearRegions; step++ {
		begin, end := edgeBegin, edgeEnd
		if here != sideSeen || step <= nearLinks {
			begin, end = edgeBegin|edgeBeginNear, edgeEnd|edgeEndNear
		}
		if i := region + step; i < len(edges) && sideOf(&s.doc.Regions[i]) == here {
			edges[i] |= begin
		}
		if i := region - step; i >= 0 && sideOf(&s.doc.Regions[i]) == here {
			edges[i] |= end
		}
	}
}

// scan reads the text near all findings, each part of it once.
func (s *search) scan(near [][]window) {
	all := merge(slices.Concat(near...))
	s.links = map[int]string{}
	for _, w := range all {
		if s.doc.Regions[w.region].Kind == qianshao.RegionURL {
			s.links[w.region] = ""
		}
	}
	for _, l := range s.doc.Links {
		if _, ok := s.links[l.Region]; ok {
			s.links[l.Region] = l.URL
		}
	}
	s.found = make(map[int][]candidate, len(all))
	left := maxRead
	for _, w := range all {
		text := s.doc.Regions[w.region].Text
		w.from, w.to = runeStart(text, w.from), runeStart(text, w.to)
		if left -= w.to - w.from; left < 0 {
			return
		}
		s.found[w.region] = append(s.found[w.region], s.region(w)...)
	}
}

// region returns the candidates in a part of a region's text.
func (s *search) region(w window) []candidate {
	r, from := &s.doc.Regions[w.region], w.from
	text := r.Text[from:w.to]
	var found []candidate
	add := func(c candidate) { found = append(found, c) }
	if r.Picture != "" && r.Name == qianshao.NameQRCode && !s.web.isOwn(r.Text) {
		add(candidate{qianshao.IndicatorQRCode, strings.TrimSpace(r.Text), 0, len(r.Text)})
	}
	if r.Kind == qianshao.RegionURL {
		s.target(w.region, add)
		s.web.numbered(s.web.uin, text, from, add)
		if !strings.HasPrefix(r.Text, "tel:") && !strings.HasPrefix(r.Text, "sms:") {
			return found
		}
	}
	s.reading.read(text, from)
	s.reading.numbers()
	if r.Kind == qianshao.RegionURL {
		return append(found, s.reading.found...)
	}
	s.reading.addresses()
	s.reading.labelled(s.labels)
	s.reading.penguins()
	s.reading.mentions()
	if r.Kind != qianshao.RegionScript && r.Kind != qianshao.RegionComment { // location.host is not a host name
		s.reading.hosts(s.web)
	}
	s.web.plain(text, from, add)
	return append(found, s.reading.found...)
}

// target records where the reference of a whole URL region leads. Pictures come from anywhere and
// tell nothing.
func (s *search) target(region int, add func(candidate)) {
	r := &s.doc.Regions[region]
	raw := s.links[region]
	if raw == "" {
		element := r.Path[strings.LastIndexByte(r.Path, '>')+1:]
		if strings.HasPrefix(strings.TrimSpace(element), "img") {
			return
		}
		if raw = strings.TrimSpace(r.Text); strings.HasPrefix(raw, "//") {
			raw = "http:" + raw
		}
	}
	s.web.target(raw, 0, len(r.Text), add)
}

// site returns the page's registration numbers and statistics accounts.
func (s *search) site() []qianshao.Indicator {
	var out []qianshao.Indicator
	for i := range s.doc.Regions {
		r := &s.doc.Regions[i]
		if r.Kind == qianshao.RegionURL {
			continue
		}
		s.reading.registrations(r.Text, func(c candidate) {
			out = s.appendUnique(out, s.indicator(c, r))
		})
	}
	script := &qianshao.Region{Kind: qianshao.RegionScript, Hidden: qianshao.HidingScript,
		Map: []qianshao.Run{{Text: qianshao.Span{End: len(s.doc.Source)}, Source: qianshao.Span{End: len(s.doc.Source)}}}}
	statistics(s.doc.Source, func(c candidate) {
		out = s.appendUnique(out, s.indicator(c, script))
	})
	return out
}

// choose returns the indicators of one finding: those in its windows and those of the site.
func (s *search) choose(windows []window, site []qianshao.Indicator) []qianshao.Indicator {
	var out []qianshao.Indicator
	for _, w := range windows {
		r := &s.doc.Regions[w.region]
		for _, c := range s.found[w.region] {
			leads := r.Kind == qianshao.RegionURL && (c.kind == qianshao.IndicatorDomain || c.kind == qianshao.IndicatorURL)
			if c.end > w.from && c.start < w.to && !(leads && w.far) {
				out = s.appendUnique(out, s.indicator(c, r))
			}
		}
	}
	for _, i := range site {
		out = s.appendUnique(out, i)
	}
	slices.SortStableFunc(out, func(x, y qianshao.Indicator) int {
		return cmp.Or(cmp.Compare(x.Span.Start, y.Span.Start), cmp.Compare(x.Span.End, y.Span.End), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Value, y.Value))
	})
	return out
}

// appendUnique adds i unless its kind and value are already there or the limit is reached.
func (s *search) appendUnique(all []qianshao.Indicator, i qianshao.Indicator) []qianshao.Indicator {
	if len(all) >= qianshao.MaxIndicators || i.Value == "" {
		return all
	}
	ofAKind := 0
	for _, have := range all {
		if have.Kind != i.Kind {
			continue
		}
		if ofAKind++; have.Value == i.Value || ofAKind >= qianshao.MaxIndicatorsOfAKind {
			return all
		}
	}
	return append(all, i)
}

// indicator turns a region's candidate into an indicator, without line and column. It returns the
// zero value if neither the source nor an external script holds the candidate.
func (s *search) indicator(c candidate, r *qianshao.Region) qianshao.Indicator {
	span := r.SourceSpan(c.start, c.end)
	var text string
	switch {
	case r.Picture != "":
		text = r.Text[c.start:c.end]
	case span.Start >= 0 && span.Start < span.End && span.End <= len(s.doc.Source):
		text = s.doc.Source[span.Start:span.End]
	case r.Script != "":
		text = r.Text[c.start:c.end]
	default:
		return qianshao.Indicator{}
	}
	return qianshao.Indicator{Kind: c.kind, Value: c.value, Text: cut(text), Region: r.Kind, Hidden: r.Hidden, Picture: r.Picture, Span: span}
}

// cut shortens s to MaxEvidenceText bytes, at the end of a character.
func cut(s string) string { return s[:runeStart(s, qianshao.MaxEvidenceText)] }

// setPositions sets lines and columns in one pass over the source. Document.Position counts each
// column from the beginning of the line, which would be too slow on a page with 20 MB in one line.
func setPositions(source string, all []*qianshao.Indicator) {
	slices.SortStableFunc(all, func(x, y *qianshao.Indicator) int { return cmp.Compare(x.Span.Start, y.Span.Start) })
	line, column, at := 1, 1, 0
	for _, i := range all {
		passed := source[at:i.Span.Start]
		if newlines := strings.Count(passed, "\n"); newlines > 0 {
			line, column = line+newlines, 1
			passed = passed[strings.LastIndexByte(passed, '\n')+1:]
		}
		column += utf8.RuneCountInString(passed)
		i.Line, i.Column, at = line, column, i.Span.Start
	}
}

package dashboards

import (
	"cmp"
	"errors"
	"html"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/store"
)

// Evidence that stands close together is shown in one excerpt.
const (
	placeGap    = 300  // bytes of source between two pieces of evidence of one place
	placeLength = 1500 // bytes of source of one place
	openPlaces  = 6    // places are unfolded when a finding's page opens
)

type findingView struct {
	*view
	store.Finding
	Parts  []scorePart
	Sum    int
	Pieces int
	// GoneWhy says why a finding is gone; "" while it is open.
	GoneWhy  string
	Places   []place
	Capped   int // MaxEvidence where that many are kept
	Cloaked  bool
	Pictured bool // there is a screenshot
	others   []store.View
	Under    *authView
	Moved    bool   // the page's URL is not the one that was requested
	Back     string // the search that led here
	SamePage string
	SameHost string
	SameRule string
}

type scorePart struct {
	Reason, Detail string
	Points         int
}

// place is a stretch of source with the evidence in it.
type place struct {
	Open     bool
	From, To int // lines
	Hidden   []qianshao.Hiding
	Hits     []evidenceView
	Lines    []excerptLine
	// View is the view of the page that has the place.
	View qianshao.View
	// Versions is set where another version is shown beside it.
	Versions *versions
	span     qianshao.Span
}

// evidenceView is one span of evidence, whatever the number of blocks that ask for it.
type evidenceView struct {
	qianshao.Evidence
	Blocks []string
	// Head is what matched, in clear; Patterns the regular expressions that did, if any.
	Head     string
	Patterns []string
	// Raw and Read are shown where the text was disguised: as written, and as understood.
	Raw  []piece
	Read string
}

// authView is an authorisation with its standing at a moment.
type authView struct {
	qianshao.Authorisation
	Standing string // in_force, expired, not_yet
	DaysLeft int    // whole days until it ends, where in force
	Search   string
	// FirstDay and LastDay are in force, both.
	FirstDay, LastDay string
}

func standing(a qianshao.Authorisation, now time.Time) authView {
	v := authView{Authorisation: a, Search: searchURL(clause("authorisation", a.ID), 0)}
	v.FirstDay, v.LastDay = a.Days()
	v.Owner, v.Basis, v.Contact = plain(a.Owner), plain(a.Basis), plain(a.Contact)
	switch {
	case now.Before(a.ValidFrom):
		v.Standing = "not_yet"
	case a.InForce(now):
		v.Standing = "in_force"
		v.DaysLeft = int(a.ValidUntil.Sub(now) / (24 * time.Hour))
	default:
		v.Standing = "expired"
	}
	return v
}

func (c *console) findingPage(w http.ResponseWriter, r *http.Request) {
	f, err := c.store.Finding(r.Context(), r.PathValue("id"))
	if errors.Is(err, store.ErrNotFound) {
		c.notFound(w, r)
		return
	}
	if err != nil {
		c.failWith(w, r, err)
		return
	}
	under, err := c.authorisation(r.Context(), f.Authorisation)
	if err != nil {
		c.failWith(w, r, err)
		return
	}
	v := &findingView{view: c.view(w, r, "nav.search"), Finding: f}
	v.view.Title = plain(f.Title)
	if under != nil {
		a := standing(*under, c.now())
		v.Under = &a
	}
	offset, err := number(r, "offset", 0, index.MaxWindow)
	if err != nil {
		offset = 0
	}
	if n := len(f.Changes); !f.GoneAt.IsZero() && n > 0 {
		v.GoneWhy = v.Cause(f.Changes[n-1].Cause)
	}
	v.Back = searchURL(r.FormValue("q"), offset)
	v.Moved = f.RequestedURL != "" && f.RequestedURL != f.URL
	v.SamePage = searchURL(clause("url", f.URL), 0)
	v.SameRule = searchURL(clause("rule", f.Rule), 0)
	if host := hostname(f.URL); host != "" {
		v.SameHost = searchURL(clause("host", host), 0)
	}
	for _, p := range f.Breakdown {
		v.Parts = append(v.Parts, scorePart{v.lang.named("reason.", p.Reason), plain(v.lang.detail(p)), p.Points})
		v.Sum += p.Points
	}
	if v.others, err = c.store.Views(r.Context(), f.URL); err != nil {
		c.failWith(w, r, err)
		return
	}
	v.Cloaked = cloaked(&f.Finding)
	v.Pictured = slices.ContainsFunc(v.others, func(o store.View) bool { return len(o.Screenshot) > 0 })
	v.places()
	c.render(w, r, http.StatusOK, "finding", v)
}

// places sorts the evidence by where it stands and gathers neighbours.
func (v *findingView) places() {
	list := slices.Clone(v.Evidence)
	slices.SortStableFunc(list, func(a, b qianshao.Evidence) int {
		return cmp.Or(cmp.Compare(a.View, b.View), cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(b.Span.End, a.Span.End))
	})
	for _, e := range list {
		n := len(v.Places)
		if n == 0 || e.View != v.Places[n-1].View || e.Span.Start > v.Places[n-1].span.End+placeGap || e.Span.End > v.Places[n-1].span.Start+placeLength {
			v.Places = append(v.Places, place{Open: n < openPlaces, View: e.View, From: e.Line, span: e.Span})
		}
		v.Places[len(v.Places)-1].add(e)
	}
	for i := range v.Places {
		p := &v.Places[i]
		v.Pieces += len(p.Hits)
		source := v.sourceOf(p.View)
		if source == "" {
			continue
		}
		var spans, also []qianshao.Span
		for j := range v.Places {
			for _, hit := range v.Places[j].Hits {
				switch {
				case j == i:
					spans = append(spans, hit.Span)
				case v.Places[j].View == p.View:
					also = append(also, hit.Span)
				}
			}
		}
		p.Lines = excerpt(source, p.span, p.From, spans, also)
	}
	v.compare()
	if len(v.Evidence) == qianshao.MaxEvidence {
		v.Capped = qianshao.MaxEvidence
	}
}

func (p *place) add(e qianshao.Evidence) {
	p.To = max(p.To, e.Line)
	p.span.End = max(p.span.End, e.Span.End)
	if e.Hidden != qianshao.HidingNone && !slices.Contains(p.Hidden, e.Hidden) {
		p.Hidden = append(p.Hidden, e.Hidden)
	}
	hit := viewOf(e)
	if n := len(p.Hits); n > 0 && p.Hits[n-1].Span == e.Span && p.Hits[n-1].Head == hit.Head {
		p.Hits[n-1].merge(hit)
		return
	}
	p.Hits = append(p.Hits, hit)
}

func viewOf(e qianshao.Evidence) evidenceView {
	hit := evidenceView{Evidence: e, Blocks: []string{plain(strings.TrimSpace(e.Rule + " " + e.Block))}, Head: cutText(plain(e.Term)), Read: plain(e.Term)}
	decoded := html.UnescapeString(e.Text)
	if e.IsPattern() {
		hit.Read = plain(decoded)
		hit.Head, hit.Patterns = cutText(hit.Read), []string{cutText(plain(e.Term))}
	}
	if decoded != e.Text {
		hit.Steps = append([]string{"entity"}, e.Steps...)
	}
	if len(hit.Steps) > 0 {
		hit.Raw = reveal(e.Text, "")
	}
	return hit
}

// merge takes in the same span as another block found it.
func (hit *evidenceView) merge(other evidenceView) {
	for _, b := range other.Blocks {
		if !slices.Contains(hit.Blocks, b) {
			hit.Blocks = append(hit.Blocks, b)
		}
	}
	for _, p := range other.Patterns {
		if !slices.Contains(hit.Patterns, p) {
			hit.Patterns = append(hit.Patterns, p)
		}
	}
	if len(hit.Raw) == 0 {
		hit.Raw, hit.Steps, hit.Read = other.Raw, other.Steps, other.Read
	}
}

// maxHead bounds what a list shows of a term, in characters.
const maxHead = 60

func cutText(s string) string {
	if n := ahead(s, 0, len(s), maxHead); n < len(s) {
		return s[:n] + "…"
	}
	return s
}

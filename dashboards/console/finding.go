package console

import (
	"cmp"
	"errors"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/analyze/rule/explain"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/decision"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/internal/untrusted"
	"github.com/qianshao/qianshao/store"
)

// Pieces of evidence that are close together are shown in one excerpt.
const (
	placeGap    = 300  // bytes of source between two pieces of evidence of one place
	placeLength = 1500 // bytes of source of one place
	openPlaces  = 6    // places that are unfolded when a finding's page opens
)

// findingPage is the model of a finding's page.
type findingPage struct {
	*page.Layout
	store.Finding
	// Decision is the panel for deciding on the finding; nil if nobody decides.
	Decision *decision.Panel
	// Message says what the last act has done; nil without one.
	Message *decision.Message
	Parts   []scorePart
	Sum     int
	// Terms is the number of different terms in the evidence.
	Terms int
	// Text is the explanation of the rule; nil if it is no longer in force.
	Text *RuleTexts
	// Past is the history of the finding and its page, the newest first; Kept says that people's
	// answers are hidden from the account.
	Past []event
	Kept bool
	Kin  []kin
	// Indicators are those of the finding, with where else they appear.
	Indicators []appearance
	Pieces     int
	// GoneWhy says why a finding is gone; "" while it is open.
	GoneWhy  string
	Places   []place
	Capped   int // MaxEvidence if the evidence was cut off there, else 0
	Cloaked  bool
	Pictured bool // there is a screenshot
	others   []store.View
	Under    *page.Authorisation
	Moved    bool // the final URL differs from the requested one
	// Back is the page that the reader came from.
	Back     string
	SamePage string
	SameHost string
	// Site links to the site's page, and Trail to the acts on the finding; "" if there is none, or
	// if the reader may not see it.
	Site, Trail string
	SameRule    string
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
	Hits     []shownEvidence
	Lines    []untrusted.Line
	// Glimpse is the place as visitors see it; nil if it cannot be shown.
	Glimpse *glimpse
	// View is the view of the page that the place is in.
	View qianshao.View
	// Versions is set if another version is shown beside it.
	Versions *versions
	span     qianshao.Span
}

// shownEvidence is one span of evidence, even if several blocks of a rule found it.
type shownEvidence struct {
	qianshao.Evidence
	Blocks []string
	// Head is the matching text, and Patterns the regular expressions that matched, if any.
	Head     string
	Patterns []string
	// Raw is the text as written, Read as understood; Raw is set only if the text was disguised.
	Raw  []untrusted.Piece
	Read string
	// Said is the text with a little around it, for evidence in an external script, which the
	// excerpt of the page's source does not show.
	Said []untrusted.Piece
}

func (c *Console) serveFinding(w http.ResponseWriter, r *http.Request) {
	f, err := c.opts.Store.VisibleFinding(r.Context(), auth.From(r.Context()).Sight, r.PathValue("id"))
	if errors.Is(err, store.ErrNotFound) {
		c.NotFound(w, r)
		return
	}
	if err != nil {
		c.FailWith(w, r, err)
		return
	}
	under, err := store.Optional(c.opts.Store.Authorisation(r.Context(), f.Authorisation))
	if err != nil {
		c.FailWith(w, r, err)
		return
	}
	v := &findingPage{Layout: c.Layout(w, r, "nav.search"), Finding: f}
	v.Layout.Title = untrusted.Plain(f.Title)
	if under != nil {
		a := page.NewAuthorisation(*under, c.Now())
		v.Under = &a
	}
	if n := len(f.Changes); !f.GoneAt.IsZero() && n > 0 {
		v.GoneWhy = v.Why(f.Changes[n-1])
	}
	v.Back = page.LocalPath(r.FormValue("from"))
	v.Moved = f.RequestedURL != "" && f.RequestedURL != f.URL
	v.SamePage = page.SearchURL(page.Clause("url", mask.Prefix(f.URL)))
	v.SameRule = v.OfRule(f.Rule)
	if host := f.Host(); host != "" {
		v.SameHost = page.SearchURL(page.Clause("host", host))
		v.Site = "/sites/" + url.PathEscape(host)
	}
	if auth.May(r.Context(), qianshao.PowerAudit) {
		v.Trail = page.WithQuery("/trail", url.Values{"subject": {qianshao.Subject{Kind: qianshao.SubjectFinding, ID: f.ID}.String()}})
	}
	for _, p := range explain.Breakdown(v.Language, f.Breakdown) {
		v.Parts = append(v.Parts, scorePart{v.Language.Named("reason.", p.Reason), untrusted.Plain(p.Detail), p.Points})
		v.Sum += p.Points
	}
	if v.others, err = c.opts.Store.Views(r.Context(), f.ID); err != nil {
		c.FailWith(w, r, err)
		return
	}
	v.Cloaked = cloaked(&f.Finding)
	v.Terms = terms(&f.Finding)
	if text, ok := c.opts.Rule(f.Rule); ok {
		v.Text = &text
	}
	v.Pictured = slices.ContainsFunc(v.others, func(o store.View) bool { return len(o.Screenshot) > 0 })
	v.places()
	v.glimpses(c.opts.Understand)
	if err := c.fill(r, v); err != nil {
		c.FailWith(w, r, err)
		return
	}
	c.Render(w, r, http.StatusOK, "finding", v)
}

// fill adds what is shown around the finding: its history, its campaigns, the other appearances of
// its indicators, and the panel for deciding on it.
func (c *Console) fill(r *http.Request, v *findingPage) error {
	for _, add := range []func(*http.Request, *findingPage) error{c.past, c.kin, c.appearances} {
		if err := add(r, v); err != nil {
			return err
		}
	}
	if c.opts.Decision == nil {
		return nil
	}
	var err error
	if v.Decision, err = c.opts.Decision.Panel(r, v.Layout, qianshao.Subject{Kind: qianshao.SubjectFinding, ID: v.ID}, decision.Here(r)); err != nil {
		return err
	}
	v.Message, err = c.opts.Decision.Message(r, v.Layout)
	return err
}

// BackTo names the page that Back links to.
func (v *findingPage) BackTo() string {
	path, _, _ := strings.Cut(v.Back, "?")
	room, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch room {
	case "":
		return v.T("finding.back.queue")
	case "search", "campaigns", "batches":
		return v.T("finding.back." + room)
	}
	return v.T("finding.back")
}

// Link is the page of a finding, with the same link back as this page.
func (v *findingPage) Link(id string) string { return page.FindingURL(id, v.Back) }

func terms(f *qianshao.Finding) int {
	words := map[string]bool{}
	for i := range f.Evidence {
		words[f.Evidence[i].Term] = true
	}
	return len(words)
}

// OfRule is a search for the findings that a rule contributes to.
func (v *findingPage) OfRule(id string) string { return page.SearchURL(page.Clause("rule", id)) }

// places sorts the evidence by its place in the source and groups neighbours.
func (v *findingPage) places() {
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
		p.Lines = untrusted.Excerpt(source, p.span, p.From, spans, also)
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
	hit := shown(e)
	// All evidence in an external script or a picture has the span of the element: only the words
	// around it tell hits apart.
	same := func(h shownEvidence) bool {
		return h.Span == e.Span && h.Head == hit.Head && h.Script == e.Script && h.Picture == e.Picture &&
			(e.Script+e.Picture == "" || h.Region == e.Region && h.Before == e.Before)
	}
	if i := slices.IndexFunc(p.Hits, same); i >= 0 {
		p.Hits[i].merge(hit)
		return
	}
	p.Hits = append(p.Hits, hit)
}

func shown(e qianshao.Evidence) shownEvidence {
	hit := shownEvidence{Evidence: e, Blocks: []string{untrusted.Plain(strings.TrimSpace(e.Rule + " " + e.Block))}, Head: cutText(untrusted.Plain(e.Term)), Read: untrusted.Plain(e.Term)}
	decoded := html.UnescapeString(e.Text)
	if e.IsPattern() {
		hit.Read = untrusted.Plain(decoded)
		hit.Head, hit.Patterns = cutText(hit.Read), []string{cutText(untrusted.Plain(e.Term))}
	}
	if decoded != e.Text {
		hit.Steps = append([]string{"entity"}, e.Steps...)
	}
	if e.Script != "" {
		hit.Said = quoted(e)
	}
	if len(hit.Steps) > 0 {
		hit.Raw = untrusted.Reveal(e.Text, "")
	}
	return hit
}

// merge adds what another block found in the same span.
func (hit *shownEvidence) merge(other shownEvidence) {
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

// maxHead bounds how much of a term a list shows, in characters.
const maxHead = 60

func cutText(s string) string {
	if head := untrusted.First(s, maxHead); head != s {
		return head + "…"
	}
	return s
}

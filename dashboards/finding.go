package dashboards

import (
	"errors"
	"net/http"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index/store"
)

// openEvidence pieces of evidence are unfolded when a finding's page opens.
const openEvidence = 5

type findingView struct {
	*view
	store.StoredFinding
	Parts    []scorePart
	Sum      int
	Pieces   []evidenceView
	Capped   int // MaxEvidence where that many are kept
	Under    *authView
	Moved    bool // the page's URL is not the one that was requested
	SamePage string
	SameHost string
	SameRule string
}

type scorePart struct {
	Reason, Detail string
	Points         int
}

type evidenceView struct {
	qianshao.Evidence
	N     int
	Open  bool
	Raw   []piece
	Lines []excerptLine
	Also  bool // the excerpt shows other evidence too
}

// authView is an authorisation with its standing at a moment.
type authView struct {
	qianshao.Authorisation
	Standing string // in_force, expired, not_yet
	DaysLeft int    // whole days until it ends, where in force
	Search   string
}

func standing(a qianshao.Authorisation, now time.Time) authView {
	v := authView{Authorisation: a, Search: searchURL(clause("authorisation", a.ID), 0)}
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
	v := &findingView{view: c.view(w, r, "nav.search"), StoredFinding: f}
	v.view.Title = plain(f.Title)
	if under != nil {
		a := standing(*under, c.now())
		v.Under = &a
	}
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
	v.evidence()
	c.render(w, r, http.StatusOK, "finding", v)
}

func (v *findingView) evidence() {
	for i, e := range v.Evidence {
		piece := evidenceView{Evidence: e, N: i + 1, Open: i < openEvidence, Raw: reveal(e.Text, "")}
		if v.Source != "" {
			var also []qianshao.Span
			for j, other := range v.Evidence {
				if j != i && other.Span.Len() > 0 {
					also = append(also, other.Span)
				}
			}
			piece.Lines = excerpt(v.Source, e.Span, e.Line, also)
			piece.Also = hasLook(piece.Lines, lookAlso)
		}
		v.Pieces = append(v.Pieces, piece)
	}
	if len(v.Evidence) == qianshao.MaxEvidence {
		v.Capped = qianshao.MaxEvidence
	}
}

func hasLook(lines []excerptLine, look string) bool {
	for _, l := range lines {
		for _, p := range l.Pieces {
			if p.Look == look {
				return true
			}
		}
	}
	return false
}

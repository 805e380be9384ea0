package sites

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
)

type registerPage struct {
	*page.Layout
	List []page.Authorisation
}

// serveRegister lists the authorisations: those in force first, the soonest to end at the top.
func (s *Sites) serveRegister(w http.ResponseWriter, r *http.Request) {
	list, err := s.opts.Store.Authorisations(r.Context())
	if err != nil {
		s.FailWith(w, r, err)
		return
	}
	v := &registerPage{Layout: s.Layout(w, r, "register.title")}
	sight := auth.From(r.Context()).Sight
	for _, a := range list {
		if sight.Sees(a.ID) {
			v.List = append(v.List, page.NewAuthorisation(a, s.Now()))
		}
	}
	order := []string{"in_force", "not_yet", "expired"}
	slices.SortStableFunc(v.List, func(a, b page.Authorisation) int {
		return cmp.Or(
			cmp.Compare(slices.Index(order, a.Standing), slices.Index(order, b.Standing)),
			a.ValidUntil.Compare(b.ValidUntil),
			cmp.Compare(a.ID, b.ID),
		)
	})
	s.Render(w, r, http.StatusOK, "authorisations", v)
}

package console

import (
	"net/http"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/store"
)

// Whereabouts is what is known about a URL for which a search finds nothing.
type Whereabouts struct {
	store.URLState
	// URL is the canonical URL.
	URL string
	// Permits is the authorisation that now covers the URL; "" if none does, and then Refused says
	// why.
	Permits string
	Refused qianshao.Skip
}

// why says why a URL has no hits.
type why struct {
	URL, Text string
	// Remedy says what to do about it; "" for nothing.
	Remedy string
	// Register says that the account can do so in the register of authorisations.
	Register bool
	// Report says that the account can report the page, so that it is visited soon.
	Report bool
}

// whyNot says why a query that is a URL has no hits, to those who may see what is known about it.
func (c *Console) whyNot(r *http.Request, v *searchPage) error {
	if v.Empty != "nohit" && v.Empty != "none" || c.opts.Whereabouts == nil {
		return nil
	}
	var about Whereabouts
	for i, url := range index.PastedURL(v.Query) {
		w, err := c.opts.Whereabouts(r.Context(), url)
		if err != nil {
			return err
		}
		if i == 0 || about.isUnknown() && !w.isUnknown() {
			about = w
		}
	}
	if about.URL == "" {
		return nil
	}
	v.WhyNot = v.whyOf(&about, auth.From(r.Context()).Sight)
	return nil
}

// isUnknown says whether nothing is known about the URL: it has not been discovered.
func (w *Whereabouts) isUnknown() bool {
	return w.Seen.IsZero() && w.Skip == "" && !w.Waits
}

// seenBy says whether an account may be told about the URL: at least one authorisation must be
// involved, and the account must see all that are.
func (w *Whereabouts) seenBy(sight qianshao.Sight) bool {
	if sight.All {
		return true
	}
	any := false
	for _, id := range []string{w.Permits, w.Authorisation, w.FrontierAuthorisation} {
		if id != "" && !sight.Sees(id) {
			return false
		}
		any = any || id != ""
	}
	return any
}

func (v *searchPage) whyOf(w *Whereabouts, sight qianshao.Sight) *why {
	y := &why{URL: v.Defang(w.URL), Report: v.Reports && v.MaySubmit}
	switch {
	case !w.seenBy(sight): // the same whether nothing is known, or something that the account may not see
		y.Text, y.Report = v.T("whynot.foreign"), false
	case w.Flagged:
		y.Text, y.Report = v.T("whynot.flagged", v.Time(w.Seen)), false
	case !w.Seen.IsZero() && w.Skip != "":
		v.remedy(y, w.Skip)
		y.Text = v.T("whynot.clean.skip", v.Time(w.Seen), w.Status, v.Skip(w.Skip))
	case !w.Seen.IsZero():
		y.Text = v.T("whynot.clean", v.Time(w.Seen), w.Status)
	case w.Permits == "":
		v.remedy(y, w.Refused)
		y.Text = v.T("whynot.refused", v.Skip(w.Refused))
	case w.Skip != "":
		v.remedy(y, w.Skip)
		y.Text = v.T("whynot.skipped", v.Skip(w.Skip))
	case w.Waits && w.Due.After(v.Now):
		y.Text = v.T("whynot.later", v.Time(w.Due.Truncate(time.Second)))
	case w.Waits:
		y.Text = v.T("whynot.waits")
	default:
		y.Text = v.T("whynot.never")
	}
	return y
}

// remedy fills in what to do about a skip.
func (v *searchPage) remedy(y *why, s qianshao.Skip) {
	y.Remedy, y.Register = v.SkipRemedy(s), v.MayRegister && page.IsOfRegister(s)
}

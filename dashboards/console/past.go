package console

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/decision"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/internal/untrusted"
)

// event is an entry in a finding's history: what the crawler saw, what the rules changed, what
// people did.
type event struct {
	At   time.Time
	What string
	// By is the account that did it; "" for the crawler.
	By string
	// Words are the words written with it.
	Words string
	// Into is the finding that has absorbed this one; "" for none.
	Into string
}

// past gathers the history of the finding and its page, the newest first. Answers that the account
// must not know before its review are left out.
func (c *Console) past(r *http.Request, v *findingPage) error {
	v.Past = append(v.Past, event{At: v.FirstSeen, What: v.T("past.found")})
	gone := false
	for _, change := range v.Changes {
		what := v.T("past.changed", v.StateName(change.State), v.Why(change))
		if gone && change.State == qianshao.StateOpen {
			what = v.T("past.back", v.Why(change))
		}
		gone = change.State == qianshao.StateGone
		v.Past = append(v.Past, event{At: change.At, What: what, Into: change.Into})
	}
	if v.LastSeen.After(v.FirstSeen) {
		v.Past = append(v.Past, event{At: v.LastSeen, What: v.T("past.seen", v.Status)})
	}
	if v.GoneWhy != "" && v.PageNow.At.After(v.LastSeen) {
		v.Past = append(v.Past, event{At: v.PageNow.At, What: v.T("past.looked", v.PageNow.Status)})
	}
	if err := c.done(r, v); err != nil {
		return err
	}
	if err := c.doneToSite(r, v); err != nil {
		return err
	}
	slices.SortStableFunc(v.Past, func(a, b event) int { return cmp.Compare(b.At.UnixMilli(), a.At.UnixMilli()) })
	return nil
}

// maxOfSite bounds the listed acts on the site; the site's page lists more.
const maxOfSite = 20

// doneToSite adds the acts on the finding's site since the finding was first seen, such as recheck
// requests.
func (c *Console) doneToSite(r *http.Request, v *findingPage) error {
	host := v.Host()
	if host == "" {
		return nil
	}
	acts, err := c.opts.Store.Records(r.Context(), qianshao.Subject{Kind: qianshao.SubjectSite, ID: host}, maxOfSite)
	for i := range acts {
		a := &acts[i]
		detail, err := desk.ParseDetail(a.Detail)
		if err != nil || a.At.Before(v.FirstSeen) {
			continue
		}
		v.Past = append(v.Past, event{At: a.At, What: v.T("past.site", v.Language.Named("record.", detail.Event)), By: untrusted.Plain(a.By), Words: untrusted.Plain(detail.Words)})
	}
	return err
}

// done adds the acts on the finding.
func (c *Console) done(r *http.Request, v *findingPage) error {
	if c.opts.Desk == nil {
		return nil
	}
	account := auth.From(r.Context())
	view, err := c.opts.Desk.Look(r.Context(), account, qianshao.Subject{Kind: qianshao.SubjectFinding, ID: v.ID})
	if err != nil {
		return err
	}
	if view.Standing.KeptFrom(account) {
		v.Kept = true
		view = view.Blind()
	}
	acts, err := view.History(account)
	if err != nil {
		return err
	}
	for i := range acts {
		a := &acts[i]
		did, words := decision.Said(v.Layout, a)
		v.Past = append(v.Past, event{At: a.At, What: untrusted.Plain(did), By: untrusted.Plain(a.By), Words: untrusted.Plain(words)})
	}
	return nil
}

package sites

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
)

const (
	// unmonitoredSize is how many rows one page shows.
	unmonitoredSize = 100
	// maxUnmonitoredOffset exceeds the number of hosts of any register.
	maxUnmonitoredOffset = 10_000_000
)

// unmonitoredPage lists what is in the register but is not monitored.
type unmonitoredPage struct {
	times
	Rows    []qianshao.Unmonitored
	Reasons []reasonChoice
	// Registered says that the account sees at least one authorisation in the register.
	Registered bool
	// Sum says how much there is for all reasons together; "" if nothing.
	Sum              string
	Total            int // rows with the selected reason
	From, To         int
	PrevURL, NextURL string
}

// reasonChoice is a choice in the menu of reasons, with the number of its rows.
type reasonChoice struct {
	Name, URL string
	Count     int
	Active    bool
}

func (s *Sites) serveUnmonitored(w http.ResponseWriter, r *http.Request) {
	reason := qianshao.UnmonitoredReason(r.FormValue("reason"))
	if !slices.Contains(qianshao.UnmonitoredReasons(), reason) {
		reason = ""
	}
	offset := page.Offset(r, maxUnmonitoredOffset)
	list, err := s.opts.Unmonitored(r.Context(), qianshao.UnmonitoredRequest{Sight: auth.From(r.Context()).Sight, Reason: reason, Offset: offset, Limit: unmonitoredSize})
	if err != nil {
		s.FailWith(w, r, err)
		return
	}
	v := &unmonitoredPage{times: times{s.Layout(w, r, "unmonitored.title")}, Rows: list.Rows, Total: list.Total(reason)}
	if v.Registered, err = s.hasAuthorisations(r); err != nil {
		s.FailWith(w, r, err)
		return
	}
	v.Sum = amount(v.Layout, list.Counts)
	v.Reasons = append(v.Reasons, reasonChoice{v.T("unmonitored.all"), unmonitoredURL("", 0), list.Total(""), reason == ""})
	for _, choice := range qianshao.UnmonitoredReasons() {
		if list.Counts[choice] > 0 || choice == reason {
			v.Reasons = append(v.Reasons, reasonChoice{v.Reason(choice), unmonitoredURL(choice, 0), list.Counts[choice], choice == reason})
		}
	}
	v.From, v.To = offset+1, offset+len(list.Rows)
	if offset > 0 {
		v.PrevURL = unmonitoredURL(reason, max(0, min(offset, v.Total)-unmonitoredSize))
	}
	if v.To < v.Total && len(list.Rows) > 0 {
		v.NextURL = unmonitoredURL(reason, v.To)
	}
	s.Render(w, r, http.StatusOK, "unmonitored", v)
}

// hasAuthorisations says whether the account sees any authorisation. If not, an empty list must not
// read as if everything were monitored.
func (s *Sites) hasAuthorisations(r *http.Request) (bool, error) {
	list, err := s.opts.Store.Authorisations(r.Context())
	return slices.ContainsFunc(list, func(a qianshao.Authorisation) bool { return auth.From(r.Context()).Sight.Sees(a.ID) }), err
}

func unmonitoredURL(reason qianshao.UnmonitoredReason, offset int) string {
	values := url.Values{}
	if reason != "" {
		values.Set("reason", string(reason))
	}
	if offset > 0 {
		values.Set("offset", strconv.Itoa(offset))
	}
	return page.WithQuery("/unmonitored", values)
}

// Due says whether the next try of a row is due, and is waiting only for the crawler.
func (v *unmonitoredPage) Due(u qianshao.Unmonitored) bool { return !u.NextTry.After(v.Now) }

func (v *unmonitoredPage) SiteURL(host string) string { return siteURL(host) }

// amount says how many hosts and authorisations are not monitored, or soon will not be; "" if none.
func amount(v *page.Layout, counts qianshao.UnmonitoredCounts) string {
	var parts []string
	if n := counts.Hosts(); n > 0 {
		parts = append(parts, v.N("unmonitored.hosts", n))
	}
	if n := counts.Authorisations(); n > 0 {
		parts = append(parts, v.N("unmonitored.authorisations", n))
	}
	if n := counts[qianshao.UnmonitoredEnding]; n > 0 {
		parts = append(parts, v.N("unmonitored.ending", n))
	}
	separator := "、"
	if v.IsEnglish() {
		separator = ", "
	}
	return strings.Join(parts, separator)
}

// WhyNothing says why nothing may have been found, and where to do something about it: either
// nothing is registered, or not everything in the register is monitored. It is "" if neither is the
// case.
func (s *Sites) WhyNothing(ctx context.Context, v *page.Layout) (why, url string) {
	list, err := s.opts.Store.Authorisations(ctx)
	if err != nil {
		s.Log.Error("the register cannot be read", "error", err)
		return "", ""
	}
	sight := auth.From(ctx).Sight
	if !slices.ContainsFunc(list, func(a qianshao.Authorisation) bool { return sight.Sees(a.ID) }) {
		return v.T("unmonitored.empty"), "/authorisations"
	}
	return s.UnmonitoredInWords(ctx, v), "/unmonitored"
}

// UnmonitoredInWords says how much is not monitored; "" if everything is. If that cannot be
// counted, the text says so instead of failing: the findings can be shown without it.
func (s *Sites) UnmonitoredInWords(ctx context.Context, v *page.Layout) string {
	if s.opts.Unmonitored == nil {
		return ""
	}
	list, err := s.opts.Unmonitored(ctx, qianshao.UnmonitoredRequest{Sight: auth.From(ctx).Sight})
	if err != nil {
		s.Log.Error("what is not monitored cannot be counted", "error", err)
		return v.T("unmonitored.unknown")
	}
	if amount := amount(v, list.Counts); amount != "" {
		return v.T("unmonitored.some", amount)
	}
	return ""
}

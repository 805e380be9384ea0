package review

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/dashboards/views"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/store"
)

const (
	// viewTime is how long the number of a saved view is reused.
	viewTime = time.Minute
	// viewBudget bounds the time that a page spends on counting saved views: those not counted in
	// it are shown without a number, and counted the next time.
	viewBudget = 60 * time.Millisecond
	// maxFound bounds the number of cached counts.
	maxFound = 5000
)

// savedView is a saved view in the queue's list.
type savedView struct {
	store.SavedView
	URL string
	// Count is how many findings it has; "" if that is not known yet.
	Count     string
	Active    bool
	MayDelete bool
}

// found caches how many findings each saved view has for each account.
type found struct {
	mu   sync.Mutex
	last map[string]foundCount
}

type foundCount struct {
	at time.Time
	n  int
	ok bool
}

func (f *found) of(key string, now time.Time) (foundCount, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.last[key]
	return c, ok && now.Sub(c.at) < viewTime
}

func (f *found) keep(key string, c foundCount) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last == nil || len(f.last) >= maxFound {
		f.last = map[string]foundCount{}
	}
	f.last[key] = c
}

// saved lists the saved views of the request's account.
func (v *Review) saved(r *http.Request, l *page.Layout, at place) (out []savedView, err error) {
	list, err := v.opts.Views.List(r.Context())
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	for _, saved := range list {
		to := at.filtered(saved.Query)
		if sort := campaign.Sort(saved.Sort); sort == campaign.SortNew || sort == campaign.SortSeen {
			to.sort = sort
		}
		s := savedView{SavedView: saved, URL: to.url(), Active: at.query == saved.Query && at.query != "", MayDelete: views.MayDelete(r.Context(), saved)}
		if s.Count, err = v.countView(r.Context(), saved.Query, time.Since(begun) < viewBudget); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// countView returns the number of a view: from the cache, or counted now if there is time.
func (v *Review) countView(ctx context.Context, query string, mayAsk bool) (string, error) {
	account := auth.From(ctx)
	key := account.Name + "\x00" + sightKey(account.Sight) + "\x00" + query
	c, ok := v.found.of(key, v.Now())
	if !ok && mayAsk {
		var err error
		c.at = v.Now()
		c.n, c.ok, err = v.opts.Views.Count(ctx, query)
		if errors.Is(err, index.ErrUnavailable) { // views are also listed without numbers
			return "", nil
		}
		if err != nil {
			return "", err
		}
		v.found.keep(key, c)
	}
	if !c.ok {
		return "", nil
	}
	return strconv.Itoa(c.n), nil
}

// openView leads to the findings of a saved view, the newest first. Messages link to it instead of
// the search: a query in the link would reveal to everybody on the message's way what is being
// looked for.
func (v *Review) openView(w http.ResponseWriter, r *http.Request) {
	list, err := v.opts.Views.List(r.Context())
	if err != nil {
		v.FailWith(w, r, err)
		return
	}
	at := slices.IndexFunc(list, func(saved store.SavedView) bool { return saved.ID == r.PathValue("id") })
	if at < 0 {
		v.NotFound(w, r)
		return
	}
	http.Redirect(w, r, page.WithQuery("/search", url.Values{"q": {list[at].Query}, "sort": {string(index.SortNew)}}), http.StatusSeeOther)
}

func (v *Review) takeView(w http.ResponseWriter, r *http.Request) {
	at := placeOfPath(r.PostFormValue("next"))
	name := r.PostFormValue("name")
	view := store.SavedView{Name: name, Query: r.PostFormValue("q"), Shared: r.PostFormValue("shared") != ""}
	if sort := index.Sort(r.PostFormValue("sort")); sort.Valid() {
		view.Sort = string(sort)
	}
	if _, err := v.opts.Views.Save(r.Context(), view); err != nil {
		v.refuseView(w, r, at, name, err)
		return
	}
	http.Redirect(w, r, at.url(), http.StatusSeeOther)
}

func (v *Review) deleteView(w http.ResponseWriter, r *http.Request) {
	at := placeOfPath(r.PostFormValue("next"))
	// It is no error if the view is already gone.
	if err := v.opts.Views.Delete(r.Context(), r.PathValue("id")); err != nil && !errors.Is(err, store.ErrNotFound) {
		v.refuseView(w, r, at, "", err)
		return
	}
	http.Redirect(w, r, at.url(), http.StatusSeeOther)
}

// refuseView shows the queue again, with what was wrong with a view.
func (v *Review) refuseView(w http.ResponseWriter, r *http.Request, at place, typed string, err error) {
	l := v.Layout(w, r, "nav.list.open")
	var syntax *index.SyntaxError
	switch {
	case errors.Is(err, views.ErrName):
		v.show(w, r, http.StatusUnprocessableEntity, at, l.T("views.name", views.MaxName), typed)
	case errors.Is(err, views.ErrLead):
		v.show(w, r, http.StatusForbidden, at, l.T("views.lead"), typed)
	case errors.Is(err, store.ErrTooManyViews):
		v.show(w, r, http.StatusConflict, at, l.T("views.many", store.MaxViews), typed)
	case errors.As(err, &syntax):
		v.show(w, r, http.StatusUnprocessableEntity, at, l.Misread(syntax), typed)
	default:
		v.FailWith(w, r, err)
	}
}

func (v *Review) takePreferences(w http.ResponseWriter, r *http.Request) {
	p := store.Preferences{Compact: r.PostFormValue("compact") == "1", Clear: r.PostFormValue("clear") == "1"}
	if err := v.opts.Looks.SavePreferences(r.Context(), auth.From(r.Context()).Name, p); err != nil {
		v.FailWith(w, r, err)
		return
	}
	http.Redirect(w, r, page.LocalPath(r.PostFormValue("next")), http.StatusSeeOther)
}

// Look returns how the request's account wants pages to look; it is used as page.Options.Look.
func (v *Review) Look(ctx context.Context) (page.Look, error) {
	p, err := v.opts.Looks.Preferences(ctx, auth.From(ctx).Name)
	return page.Look(p), err
}

// takeLooked records that the account has looked at a list, as of the page that it saw: whatever
// has come since then remains new.
func (v *Review) takeLooked(w http.ResponseWriter, r *http.Request) {
	at := placeOfPath(r.PostFormValue("next"))
	when, now := v.Now(), v.Now()
	if ms, err := strconv.ParseInt(r.PostFormValue("at"), 10, 64); err == nil && time.UnixMilli(ms).Before(now) {
		when = time.UnixMilli(ms)
	}
	if err := v.opts.Looks.SaveLooked(r.Context(), auth.From(r.Context()).Name, string(at.list), when); err != nil {
		v.FailWith(w, r, err)
		return
	}
	http.Redirect(w, r, at.url(), http.StatusSeeOther)
}

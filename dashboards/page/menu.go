package page

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
)

// MenuGroup is a part of the sidebar.
type MenuGroup struct {
	// Name is its heading; "" for none.
	Name    string
	Entries []MenuEntry
}

// MenuEntry is a link of the sidebar.
type MenuEntry struct {
	Name, URL string
	// Count is how many items are waiting there; "" if none are, or if they are not counted. Means
	// says what is counted, if the name does not.
	Count string
	Means string
	// Current says that the entry is the current page, or that the current page is below it.
	Current bool
}

// MaxCounted is up to where the sidebar counts: beyond it the exact number helps nobody, and
// counting further would make every page slow.
const MaxCounted = 9999

// menu makes the sidebar for the request's account.
func (b *Base) menu(r *http.Request, v *Layout) []MenuGroup {
	m := menu{Layout: v, base: b, at: r.URL.Query().Get("list")}
	var groups []MenuGroup
	var rest, lead []MenuEntry
	if b.Counts != nil {
		var todo []MenuEntry
		counts := b.counts(r.Context())
		for _, list := range []string{"mine", "open", "review", "relapsed", "overdue"} {
			todo = m.list(todo, list, counts[list])
		}
		groups, rest = append(groups, MenuGroup{v.T("nav.todo"), todo}), m.list(rest, "all", 0)
	}
	rest = m.page(rest, "batches", "/batches", auth.May(r.Context(), qianshao.PowerDecide) || auth.May(r.Context(), qianshao.PowerAudit))
	rest = m.page(rest, "sites", "/sites", true)
	rest = m.page(rest, "reports", "/submissions", v.Reports)
	rest = m.page(rest, "search", "/search", true)
	rest = m.register(rest, b.ending(r.Context()))
	rest = m.page(rest, "unmonitored", "/unmonitored", v.Watch)
	rest = m.page(rest, "statistics", "/statistics", true)
	rest = m.notices(rest)
	lead = m.page(lead, "trail", "/trail", auth.May(r.Context(), qianshao.PowerAudit))
	lead = m.page(lead, "admin", "/admin", auth.May(r.Context(), qianshao.PowerAdminister) && auth.From(r.Context()).Sight.All)
	lead = m.page(lead, "help", "/help", true)
	return append(groups, MenuGroup{"", rest}, MenuGroup{"", lead})
}

// counts returns how many items each list has; nothing if they cannot be counted.
func (b *Base) counts(ctx context.Context) map[string]int {
	counts, err := b.Counts(ctx)
	if err != nil {
		b.Log.Error("count what waits", "error", err)
	}
	return counts
}

// ending returns how many authorisations end soon; 0 if that cannot be counted.
func (b *Base) ending(ctx context.Context) int {
	if b.Ending == nil {
		return 0
	}
	n, err := b.Ending(ctx)
	if err != nil {
		b.Log.Error("count what ends soon", "error", err)
	}
	return n
}

// undelivered returns how many messages were not delivered; 0 if that cannot be counted, or if the
// account may not know.
func (b *Base) undelivered(ctx context.Context, may bool) int {
	if !may || b.Undelivered == nil {
		return 0
	}
	n, err := b.Undelivered(ctx)
	if err != nil {
		b.Log.Error("count what was not delivered", "error", err)
	}
	return n
}

// menu builds the entries.
type menu struct {
	*Layout
	base *Base
	at   string // the list that is shown
}

// list adds a list of the queue. The list "open" is the front page.
func (m *menu) list(to []MenuEntry, list string, n int) []MenuEntry {
	values := url.Values{}
	if list != "open" {
		values.Set("list", list)
	}
	e := MenuEntry{Name: m.T("nav.list." + list), URL: WithQuery("/", values), Current: m.Path == "/" && (m.at == list || m.at == "" && list == "open")}
	switch {
	case n > MaxCounted:
		e.Count = strconv.Itoa(MaxCounted) + "+"
	case n > 0:
		e.Count = strconv.Itoa(n)
	}
	return append(to, e)
}

// register adds the register of authorisations, with the number of those that end soon.
func (m *menu) register(to []MenuEntry, ending int) []MenuEntry {
	list := m.page(to, "register", "/authorisations", true)
	if len(list) > len(to) && ending > 0 {
		last := &list[len(to)]
		last.Count, last.Means = strconv.Itoa(ending), m.N("nav.register.ending", ending)
	}
	return list
}

// notices adds the pages about notifications, with the number of undelivered messages.
func (m *menu) notices(to []MenuEntry) []MenuEntry {
	list := m.page(to, "notices", "/notices", m.MayNotices)
	if len(list) > len(to) && m.Undelivered > 0 {
		last := &list[len(to)]
		last.Count, last.Means = strconv.Itoa(min(m.Undelivered, MaxCounted)), m.N("nav.notices.undelivered", m.Undelivered)
	}
	return list
}

// page adds a page, if it exists and the account may see it.
func (m *menu) page(to []MenuEntry, name, path string, is bool) []MenuEntry {
	if !is || !m.base.hasPage(&url.URL{Path: path}) {
		return to
	}
	return append(to, MenuEntry{Name: m.T("nav." + name), URL: path, Current: m.Path == path || strings.HasPrefix(m.Path, path+"/")})
}

// KeyName says what a key does on pages that use it.
type KeyName struct {
	// Keys are the keys, separated by spaces.
	Keys, Name string
}

// List returns the keys.
func (k KeyName) List() []string { return strings.Fields(k.Keys) }

// KeyNames are the keys of all pages, in the order of their list. On a page, the element with the
// key as its data-key determines what it does.
func (v *Layout) KeyNames() []KeyName {
	var list []KeyName
	for _, k := range []struct{ keys, name string }{
		{"j k", "move"}, {"s", "skip"}, {"y", "crime"}, {"n", "not_crime"}, {"u", "unsure"}, {"1 2 3 4 5", "reason"}, {"p", "park"}, {"z", "undo"},
		{"r", "again"}, {"w", "keep"}, {"t", "takeover"}, {"m", "note"}, {"a", "assign"}, {"Space", "scroll"}, {"o", "open"}, {"c", "campaign"}, {"f", "filter"}, {"/", "find"}, {"?", "help"},
	} {
		list = append(list, KeyName{k.keys, v.T("keys." + k.name)})
	}
	return list
}

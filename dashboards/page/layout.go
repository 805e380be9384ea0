package page

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/untrusted"
	"github.com/qianshao/qianshao/internal/wording"
	"github.com/qianshao/qianshao/locales"
)

// Layout is what every page shows; page models embed it. Its methods give the templates their
// texts.
type Layout struct {
	Language locales.Lang
	// Now is the time of the request.
	Now   time.Time
	zone  *time.Location
	Title string
	Path  string
	// Address is the address of this page, without the parameters of the message about the last
	// act.
	Address string
	// CSS and JS are the addresses of the style sheet and the script.
	CSS, JS string
	// Preferred is how the account wants pages to look.
	Preferred Look
	Version   string
	// Query is the text in the search box.
	Query string
	// Reports says that the console takes submissions.
	Reports bool
	// Watch says that there is a list of what is not monitored.
	Watch bool
	// Exports says that findings can be exported.
	Exports bool
	// User is the name of the account that is signed in; "" for none.
	User string
	// Menu is the sidebar; nil if nobody is signed in.
	Menu []MenuGroup
	// Form is the token that the page's forms carry; see auth.FormToken.
	Form string
	// MaySubmit says that the account may report pages.
	MaySubmit bool
	// Register says that the register of authorisations can be changed in the console, MayRegister
	// that the account may do so.
	Register, MayRegister bool
	// MayNotices says that the account may set up alerts; Undelivered is how many of the messages
	// that it is responsible for were not delivered.
	MayNotices  bool
	Undelivered int
	// Chinese and English are the addresses of this page in each language.
	Chinese, English string
}

// Layout returns the frame of a page; title is the key of its title.
func (b *Base) Layout(w http.ResponseWriter, r *http.Request, title string) *Layout {
	l, at := languageOf(w, r), b.shownAt(r)
	v := &Layout{
		Language: l, Now: b.Now().In(b.Zone), zone: b.Zone, Title: l.Text(title), Path: at.Path, Address: With(at.RequestURI(), url.Values{"lang": nil, "done": nil, "batch": nil}), CSS: b.style.url, JS: b.script.url, Version: b.Version,
		Reports: b.Submissions, Watch: b.Unmonitored, Exports: b.Options.Exports,
		User: auth.From(r.Context()).Name, Form: auth.FormToken(r.Context()), MaySubmit: auth.May(r.Context(), qianshao.PowerSubmit),
		Register: b.Register, MayRegister: b.MayRegister(r),
		Chinese: inLanguage(at, locales.Chinese), English: inLanguage(at, locales.English),
	}
	if v.User != "" {
		v.MayNotices = b.Notices && auth.May(r.Context(), qianshao.PowerDecide)
		v.Undelivered = b.undelivered(r.Context(), v.MayNotices)
		v.Menu = b.menu(r, v)
		v.Preferred = b.look(r)
	}
	return v
}

// MayRegister says whether the request may change the register in the console: people who see only
// a part of the register must not decide what is authorised for others.
func (b *Base) MayRegister(r *http.Request) bool {
	return b.Options.Register && auth.May(r.Context(), qianshao.PowerAdminister) && auth.From(r.Context()).Sight.All
}

// Look is how an account wants pages to look.
type Look struct {
	// Compact fits more rows on the screen.
	Compact bool
	// Clear shows pictures at once; otherwise they are first blurred and grey.
	Clear bool
}

// Classes are the CSS classes of the page's body.
func (l Look) Classes() string {
	classes := ""
	if l.Compact {
		classes += " compact"
	}
	if l.Clear {
		classes += " clear"
	}
	return strings.TrimPrefix(classes, " ")
}

// look returns how the request's account wants pages to look.
func (b *Base) look(r *http.Request) Look {
	if b.Look == nil {
		return Look{}
	}
	look, err := b.Look(r.Context())
	if err != nil {
		b.Log.Error("read preferences", "error", err)
	}
	return look
}

// Bare returns a layout for a document that is not a page of the console; it has only texts and
// times. zone may be nil for index.DefaultZone.
func Bare(l locales.Lang, now time.Time, zone *time.Location) *Layout {
	return &Layout{Language: l, Now: now, zone: zone}
}

// shownAt is the address at which GET shows the page that answers a request. The address of a form
// is usually that of its page, or below it. Forms that many pages have, with addresses below no
// page but the front page, give their page in the field "next".
func (b *Base) shownAt(r *http.Request) *url.URL {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return r.URL
	}
	at := r.URL
	for at.Path != "/" && !b.hasPage(at) {
		at = at.JoinPath("..")
	}
	if at.Path != "/" {
		return at
	}
	next, err := url.Parse(LocalPath(r.PostFormValue("next")))
	if err != nil {
		return at
	}
	return next
}

func (b *Base) hasPage(at *url.URL) bool { return b.Exists == nil || b.Exists(at) }

func inLanguage(u *url.URL, l locales.Lang) string {
	return With(u.RequestURI(), url.Values{"lang": {l.Code()}})
}

// T returns the message of a key.
func (v *Layout) T(key string, args ...any) string { return v.Language.Text(key, args...) }

// N returns a message for a number.
func (v *Layout) N(key string, n int) string { return v.Language.Count(key, n) }

// Lang is the page's BCP 47 language tag.
func (v *Layout) Lang() string { return v.Language.Tag() }

// IsEnglish marks the language in use.
func (v *Layout) IsEnglish() bool { return v.Language == locales.English }

// Level names a level in the page's language, as the methods below name other codes.
func (v *Layout) Level(l qianshao.Level) string { return v.Language.Named("level.", l.String()) }

// Category names a category.
func (v *Layout) Category(c qianshao.Category) string {
	return v.Language.Named("category.", string(c))
}

// StateName names a state.
func (v *Layout) StateName(s qianshao.State) string { return v.Language.Named("state.", string(s)) }

// Region names a kind of region.
func (v *Layout) Region(k qianshao.RegionKind) string { return v.Language.Named("region.", string(k)) }

// Hiding names a way of hiding.
func (v *Layout) Hiding(h qianshao.Hiding) string { return v.Language.Named("hidden.", string(h)) }

// Indicator names a kind of indicator.
func (v *Layout) Indicator(k qianshao.IndicatorKind) string {
	return v.Language.Named("indicator.", string(k))
}

// Step names a step of folding.
func (v *Layout) Step(s string) string { return v.Language.Named("step.", s) }

// RoleName names a role.
func (v *Layout) RoleName(r qianshao.Role) string { return v.Language.Named("role.", string(r)) }

// ScopeName names a scope.
func (v *Layout) ScopeName(s qianshao.Scope) string { return v.Language.Named("scope.", string(s)) }

// Skip names a reason why a visit brought no page.
func (v *Layout) Skip(s qianshao.Skip) string { return v.Language.Named("skip.", string(s)) }

// SkipRemedy says what to do about a skip. If the register can be changed in the console, it refers
// to those pages.
func (v *Layout) SkipRemedy(s qianshao.Skip) string {
	if v.Register && IsOfRegister(s) {
		return v.Language.Named("remedy.page.", string(s))
	}
	return v.Language.Named("remedy.", string(s))
}

// IsOfRegister says whether changing the register may be the remedy for a skip.
func IsOfRegister(s qianshao.Skip) bool {
	switch s {
	case qianshao.SkipNotAuthorised, qianshao.SkipNotInForce, qianshao.SkipPathExcluded, qianshao.SkipQuery:
		return true
	}
	return false
}

// Why says why a finding's state or category has changed.
func (v *Layout) Why(c qianshao.Change) string {
	why := v.Language.Named("cause.", string(c.Cause))
	if c.From != "" {
		why = v.T("finding.recategorised", why, v.Category(c.From), v.Category(c.To))
	}
	return why
}

// VerdictName names a verdict.
func (v *Layout) VerdictName(x qianshao.Verdict) string {
	return v.Language.Named("verdict.", string(x))
}

// ReasonName names the reason of a verdict.
func (v *Layout) ReasonName(x qianshao.Reason) string {
	return v.Language.Named("verdict.reason.", string(x))
}

// ReasonAsked names a reason as a choice, and says so if it requires words.
func (v *Layout) ReasonAsked(x qianshao.Reason) string {
	if x == qianshao.ReasonOther {
		return v.T("verdict.other.ask")
	}
	return v.ReasonName(x)
}

// VerdictSaid is a verdict with its reason, in words.
func (v *Layout) VerdictSaid(x qianshao.Verdict, why qianshao.Reason) string {
	if why == "" {
		return v.VerdictName(x)
	}
	return v.T("decision.answer", v.VerdictName(x), v.ReasonName(why))
}

// Sign is shown beside a verdict's name: a verdict is shown by a sign and a word, not by colour.
// Without a verdict it is a circle.
func (v *Layout) Sign(x qianshao.Verdict) string {
	switch x {
	case qianshao.VerdictCrime:
		return "⚑"
	case qianshao.VerdictNotCrime:
		return "✓"
	case qianshao.VerdictUnsure:
		return "?"
	}
	return "○"
}

// Misread says where a query cannot be read, and why.
func (v *Layout) Misread(err *index.SyntaxError) string {
	return v.T("query.at", err.Column, err.Message(v.Language))
}

// Ago writes how long ago a time was.
func (v *Layout) Ago(t time.Time) string { return wording.Ago(v.Language, t, v.Now) }

// Age says the same in fewer characters.
func (v *Layout) Age(t time.Time) string { return wording.Age(v.Language, t, v.Now) }

// Time writes a time for people, in the zone that the foot of the page names.
func (v *Layout) Time(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(v.TimeZone()).Format(time.DateTime)
}

// Zone names the zone of Time.
func (v *Layout) Zone() string { return qianshao.ZoneName(v.TimeZone()) }

// TimeZone is the zone of all times.
func (v *Layout) TimeZone() *time.Location {
	if v.zone == nil {
		return index.DefaultZone()
	}
	return v.zone
}

// Stamp writes a time for machines.
func (v *Layout) Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Defang writes a URL so that nobody follows it by mistake.
func (v *Layout) Defang(raw string) string { return untrusted.Defang(raw) }

// DefangHost writes a host so that nobody follows it by mistake.
func (v *Layout) DefangHost(host string) string { return untrusted.DefangHost(untrusted.Plain(host)) }

// Plain writes hostile text safely, on one line.
func (v *Layout) Plain(s string) string { return untrusted.Plain(s) }

// Search is the address of the search for a query.
func (v *Layout) Search(clause string) string { return SearchURL(clause) }

// FindingURL is the page of a finding, with a link back to this page.
func (v *Layout) FindingURL(id string) string { return FindingURL(id, v.Address) }

// Clause writes field:value in the query language.
func (v *Layout) Clause(field, val string) string { return Clause(field, val) }

// Appearances is the search for an indicator's other appearances; "" if the query language cannot
// express it.
func (v *Layout) Appearances(i qianshao.Indicator) string {
	query := index.OfIndicator(i).String()
	if _, err := index.Parse(query, v.Now); err != nil {
		return ""
	}
	return SearchURL(query)
}

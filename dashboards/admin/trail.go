package admin

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/desk"
)

const shownActs = 50

// trailFields are the filters of the trail, as typed.
type trailFields struct {
	By, Kind, SubjectKind, Subject, Verdict, From, To string
}

func readTrailFields(r *http.Request) trailFields {
	get := func(name string) string { return strings.TrimSpace(r.FormValue(name)) }
	return trailFields{
		By: get("by"), Kind: get("kind"), SubjectKind: get("subject_kind"), Subject: get("subject"), Verdict: get("verdict"), From: get("from"), To: get("to"),
	}
}

// values returns the fields as URL parameters.
func (f *trailFields) values() url.Values {
	values := url.Values{}
	for name, value := range map[string]string{
		"by": f.By, "kind": f.Kind, "subject_kind": f.SubjectKind, "subject": f.Subject, "verdict": f.Verdict, "from": f.From, "to": f.To,
	} {
		if value != "" {
			values.Set(name, value)
		}
	}
	return values
}

// errField is the name of a field of the form that cannot be read.
type errField string

func (e errField) Error() string { return "cannot read the field " + string(e) }

// query reads the fields. Days are taken in the console's time zone.
func (a *Admin) query(ctx context.Context, f *trailFields) (q desk.ActsQuery, err error) {
	q = desk.ActsQuery{
		By: f.By, Kind: qianshao.ActKind(f.Kind), SubjectKind: qianshao.SubjectKind(f.SubjectKind), Verdict: qianshao.Verdict(f.Verdict), Latest: true,
	}
	switch {
	case f.By != "" && !qianshao.ValidAccountName(f.By) && f.By != byCommand:
		return q, errField("by")
	case q.Kind != "" && !q.Kind.Valid():
		return q, errField("kind")
	case q.SubjectKind != "" && !slices.Contains(qianshao.SubjectKinds(), q.SubjectKind):
		return q, errField("subject_kind")
	case q.Verdict != "" && !q.Verdict.Valid():
		return q, errField("verdict")
	}
	if f.Subject != "" {
		kind, ids, err := a.subjects(ctx, f.Subject)
		if err != nil {
			return q, err
		}
		if kind != "" && q.SubjectKind != "" && q.SubjectKind != kind {
			return q, errField("subject")
		}
		q.SubjectKind, q.Subjects = cmp.Or(kind, q.SubjectKind), ids
	}
	if q.From, err = a.day(f.From, 0); err != nil {
		return q, errField("from")
	}
	if q.To, err = a.day(f.To, 1); err != nil {
		return q, errField("to")
	}
	return q, nil
}

// day returns when a day begins, or the day that many days later; the zero time for "".
func (a *Admin) day(text string, later int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, a.Zone)
	return day.AddDate(0, 0, later), err
}

// subjects returns the ids that the trail may have for what was typed or pasted: "finding:ID", an
// id, the address of a page of this console, or that of a crawled page or host. kind is "" if it
// may be any.
func (a *Admin) subjects(ctx context.Context, text string) (kind qianshao.SubjectKind, ids []string, err error) {
	if s, ok := qianshao.ParseSubject(text); ok {
		return s.Kind, []string{s.ID}, nil
	}
	text = strings.NewReplacer("hxxp", "http", "[.]", ".", "[:]", ":").Replace(text) // this console shows addresses defanged
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return "", []string{text}, nil
	}
	if parts := strings.Split(u.Path, "/"); len(parts) > 2 { // /findings/ID
		ids = append(ids, parts[len(parts)-1])
	}
	for _, spelt := range spellings(text, a.opts.Canonical) {
		found, err := a.opts.Store.FindingsOfPage(ctx, spelt)
		if err != nil {
			return "", nil, err
		}
		for i := range found {
			ids = append(ids, found[i].Finding.ID)
		}
		for _, c := range qianshao.Categories() { // the ids of deleted findings
			ids = append(ids, qianshao.FindingID(spelt, string(c)))
		}
		ids = append(ids, qianshao.SubmissionID(spelt))
	}
	return "", append(ids, u.Hostname()), nil
}

// spellings returns a URL as it was pasted and, if it differs, as the store spells it.
func spellings(text string, canonical func(string) (string, error)) []string {
	spelt, err := canonical(text)
	if err != nil || spelt == text {
		return []string{text}
	}
	return []string{text, spelt}
}

type trailPage struct {
	frame
	Fields  trailFields
	Acts    []row
	Problem string
	// Older and Newest link to other pages of the list; "" for none.
	Older, Newest string
	// Whole says that the reader may read the whole trail; only then are Head and Check shown.
	Whole  bool
	Head   desk.Head
	HeadAt time.Time
	Check  desk.Check
	// Checking says that the trail is being checked.
	Checking bool
	// Administer says that the reader may open the pages of accounts and settings.
	Administer bool
	// Most is how many acts can be exported at once.
	Most int
}

func (v *trailPage) Kinds() []qianshao.ActKind { return qianshao.ActKinds() }

func (v *trailPage) Subjects() []qianshao.SubjectKind { return qianshao.SubjectKinds() }

func (v *trailPage) Verdicts() []qianshao.Verdict { return qianshao.Verdicts() }

func (a *Admin) newTrailPage(w http.ResponseWriter, r *http.Request) *trailPage {
	who := auth.From(r.Context())
	return &trailPage{
		frame: a.frame(w, r, "trail.title"), Fields: readTrailFields(r), Whole: who.Sight.All,
		Administer: who.Sight.All && who.May(qianshao.PowerAdminister), Most: maxExported,
	}
}

func (a *Admin) serveTrail(w http.ResponseWriter, r *http.Request) {
	v := a.newTrailPage(w, r)
	q, err := a.query(r.Context(), &v.Fields)
	if err != nil {
		a.refuseTrail(w, r, v, err)
		return
	}
	if before, err := strconv.ParseInt(r.FormValue("before"), 10, 64); err == nil && before > 0 {
		q.Before = before
		v.Newest = page.WithQuery("/trail", v.Fields.values())
	}
	q.Limit = shownActs + 1
	acts, err := a.opts.Desk.Trail(r.Context(), auth.From(r.Context()), q)
	if errors.Is(err, desk.ErrNotFound) { // the act after which the list was to go on
		a.NotFound(w, r)
		return
	}
	if err != nil {
		a.FailWith(w, r, err)
		return
	}
	if len(acts) > shownActs {
		acts = acts[:shownActs]
		values := v.Fields.values()
		values.Set("before", strconv.FormatInt(acts[shownActs-1].Seq, 10))
		v.Older = page.WithQuery("/trail", values)
	}
	for i := range acts {
		v.Acts = append(v.Acts, v.row(&acts[i]))
	}
	a.showTrail(w, r, http.StatusOK, v)
}

// showTrail shows the page, with the state of the chain for those who read everything.
func (a *Admin) showTrail(w http.ResponseWriter, r *http.Request, status int, v *trailPage) {
	if v.Whole {
		v.Checking = a.checking.Load()
		var err error
		if v.Head, v.HeadAt, err = a.opts.Desk.Head(r.Context(), auth.From(r.Context())); err == nil {
			v.Check, err = a.opts.Checks.LastCheck(r.Context())
		}
		if err != nil {
			a.FailWith(w, r, err)
			return
		}
	}
	a.Render(w, r, status, "trail", v)
}

// refuseTrail says what is wrong with a filter, or that too many acts match it to be exported.
func (a *Admin) refuseTrail(w http.ResponseWriter, r *http.Request, v *trailPage, err error) {
	var field errField
	switch {
	case errors.As(err, &field):
		v.Problem = v.T("trail.refused." + string(field))
	case errors.Is(err, errTooMany):
		v.Problem = v.T("trail.refused.many", maxExported)
	case errors.Is(err, errChecking):
		v.Problem = v.T("trail.refused.checking")
	default:
		a.FailWith(w, r, err)
		return
	}
	a.showTrail(w, r, http.StatusUnprocessableEntity, v)
}

var errChecking = errors.New("the trail is being checked")

// Time limits of a check: a million acts take a minute on two busy cores.
const (
	checkTime = 30 * time.Minute
	// answerWithin is how long the answer waits for the check, which then goes on in the
	// background.
	answerWithin = 5 * time.Second
)

// checkTrail verifies the whole trail against its hash chain, and the standings and batches against
// the trail.
func (a *Admin) checkTrail(w http.ResponseWriter, r *http.Request) {
	v := a.newTrailPage(w, r)
	if !v.Whole {
		a.Refuse(w, r, http.StatusForbidden, "forbidden")
		return
	}
	if !a.checking.CompareAndSwap(false, true) {
		a.refuseTrail(w, r, v, errChecking)
		return
	}
	done := make(chan error, 1)
	go func() {
		err := a.check(context.WithoutCancel(r.Context()))
		a.checking.Store(false) // before the answer, since its page shows this state
		done <- err
	}()
	var err error
	select {
	case err = <-done:
	case <-time.After(answerWithin):
	}
	if err != nil {
		a.Fail(w, r, http.StatusInternalServerError)
		return
	}
	http.Redirect(w, r, "/trail#h-chain", http.StatusSeeOther) // the result is shown below the acts
}

// check checks the trail, and stops if the server shuts down. It logs an error itself, since the
// request may no longer be waiting for it.
func (a *Admin) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-a.opts.Closing:
			cancel()
		case <-ended:
		}
	}()
	_, err := a.opts.Checks.Check(ctx, a.Now())
	if err != nil {
		a.Log.Error("check the trail of acts", "error", err)
	}
	return err
}

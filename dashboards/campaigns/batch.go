package campaigns

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/dashboards/selection"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/untrusted"
)

const (
	// shownBatches is how many batches a page lists at a time, and shownListed how many members of
	// a batch.
	shownBatches, shownListed = 50, 50
	// shownSites is how many sites a preview counts individually, the largest first.
	shownSites = 20
)

type batchPage struct {
	batchWords
	*page.Layout
	desk.Batch
	// Preview is what the batch consists of; nil while it is in progress.
	Preview        *desk.Preview
	Sites          []count
	MoreSites      int
	Categories     []categoryCount
	Levels         []levelCount
	Unlike, Random []example
	// Tally counts the members by outcome; nil while nothing has been ordered.
	Tally *desk.Tally
	// Listed has the members that were passed over; with All, every member.
	Listed []listed
	All    bool
	Next   string
	// MayBegin and MayUndo say what the account may do; NeedsWords says that an undo needs a
	// reason.
	MayBegin, MayUndo, NeedsWords bool
	Order                         order
	Wrong                         *refused
}

// count is a value with the number of members that have it.
type count struct {
	Value   string
	Members int
}

type categoryCount struct {
	Category qianshao.Category
	Members  int
}

type levelCount struct {
	Level   qianshao.Level
	Members int
}

// listed is a member in the page's list.
type listed struct {
	desk.Member
	Host     string
	Evidence []untrusted.Piece
}

// order is a batch's form as somebody has filled it in.
type order struct {
	Kind             qianshao.ActKind
	Verdict          qianshao.Verdict
	Reason           qianshao.Reason
	Words, Until     string
	Content, Relapse bool
	Again            bool
	Confirm          string
	// Undo is the reason given for the undo.
	Undo string
}

func (c *Campaigns) serveBatch(w http.ResponseWriter, r *http.Request) {
	c.showBatch(w, r, order{Kind: qianshao.ActDecide}, nil)
}

// idOf reads the number of a batch from the address; 0 if there is none.
func idOf(r *http.Request) int64 {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return 0
	}
	return id
}

// showBatch answers with a batch's page. If a form was refused, the page shows what was typed.
func (c *Campaigns) showBatch(w http.ResponseWriter, r *http.Request, typed order, wrong *refused) {
	b, err := c.opts.Desk.Batch(r.Context(), auth.Acting(r.Context()), idOf(r))
	if errors.Is(err, desk.ErrNotFound) {
		c.NotFound(w, r)
		return
	}
	v := &batchPage{Layout: c.Layout(w, r, "batch.title"), Batch: b, Order: typed, Wrong: wrong}
	v.batchWords = newBatchWords(v.Layout)
	if err == nil {
		v.Title = v.T("batch.number", b.ID)
		err = c.fillBatch(r, v)
	}
	if err != nil {
		c.FailWith(w, r, err)
		return
	}
	status := http.StatusOK
	if wrong != nil {
		status = wrong.Status
	}
	c.Render(w, r, status, "batch", v)
}

// fillBatch reads what the page shows besides the batch itself. While the batch is in progress, the
// page reloads itself every few moments and leaves out the preview.
func (c *Campaigns) fillBatch(r *http.Request, v *batchPage) error {
	account := auth.Acting(r.Context())
	own := v.By == account.Name
	v.MayBegin = own && v.State == desk.BatchFrozen && account.May(qianshao.PowerDecide)
	v.MayUndo = (v.State == desk.BatchApplying || v.State == desk.BatchApplied) && (own && account.May(qianshao.PowerDecide) || account.May(qianshao.PowerLead))
	v.NeedsWords = !own || !v.Done.IsZero() && v.Now.Sub(v.Done) > desk.UndoTime
	if v.Batch.Order != nil {
		tally, err := c.opts.Desk.Tally(r.Context(), account, v.ID)
		if err != nil {
			return err
		}
		v.Tally = &tally
	}
	if v.Running() {
		return nil
	}
	v.All = r.URL.Query().Get("all") != ""
	if v.Tally != nil || v.All {
		if err := c.list(r, v); err != nil {
			return err
		}
	}
	return c.preview(r, v)
}

// preview fills in what the batch consists of.
func (c *Campaigns) preview(r *http.Request, v *batchPage) error {
	p, err := c.opts.Desk.Preview(r.Context(), auth.Acting(r.Context()), v.ID)
	if err != nil {
		return err
	}
	v.Preview = &p
	for host, n := range p.Sites {
		v.Sites = append(v.Sites, count{host, n})
	}
	slices.SortFunc(v.Sites, func(a, b count) int { return cmp.Or(cmp.Compare(b.Members, a.Members), cmp.Compare(a.Value, b.Value)) })
	if n := len(v.Sites); n > shownSites {
		v.Sites, v.MoreSites = v.Sites[:shownSites], n-shownSites
	}
	for category, n := range p.Categories {
		v.Categories = append(v.Categories, categoryCount{category, n})
	}
	slices.SortFunc(v.Categories, func(a, b categoryCount) int {
		return cmp.Or(cmp.Compare(b.Members, a.Members), cmp.Compare(a.Category, b.Category))
	})
	for _, level := range slices.Backward(slices.Sorted(maps.Keys(p.Levels))) {
		v.Levels = append(v.Levels, levelCount{level, p.Levels[level]})
	}
	if v.Unlike, err = c.examplesOf(r, p.Unlike); err == nil {
		v.Random, err = c.examplesOf(r, p.Random)
	}
	return err
}

func (c *Campaigns) examplesOf(r *http.Request, list []desk.Example) (out []example, err error) {
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = list[i].Finding
	}
	findings, err := c.opts.Store.Findings(r.Context(), ids)
	for _, id := range ids {
		if f, ok := findings[id]; ok {
			out = append(out, newExample(&f))
		}
	}
	return out, err
}

// list fills in the members that the page lists.
func (c *Campaigns) list(r *http.Request, v *batchPage) error {
	list, err := c.opts.Desk.Members(r.Context(), auth.Acting(r.Context()), v.ID, !v.All, r.URL.Query().Get("after"), shownListed)
	if err != nil {
		return err
	}
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = list[i].Finding
	}
	findings, err := c.opts.Store.Findings(r.Context(), ids)
	for i := range list {
		p := listed{Member: list[i]}
		if f, ok := findings[p.Finding]; ok {
			p.Host = f.Host()
			if e, ok := f.Primary(); ok {
				p.Evidence = pieces(&e)
			}
		}
		v.Listed = append(v.Listed, p)
	}
	if len(list) == shownListed {
		v.Next = list[len(list)-1].Finding
	}
	return err
}

// Did says what was ordered.
func (v *batchPage) Did() string { return v.Said(&v.Batch) }

// Scope says where the members come from.
func (v *batchPage) Scope() string {
	switch {
	case v.Campaign != "" && v.Review:
		return v.T("batch.of.review")
	case v.Campaign != "":
		return v.T("batch.of.campaign")
	case v.Batch.Query != "":
		return v.T("batch.of.query")
	}
	return v.T("batch.of.list")
}

// Running says that the batch is in progress.
func (v *batchPage) Running() bool {
	return v.Batch.State == desk.BatchApplying || v.Batch.State == desk.BatchUndoing
}

// Worked is how many members have been dealt with; Of is the number of all that will be.
func (v *batchPage) Worked() int {
	if v.Batch.State == desk.BatchUndoing {
		return v.Tally.Undone + sum(v.Tally.Kept)
	}
	return v.Tally.Done + v.Tally.Undone + sum(v.Tally.Skipped)
}

// Of is how many members will be dealt with: all that the account sees; in an undo, those that were
// acted on.
func (v *batchPage) Of() int {
	if v.Batch.State == desk.BatchUndoing {
		return v.Tally.Done + v.Tally.Undone
	}
	return v.Tally.Pending + v.Tally.Done + v.Tally.Undone + sum(v.Tally.Skipped)
}

func sum(counts map[desk.Skipped]int) (n int) {
	for _, m := range counts {
		n += m
	}
	return n
}

// Confirms says that the number of members must be typed to confirm.
func (v *batchPage) Confirms() bool { return v.Members > desk.ConfirmAbove }

// ShortDigest is enough of the digest to tell batches apart by eye.
func (v *batchPage) ShortDigest() string { return untrusted.First(v.Digest, 12) }

// Reasons has the choices of reasons.
func (v *batchPage) Reasons() []any { return v.reasons("reason", v.Order.Reason) }

// Further links to this page with the next members.
func (v *batchPage) Further(after string) string {
	values := url.Values{"after": {after}}
	if v.All {
		values.Set("all", "1")
	}
	return page.WithQuery(pathOfBatch(v.ID), values)
}

// FirstDay is the earliest day until which the members can be parked.
func (v *batchPage) FirstDay() string {
	return v.Now.In(v.TimeZone()).AddDate(0, 0, 1).Format(time.DateOnly)
}

func (v *batchPage) LastDay() string {
	return v.Now.Add(desk.MaxPark).In(v.TimeZone()).Format(time.DateOnly)
}

// UndoMinutes is for how long a batch can be undone without a reason.
func (v *batchPage) UndoMinutes() int { return int(desk.UndoTime.Minutes()) }

// WrongAt is the mistake in one of the fields; "" if there is none.
func (v *batchPage) WrongAt(fields ...string) string {
	if v.Wrong != nil && slices.Contains(fields, v.Wrong.Field) {
		return v.Wrong.Text
	}
	return ""
}

// WrongElsewhere is the mistake if it is not in a field of the form.
func (v *batchPage) WrongElsewhere() string {
	if v.Wrong == nil || slices.Contains([]string{"verdict", "reason", "detail.words", "until", "confirm", "words"}, v.Wrong.Field) {
		return ""
	}
	return v.Wrong.Text
}

func pathOfBatch(id int64) string { return "/batches/" + strconv.FormatInt(id, 10) }

// takeBatch freezes the selection of a form, and leads to its preview.
func (c *Campaigns) takeBatch(w http.ResponseWriter, r *http.Request) {
	request := selection.Request{Campaign: r.PostFormValue("campaign"), Findings: r.PostForm["finding"]}
	if r.PostForm.Has("query") {
		query := r.PostForm.Get("query")
		request.Query = &query
	}
	account := auth.Acting(r.Context())
	selected, err := c.opts.Selection.Select(r.Context(), account.Sight, request)
	if err == nil {
		selected.Review = r.PostForm.Has("review")
		var b desk.Batch
		if b, err = c.opts.Desk.Freeze(r.Context(), account, selected); err == nil {
			http.Redirect(w, r, pathOfBatch(b.ID), http.StatusSeeOther)
			return
		}
	}
	c.refuseBatch(w, r, err)
}

// refusedPage says why there is no batch.
type refusedPage struct {
	*page.Layout
	Why  string
	Back string
}

func (c *Campaigns) refuseBatch(w http.ResponseWriter, r *http.Request, err error) {
	v := &refusedPage{Layout: c.Layout(w, r, "batch.refused"), Back: "/batches"}
	if id := r.PostForm.Get("campaign"); id != "" {
		v.Back = pathOf(id)
	} else if query := r.PostForm.Get("query"); query != "" {
		v.Back = page.SearchURL(query)
	}
	var syntax *index.SyntaxError
	var tooMany *selection.TooMany
	status := http.StatusUnprocessableEntity
	switch wrong := refusal(v.Layout, err); {
	case wrong != nil:
		status, v.Why = wrong.Status, wrong.Text
	case errors.Is(err, selection.ErrNone):
		v.Why = v.T("batch.refused.none")
	case errors.As(err, &tooMany):
		v.Why = v.T("batch.refused.many", tooMany.Total, tooMany.Most)
	case errors.As(err, &syntax):
		v.Why = v.Misread(syntax)
	case errors.Is(err, desk.ErrNotFound) && r.PostForm.Has("review"):
		v.Why = v.T("batch.refused.review")
	case errors.Is(err, desk.ErrNotFound):
		v.Why = v.T("batch.refused.empty")
	default:
		c.FailWith(w, r, err)
		return
	}
	c.Render(w, r, status, "refused", v)
}

// takeBegin starts what is to be done with the members.
func (c *Campaigns) takeBegin(w http.ResponseWriter, r *http.Request) {
	f := readOrder(r)
	o, err := f.order(c.Zone)
	if err == nil {
		_, err = c.opts.Desk.Begin(r.Context(), auth.Acting(r.Context()), idOf(r), o, numberOf(f.Confirm))
	}
	c.answerBatch(w, r, f, err)
}

func (c *Campaigns) takeUndo(w http.ResponseWriter, r *http.Request) {
	words := r.PostFormValue("words")
	_, err := c.opts.Desk.UndoBatch(r.Context(), auth.Acting(r.Context()), idOf(r), words)
	c.answerBatch(w, r, order{Kind: qianshao.ActDecide, Undo: words}, err)
}

// answerBatch leads to the batch, or says what was wrong with the request.
func (c *Campaigns) answerBatch(w http.ResponseWriter, r *http.Request, f order, err error) {
	if err == nil {
		next := pathOfBatch(idOf(r))
		if asked := r.PostFormValue("next"); asked != "" { // undone from the message on another page
			next = page.LocalPath(asked)
		}
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	v := c.Layout(w, r, "batch.title")
	wrong := refusal(v, err)
	switch {
	case wrong != nil:
		if b, err := c.opts.Desk.Batch(r.Context(), auth.Acting(r.Context()), idOf(r)); err == nil && wrong.Field == "confirm" {
			wrong.Text = v.T("batch.confirm.wrong", b.Members)
		}
		c.showBatch(w, r, f, wrong)
	case errors.Is(err, desk.ErrNotFound):
		c.NotFound(w, r)
	default:
		c.FailWith(w, r, err)
	}
}

func readOrder(r *http.Request) order {
	return order{
		Kind: qianshao.ActKind(r.PostFormValue("kind")), Verdict: qianshao.Verdict(r.PostFormValue("verdict")), Reason: qianshao.Reason(r.PostFormValue("reason")),
		Words: r.PostFormValue("words"), Until: r.PostFormValue("until"), Content: r.PostFormValue("park_content") != "",
		Relapse: r.PostFormValue("park_relapse") != "", Again: r.PostFormValue("again") != "", Confirm: r.PostFormValue("confirm"),
	}
}

// order returns the form as the desk takes it. The form has a part for verdicts and one for
// parking; it ignores the one that was not chosen.
func (f *order) order(zone *time.Location) (o desk.Order, err error) {
	o = desk.Order{Kind: f.Kind, Again: f.Again, Detail: desk.Detail{Words: f.Words}}
	if f.Kind != qianshao.ActPark {
		o.Verdict, o.Reason = f.Verdict, f.Reason
		return o, nil
	}
	o.Detail.Park = &desk.Park{Content: f.Content, Relapse: f.Relapse}
	if f.Until != "" {
		if o.Until, err = time.ParseInLocation(time.DateOnly, f.Until, zone); err != nil {
			return o, &desk.Refusal{Code: "park", Field: "until", Text: "write the day as 2006-01-02"}
		}
	}
	return o, nil
}

// numberOf reads a number as people type it, including full-width digits of Chinese keyboards. An
// empty text is 0; anything else that is not a number is -1, which no batch has.
func numberOf(s string) int {
	s = strings.Map(func(r rune) rune {
		switch {
		case '０' <= r && r <= '９':
			return r - '０' + '0'
		case unicode.IsSpace(r):
			return -1
		}
		return r
	}, s)
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return -1
	}
	return n
}

type batchesPage struct {
	batchWords
	*page.Layout
	List []batchRow
	// All says that the batches of all accounts are listed.
	All  bool
	Next int64
}

type batchRow struct {
	desk.Batch
	Did string
}

func (c *Campaigns) serveBatches(w http.ResponseWriter, r *http.Request) {
	account := auth.Acting(r.Context())
	before, err := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	if err != nil || before < 1 {
		before = 0 // show the first page
	}
	list, err := c.opts.Desk.Batches(r.Context(), account, before, shownBatches+1)
	if err != nil {
		c.FailWith(w, r, err)
		return
	}
	v := &batchesPage{Layout: c.Layout(w, r, "batches.title"), All: account.Sight.All && account.May(qianshao.PowerAudit)}
	v.batchWords = newBatchWords(v.Layout)
	if len(list) > shownBatches {
		list = list[:shownBatches]
		v.Next = list[shownBatches-1].ID
	}
	for i := range list {
		v.List = append(v.List, batchRow{list[i], v.Said(&list[i])})
	}
	c.Render(w, r, http.StatusOK, "batches", v)
}

// batchWords describes batches in words.
type batchWords struct{ verdicts }

func newBatchWords(v *page.Layout) batchWords { return batchWords{verdicts{v}} }

// StateOf says in words how far a batch is.
func (v batchWords) StateOf(s desk.BatchState) string {
	return v.Language.Named("batch.state.", string(s))
}

func (v batchWords) PassedWhy(s desk.Skipped) string {
	return v.Language.Named("batch.skipped.", string(s))
}

// Said says what a batch was ordered to do, as far as the account may know.
func (v batchWords) Said(b *desk.Batch) string {
	switch {
	case b.Order == nil:
		return "–"
	case b.Order.Kind == qianshao.ActPark:
		return v.T("batch.did.park")
	case b.Blind:
		return v.T("batch.did.blind")
	}
	said := v.VerdictName(b.Order.Verdict)
	if b.Review {
		said = v.T("batch.review") + " · " + said
	}
	if b.Order.Reason != "" {
		said += " · " + v.ReasonName(b.Order.Reason)
	}
	return said
}

func (v batchWords) CampaignPage(id string) string { return pathOf(id) }

func (v batchWords) BatchPage(id int64) string { return pathOfBatch(id) }

package desk

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
)

// judge applies the rules of review to a draft, for the subject's state inside the transaction. Whether
// the account may see the subject is checked first, so that others learn nothing about it. An act that was
// done already is returned before the draft is compared with a state that this act has changed.
func (d *Desk) judge(ctx context.Context, account *qianshao.Account, draft *Draft, s *State) (Change, error) {
	if !sees(account, s) {
		return Change{}, ErrNotFound
	}
	if err := mayAct(account, draft, s); err != nil {
		return Change{}, err
	}
	j := judgement{now: d.now(), account: account, draft: *draft, state: s, standing: Replay(s.Acts)}
	j.draft.Detail.Words = d.opts.Mask(strings.TrimSpace(draft.Detail.Words))
	if err := wellFormed(&j.draft, j.now); err != nil {
		return Change{}, err
	}
	if s.Earlier != nil {
		if !j.repeats(s.Earlier) {
			return Change{}, j.conflict(WhyKey)
		}
		return Change{Act: *s.Earlier}, nil
	}
	// Acts on a former id have no effect on the standing, but they can be undone.
	if s.Campaign != "" && s.Campaign != draft.Subject.ID && draft.Kind != qianshao.ActUndo {
		return Change{}, refuse("moved", "subject", "the campaign has become part of %s, or now has that id: look at it again", s.Campaign)
	}
	if err := j.current(); err != nil {
		return Change{}, err
	}
	if draft.Kind == qianshao.ActClaim {
		return j.claim()
	}
	if err := j.permitted(); err != nil {
		return Change{}, err
	}
	if draft.Kind == qianshao.ActAssign {
		if err := d.assignable(ctx, &j); err != nil {
			return Change{}, err
		}
	}
	if draft.Kind == qianshao.ActDecide {
		sampled, err := d.sampled(ctx)
		if err != nil {
			return Change{}, err
		}
		j.draft.Detail.Second = second(s.Level, draft.Verdict, sampled)
	}
	act, err := j.act(d.opts.Rules())
	return Change{Act: act, Claim: j.renewed()}, err
}

// judgement is a draft that is being turned into an act.
type judgement struct {
	now      time.Time
	account  *qianshao.Account
	draft    Draft
	state    *State
	standing Standing
}

// power returns the power that an act of the kind needs at least.
func power(k qianshao.ActKind) qianshao.Power {
	switch k {
	case qianshao.ActAdjudicate, qianshao.ActMerge, qianshao.ActSplit, qianshao.ActPolicy:
		return qianshao.PowerLead
	}
	return qianshao.PowerDecide
}

// mayAct says whether the account may do what the draft says at all.
func mayAct(account *qianshao.Account, draft *Draft, s *State) error {
	p := power(draft.Kind)
	if account.Disabled || !account.May(p) {
		return forbidden(p, "%s", draft.Kind)
	}
	switch draft.Kind {
	case qianshao.ActMerge, qianshao.ActSplit, qianshao.ActPolicy:
		all := seesAll(account, s.Authorisations)
		for _, other := range s.Others {
			if !seesAny(account, other) {
				return ErrNotFound // as for an id that does not exist
			}
			all = all && seesAll(account, other)
		}
		if !all {
			return forbidden(p, "%s changes members that you may not see", draft.Kind)
		}
	}
	return nil
}

// wellFormed says what is wrong with a draft, whatever its subject is.
func wellFormed(draft *Draft, now time.Time) error {
	if !draft.Kind.Valid() || draft.Kind.Recorded() {
		return refuse("kind", "kind", "%q is not a kind of act that can be requested", draft.Kind)
	}
	if len(draft.Key) > MaxKey {
		return refuse("key", "key", "a key can have at most %d bytes", MaxKey)
	}
	if n := utf8.RuneCountInString(draft.Detail.Words); n > MaxWords || !utf8.ValidString(draft.Detail.Words) {
		return refuse("words", "detail.words", "the words must be UTF-8, with at most %d characters; these have %d", MaxWords, n)
	}
	if err := rightSubject(draft); err != nil {
		return err
	}
	if err := rightVerdict(draft); err != nil {
		return err
	}
	return rightDetail(draft, now)
}

// rightSubject checks that the kind fits the subject: verdicts are about findings; for a
// campaign they are given to its members, by a batch.
func rightSubject(draft *Draft) error {
	switch draft.Kind {
	case qianshao.ActDecide, qianshao.ActAdjudicate, qianshao.ActReview, qianshao.ActDispute:
		if draft.Subject.Kind != qianshao.SubjectFinding {
			return refuse("subject", "subject", "the subject of %s is a finding; for a campaign, make a batch of its members", draft.Kind)
		}
	case qianshao.ActMerge, qianshao.ActSplit, qianshao.ActPolicy:
		if draft.Subject.Kind != qianshao.SubjectCampaign {
			return refuse("subject", "subject", "the subject of %s is a campaign", draft.Kind)
		}
	}
	return nil
}

// carriesVerdict says whether acts of the kind have a verdict.
func carriesVerdict(k qianshao.ActKind) bool { return settles(k) || answers(k) }

func rightVerdict(draft *Draft) error {
	v, r := draft.Verdict, draft.Reason
	decides := draft.Kind == qianshao.ActPolicy && draft.Detail.Newcomers == NewcomersDecided
	if decides && v == qianshao.VerdictUnsure {
		return refuse("verdict", "verdict", "newcomers cannot be decided as %s: let them queue", v)
	}
	if !carriesVerdict(draft.Kind) && !decides {
		if v != "" || r != "" {
			return refuse("verdict", "verdict", "%s takes neither verdict nor reason", draft.Kind)
		}
		return nil
	}
	if !v.Valid() {
		return refuse("verdict", "verdict", "%q is not a verdict; the verdicts are %v", v, qianshao.Verdicts())
	}
	if reasons := v.Reasons(); len(reasons) == 0 && r != "" || len(reasons) > 0 && !slices.Contains(reasons, r) {
		if len(reasons) == 0 {
			return refuse("reason", "reason", "the verdict %s takes no reason", v)
		}
		return refuse("reason", "reason", "the verdict %s needs one of the reasons %v", v, reasons)
	}
	if r == qianshao.ReasonOther && draft.Detail.Words == "" {
		return refuse("words", "detail.words", "the reason %s needs words", r)
	}
	return nil
}

// rightDetail checks that the details of an act fit its kind: a detail that the kind does not use is
// refused rather than ignored, since its author meant something by it.
func rightDetail(draft *Draft, now time.Time) error {
	det := &draft.Detail
	if det.Second != "" || det.From != "" || det.Policy != 0 {
		return refuse("detail", "detail", "second, from and policy are filled in by the server")
	}
	for _, f := range []struct {
		kind  qianshao.ActKind
		field string
		set   bool
	}{
		{qianshao.ActAssign, "detail.assignee", det.Assignee != ""},
		{qianshao.ActPark, "detail.park", det.Park != nil},
		{qianshao.ActPark, "until", !draft.Until.IsZero()},
		{qianshao.ActMerge, "detail.campaigns", len(det.Campaigns) > 0},
		{qianshao.ActSplit, "detail.findings", len(det.Findings) > 0},
		{qianshao.ActPolicy, "detail.newcomers", det.Newcomers != ""},
		{qianshao.ActUndo, "reverts", draft.Reverts != 0},
		{qianshao.ActClaim, "take_over", draft.TakeOver},
	} {
		if f.set && draft.Kind != f.kind {
			return refuse("detail", f.field, "%s takes no %s", draft.Kind, f.field)
		}
	}
	switch draft.Kind {
	case qianshao.ActNote:
		if det.Words == "" {
			return refuse("words", "detail.words", "a note needs words")
		}
	case qianshao.ActPark:
		return rightPark(draft, now)
	case qianshao.ActUndo:
		if draft.Reverts <= 0 {
			return refuse("reverts", "reverts", "name the act to undo")
		}
	case qianshao.ActMerge:
		return rightNames("detail.campaigns", det.Campaigns, draft.Subject.ID)
	case qianshao.ActSplit:
		return rightNames("detail.findings", det.Findings, "")
	case qianshao.ActPolicy:
		if det.Newcomers != NewcomersDecided && det.Newcomers != NewcomersQueue {
			return refuse("policy", "detail.newcomers", "newcomers must be %q or %q", NewcomersDecided, NewcomersQueue)
		}
	}
	return nil
}

func rightNames(field string, names []string, not string) error {
	if len(names) == 0 || len(names) > MaxNamed {
		return refuse("names", field, "%s takes 1 to %d ids; there are %d", field, MaxNamed, len(names))
	}
	seen := map[string]bool{not: true}
	for _, name := range names {
		if name == "" || seen[name] {
			return refuse("names", field, "%s names %q twice, or names the subject itself", field, name)
		}
		seen[name] = true
	}
	return nil
}

// rightPark refuses a park that can never end.
func rightPark(draft *Draft, now time.Time) error {
	p := draft.Detail.Park
	if p == nil {
		p = &Park{}
	}
	if draft.Until.IsZero() && !p.Content && !p.Relapse && p.Sites == 0 {
		return refuse("park", "until", "say when it comes back: at a date, with other content, with a relapse, or with a number of further sites")
	}
	if !draft.Until.IsZero() && (!draft.Until.After(now) || draft.Until.After(now.Add(MaxPark))) {
		return refuse("park", "until", "the date must be in the future, at most %d days from now", MaxPark/(24*time.Hour))
	}
	if p.Sites < 0 || p.Sites > MaxSites {
		return refuse("park", "detail.park.sites", "the number of further sites must be 1 to %d", MaxSites)
	}
	if p.SitesNow != 0 {
		return refuse("detail", "detail.park.sites_now", "sites_now is filled in by the server")
	}
	if p.Content && draft.Subject.Kind == qianshao.SubjectCampaign {
		return refuse("park", "detail.park.content", "a campaign has no content of its own; park it until a date, a relapse, or further sites")
	}
	return nil
}

// repeats says whether an earlier act is what the draft asks for, apart from what the
// desk fills in.
func (j *judgement) repeats(a *qianshao.Act) bool {
	d := &j.draft
	was := detailOf(a)
	was.Second, was.From = "", ""
	if was.Park != nil {
		was.Park.SitesNow = 0
	}
	if d.Kind == qianshao.ActPark && !a.Until.Equal(d.Until.Truncate(time.Millisecond)) {
		return false
	}
	before, errBefore := was.encode()
	now, errNow := d.Detail.encode()
	return a.Subject == d.Subject && a.Kind == d.Kind && a.Verdict == d.Verdict && a.Reason == d.Reason && a.Reverts == d.Reverts &&
		errBefore == nil && errNow == nil && before == now
}

// current compares what the author saw with the present state.
func (j *judgement) current() error {
	d := &j.draft
	needsBasis := carriesVerdict(d.Kind) || d.Kind == qianshao.ActPark || d.Kind.Decides() && d.Kind != qianshao.ActUndo
	if needsBasis && d.Basis != j.standing.Act {
		return j.conflict(WhyBasis)
	}
	d.Basis = j.standing.Act
	if (carriesVerdict(d.Kind) || d.Kind == qianshao.ActPark) && d.Seen != j.state.Seen {
		return j.conflict(WhySeen)
	}
	d.Seen = j.state.Seen
	return nil
}

// conflict returns the error with both answers. The first answer is hidden from those who could still
// review without knowing it.
func (j *judgement) conflict(why Why) error {
	c := &Conflict{Why: why, Draft: j.draft, Standing: j.standing, Seen: j.state.Seen}
	if why == WhyClaimed {
		c.Claim = j.state.Claim
	}
	if j.draft.Kind == qianshao.ActReview || j.standing.KeptFrom(*j.account) {
		c.Standing = Standing{Act: j.standing.Act}
	}
	return c
}

// permitted checks the draft against the standing.
func (j *judgement) permitted() error {
	s, d := &j.standing, &j.draft
	lead := j.account.May(qianshao.PowerLead)
	switch d.Kind {
	case qianshao.ActDecide:
		// Another person's verdict is not overwritten, unless it was "unsure", or its
		// subject has changed or come back.
		open := s.Undecided(j.state.Facts) || s.Verdict == qianshao.VerdictUnsure || s.Relapsed(j.state.Facts)
		if !open && s.By != j.account.Name && !lead {
			return j.conflict(WhyDecided)
		}
	case qianshao.ActAdjudicate:
		if s.Verdict == "" {
			return refuse("undecided", "kind", "nobody has decided yet: decide")
		}
	case qianshao.ActReview, qianshao.ActDispute:
		return j.answerable()
	case qianshao.ActUndo:
		return j.undoable(lead)
	}
	return nil
}

// answerable says whether somebody else's decision may be answered by this account.
func (j *judgement) answerable() error {
	s, d := &j.standing, &j.draft
	if s.Undecided(j.state.Facts) {
		return refuse("undecided", "kind", "no decision is in force: decide")
	}
	if s.By == j.account.Name {
		return refuse("own", "kind", "this is your own decision, which another person must answer; you can undo it")
	}
	if d.Kind == qianshao.ActDispute && s.DueForReview() {
		return refuse("blind", "kind", "the decision waits for a second review: review it without knowing the first answer")
	}
	if d.Kind == qianshao.ActDispute && d.Verdict == s.Verdict {
		return refuse("agrees", "verdict", "this verdict is already in force: there is nothing to dispute")
	}
	for i := range j.state.Acts {
		if a := &j.state.Acts[i]; a.By == j.account.Name && a.Round == s.Round && answers(a.Kind) {
			return refuse("reviewed", "kind", "you have answered this decision already")
		}
	}
	return nil
}

// undoable says whether an act may be undone: it must be what stands, and only its
// author or a lead may undo it, after UndoTime with a reason.
func (j *judgement) undoable(lead bool) error {
	a := actOf(j.state.Acts, j.draft.Reverts)
	if a == nil {
		return ErrNotFound
	}
	if !j.stands(a) {
		switch {
		case a.Kind.Decides() || a.Kind == qianshao.ActPark:
			return j.conflict(WhyBasis)
		default:
			return refuse("undo", "reverts", "a %s cannot be undone; answer it with another act", a.Kind)
		}
	}
	own := a.By == j.account.Name
	needs := power(a.Kind)
	if !own {
		needs = qianshao.PowerLead
	}
	if needs == qianshao.PowerLead && !lead {
		return forbidden(needs, "undo what %s did", a.By)
	}
	if (!own || j.now.Sub(a.At) > UndoTime) && j.draft.Detail.Words == "" {
		return refuse("words", "detail.words", "after %d minutes, or for another person's act, say why it is undone", int(UndoTime.Minutes()))
	}
	return nil
}

// stands says whether an act is the one that can be undone: the verdict or the park
// that stands, or a lead's last act on a campaign.
func (j *judgement) stands(a *qianshao.Act) bool {
	switch a.Kind {
	case qianshao.ActDecide, qianshao.ActAdjudicate:
		return j.standing.Decided == a.Seq
	case qianshao.ActPark:
		return j.standing.Parked == a.Seq
	case qianshao.ActMerge, qianshao.ActSplit, qianshao.ActPolicy:
		return !slices.ContainsFunc(j.state.Acts, func(b qianshao.Act) bool { return b.Reverts == a.Seq })
	}
	return false
}

// second says why a decision on a finding of a level is due for a second review.
func second(level qianshao.Level, v qianshao.Verdict, sampled bool) Second {
	switch {
	case level == qianshao.LevelCritical && v == qianshao.VerdictNotCrime:
		return SecondCritical
	case v != qianshao.VerdictUnsure && sampled:
		return SecondSample
	}
	return ""
}

// act makes the act for the draft.
func (j *judgement) act(rules string) (a qianshao.Act, err error) {
	d := &j.draft
	if d.Detail.Park != nil {
		p := *d.Detail.Park
		if p.Sites > 0 {
			p.SitesNow = j.state.Sites
		}
		d.Detail.Park = &p
	}
	a = qianshao.Act{
		At: j.now, By: j.account.Name, Key: d.Key, Subject: d.Subject, Kind: d.Kind, Basis: d.Basis, Verdict: d.Verdict, Reason: d.Reason,
		Seen: d.Seen, Rules: rules, Until: d.Until.UTC().Truncate(time.Millisecond), Reverts: d.Reverts,
	}
	switch {
	case answers(d.Kind):
		a.Round = j.standing.Round
	case settles(d.Kind):
		a.Round = 1 + decisions(j.state.Acts, math.MaxInt64)
	}
	a.Detail, err = d.Detail.encode()
	return a, err
}

// claim takes a subject, or renews the account's own claim, which leaves no act.
func (j *judgement) claim() (Change, error) {
	held, mine := j.state.Claim, Claim{By: j.account.Name, Until: j.now.Add(ClaimTime)}
	if held.Live(j.now) {
		if held.By == j.account.Name {
			return Change{Claim: &mine}, nil
		}
		if !j.draft.TakeOver {
			return Change{}, j.conflict(WhyClaimed)
		}
		if !j.account.May(qianshao.PowerLead) {
			return Change{}, forbidden(qianshao.PowerLead, "take over what %s has claimed", held.By)
		}
		j.draft.Detail.From = held.By
	}
	if j.state.Claims >= MaxClaims {
		return Change{}, refuse("claims", "subject", "you have claimed %d subjects: decide on one of them or release it, or wait for %d minutes", MaxClaims, int(ClaimTime.Minutes()))
	}
	j.draft.Until = mine.Until
	act, err := j.act("")
	return Change{Act: act, Claim: &mine}, err
}

// renewed returns what becomes of the account's live claim: a decision ends it, and any
// other act extends it. nil changes nothing.
func (j *judgement) renewed() *Claim {
	if c := j.state.Claim; !c.Live(j.now) || c.By != j.account.Name {
		return nil
	}
	if j.draft.Kind.Decides() || j.draft.Kind == qianshao.ActPark || j.draft.Kind == qianshao.ActReview {
		return &Claim{}
	}
	return &Claim{By: j.account.Name, Until: j.now.Add(ClaimTime)}
}

// assignable says whether the draft's assignee can be given the subject by the account.
func (d *Desk) assignable(ctx context.Context, j *judgement) error {
	to, was := j.draft.Detail.Assignee, j.standing.Assignee
	if self := j.account.Name; !j.account.May(qianshao.PowerLead) && (to != self && to != "" || was != self && was != "") {
		return forbidden(qianshao.PowerLead, "give tasks to others, or take theirs")
	}
	if to == "" {
		return nil
	}
	assignee, err := d.opts.Account(ctx, to)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if err != nil || assignee.Disabled || !assignee.May(qianshao.PowerDecide) || !sees(&assignee, j.state) {
		return refuse("assignee", "detail.assignee", "there is no account %q that is enabled, decides, and sees this", to)
	}
	return nil
}

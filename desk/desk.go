// Package desk is review: people's decisions about findings and campaigns, as acts that are only ever added,
// and what follows from these acts. It knows no HTTP and no SQL; a store runs its rules inside its
// transactions.
package desk

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/qianshao/qianshao"
)

// Times of the desk.
const (
	// ClaimTime is how long a claim holds after its owner was last active.
	ClaimTime = 10 * time.Minute
	// UndoTime is how long an act's author can undo it without a reason. Messages
	// that an act causes wait that long.
	UndoTime = 10 * time.Minute
	// MaxPark is the longest time for which something is parked: a subject that nobody wants to see for a
	// year should be decided.
	MaxPark = 366 * 24 * time.Hour
)

// Limits of what an act carries.
const (
	// MaxWords bounds the words of an act, in characters: two pages of paper.
	MaxWords = 4000
	// MaxKey bounds the key that a client may give an act, in bytes; a UUID has 36.
	MaxKey = 128
	// MaxSites bounds the further sites at which a parked subject comes back.
	MaxSites = 10_000
	// MaxClaims bounds the subjects that an account may have claimed at a time, as nobody else can work on
	// them. The bound is a screenful of the queue, more than anybody has open at a time; a program that
	// claimed hundreds would empty the queue for all others.
	MaxClaims = 20
	// MaxNamed bounds the campaigns of a merge and the findings of a split, which are written into one row of
	// the trail. Larger ones take several acts.
	MaxNamed = 1000
)

// Draft is what somebody wants to do.
type Draft struct {
	Subject qianshao.Subject
	Kind    qianshao.ActKind
	// Basis is Standing.Act as the author saw it, 0 for none. Deciding acts, parks, reviews
	// and disputes need it; an undo names the act that it reverts instead, and for other
	// kinds the desk fills it in.
	Basis int64
	// Seen is Finding.Seen as the author saw it. Acts with a verdict and parks need it; it is
	// empty for campaigns.
	Seen    string
	Verdict qianshao.Verdict
	Reason  qianshao.Reason
	// Until is when a parked subject comes back at the latest.
	Until time.Time
	// Reverts is the Seq of the act that an undo reverts.
	Reverts int64
	// Key is the client's own key for the act; optional. Doing the same act again with the
	// same key returns the first one.
	Key string
	// Detail has words, the assignee, the park's conditions, or what a merge, split or policy
	// needs. Second, From and Park.SitesNow are the desk's to fill in.
	Detail Detail
	// TakeOver lets a lead claim what somebody else has claimed.
	TakeOver bool
}

// State is the state of a subject at the moment of an act.
type State struct {
	Facts
	// Authorisations are those under which the finding, or the campaign's members, were
	// fetched. Whoever sees none of them does not see the subject.
	Authorisations []string
	// Others are the authorisations of each campaign in Question.Campaigns.
	Others [][]string
	// Campaign is the subject's present id, if it is a campaign: the draft may use a former
	// one.
	Campaign string
	Level    qianshao.Level // of a finding
	// Acts are all acts of the subject, in their order.
	Acts []qianshao.Act
	// Former are the acts on a campaign under its other ids: those of campaigns that were merged
	// into it, and its own former ids. Look fills them in; they have no effect on the standing.
	Former []qianshao.Act
	// Claim is the last claim of the subject; zero for none. It may have ended.
	Claim Claim
	// Claims is how many claims the account holds; see Question.ClaimsAt.
	Claims int
	// Earlier is the act of the same account that has the draft's key; nil for none.
	Earlier *qianshao.Act
}

// Claim says who works on a subject.
type Claim struct {
	By    string
	Until time.Time
}

// Live says that the claim holds at a moment.
func (c Claim) Live(now time.Time) bool { return c.By != "" && now.Before(c.Until) }

// Change is the result of applying the rules to a draft.
type Change struct {
	// Act is added to the trail, unless it has no Kind, or already has a Seq because it is in the trail.
	Act qianshao.Act
	// Claim, if it is not nil, replaces the subject's claim; if its By is empty, the claim ends.
	Claim *Claim
}

// Question is what the store must look up for a draft.
type Question struct {
	Subject qianshao.Subject
	By, Key string
	// Sites asks for Facts.Sites.
	Sites bool
	// ClaimsAt asks for State.Claims, the number of By's claims at that moment; the zero value
	// does not. A store may forget claims that have ended by then.
	ClaimsAt time.Time
	// Campaigns are other campaigns that the draft is about; see State.Others.
	Campaigns []string
}

// ActsQuery asks for acts of the trail. A filter that is zero lets everything pass.
type ActsQuery struct {
	// Sight is what may be seen of findings, campaigns and authorisations; the zero value sees
	// nothing.
	Sight qianshao.Sight
	// Records asks also for acts on what is not reviewed, such as accounts. A limited
	// account gets only those on the authorisations of its sight, and exports by Reader.
	Records bool
	Reader  string

	// By is the account that has acted.
	By   string
	Kind qianshao.ActKind
	// SubjectKind and Subjects restrict the acts to those on any of the ids.
	SubjectKind qianshao.SubjectKind
	Subjects    []string
	Verdict     qianshao.Verdict
	// From and To restrict the acts to those done at From or later, and before To.
	From, To time.Time

	// Since restricts the acts to those with a higher Seq.
	Since int64
	// Latest asks for the latest first, by time, instead of in the order of the trail; Before
	// is the Seq of the act after which the list goes on, 0 for its beginning.
	Latest bool
	Before int64
	// Limit is the largest number of acts to return.
	Limit int
}

// Store is the part of the store that the desk needs.
type Store interface {
	// Do calls judge with the state of the subject, and writes what judge returns, in one
	// durable transaction: the act with its number and chain, the subject's standing, its
	// claim. It returns the act as it is in the trail. If judge returns an error, nothing is
	// written. A subject that does not exist is ErrNotFound.
	Do(ctx context.Context, q Question, judge func(*State) (Change, error)) (qianshao.Act, error)
	// Look returns the present state of a subject.
	Look(ctx context.Context, q Question) (State, error)
	// Act returns an act of the trail, or ErrNotFound.
	Act(ctx context.Context, seq int64) (qianshao.Act, error)
	// Acts returns acts that may be seen. When they are read in order, an act on a finding that was
	// left out for lack of sight never appears later at a lower Seq than one that was returned. Of acts
	// on campaigns, it returns those on campaigns with a member that may be seen now.
	Acts(ctx context.Context, q ActsQuery) ([]qianshao.Act, error)
	// Record adds an act on something that is not reviewed, and returns it as it is in the trail.
	Record(ctx context.Context, act qianshao.Act) (qianshao.Act, error)
	// Head returns the end of the trail, and when its last act was; zero for an empty trail.
	Head(ctx context.Context) (Head, time.Time, error)
	// Due returns, for those of the findings whose decision waits for a second review, the
	// author of that decision.
	Due(ctx context.Context, findings []string) (map[string]string, error)
	// PoliciesDue returns those of the campaigns, by any of their ids, in which a finding that
	// was decided by a policy waits for a second review.
	PoliciesDue(ctx context.Context, campaigns []string) (map[string]bool, error)
	BatchStore
}

// Options are what a desk works with. Sample, Step and Now are optional.
type Options struct {
	Store Store
	// Account returns an account by its name, or ErrNotFound.
	Account func(ctx context.Context, name string) (qianshao.Account, error)
	// Mask overwrites resident identity numbers.
	Mask func(string) string
	// Rules names the rule set in force.
	Rules func() string
	// Sample returns the share of ordinary decisions that are due for a second review, from 0
	// to 1; nil means 0.
	Sample func(ctx context.Context) (float64, error)
	// Step is how many members of a batch are worked on in one transaction; 0 is BatchStep.
	Step int
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Desk takes acts. It is safe for concurrent use.
type Desk struct {
	opts Options
	work chan struct{} // there are batches to work on
}

// New returns a desk.
func New(opts Options) (*Desk, error) {
	if opts.Store == nil || opts.Account == nil || opts.Mask == nil || opts.Rules == nil {
		return nil, errors.New("desk: Store, Account, Mask and Rules are required")
	}
	if opts.Sample == nil {
		opts.Sample = func(context.Context) (float64, error) { return 0, nil }
	}
	if opts.Step == 0 {
		opts.Step = BatchStep
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Desk{opts: opts, work: make(chan struct{}, 1)}, nil
}

// now is the time to the millisecond, as the trail has it.
func (d *Desk) now() time.Time { return d.opts.Now().UTC().Truncate(time.Millisecond) }

// Do does what the draft says, in the name of the account. Its errors are ErrNotFound, also
// for subjects that the account may not see, ErrForbidden, a *Refusal, or a *Conflict.
// Renewing one's own claim leaves no act: the returned act then has no Seq.
func (d *Desk) Do(ctx context.Context, account qianshao.Account, draft Draft) (qianshao.Act, error) {
	return d.opts.Store.Do(ctx, d.question(&account, &draft), func(s *State) (Change, error) {
		return d.judge(ctx, &account, &draft, s)
	})
}

func (d *Desk) question(account *qianshao.Account, draft *Draft) Question {
	q := Question{Subject: draft.Subject, By: account.Name, Key: draft.Key, Sites: draft.Kind == qianshao.ActPark, Campaigns: draft.Detail.Campaigns}
	if draft.Kind == qianshao.ActClaim {
		q.ClaimsAt = d.now()
	}
	return q
}

// Undo reverts an act, in the name of the account; see Draft.Reverts. words say why,
// and are needed after UndoTime and for another account's act.
func (d *Desk) Undo(ctx context.Context, account qianshao.Account, seq int64, words, key string) (qianshao.Act, error) {
	act, err := d.opts.Store.Act(ctx, seq)
	if err != nil {
		return qianshao.Act{}, err
	}
	return d.Do(ctx, account, Draft{Subject: act.Subject, Kind: qianshao.ActUndo, Reverts: seq, Key: key, Detail: Detail{Words: words}})
}

// Recorded returns the act of somebody who has changed or exported something that is not
// reviewed. A store adds it to the trail in the transaction of the change.
func Recorded(by string, at time.Time, kind qianshao.ActKind, subject qianshao.Subject, detail Detail) (qianshao.Act, error) {
	text, err := detail.encode()
	return qianshao.Act{At: at.UTC().Truncate(time.Millisecond), By: by, Kind: kind, Subject: subject, Detail: text}, err
}

// Record adds such an act to the trail by itself, if nothing in the store is changed with it.
func (d *Desk) Record(ctx context.Context, by string, kind qianshao.ActKind, subject qianshao.Subject, detail Detail) (qianshao.Act, error) {
	detail.Words = d.opts.Mask(detail.Words)
	act, err := Recorded(by, d.now(), kind, subject, detail)
	if err != nil {
		return qianshao.Act{}, err
	}
	return d.opts.Store.Record(ctx, act)
}

// Release ends the account's claim of a subject, if it has one.
func (d *Desk) Release(ctx context.Context, account qianshao.Account, subject qianshao.Subject) error {
	_, err := d.opts.Store.Do(ctx, Question{Subject: subject, By: account.Name}, func(s *State) (Change, error) {
		if !sees(&account, s) {
			return Change{}, ErrNotFound
		}
		if s.Claim.By != account.Name {
			return Change{}, nil
		}
		return Change{Claim: &Claim{}}, nil
	})
	return err
}

// View is what an account sees of a subject at the desk.
type View struct {
	State
	Standing Standing
	// Stale, Relapsed and Wake are the results of Standing's methods.
	Stale, Relapsed bool
	Wake            Wake
	// PolicyDue says that a finding which the campaign's policy has decided waits for a second review.
	PolicyDue bool
}

// Look returns the present state of a subject, or ErrNotFound, also for subjects that the account may not
// see.
func (d *Desk) Look(ctx context.Context, account qianshao.Account, subject qianshao.Subject) (View, error) {
	s, err := d.opts.Store.Look(ctx, Question{Subject: subject})
	if err == nil && Replay(s.Acts).ParkedSites > 0 { // counting sites reads a row for each finding on them
		s, err = d.opts.Store.Look(ctx, Question{Subject: subject, Sites: true})
	}
	if err != nil {
		return View{}, err
	}
	if !sees(&account, &s) {
		return View{}, ErrNotFound
	}
	v := View{State: s, Standing: Replay(s.Acts)}
	v.Stale, v.Relapsed, v.Wake = v.Standing.Stale(s.Facts), v.Standing.Relapsed(s.Facts), v.Standing.Wake(s.Facts, d.now())
	if !v.Claim.Live(d.now()) {
		v.Claim = Claim{}
	}
	if policy := v.policy(); policy != nil && policy.By != account.Name {
		due, err := d.opts.Store.PoliciesDue(ctx, []string{subject.ID})
		if err != nil {
			return View{}, err
		}
		v.PolicyDue = due[subject.ID]
	}
	return v, nil
}

// sampled draws whether an ordinary decision is due for a second review.
func (d *Desk) sampled(ctx context.Context) (bool, error) {
	share, err := d.opts.Sample(ctx)
	return rand.Float64() < share, err //nolint:gosec // a sample, not a secret
}

func sees(account *qianshao.Account, s *State) bool {
	return seesAny(account, s.Authorisations)
}

func seesAny(account *qianshao.Account, authorisations []string) bool {
	return account.Sight.All || slices.ContainsFunc(authorisations, account.Sight.Sees)
}

func seesAll(account *qianshao.Account, authorisations []string) bool {
	return !slices.ContainsFunc(authorisations, func(a string) bool { return !account.Sight.Sees(a) })
}

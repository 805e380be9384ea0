package desk

import (
	"time"

	"github.com/qianshao/qianshao"
)

// Standing is what follows from the acts of a subject. Replay derives it from them alone. The zero value is
// the standing of a subject without acts.
type Standing struct {
	// Act is the Seq of the last deciding act, and so the basis of the next one; 0 for none.
	Act int64
	// Decided is the Seq of the act whose verdict stands, 0 for none. The fields below,
	// up to Dissent, are about it.
	Decided int64
	At      time.Time
	By      string
	Batch   int64
	Verdict qianshao.Verdict
	Reason  qianshao.Reason
	// Seen is the hash of the content that was judged.
	Seen string
	// Round counts the subject's decisions up to this one.
	Round int
	// Second says why it is due for a second review; empty if it is not.
	Second Second
	// Reviews counts its blind reviews.
	Reviews int
	// Dissent counts the reviews and disputes with another verdict.
	Dissent int
	// Assignee is whose task the subject is; empty for nobody's.
	Assignee string
	// Parked is the Seq of the act that parks the subject, 0 for none. The fields below are about it.
	Parked      int64
	ParkedAt    time.Time
	ParkedUntil time.Time // zero for no date
	ParkedSeen  string
	// ParkedContent and ParkedRelapse are Park.Content and Park.Relapse.
	ParkedContent, ParkedRelapse bool
	// ParkedSites is the number of sites at which it comes back; 0 for none.
	ParkedSites int
}

// Replay returns the standing that follows from the acts of a subject: all of them, in their order.
func Replay(acts []qianshao.Act) (s Standing) {
	rounds := 0
	for i := range acts {
		a := &acts[i]
		if a.Kind.Decides() {
			s.Act = a.Seq
		}
		switch a.Kind {
		case qianshao.ActDecide, qianshao.ActAdjudicate:
			rounds++
			s.decide(a, rounds)
			s.unpark()
		case qianshao.ActUndo:
			s.undo(a, acts[:i])
		case qianshao.ActReview, qianshao.ActDispute:
			s.answer(a, 1)
		case qianshao.ActAssign:
			s.Assignee = detailOf(a).Assignee
		case qianshao.ActPark:
			s.park(a)
		}
	}
	return s
}

// detailOf reads the detail of an act of the trail. The program only writes well-formed details; if
// somebody has changed one, the chain reveals that, and the act counts without its detail.
func detailOf(a *qianshao.Act) Detail {
	d, err := ParseDetail(a.Detail)
	if err != nil {
		return Detail{}
	}
	return d
}

func (s *Standing) decide(a *qianshao.Act, round int) {
	s.Decided, s.At, s.By, s.Batch, s.Verdict, s.Reason, s.Seen, s.Round = a.Seq, a.At, a.By, a.Batch, a.Verdict, a.Reason, a.Seen, round
	s.Second, s.Reviews, s.Dissent = detailOf(a).Second, 0, 0
}

// undecide leaves the subject without a verdict.
func (s *Standing) undecide() { s.decide(&qianshao.Act{}, 0) }

// answer counts an answer, or, with by -1, one that is undone.
func (s *Standing) answer(a *qianshao.Act, by int) {
	if a.Round != s.Round {
		return // it is about a decision that no longer stands
	}
	if a.Kind == qianshao.ActReview {
		s.Reviews += by
	}
	if a.Verdict != s.Verdict {
		s.Dissent += by
	}
}

func (s *Standing) park(a *qianshao.Act) {
	p := detailOf(a).Park
	if p == nil {
		p = &Park{}
	}
	s.Parked, s.ParkedAt, s.ParkedUntil, s.ParkedSeen = a.Seq, a.At, a.Until, a.Seen
	s.ParkedContent, s.ParkedRelapse, s.ParkedSites = p.Content, p.Relapse, 0
	if p.Sites > 0 {
		s.ParkedSites = p.SitesNow + p.Sites
	}
}

func (s *Standing) unpark() {
	s.Parked, s.ParkedAt, s.ParkedUntil, s.ParkedSeen = 0, time.Time{}, time.Time{}, ""
	s.ParkedContent, s.ParkedRelapse, s.ParkedSites = false, false, 0
}

// undo reverts an act. What stood before a decision stands again, with the answers
// that it had.
func (s *Standing) undo(a *qianshao.Act, before []qianshao.Act) {
	reverted := actOf(before, a.Reverts)
	switch {
	case reverted == nil:
	case answers(reverted.Kind):
		s.answer(reverted, -1)
	case a.Reverts == s.Parked:
		s.unpark()
	case a.Reverts == s.Decided:
		prior := stoodAfter(before, reverted.Basis)
		if prior == nil {
			s.undecide()
			return
		}
		s.decide(prior, decisions(before, prior.Seq))
		for i := range before {
			switch r := actOf(before, before[i].Reverts); {
			case answers(before[i].Kind):
				s.answer(&before[i], 1)
			case r != nil && answers(r.Kind):
				s.answer(r, -1)
			}
		}
	}
}

// settles says whether acts of the kind give a subject the verdict that stands.
func settles(k qianshao.ActKind) bool {
	return k == qianshao.ActDecide || k == qianshao.ActAdjudicate
}

// answers says whether acts of the kind answer the verdict that stands.
func answers(k qianshao.ActKind) bool { return k == qianshao.ActReview || k == qianshao.ActDispute }

// decisions counts the acts up to a Seq that gave a verdict.
func decisions(acts []qianshao.Act, last int64) (n int) {
	for i := range acts {
		if settles(acts[i].Kind) && acts[i].Seq <= last {
			n++
		}
	}
	return n
}

// stoodAfter returns the act whose verdict stood after the deciding act with that Seq, nil for none.
func stoodAfter(acts []qianshao.Act, seq int64) *qianshao.Act {
	for seq > 0 {
		a := actOf(acts, seq)
		if a == nil {
			return nil
		}
		if settles(a.Kind) {
			return a
		}
		before := a.Basis
		if a.Kind == qianshao.ActUndo {
			if r := actOf(acts, a.Reverts); r != nil && settles(r.Kind) {
				before = r.Basis
			}
		}
		if before >= seq {
			return nil // cannot happen in a trail that the program wrote
		}
		seq = before
	}
	return nil
}

func actOf(acts []qianshao.Act, seq int64) *qianshao.Act {
	for i := range acts {
		if acts[i].Seq == seq {
			return &acts[i]
		}
	}
	return nil
}

// Facts are what the crawler knows about a subject, separate from what people say.
type Facts struct {
	// Seen is Finding.Seen as it is now; empty for campaigns.
	Seen string
	// BackAt is when the finding was last found again after it was gone; zero for never.
	BackAt time.Time
	// Sites is the number of sites that have the same content, or the campaign.
	Sites int
}

// Stale says that the content has changed since it was judged, so the subject waits to
// be decided again.
func (s *Standing) Stale(f Facts) bool { return s.Verdict != "" && s.Seen != f.Seen }

// Relapsed says that the judged content was gone and came back after the last decision. The
// verdict stands.
func (s *Standing) Relapsed(f Facts) bool {
	return s.Verdict != "" && s.Seen == f.Seen && f.BackAt.After(s.At)
}

// Undecided says that the subject waits to be decided.
func (s *Standing) Undecided(f Facts) bool { return s.Verdict == "" || s.Stale(f) }

// DueForReview says that the decision waits for a second review.
func (s *Standing) DueForReview() bool { return s.Verdict != "" && s.Second != "" && s.Reviews == 0 }

// Disputed says that a lead has to adjudicate.
func (s *Standing) Disputed() bool { return s.Verdict != "" && s.Dissent > 0 }

// Wake says why a parked subject has come back.
type Wake string

// Why a parked subject has come back; the empty one says that it has not, or was never parked.
const (
	WakeDate    Wake = "date"
	WakeContent Wake = "content"
	WakeRelapse Wake = "relapse"
	WakeSites   Wake = "sites"
)

// Wake says why the parked subject has come back; empty while it stays parked. Of several causes it returns
// the most informative.
func (s *Standing) Wake(f Facts, now time.Time) Wake {
	switch {
	case s.Parked == 0:
		return ""
	case s.ParkedContent && f.Seen != s.ParkedSeen:
		return WakeContent
	case s.ParkedRelapse && f.BackAt.After(s.ParkedAt):
		return WakeRelapse
	case s.ParkedSites > 0 && f.Sites >= s.ParkedSites:
		return WakeSites
	case !s.ParkedUntil.IsZero() && !now.Before(s.ParkedUntil):
		return WakeDate
	}
	return ""
}

// Resting says that the subject is parked and has not come back.
func (s *Standing) Resting(f Facts, now time.Time) bool { return s.Parked != 0 && s.Wake(f, now) == "" }

package decision

import (
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/locales"
)

// words puts the desk's codes into words, in the page's language.
type words struct{ *page.Layout }

// answer is a verdict with its reason, in words.
func (w words) answer(v qianshao.Verdict, r qianshao.Reason) string {
	if v == "" {
		return w.T("decision.undecided")
	}
	return w.VerdictSaid(v, r)
}

// act says what an act did.
func (w words) act(a *qianshao.Act, det *desk.Detail) string {
	kind := string(a.Kind)
	switch a.Kind {
	case qianshao.ActDecide, qianshao.ActReview, qianshao.ActDispute, qianshao.ActAdjudicate:
		if a.Verdict == "" { // the reader must not know it
			return w.T("decision.did.hidden")
		}
		return w.Language.Text("decision.did."+kind, w.answer(a.Verdict, a.Reason))
	case qianshao.ActPark:
		return w.T("decision.did.park", w.park(a, det.Park))
	case qianshao.ActAssign:
		if det.Assignee == "" {
			return w.T("decision.did.unassign")
		}
		return w.T("decision.did.assign", det.Assignee)
	case qianshao.ActClaim:
		if det.From != "" {
			return w.T("decision.did.takeover", det.From, w.Time(a.Until))
		}
		return w.T("decision.did.claim", w.Time(a.Until))
	case qianshao.ActUndo:
		return w.T("decision.did.undo", a.Reverts)
	case qianshao.ActMerge:
		return w.N("decision.did.merge", len(det.Campaigns))
	case qianshao.ActSplit:
		return w.N("decision.did.split", len(det.Findings))
	case qianshao.ActPolicy:
		return w.T("decision.did.policy", w.policy(a, det))
	}
	return w.Language.Named("decision.did.", kind)
}

// Said says what an act did, and returns the note that its author wrote.
func Said(v *page.Layout, a *desk.Shown) (did, note string) {
	e := newEntry(*a)
	return words{v}.act(&e.Act, &e.Detail), e.Detail.Words
}

// policy says what becomes of newcomers to a campaign.
func (w words) policy(a *qianshao.Act, det *desk.Detail) string {
	switch {
	case det.Newcomers == desk.NewcomersDecided && a.Verdict == "":
		return w.T("decision.policy.hidden")
	case det.Newcomers == desk.NewcomersDecided:
		return w.T("decision.policy.decided", w.answer(a.Verdict, a.Reason))
	}
	return w.T("decision.policy.queue")
}

// park says what brings a parked subject back.
func (w words) park(a *qianshao.Act, p *desk.Park) string {
	if p == nil {
		p = &desk.Park{}
	}
	var list []string
	if !a.Until.IsZero() {
		list = append(list, w.T("decision.until", a.Until.In(w.TimeZone()).Format("2006-01-02")))
	}
	if p.Content {
		list = append(list, w.T("decision.until.content"))
	}
	if p.Relapse {
		list = append(list, w.T("decision.until.relapse"))
	}
	if p.Sites > 0 {
		list = append(list, w.N("decision.until.sites", p.Sites))
	}
	return strings.Join(list, w.T("decision.or"))
}

// Refusal says in the page's language what the desk has refused, and what to do about it.
func (w words) Refusal(r *desk.Refusal) string { return Refusal(w.Language, r) }

// Refusal says in a language what the desk has refused, and what to do about it.
func Refusal(l locales.Lang, r *desk.Refusal) string {
	return l.Named("refusal.", r.Code)
}

// fieldOf is the field of the panel's forms that a refusal is about; "" for none of them.
func fieldOf(r *desk.Refusal) string {
	switch field := strings.TrimPrefix(r.Field, "detail."); field {
	case "words", "until", "assignee":
		return field
	case "park.sites", "park.content":
		return strings.ReplaceAll(field, ".", "_")
	case "verdict", "reason":
		return "answer"
	}
	return ""
}

// Say is a verdict with its reason, in words.
func (p *Panel) Say(v qianshao.Verdict, r qianshao.Reason) string {
	return words{p.Layout}.answer(v, r)
}

// Did says what an act in the history did.
func (p *Panel) Did(e *Entry) string { return words{p.Layout}.act(&e.Act, &e.Detail) }

// WakeWhy says why a parked subject has come back.
func (p *Panel) WakeWhy() string { return p.Language.Named("decision.wake.", string(p.Wake)) }

// ParkedUntil says what brings the parked subject back.
func (p *Panel) ParkedUntil() string {
	for i := range p.History {
		if e := &p.History[i]; e.Seq == p.Standing.Parked {
			return words{p.Layout}.park(&e.Act, e.Detail.Park)
		}
	}
	return ""
}

// PolicySaid says what becomes of newcomers to the campaign.
func (p *Panel) PolicySaid() string {
	if p.Policy == nil {
		return p.T("decision.policy.queue")
	}
	det, _ := desk.ParseDetail(p.Policy.Detail)
	return words{p.Layout}.policy(p.Policy, &det)
}

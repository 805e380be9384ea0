package decision

import (
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/internal/untrusted"
	"github.com/qianshao/qianshao/store"
)

// shownPieces is how many pieces of evidence the page shows of a finding that has changed.
const shownPieces = 10

// conflictPage shows both answers side by side, and what can be done next.
type conflictPage struct {
	*frame
	*desk.Conflict
	// Hidden says that the account must not know the current verdict.
	Hidden bool
	// TheirWords are the words given with the current verdict.
	TheirWords string
	// Again is the kind of act with which the author can still give the typed answer; "" if none is
	// possible.
	Again qianshao.ActKind
	// MayLead says that the account may take over a claim.
	MayLead bool
	// Pieces are the current evidence, if it differs from what the author saw; More is how many are
	// not shown.
	Pieces []qianshao.Evidence
	More   int
	Key    string
}

// showConflict answers with both verdicts. Nothing was recorded, and nothing that was typed is
// lost.
func (d *Decision) showConflict(w http.ResponseWriter, r *http.Request, f *form, c *desk.Conflict) {
	who := auth.Acting(r.Context())
	f.Subject = c.Draft.Subject
	v := &conflictPage{frame: d.frame(w, r, "decision.conflict", f), Conflict: c, MayLead: who.May(qianshao.PowerLead), Key: rand.Text()}
	v.Because = v.T("decision.conflict." + string(c.Why))
	view, err := d.opts.Desk.Look(r.Context(), who, f.Subject)
	if err != nil {
		d.refuse(w, r, f, err)
		return
	}
	v.Hidden = view.Standing.KeptFrom(who) || f.Kind == qianshao.ActReview
	switch {
	case v.Hidden && c.Why != desk.WhySeen && c.Why != desk.WhyClaimed:
		v.Because = v.T("decision.conflict.hidden")
	case f.Kind == qianshao.ActUndo:
		v.Because = v.T("decision.conflict.undo")
	case c.Why == desk.WhyBasis && c.Standing.Verdict == "":
		v.Because = v.T("decision.conflict.open")
	}
	if i := slices.IndexFunc(view.Acts, func(a qianshao.Act) bool { return a.Seq == c.Standing.Decided && a.Seq != 0 }); i >= 0 && !v.Hidden {
		v.TheirWords = newEntry(desk.Shown{Act: view.Acts[i]}).Detail.Words
	}
	v.Again = v.again(&view, who)
	if c.Why == desk.WhySeen {
		err = d.pieces(r, v)
	}
	if err != nil {
		d.FailWith(w, r, err)
		return
	}
	d.Render(w, r, http.StatusConflict, "conflict", v)
}

// again returns the kind of act with which the same answer can still be given, in the current
// state.
func (v *conflictPage) again(view *desk.View, who qianshao.Account) qianshao.ActKind {
	switch {
	case v.Typed.Kind == qianshao.ActPark, v.Conflict.Why == desk.WhyKey && v.Typed.Verdict == "":
		if v.Typed.Kind == qianshao.ActUndo || v.Typed.Kind == qianshao.ActClaim {
			return ""
		}
		return v.Typed.Kind
	case v.Typed.Verdict == "":
		return ""
	}
	kind := view.Answer(who, v.Typed.Subject, v.Now)
	switch {
	case v.Hidden && kind != qianshao.ActReview && kind != qianshao.ActDecide:
		return ""
	case kind == qianshao.ActDispute, kind == qianshao.ActAdjudicate:
		if v.Typed.Verdict == v.Standing.Verdict { // both say the same
			return ""
		}
	}
	return kind
}

// pieces fills in the current evidence.
func (d *Decision) pieces(r *http.Request, v *conflictPage) error {
	if v.Typed.Subject.Kind != qianshao.SubjectFinding {
		return nil
	}
	f, err := d.opts.Store.VisibleFinding(r.Context(), auth.From(r.Context()).Sight, v.Typed.Subject.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil // it is gone by now, and its page says so
	}
	v.Pieces = f.Evidence[:min(len(f.Evidence), shownPieces)]
	v.More = len(f.Evidence) - len(v.Pieces)
	return err
}

// Piece shows evidence with the text around it.
func (v *conflictPage) Piece(e *qianshao.Evidence) []untrusted.Piece {
	return slices.Concat(untrusted.Reveal(e.Before, ""), untrusted.Reveal(e.Text, "mark"), untrusted.Reveal(e.After, ""))
}

// Theirs is the current answer in words.
func (v *conflictPage) Theirs() string { return v.answer(v.Standing.Verdict, v.Standing.Reason) }

// Yours is the answer that the author wanted to give.
func (v *conflictPage) Yours() string {
	did := newEntry(desk.Shown{Act: qianshao.Act{
		Kind: v.Typed.Kind, Verdict: v.Typed.Verdict, Reason: v.Typed.Reason, Until: v.Draft.Until, Reverts: v.Typed.Reverts,
	}})
	did.Detail = v.Draft.Detail
	if v.Typed.Verdict != "" {
		return v.answer(v.Typed.Verdict, v.Typed.Reason)
	}
	return v.act(&did.Act, &did.Detail)
}

// ByYou says that the current verdict is the author's own, given in another window.
func (v *conflictPage) ByYou() bool { return v.Standing.By == v.User }

// Claimed says that somebody else has claimed the subject.
func (v *conflictPage) Claimed() bool { return v.Conflict.Why == desk.WhyClaimed }

// Changed says that the content has changed since the author saw it.
func (v *conflictPage) Changed() bool { return v.Conflict.Why == desk.WhySeen }

// Saw is the basis of the state that the author has now seen.
func (v *conflictPage) Saw() string { return strconv.FormatInt(v.Standing.Act, 10) }

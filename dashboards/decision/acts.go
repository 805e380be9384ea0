package decision

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/desk"
)

// takeAct records the act of the panel's form.
func (d *Decision) takeAct(w http.ResponseWriter, r *http.Request) {
	f, ok := readForm(r)
	if !ok {
		d.refuse(w, r, &f, desk.ErrNotFound)
		return
	}
	draft, err := f.draft(d.Zone)
	if err != nil {
		d.refuse(w, r, &f, err)
		return
	}
	d.do(w, r, &f, draft)
}

// takeClaim claims a subject, or renews the claim. A script sends no next, and gets no page.
func (d *Decision) takeClaim(w http.ResponseWriter, r *http.Request) {
	f, ok := readForm(r)
	if !ok {
		d.refuse(w, r, &f, desk.ErrNotFound)
		return
	}
	f.Kind = qianshao.ActClaim
	d.do(w, r, &f, desk.Draft{Subject: f.Subject, Kind: f.Kind, TakeOver: f.TakeOver})
}

// takeRelease ends a claim. That is not an act.
func (d *Decision) takeRelease(w http.ResponseWriter, r *http.Request) {
	f, ok := readForm(r)
	err := desk.ErrNotFound
	if ok {
		err = d.opts.Desk.Release(r.Context(), auth.Acting(r.Context()), f.Subject)
	}
	d.answer(w, r, &f, qianshao.Act{}, err)
}

func (d *Decision) do(w http.ResponseWriter, r *http.Request, f *form, draft desk.Draft) {
	act, err := d.opts.Desk.Do(r.Context(), auth.Acting(r.Context()), draft)
	d.answer(w, r, f, act, err)
}

// takeUndo undoes an act.
func (d *Decision) takeUndo(w http.ResponseWriter, r *http.Request) {
	f, _ := readForm(r)
	seq, err := strconv.ParseInt(r.PathValue("seq"), 10, 64)
	if err != nil || seq < 1 {
		d.refuse(w, r, &f, desk.ErrNotFound)
		return
	}
	f.Kind, f.Reverts = qianshao.ActUndo, seq
	act, err := d.opts.Desk.Undo(r.Context(), auth.Acting(r.Context()), seq, f.Words, f.key())
	d.answer(w, r, &f, act, err)
}

// answer leads on after an act, or says why it was not recorded.
func (d *Decision) answer(w http.ResponseWriter, r *http.Request, f *form, act qianshao.Act, err error) {
	var conflict *desk.Conflict
	switch {
	case errors.As(err, &conflict):
		d.showConflict(w, r, f, conflict)
	case err != nil:
		d.refuse(w, r, f, err)
	case r.PostFormValue("next") == "" && f.Kind != qianshao.ActUndo && (act.Kind == "" || act.Kind == qianshao.ActClaim):
		w.WriteHeader(http.StatusNoContent)
	default:
		http.Redirect(w, r, f.done(act.Seq), http.StatusSeeOther)
	}
}

// refusedPage says why an act was not recorded, beside the panel with everything that was typed.
type refusedPage struct {
	*frame
	Status   int
	Decision *Panel
}

// refuse answers with what is wrong. Somebody who may not see the subject is told nothing about it.
func (d *Decision) refuse(w http.ResponseWriter, r *http.Request, f *form, err error) {
	v := &refusedPage{frame: d.frame(w, r, "decision.refused", f)}
	var refused *desk.Refusal
	m := mistake{Kind: f.Kind, Reverts: f.Reverts}
	switch {
	case errors.As(err, &refused):
		v.Status, m.Field = http.StatusUnprocessableEntity, fieldOf(refused)
		m.Text = v.Refusal(refused)
	case errors.Is(err, desk.ErrForbidden):
		v.Status, m.Text = http.StatusForbidden, v.T("refusal.forbidden")
	case errors.Is(err, desk.ErrNotFound):
		v.Status, m.Text = http.StatusNotFound, v.T("refusal.not_found")
	default:
		d.FailWith(w, r, err)
		return
	}
	v.Because = m.Text
	if v.Status != http.StatusNotFound {
		if v.Decision, err = d.panel(r, v.Layout, f.Subject, f.Next); err != nil && !errors.Is(err, desk.ErrNotFound) {
			d.FailWith(w, r, err)
			return
		}
		if v.Decision != nil {
			v.Decision.fill(f, m)
		}
	}
	d.Render(w, r, v.Status, "refused", v)
}

package decision

import (
	"errors"
	"html"
	"net/http"
	"slices"
	"strconv"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/internal/untrusted"
	"github.com/qianshao/qianshao/store"
)

// Message says what the account's last act has done, with its undo.
type Message struct {
	*page.Layout
	Text string
	// Subject is what was acted on, "" for a batch; At is its page and Name its name, which is
	// needed because the message is shown above the next item. Name may be "".
	Subject, At, Name string
	// Undo is the path that undoes it; "" if that is not possible.
	Undo string
	// Next is this page without the message.
	Next string
}

// maxName bounds the evidence that names a finding in a message, in characters: enough to tell it
// from the next one, on one line of a telephone.
const maxName = 40

// Message returns what the last act has done, which the page's address gives as done=SEQ or
// batch=ID. It is nil if the address has neither, for another account's act, and once the time for
// its undo is over.
func (d *Decision) Message(r *http.Request, v *page.Layout) (*Message, error) {
	if d.opts.Desk == nil {
		return nil, nil
	}
	values := r.URL.Query()
	m := &Message{Layout: v, Next: Here(r)}
	show, name := d.ofAct, "done"
	if values.Has("batch") {
		show, name = d.ofBatch, "batch"
	}
	n, err := strconv.ParseInt(values.Get(name), 10, 64)
	if err != nil || n < 1 {
		return nil, nil //nolint:nilerr // an address that somebody has made up
	}
	ok, err := show(r, m, n)
	if errors.Is(err, desk.ErrNotFound) || err == nil && !ok {
		return nil, nil
	}
	return m, err
}

func (d *Decision) ofAct(r *http.Request, m *Message, seq int64) (ok bool, err error) {
	who := auth.Acting(r.Context())
	act, view, err := d.opts.Desk.Own(r.Context(), who, seq)
	if err != nil || m.Now.Sub(act.At) > desk.UndoTime {
		return false, err
	}
	said, did := words{m.Layout}, newEntry(desk.Shown{Act: act})
	m.Subject, m.At = act.Subject.String(), pageOf(act.Subject)
	m.Text = said.act(&did.Act, &did.Detail)
	if act.Kind == qianshao.ActUndo {
		own := slices.IndexFunc(view.Acts, func(a qianshao.Act) bool { return a.Seq == act.Reverts && a.By == who.Name })
		if own >= 0 {
			undone := newEntry(desk.Shown{Act: view.Acts[own]})
			m.Text = m.T("decision.undone", said.act(&undone.Act, &undone.Detail))
		}
	}
	if may, why := view.Undoable(who, &act, m.Now); may && !why {
		m.Undo = "/acts/" + strconv.FormatInt(seq, 10) + "/undo"
	}
	if act.Subject.Kind == qianshao.SubjectFinding {
		m.At = m.FindingURL(act.Subject.ID)
		m.Name, err = d.name(r, act.Subject.ID)
	}
	return true, err
}

// name describes a finding in one line: its evidence, as in the queue, and its host. It is "" if
// the finding is gone by now.
func (d *Decision) name(r *http.Request, finding string) (string, error) {
	f, err := d.opts.Store.VisibleFinding(r.Context(), auth.From(r.Context()).Sight, finding)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	label := untrusted.Plain(html.UnescapeString(campaign.Label(&f.Finding))) // the label is HTML-escaped, as in the source
	if short := untrusted.First(label, maxName); short != label {
		label = short + "…"
	}
	if host := f.Host(); host != "" {
		label += " · " + untrusted.DefangHost(untrusted.Plain(host))
	}
	return label, err
}

func (d *Decision) ofBatch(r *http.Request, m *Message, id int64) (ok bool, err error) {
	who := auth.Acting(r.Context())
	b, err := d.opts.Desk.Batch(r.Context(), who, id)
	late := !b.Done.IsZero() && m.Now.Sub(b.Done) > desk.UndoTime
	if err != nil || b.By != who.Name || b.Order == nil || late {
		return false, err
	}
	m.At = "/batches/" + strconv.FormatInt(id, 10)
	m.Text = m.T("decision.batch."+string(b.State), id, b.Members)
	if b.State == desk.BatchApplying || b.State == desk.BatchApplied {
		m.Undo = m.At + "/undo"
	}
	return true, nil
}

// frame is what the pages after a refused act have in common.
type frame struct {
	words
	Typed form
	// Because says why nothing was done.
	Because string
	// Look is the page of the subject.
	Look string
}

func (d *Decision) frame(w http.ResponseWriter, r *http.Request, title string, f *form) *frame {
	v := &frame{words: words{d.Layout(w, r, title)}, Typed: *f}
	switch {
	case f.Subject.ID == "":
	case f.Subject.Kind == qianshao.SubjectFinding:
		v.Look = v.FindingURL(f.Subject.ID)
	default:
		v.Look = pageOf(f.Subject)
	}
	return v
}

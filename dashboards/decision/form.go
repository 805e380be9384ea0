package decision

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/desk"
)

// form is a form as it was typed, so that a refusal can show it again.
type form struct {
	Subject qianshao.Subject
	Kind    qianshao.ActKind
	// Basis and Seen are the state of the subject as its author saw it.
	Basis, Seen string
	Verdict     qianshao.Verdict
	Reason      qianshao.Reason
	Words       string
	// Until is a day in the console's time zone, as 2006-01-02.
	Until, Sites     string
	Content, Relapse bool
	Assignee         string
	TakeOver         bool
	Key, Next        string
	// Reverts is the act to be undone.
	Reverts int64
}

// readForm reads a form; ok is false if its subject is not one that people decide on.
func readForm(r *http.Request) (f form, ok bool) {
	f = form{
		Kind: qianshao.ActKind(r.PostFormValue("kind")), Basis: r.PostFormValue("basis"), Seen: r.PostFormValue("seen"),
		Verdict: qianshao.Verdict(r.PostFormValue("verdict")), Reason: qianshao.Reason(r.PostFormValue("reason")),
		Words: r.PostFormValue("words"), Until: r.PostFormValue("until"), Sites: strings.TrimSpace(r.PostFormValue("park_sites")),
		Content: r.PostFormValue("park_content") != "", Relapse: r.PostFormValue("park_relapse") != "",
		Assignee: r.PostFormValue("assignee"), TakeOver: r.PostFormValue("take_over") != "",
		Key: r.PostFormValue("key"), Next: page.LocalPath(r.PostFormValue("next")),
	}
	// A form has a button for each answer, so that a verdict takes one click or two keys.
	switch answer, reason, _ := strings.Cut(r.PostFormValue("answer"), "/"); {
	case answer == string(qianshao.ActNote):
		f.Kind = qianshao.ActNote
		if here := r.PostFormValue("here"); here != "" { // the author of a note stays on the subject's page
			f.Next = page.LocalPath(here)
		}
	case answer != "":
		f.Verdict, f.Reason = qianshao.Verdict(answer), qianshao.Reason(reason)
	}
	f.Subject, ok = qianshao.ParseSubject(r.PostFormValue("subject"))
	return f, ok && f.Subject.Kind.Reviewed()
}

// draft returns the act as the desk takes it. Days begin in the zone.
func (f *form) draft(zone *time.Location) (desk.Draft, error) {
	switch f.Kind {
	case qianshao.ActDecide, qianshao.ActReview, qianshao.ActDispute, qianshao.ActAdjudicate, qianshao.ActNote, qianshao.ActAssign, qianshao.ActPark, qianshao.ActClaim:
	default: // campaigns have other forms for other kinds
		return desk.Draft{}, &desk.Refusal{Code: "kind", Field: "kind"}
	}
	d := desk.Draft{Subject: f.Subject, Kind: f.Kind, Seen: f.Seen, Key: f.key(), TakeOver: f.TakeOver, Detail: desk.Detail{Words: f.Words}}
	var err error
	if d.Basis, err = strconv.ParseInt(f.Basis, 10, 64); err != nil && !fillsBasis(f.Kind) {
		// If a missing basis were taken for 0, somebody could decide without having looked.
		return desk.Draft{}, &desk.Refusal{Code: "form", Field: "basis"}
	}
	switch f.Kind {
	case qianshao.ActNote:
	case qianshao.ActAssign:
		d.Detail.Assignee = f.Assignee
	case qianshao.ActPark:
		d.Until, d.Detail.Park, err = f.park(zone)
		return d, err
	default:
		d.Verdict, d.Reason = f.Verdict, f.Reason
	}
	return d, nil
}

// fillsBasis says whether the desk itself fills in the basis of acts of this kind, since it does
// not matter what their author saw.
func fillsBasis(k qianshao.ActKind) bool {
	return k == qianshao.ActClaim || k == qianshao.ActNote || k == qianshao.ActAssign
}

func (f *form) park(zone *time.Location) (until time.Time, p *desk.Park, err error) {
	p = &desk.Park{Content: f.Content, Relapse: f.Relapse}
	if f.Until != "" {
		if until, err = time.ParseInLocation(time.DateOnly, f.Until, zone); err != nil {
			return until, nil, &desk.Refusal{Code: "park", Field: "until"}
		}
	}
	if f.Sites != "" {
		if p.Sites, err = strconv.Atoi(f.Sites); err != nil || p.Sites == 0 {
			return until, nil, &desk.Refusal{Code: "park", Field: "detail.park.sites"}
		}
	}
	return until, p, nil
}

// key is the key of the act, so that a form that is sent twice is done once. If somebody goes back
// in the browser and sends the form with other words, that is another act, although the form still
// has the same key.
func (f *form) key() string {
	if f.Key == "" {
		return ""
	}
	said := fmt.Sprintf("%s %s %s %q %q %q %q %v %v %v %d", f.Kind, f.Verdict, f.Reason, f.Words, f.Until, f.Sites, f.Assignee, f.Content, f.Relapse, f.TakeOver, f.Reverts)
	sum := sha256.Sum256([]byte(said))
	return f.Key + "." + hex.EncodeToString(sum[:8])
}

// done is where an act leads, with its number for the message.
func (f *form) done(seq int64) string {
	if seq == 0 {
		return f.Next
	}
	return page.With(f.Next, url.Values{"done": {strconv.FormatInt(seq, 10)}, "batch": nil})
}

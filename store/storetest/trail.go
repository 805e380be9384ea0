package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
)

// recorded adds an act on a subject that is not reviewed, an hour after the last one, and returns its Seq.
func (d *Desk) recorded(t *testing.T, by string, kind qianshao.ActKind, of qianshao.SubjectKind, id string) int64 {
	t.Helper()
	d.Now = d.Now.Add(time.Hour)
	act, err := d.Record(t.Context(), by, kind, qianshao.Subject{Kind: of, ID: id}, desk.Detail{Event: "x"})
	check(t, err)
	return act.Seq
}

// finds fails unless the account's query returns these acts.
func (d *Desk) finds(t *testing.T, account qianshao.Account, q desk.ActsQuery, want ...int64) {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	list, err := d.Trail(t.Context(), account, q)
	check(t, err)
	var got []int64
	for i := range list {
		got = append(got, list[i].Seq)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s finds %v by %+v, want %v", account.Name, got, q, want)
	}
}

// testTrail: each filter alone and some together, in both orders, page by page.
func testTrail(t *testing.T, d *Desk) {
	amy, begin := d.Accounts["amy"], d.Now
	f := d.Find(t, "http://a/", "one", 0)
	decided := d.Decide(t, "ann", f, qianshao.VerdictCrime).Seq
	d.Now = d.Now.Add(time.Hour)
	note := d.Must(t, "bob", desk.Draft{Subject: f, Kind: qianshao.ActNote, Detail: desk.Detail{Words: "x"}}).Seq
	export := d.recorded(t, "ann", qianshao.ActExport, qianshao.SubjectExport, "hash")
	d.Now = d.Now.Add(-30 * time.Minute) // the clock was set back
	setting := d.recorded(t, "bob", qianshao.ActChange, qianshao.SubjectSetting, "share")
	d.finds(t, amy, desk.ActsQuery{}, decided, note, export, setting)
	d.finds(t, amy, desk.ActsQuery{Latest: true}, setting, export, note, decided)
	d.finds(t, amy, desk.ActsQuery{Latest: true, Limit: 2, Before: export}, note, decided)
	d.finds(t, amy, desk.ActsQuery{By: "ann"}, decided, export)
	d.finds(t, amy, desk.ActsQuery{By: "ann", Latest: true}, export, decided)
	d.finds(t, amy, desk.ActsQuery{Kind: qianshao.ActNote}, note)
	d.finds(t, amy, desk.ActsQuery{SubjectKind: qianshao.SubjectSetting}, setting)
	d.finds(t, amy, desk.ActsQuery{Subjects: []string{"hash", f.ID, "none"}, Latest: true}, export, note, decided)
	d.finds(t, amy, desk.ActsQuery{SubjectKind: qianshao.SubjectCampaign, Subjects: []string{f.ID}})
	d.finds(t, amy, desk.ActsQuery{Verdict: qianshao.VerdictCrime, Latest: true}, decided)
	d.finds(t, amy, desk.ActsQuery{Verdict: qianshao.VerdictUnsure})
	d.finds(t, amy, desk.ActsQuery{From: begin.Add(time.Hour), To: begin.Add(2 * time.Hour), Latest: true}, note)
	d.finds(t, amy, desk.ActsQuery{By: "bob", From: begin.Add(90 * time.Minute)}, setting)
	d.finds(t, amy, desk.ActsQuery{To: begin})
	if _, err := d.Trail(t.Context(), amy, desk.ActsQuery{Latest: true, Before: 99, Limit: 1}); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("before an unknown act: %v", err)
	}
	if _, err := d.Trail(t.Context(), d.Accounts["ann"], desk.ActsQuery{By: "bob", Limit: 1}); !errors.Is(err, desk.ErrForbidden) {
		t.Errorf("an analyst asks for what bob did: %v", err)
	}
	d.finds(t, d.Accounts["ann"], desk.ActsQuery{By: "ann"}, decided)
}

// testTrailBySight: a limited account that may read the whole trail reads what is in its sight: of the acts
// on subjects that are not reviewed, those on its authorisations and its own exports.
func testTrailBySight(t *testing.T, d *Desk) {
	f := d.Find(t, "http://a/", "one", 0)
	d.Decide(t, "ann", f, qianshao.VerdictCrime)
	mia := qianshao.Account{Name: "mia", Role: qianshao.RoleAuditor, Sight: qianshao.Sight{Authorisations: []string{"town"}}}
	town := d.recorded(t, "ann", qianshao.ActChange, qianshao.SubjectAuthorisation, "town")
	d.recorded(t, "ann", qianshao.ActChange, qianshao.SubjectAuthorisation, "city")
	own := d.recorded(t, "mia", qianshao.ActExport, qianshao.SubjectExport, "hash")
	d.recorded(t, "ann", qianshao.ActExport, qianshao.SubjectExport, "hash")
	d.recorded(t, "ann", qianshao.ActChange, qianshao.SubjectAccount, "mia")
	d.recorded(t, "ann", qianshao.ActChange, qianshao.SubjectSetting, "share")
	d.finds(t, mia, desk.ActsQuery{}, town, own)
	d.finds(t, mia, desk.ActsQuery{Latest: true, Subjects: []string{"hash", f.ID, "city"}}, own)
	mia.Role = qianshao.RoleAnalyst
	d.finds(t, mia, desk.ActsQuery{})
	mia.Role, mia.Sight = qianshao.RoleAuditor, qianshao.Sight{}
	d.finds(t, mia, desk.ActsQuery{})
	if head, _, err := d.Head(t.Context(), mia); err != nil || head.Chain != "" {
		t.Errorf("an account that sees nothing gets the head %s, error %v", head, err)
	}
}

// testCheck: the last check is stored.
func testCheck(t *testing.T, d *Desk) {
	if c, err := d.Review.LastCheck(t.Context()); err != nil || c != (desk.Check{}) {
		t.Errorf("before any check: %+v, error %v", c, err)
	}
	d.Decide(t, "ann", d.Find(t, "http://a/", "one", 0), qianshao.VerdictCrime)
	for _, at := range []time.Time{d.Now, d.Now.Add(time.Hour)} {
		want, err := d.Review.Check(t.Context(), at)
		check(t, err)
		if got, err := d.Review.LastCheck(t.Context()); err != nil || got != want || !got.At.Equal(at) || got.Seq != 1 || got.Problems != 0 {
			t.Errorf("%+v, want %+v, error %v", got, want, err)
		}
	}
}

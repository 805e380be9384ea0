package dashboards

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store/sqlstore/review"
)

// form is a form sent by a visitor.
type form struct {
	by     visitor
	target string
	values url.Values
}

// atOnce sends forms at the same moment, and returns their statuses in the order of the forms.
func (o *outpost) atOnce(forms ...form) []int {
	statuses := make([]int, len(forms))
	start := make(chan struct{})
	var all sync.WaitGroup
	for i, f := range forms {
		all.Go(func() {
			<-start
			statuses[i] = o.as(f.by, "POST", f.target, maps.Clone(f.values)).Code // a copy, since as adds the token
		})
	}
	close(start)
	all.Wait()
	return statuses
}

// TestAtOnce: if two people act on the same thing at the same moment, one act is done and the other
// author is told. The same form sent twice is done once, and the trail stays intact.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	o, _, d, id, findings := withCampaign(t, 12)
	other := o.saveBlock(t, "http://www.mine-0.example/other", "mine", "另一家网站卖的是二手自行车配件，轮胎、车铃、坐垫和链条，都有现货，欢迎来店里看看再买")
	o.withCampaigns(t)
	lea := o.newVisitor(t, qianshao.Account{Name: "lea", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()})
	lia := o.newVisitor(t, qianshao.Account{Name: "lia", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()})
	one := func(what string, statuses []int, refused int) {
		t.Helper()
		slices.Sort(statuses)
		if !slices.Equal(statuses, []int{http.StatusSeeOther, refused}) {
			t.Errorf("%s at once: %v", what, statuses)
		}
	}
	one("a split and a merge", o.atOnce(
		form{lea, "/campaigns/" + id + "/split", url.Values{"basis": {"0"}, "finding": {findings[3]}}},
		form{lia, "/campaigns/" + id + "/merge", url.Values{"basis": {"0"}, "other": {o.campaignOf(t, other)}}},
	), http.StatusConflict)
	answer := func(kind, basis, verdict, reason string) url.Values {
		return url.Values{"subject": {"finding:" + findings[0]}, "kind": {kind}, "basis": {basis}, "seen": {o.seenOf(t, findings[0])}, "verdict": {verdict}, "reason": {reason}}
	}
	one("two decisions", o.atOnce(
		form{lea, "/acts", answer("decide", "0", "crime", "hacked")}, form{lia, "/acts", answer("decide", "0", "not_crime", "homonym")},
	), http.StatusConflict)

	batch := o.send(t, lea, "/batches", url.Values{"finding": findings[1:]})
	decide := url.Values{"kind": {"decide"}, "verdict": {"crime"}, "reason": {"hacked"}}
	one("two orders", o.atOnce(
		form{lea, batch + "/begin", decide}, form{lea, batch + "/begin", url.Values{"kind": {"decide"}, "verdict": {"not_crime"}, "reason": {"homonym"}}},
	), http.StatusUnprocessableEntity)
	again := o.send(t, lia, "/batches", url.Values{"finding": findings[1:]})
	if statuses := o.atOnce(form{lia, again + "/begin", decide}, form{lia, again + "/begin", decide}); !slices.Equal(statuses, []int{303, 303}) {
		t.Errorf("the same order of two tabs: %v", statuses)
	}
	var work sync.WaitGroup
	for range 2 { // two workers
		work.Go(func() {
			for id := range int64(2) {
				if err := d.Run(t.Context(), id+1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	undone := o.atOnce(form{lea, batch + "/undo", url.Values{"words": {""}}}, form{lia, batch + "/undo", url.Values{"words": {"wrong"}}})
	work.Wait()
	if !slices.Equal(undone, []int{303, 303}) || d.Run(t.Context(), 1) != nil {
		t.Errorf("undone by two: %v", undone)
	}
	v, err := o.options.Checks.(*review.Store).Verify(t.Context(), desk.Head{}, func(problem locales.Speaker) { t.Error(problem) })
	if err != nil || v.Problems > 0 || v.Acts < 13 {
		t.Errorf("the trail: %+v, %v", v, err)
	}
}

// seenOf returns the hash of what a finding shows.
func (o *outpost) seenOf(t *testing.T, id string) string {
	t.Helper()
	f, err := o.store.Finding(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return f.Seen
}

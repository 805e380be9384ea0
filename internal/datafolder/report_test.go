package datafolder_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/report"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
)

// TestReport: a report has the findings, the unmonitored sites and the changes of the rules. A
// report on one authorisation has only what belongs to it.
func TestReport(t *testing.T) {
	t.Parallel()
	data := sqlitetest.Folder(t)
	fillFolder(t, data, 3)
	f, err := datafolder.Open(t.Context(), datafolder.Options{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	now := time.Now()
	var list []qianshao.Authorisation
	for i := range report.MaxUnmonitored + 1 { // no page of this host was fetched, and it has no findings
		list = append(list, qianshao.Authorisation{
			ID: fmt.Sprintf("a%02d", i), Owner: "o", Basis: "b", Contact: "c", ValidFrom: now.Add(-time.Hour), ValidUntil: now.AddDate(1, 0, 0), Hosts: []string{fmt.Sprintf("a%02d.example", i)},
		})
	}
	if err := f.Store.PutAuthorisations(t.Context(), store.Signed{By: "test"}, list); err != nil {
		t.Fatal(err)
	}
	month := report.Days(now, 30, time.UTC)
	put := func(at time.Time, digest string, rules map[string]string) {
		t.Helper()
		if err := f.Store.PutRuleSet(t.Context(), store.RuleSet{At: at, Digest: digest, Version: "v" + digest, Rules: rules}); err != nil {
			t.Fatal(err)
		}
	}
	get := func(q report.Query) *report.Report {
		t.Helper()
		r, err := f.Report(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	all := report.Query{Period: month, Sight: qianshao.SeeAll()}
	if r := get(all); !r.NoRuleHistory || r.RuleChanges != nil || r.Volume.Findings != 3 || r.Rules[0].ID != "gambling-casino-promotion" {
		t.Errorf("%+v", r)
	}
	put(month.From.Add(-time.Hour), "1", map[string]string{"a": "1", "b": "1", "c": "1"})
	put(month.From.Add(time.Hour), "2", map[string]string{"a": "2", "d": "1", "c": "1", "e": "1"})
	put(month.From.Add(2*time.Hour), "3", map[string]string{"a": "2", "d": "1", "c": "1", "e": "1"})
	r := get(all)
	want := []report.RuleChange{
		{At: month.From.Add(2 * time.Hour), Version: "v3"},
		{At: month.From.Add(time.Hour), Version: "v2", Added: []string{"d", "e"}, Removed: []string{"b"}, Changed: []string{"a"}},
	}
	if diff := cmp.Diff(want, r.RuleChanges); diff != "" || r.NoRuleHistory || r.MoreRuleChanges != 0 {
		t.Errorf("the changes of rules, without history: %v (-want +got):\n%s", r.NoRuleHistory, diff)
	}
	if n := len(list); len(r.Unmonitored) != report.MaxUnmonitored || r.MoreUnmonitored != 2*n-report.MaxUnmonitored || r.UnmonitoredCounts[qianshao.UnmonitoredNeverFetched] != n {
		t.Errorf("%d are not monitored, and %d more: %v", len(r.Unmonitored), r.MoreUnmonitored, r.UnmonitoredCounts)
	}
	before := get(report.Query{Period: month.Before(), Sight: qianshao.SeeAll()})
	if !before.NoRuleHistory || before.RuleChanges != nil {
		t.Errorf("the month before: %+v", before.RuleChanges)
	}
	one := get(report.Query{Period: month, Sight: qianshao.Sight{Authorisations: []string{"a01", "a02"}}, Authorisation: "a01"})
	if one.Volume.Findings != 0 || len(one.Unmonitored) != 2 || one.Unmonitored[0].Authorisation != "a01" || one.Unmonitored[1].Authorisation != "a01" {
		t.Errorf("of one authorisation: %+v", one)
	}
	if _, err := f.Report(t.Context(), report.Query{Period: month, Sight: qianshao.Sight{Authorisations: []string{"a02"}}, Authorisation: "a01"}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a hidden one: %v", err)
	}
	for i := range report.MaxRuleChanges {
		put(month.From.Add(3*time.Hour+time.Duration(i)*time.Minute), fmt.Sprint(4+i), nil)
	}
	if r := get(all); len(r.RuleChanges) != report.MaxRuleChanges || r.MoreRuleChanges != 2 {
		t.Errorf("%d changes, and %d more", len(r.RuleChanges), r.MoreRuleChanges)
	}
}

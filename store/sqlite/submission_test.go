package sqlite

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
)

// TestSubmission follows a report from its hand-in to the verdict on the page.
func TestSubmission(t *testing.T) {
	s, ctx := temp(t), t.Context()
	const url = "http://school.example/x"
	item := ingest.Item{URL: url, Host: "school.example", Authorisation: "a"}
	want := qianshao.Submission{
		ID: qianshao.SubmissionID(url), URL: url, Category: qianshao.Gambling, Reports: 1, First: base, Last: base,
		State: qianshao.SubmissionWaiting, Skip: qianshao.SkipNotAuthorised,
	}
	check := func(step string, got qianshao.Submission, err error) {
		t.Helper()
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatalf("%s: error %v, (-want +got):\n%s", step, err, diff)
		}
	}
	got, err := s.Submit(ctx, url, qianshao.Gambling, nil, qianshao.SkipNotAuthorised, base)
	check("handed in", got, err)
	if _, ok, err := s.Next(ctx); ok || err != nil {
		t.Fatalf("a report without authorisation is in the frontier (error %v)", err)
	}
	want.Reports, want.Last = 2, base.Add(time.Hour)
	got, err = s.Submit(ctx, url, "", nil, qianshao.SkipNotAuthorised, want.Last)
	check("handed in again", got, err)

	if urls, err := s.WaitingSubmissions(ctx); err != nil || cmp.Diff([]string{url}, urls) != "" {
		t.Fatalf("waiting: %q, %v", urls, err)
	}
	if err := s.QueueSubmission(ctx, item); err != nil {
		t.Fatal(err)
	}
	want.State, want.Skip = qianshao.SubmissionQueued, ""
	got, err = s.Submission(ctx, want.ID)
	check("authorised", got, err)

	visit := func(outcome ingest.Outcome) {
		t.Helper()
		leased, err := s.Lease(ctx, ingest.Lease{Now: base.Add(2 * time.Hour), Limit: 1, For: time.Minute})
		if err != nil || len(leased) != 1 || leased[0].URL != url {
			t.Fatalf("leased %v, %v", leased, err)
		}
		if err := s.Done(ctx, leased[0], outcome); err != nil {
			t.Fatal(err)
		}
	}
	visit(ingest.Outcome{Skip: qianshao.SkipRobots, Again: base.AddDate(0, 1, 0)})
	want.State, want.Skip = qianshao.SubmissionNotFetched, qianshao.SkipRobots
	got, err = s.Submission(ctx, want.ID)
	check("in vain", got, err)

	// Reported anew, it is visited at once, not in a month.
	want.Reports, want.State, want.Skip = 3, qianshao.SubmissionQueued, ""
	got, err = s.Submit(ctx, url, "", &item, "", want.Last)
	check("recalled", got, err)
	visit(ingest.Outcome{Again: base.AddDate(0, 1, 0)})
	want.State = qianshao.SubmissionClear
	list, err := s.Submissions(ctx, 10)
	check("seen", list[0], err)
}

func TestSubmissionsAreBounded(t *testing.T) {
	s, ctx := temp(t), t.Context()
	_, err := s.write.Exec(`
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
INSERT INTO submissions (id, url, category, reports, first_reported, last_reported, waits_for)
SELECT i, i, '', 1, 0, 0, 'not_authorised' FROM n`, store.MaxWaiting)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Submit(ctx, "http://a.example/", "", nil, qianshao.SkipNotAuthorised, base); !errors.Is(err, store.ErrTooManyWaiting) {
		t.Errorf("one more waits: %v", err)
	}
	item := ingest.Item{URL: "http://b.example/", Host: "b.example"}
	if _, err := s.Submit(ctx, item.URL, "", &item, "", base); err != nil {
		t.Errorf("what is authorised need not wait: %v", err)
	}
}

package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
)

// testSubmission follows a submission from its hand-in to the assessment of its page.
func testSubmission(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
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
		t.Fatalf("a submission without authorisation is in the frontier (error %v)", err)
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

	// Submitted anew, it is visited at once, not in a month.
	want.Reports, want.State, want.Skip = 3, qianshao.SubmissionQueued, ""
	got, err = s.Submit(ctx, url, "", &item, "", want.Last)
	check("recalled", got, err)
	visit(ingest.Outcome{Again: base.AddDate(0, 1, 0)})
	want.State = qianshao.SubmissionClear
	list, err := s.Submissions(ctx, 10)
	check("seen", list[0], err)
}

// testFlaggedSubmission: a submission is flagged with the page that its URL leads to.
func testFlaggedSubmission(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	it := item("school.example", "x", 0)
	submitted, err := s.Submit(ctx, it.URL, "", &it, "", base)
	check(t, err)
	done(t, s, it, ingest.Outcome{})
	want := func(when string, state qianshao.SubmissionState) {
		t.Helper()
		if got, err := s.Submission(ctx, submitted.ID); err != nil || got.State != state {
			t.Errorf("%s: %+v, error %v, want %s", when, got, err, state)
		}
	}
	save(t, s, Page("http://school.example/elsewhere", "x", 0, "casino"))
	want("another page is flagged", qianshao.SubmissionClear)
	target := Page("http://school.example/target", "x", 0, "casino")
	target.Page.RequestedURL = it.URL
	save(t, s, target)
	want("its page is flagged", qianshao.SubmissionFlagged)
	_, err = s.PageGone(ctx, target.Page.URL, 404, qianshao.CausePage, base)
	check(t, err)
	want("its page is gone", qianshao.SubmissionClear)
}

// testSubmissionOrder: the latest comes first in the list, the first one in the queue.
func testSubmissionOrder(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	for i, url := range []string{"http://a/", "http://b/", "http://c/"} {
		_, err := s.Submit(ctx, url, "", nil, qianshao.SkipNotAuthorised, base.Add(time.Duration(i)*time.Minute))
		check(t, err)
	}
	_, err := s.Submit(ctx, "http://a/", "", nil, qianshao.SkipNotAuthorised, base.Add(time.Hour))
	check(t, err)
	list, err := s.Submissions(ctx, 2)
	check(t, err)
	waiting, err := s.WaitingSubmissions(ctx)
	check(t, err)
	if len(list) != 2 || list[0].URL != "http://a/" || list[1].URL != "http://c/" {
		t.Errorf("the latest two are %+v", list)
	}
	if diff := cmp.Diff([]string{"http://a/", "http://b/", "http://c/"}, waiting); diff != "" {
		t.Errorf("waiting (-want +got):\n%s", diff)
	}
}

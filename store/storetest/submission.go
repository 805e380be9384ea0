package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
)

// runSubmissions tests a store against the contract of reports.
func runSubmissions(t *testing.T, open Open) {
	t.Run("submission", func(t *testing.T) { testSubmission(t, open) })
	t.Run("flagged submission", func(t *testing.T) { testFlaggedSubmission(t, open) })
	t.Run("order of submissions", func(t *testing.T) { testSubmissionOrder(t, open) })
	t.Run("readers of submissions", func(t *testing.T) { testSubmissionReaders(t, open) })
	t.Run("withdrawn submissions", func(t *testing.T) { testWithdrawal(t, open) })
}

// testSubmission follows a submission from its hand-in to the assessment of its page.
func testSubmission(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	const url = "http://school.example/x"
	item := ingest.Item{URL: url, Host: "school.example", Authorisation: "a"}
	want := qianshao.Submission{
		ID: qianshao.SubmissionID(url), URL: url, Category: qianshao.Gambling, Reports: 1, Origin: "api", First: base, Last: base,
		State: qianshao.SubmissionWaiting, Skip: qianshao.SkipNotAuthorised,
	}
	check := func(step string, got qianshao.Submission, err error) {
		t.Helper()
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatalf("%s: error %v, (-want +got):\n%s", step, err, diff)
		}
	}
	got, err := s.Submit(ctx, store.Report{URL: url, Suspected: qianshao.Gambling, Origin: "api", By: "test", At: base}, nil, qianshao.SkipNotAuthorised)
	check("handed in", got, err)
	if _, ok, err := s.Next(ctx); ok || err != nil {
		t.Fatalf("a submission without authorisation is in the frontier (error %v)", err)
	}
	want.Reports, want.Last = 2, base.Add(time.Hour)
	got, err = s.Submit(ctx, store.Report{URL: url, Origin: "api", By: "test", At: want.Last}, nil, qianshao.SkipNotAuthorised)
	check("handed in again", got, err)

	if urls, err := s.WaitingSubmissions(ctx); err != nil || cmp.Diff([]string{url}, urls) != "" {
		t.Fatalf("waiting: %q, %v", urls, err)
	}
	if err := s.QueueSubmission(ctx, item); err != nil {
		t.Fatal(err)
	}
	want.State, want.Skip, want.Authorisation = qianshao.SubmissionQueued, "", item.Authorisation
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

	// Submitted again, it is visited at once, not in a month.
	want.Reports, want.State, want.Skip = 3, qianshao.SubmissionQueued, ""
	got, err = s.Submit(ctx, store.Report{URL: url, Origin: "api", By: "test", At: want.Last}, &item, "")
	check("recalled", got, err)
	visit(ingest.Outcome{Again: base.AddDate(0, 1, 0)})
	want.State = qianshao.SubmissionClear
	list, err := s.Submissions(ctx, store.Everything(), 10)
	check("seen", list[0], err)
}

// testFlaggedSubmission: a submission is flagged when the page to which its URL leads is.
func testFlaggedSubmission(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	it := item("school.example", "x", 0)
	submitted, err := s.Submit(ctx, store.Report{URL: it.URL, Origin: "api", By: "test", At: base}, &it, "")
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
	found := func(when string, sight qianshao.Sight, want map[string][]string) {
		t.Helper()
		got, err := s.FindingsOfSubmissions(ctx, sight, []string{submitted.ID, "none"})
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s, the report leads to other findings: error %v, (-want +got):\n%s", when, err, diff)
		}
	}
	of := target.Assessment.Findings[0]
	found("flagged", qianshao.Sight{Authorisations: []string{of.Authorisation}}, map[string][]string{submitted.ID: {of.ID}})
	found("out of sight", qianshao.Sight{Authorisations: []string{"another"}}, map[string][]string{})
	_, err = s.PageGone(ctx, target.Page.URL, 404, qianshao.CausePage, base)
	check(t, err)
	want("its page is gone", qianshao.SubmissionClear)
	found("gone", qianshao.SeeAll(), map[string][]string{})
}

// testSubmissionReaders: while a report waits, its reporter may read it, later those who see its
// authorisation; lists, counts and store.Reader.Sees agree.
func testSubmissionReaders(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	waiting := func(url, origin string) {
		t.Helper()
		_, err := s.Submit(ctx, store.Report{URL: url, Origin: origin, By: "test", At: base}, nil, qianshao.SkipNotAuthorised)
		check(t, err)
	}
	waiting("http://w1/", "account me")
	waiting("http://w2/", "account other")
	waiting("http://w3/", "")
	for _, host := range []string{"q1", "q2"} {
		it := item(host, "/x", 0)
		it.Authorisation = "of " + host
		_, err := s.Submit(ctx, store.Report{URL: it.URL, Origin: "api", By: "test", At: base}, &it, "")
		check(t, err)
	}
	all, err := s.Submissions(ctx, store.Everything(), 10)
	check(t, err)
	for who, want := range map[*store.Reader]int{
		{Sight: qianshao.SeeAll()}: 5,
		{Sight: qianshao.Sight{Authorisations: []string{"of q1"}}, Origin: "account me"}: 2,
		{Sight: qianshao.Sight{Authorisations: []string{"of q1", "of q2"}}}:              2,
		{Origin: "account other"}: 1,
		{}:                        0,
	} {
		var ids, seen []string
		list, err := s.Submissions(ctx, *who, 10)
		check(t, err)
		for _, r := range list {
			ids = append(ids, r.ID)
		}
		for _, r := range all {
			if who.Sees(r) {
				seen = append(seen, r.ID)
			}
		}
		if diff := cmp.Diff(seen, ids); diff != "" || len(ids) != want {
			t.Errorf("%+v reads %d, want %d (-Sees +Submissions):\n%s", *who, len(ids), want, diff)
		}
		origins, err := s.SubmissionOrigins(ctx, *who)
		check(t, err)
		sum := 0
		for _, o := range origins {
			sum += o.Waiting + o.Queued
		}
		if sum != want {
			t.Errorf("%+v: the counts by origin make %d, want %d", *who, sum, want)
		}
	}
}

// testSubmissionOrder: the list has the latest first, the queue the earliest.
func testSubmissionOrder(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	for i, url := range []string{"http://a/", "http://b/", "http://c/"} {
		_, err := s.Submit(ctx, store.Report{URL: url, Origin: "api", By: "test", At: base.Add(time.Duration(i) * time.Minute)}, nil, qianshao.SkipNotAuthorised)
		check(t, err)
	}
	_, err := s.Submit(ctx, store.Report{URL: "http://a/", Origin: "api", By: "test", At: base.Add(time.Hour)}, nil, qianshao.SkipNotAuthorised)
	check(t, err)
	list, err := s.Submissions(ctx, store.Everything(), 2)
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

// testWithdrawal: reports are removed when they are withdrawn, singly or all open ones of an origin, and
// when their term ends.
func testWithdrawal(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	submit := func(url, origin string, hours int, it *ingest.Item) string {
		t.Helper()
		skip := qianshao.SkipNotAuthorised
		if it != nil {
			skip = ""
		}
		report, err := s.Submit(ctx, store.Report{URL: url, Origin: origin, By: "test", At: base.Add(time.Duration(hours) * time.Hour)}, it, skip)
		check(t, err)
		return report.ID
	}
	visited, queued := item("a", "visited", 0), item("a", "queued", 0)
	submit(visited.URL, "api 203.0.113.0/24", 0, &visited)
	done(t, s, visited, ingest.Outcome{Again: base.AddDate(1, 0, 0)})
	submit(queued.URL, "api 203.0.113.0/24", 0, &queued)
	submit("http://b/1", "api 203.0.113.0/24", 0, nil)
	submit("http://b/2", "api 203.0.113.0/24", 0, nil)
	submit("http://b/2", "form", 1, nil) // the first origin is kept
	one := submit("http://b/3", "form", 1, nil)
	origins := func(when string, want ...store.OriginCount) {
		t.Helper()
		got, err := s.SubmissionOrigins(ctx, store.Everything())
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("%s: %v, (-want +got):\n%s", when, err, diff)
		}
	}
	origins("all", store.OriginCount{Origin: "api 203.0.113.0/24", Waiting: 2, Queued: 1}, store.OriginCount{Origin: "form", Waiting: 1})
	check(t, s.WithdrawSubmission(ctx, byTest, one))
	if err := s.WithdrawSubmission(ctx, byTest, one); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("withdrawn twice: %v", err)
	}
	if n, err := s.WithdrawOrigin(ctx, byTest, "api 203.0.113.0/24"); err != nil || n != 3 {
		t.Errorf("%d of an origin were withdrawn, %v", n, err)
	}
	origins("withdrawn")
	if got := records(t, s, qianshao.SubjectSubmission, one); len(got) != 2 || got[0].Event != "withdrawn" || got[0].By != "test" || got[1].Event != "added" {
		t.Errorf("acts of a withdrawn report: %+v", got)
	}
	list, err := s.Submissions(ctx, store.Everything(), 10)
	if err != nil || len(list) != 1 || list[0].URL != visited.URL || list[0].State != qianshao.SubmissionClear {
		t.Errorf("remaining: %+v, %v", list, err)
	}
	for expired, now := range []time.Time{base.Add(store.ReportTerm), base.Add(store.ReportTerm + time.Millisecond)} {
		if n, err := s.ExpireSubmissions(ctx, now); err != nil || n != expired {
			t.Errorf("at %s %d expire, %v, want %d", now, n, err, expired)
		}
	}
}

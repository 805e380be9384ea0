package storetest

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
)

// longPath returns incompressible text for URLs of 8 KiB: it is random after a common beginning, so that
// only their ends distinguish some of them.
func longPath(seed uint64) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
	same, own := rand.New(rand.NewPCG(0, 0)), rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // no secrets
	text := make([]byte, 8_000)
	for i := range text {
		if text[i] = digits[same.IntN(len(digits))]; i > 4_000 {
			text[i] = digits[own.IntN(len(digits))]
		}
	}
	return string(text)
}

// testLongURLs takes URLs of 8 KiB that differ only at their ends through everything that is keyed by URL.
func testLongURLs(t *testing.T, open Open) {
	for name, urls := range map[string][2]string{
		"path":  {"http://a/" + longPath(1), "http://a/" + longPath(2)},
		"query": {"http://a/?" + longPath(1), "http://a/?" + longPath(2)},
		"both":  {"http://a/" + longPath(1) + "?1", "http://a/" + longPath(1) + "?2"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			longInFrontier(t, s, urls[0], urls[1])
			longPages(t, s, urls[0], urls[1])
			longEvidence(t, s, urls[0], urls[1])
		})
	}
}

func longItem(url string) ingest.Item {
	return ingest.Item{URL: url, Host: "a", Authorisation: "city"}
}

// longInFrontier leaves one of the URLs in the frontier.
func longInFrontier(t *testing.T, s Store, one, two string) {
	t.Helper()
	first, second := longItem(one), longItem(two)
	report, err := s.Submit(t.Context(), store.Report{URL: one, Origin: "api", By: "test", At: base}, &first, "")
	check(t, err)
	for range 2 {
		items, err := s.Lease(t.Context(), ingest.Lease{Now: base, Limit: 1, For: time.Minute})
		if err != nil || len(items) != 1 || items[0].URL != one {
			t.Fatalf("leased %d, %v", len(items), err)
		}
		done(t, s, items[0], ingest.Outcome{At: base, Again: base.Add(time.Hour), Links: []ingest.Item{first, second}})
		if report, err = s.Submission(t.Context(), report.ID); err != nil || report.State != qianshao.SubmissionClear || report.URL != one {
			t.Errorf("the report of a URL that was visited: %s of %.40s, %v", report.State, report.URL, err)
		}
		check(t, s.QueueSubmission(t.Context(), first))
		if report, err = s.Submission(t.Context(), report.ID); err != nil || report.State != qianshao.SubmissionQueued {
			t.Errorf("the report of a URL that is due: %s, %v", report.State, err)
		}
		items, err = s.Lease(t.Context(), ingest.Lease{Now: base, Limit: 2, For: time.Minute})
		if err != nil || len(items) != 1 {
			t.Fatalf("leased %d, %v", len(items), err)
		}
		done(t, s, items[0], ingest.Outcome{At: base, Again: base.Add(time.Hour)})
		if n, err := s.Recheck(t.Context(), byTest, "a", "", nil, []ingest.Item{first}); err != nil || n != 1 {
			t.Errorf("%d URLs are rechecked, %v", n, err)
		}
	}
	done(t, s, second, ingest.Outcome{Drop: true})
	for url, want := range map[string]bool{one: true, two: false} {
		if known, err := s.KnowsURL(t.Context(), "a", url); err != nil || known != want {
			t.Errorf("%.20s… is known: %v, %v", url, known, err)
		}
	}
}

// longPages lets one page be found, disappear and be deleted, beside the other.
func longPages(t *testing.T, s Store, one, two string) {
	t.Helper()
	for _, url := range []string{one, two} {
		page := cloaked(url, 1)
		page.Rules = "rules"
		save(t, s, page)
	}
	hash := hashOf([]byte("校园新闻"))
	if _, known, err := s.Confirm(t.Context(), two, hash, "rules", base.Add(2*time.Hour)); err != nil || !known {
		t.Errorf("the page is confirmed: %v, %v", known, err)
	}
	gonePage(t, s, one, 3)
	deleteFindings(t, s, 1, deletionOf(one, "casino", 4))
	if f := finding(t, s, two, "casino"); f.State() != qianshao.StateOpen || f.URL != two || f.RequestedURL != two+"?asked" {
		t.Errorf("the other finding is %s", f.State())
	}
	if open, err := s.OpenURLs(t.Context(), "a", 10); err != nil || len(open) != 1 || open[0] != two {
		t.Errorf("%d open URLs, %v", len(open), err)
	}
	if pages := all(t, s.FlaggedPages(t.Context())); len(pages) != 1 || pages[0].URL != two || len(views(t, s, two, "casino")) != 2 || len(views(t, s, one, "casino")) != 0 {
		t.Errorf("%d flagged pages", len(pages))
	}
	if records := all(t, s.AllPages(t.Context())); len(records) != 2 || records[0].Flagged == records[1].Flagged {
		t.Errorf("records %+v", records)
	}
}

// longEvidence finds the capture of each in the archive.
func longEvidence(t *testing.T, s Store, one, two string) {
	t.Helper()
	of := begin(t, s, "writer")
	for _, url := range []string{one, two} {
		head := chain(t, s, of.Number).Head
		x := extension(head, "f", 1)
		x.Capture.URL = url
		check(t, s.AppendEvidence(t.Context(), head, x))
	}
	for _, url := range []string{one, two} {
		c, ok, err := s.EvidenceCapture(t.Context(), url)
		if err != nil || !ok || c.URL != url {
			t.Errorf("the capture: %v, %v", ok, err)
		}
	}
}

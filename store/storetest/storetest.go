// Package storetest is the contract of a store: what every implementation must do, however it stores its
// data. An implementation runs it in its tests. One promise is left to those tests, since it takes ten
// thousand rows: the bound store.MaxWaiting.
package storetest

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/internal/pipeline"
	"github.com/qianshao/qianshao/store"
)

// Store is what all consumers of a store need together: the interfaces that they declare, and those below
// for methods that no consumer declares. Every method is safe for concurrent use. Times are kept to the
// millisecond and come back in UTC; texts are kept byte by byte, and sorted by their bytes.
type Store interface {
	ingest.Frontier
	ingest.Silence
	evidence.Ledger
	dashboards.Store
	pipeline.Store
	Register
	Failures
	Submissions
	Deletions
	Outbox
	Export
	Notices
	RuleSets
	Places
	// Finding returns one finding, or store.ErrNotFound.
	Finding(ctx context.Context, id string) (store.Finding, error)
}

// Outbox gives consumers the changed findings.
type Outbox interface {
	// Pending returns the changed findings that a consumer has yet to process, in the order of their last
	// change, after a Seq, at most limit.
	Pending(ctx context.Context, c store.Consumer, after int64, limit int) ([]store.Pending, error)
	// Settle records that a consumer has processed findings. A finding changed since Pending returned it
	// stays pending.
	Settle(ctx context.Context, c store.Consumer, told []store.Pending) error
	Backlog(ctx context.Context, c store.Consumer) (store.Backlog, error)
	// FindingRecordsOf returns the records that a consumer needs; unknown findings are left out.
	FindingRecordsOf(ctx context.Context, ids []string) ([]qianshao.FindingRecord, error)
}

// Deletions is what retention and operators need to delete findings.
type Deletions interface {
	OldFindings(ctx context.Context, before time.Time) ([]store.OldFinding, error)
	DeleteFindings(ctx context.Context, list []store.Deletion) (findings int, err error)
	Deletions(ctx context.Context, limit int) ([]store.Deletion, error)
}

// Register is what the scope commands and the crawl need of the authorisations.
type Register interface {
	// PutAuthorisations adds authorisations or replaces those with the same ids: all of them, or none. What
	// a changed one affects is due at once.
	PutAuthorisations(ctx context.Context, by store.Signed, list []qianshao.Authorisation) error
	Authorisations(ctx context.Context) ([]qianshao.Authorisation, error)
	// RegisterMark returns a mark of the register as it is now, and whether it has changed since an earlier
	// mark.
	RegisterMark(ctx context.Context, since int64) (mark int64, changed bool, err error)
	// Recheck makes URLs of a host due at once: items, and its known URLs under some authorisations.
	Recheck(ctx context.Context, by store.Signed, host, page string, under []string, items []ingest.Item) (urls int, err error)
	// OpenURLs are the URLs of the host's open findings; KnowsURL says whether a URL is known.
	OpenURLs(ctx context.Context, host string, limit int) ([]string, error)
	KnowsURL(ctx context.Context, host, url string) (bool, error)
}

// Failures is what a crawl's summary needs about URLs that bring no page.
type Failures interface {
	Retry(ctx context.Context) (urls int, err error)
	Recall(ctx context.Context, before, after []qianshao.Authorisation) error
	WaitingHosts(ctx context.Context) ([]store.WaitingHost, error)
	SkippedHosts(ctx context.Context) ([]store.SkippedHost, error)
}

// Submissions is for code that hands in pages and queues them.
type Submissions interface {
	Submit(ctx context.Context, r store.Report, item *ingest.Item, skip qianshao.Skip) (qianshao.Submission, error)
	QueueSubmission(ctx context.Context, item ingest.Item) error
	WaitingSubmissions(ctx context.Context) ([]string, error)
	ExpireSubmissions(ctx context.Context, now time.Time) (n int, err error)
	WithdrawOrigin(ctx context.Context, by store.Signed, origin string) (n int, err error)
}

// RuleSets is what reports need for changes of the rules.
type RuleSets interface {
	PutRuleSet(ctx context.Context, set store.RuleSet) error
	// RuleSetInForce returns the digest of the latest one, "" for none.
	RuleSetInForce(ctx context.Context) (digest string, err error)
	// RuleSets returns those that came into force before to, the latest first: those since from, and the
	// one that was in force at from.
	RuleSets(ctx context.Context, from, to time.Time, limit int) ([]store.RuleSet, error)
}

// Places shows a process that it uses a different place from the others.
type Places interface {
	// Place returns where a part is stored, "" if that was not set.
	Place(ctx context.Context, part store.Part) (place string, err error)
	// SetPlace sets it, unless that was done before; moved replaces it in any case. It returns the place
	// now in force.
	SetPlace(ctx context.Context, part store.Part, place string, moved bool) (holds string, err error)
}

// Export is for code that reads a store from end to end: reindex, rule previews, metrics.
type Export interface {
	FindingRecords(ctx context.Context, after string, limit int) ([]qianshao.FindingRecord, error)
	// FindingRanges divides all ids in order into ranges of n; the last may have fewer. FindingRecordsIn
	// reads one.
	FindingRanges(ctx context.Context, n int) ([]store.Range, error)
	FindingRecordsIn(ctx context.Context, r store.Range) ([]qianshao.FindingRecord, error)
	FindingMark(ctx context.Context) (store.FindingMark, error)
	AllFindings(ctx context.Context) iter.Seq2[qianshao.FindingRecord, error]
	Pages(ctx context.Context, after string, limit int) ([]qianshao.PageRecord, error)
	AllPages(ctx context.Context) iter.Seq2[qianshao.PageRecord, error]
	FlaggedPages(ctx context.Context) iter.Seq2[qianshao.Page, error]
	// TextlessPages counts the pages that FlaggedPages leaves out, and those of them
	// that once had a finding.
	TextlessPages(ctx context.Context) (unflagged, once int, err error)
	AllFrontier(ctx context.Context) iter.Seq2[store.FrontierRecord, error]
	Counts(ctx context.Context) (store.Counts, error)
}

// Open returns an empty store that is closed when the test ends.
type Open func(t testing.TB) Store

// Run tests a store against the contract.
func Run(t *testing.T, open Open) {
	for _, tc := range []struct {
		name string
		test func(*testing.T, Open)
	}{
		{"authorisations", testAuthorisations},
		{"lease", testLease},
		{"next waits for lease", testNextWaitsForLeases}, {"late done", testLateDone},
		{"memory", testMemory},
		{"counts of URLs", testURLCounts},
		{"frontier model", testFrontierModel},
		{"concurrent leases", testConcurrentLeases}, {"holders", testHolders}, {"released hosts", testReleased},
		{"turns", testTurns}, {"turns of visits", testTurnsOfVisits}, {"concurrent crawlers", testConcurrentCrawlers},
		{"clock ahead", testReplan}, {"failures", testFailures}, {"failures of hosts", testHostFailures},
		{"changed authorisation", testChangedAuthorisation},
		{"all frontier", testAllFrontier},
		{"silent hosts", testSilentHosts},
		{"lost pages", testLostPages},
		{"silent hosts by name", testSilentHostsByName},
		{"fetched under", testFetchedUnder},
		{"odd URLs", testOddURLs}, {"long URLs", testLongURLs},
		{"save page", testSavePage},
		{"page gone", testPageGone},
		{"capture of what is gone", testGoneKeepsCapture},
		{"title of what is gone", testGoneTitleIsBounded},
		{"picture of what is gone", testRelapseReplacesPicture},
		{"rules change", testRulesChange},
		{"category moves", testCategoryMoves},
		{"back in another category", testReopenedElsewhere},
		{"confirm", testConfirm},
		{"refused pages", testSavePageRefuses},
		{"unflagged", testUnflaggedKeepsNothing}, {"saved with its visit", testSavedWithVisit},
		{"odd texts", testOddTexts},
		{"times", testTimes},
		{"times ahead", testTimesAhead},
		{"findings", testFindings},
		{"visible findings", testVisibleFindings},
		{"finding records", testFindingRecords},
		{"mark of findings", testFindingMark},
		{"old findings", testOldFindings},
		{"deleted findings", testDeleteFindings},
		{"log of deletions", testDeletions},
		{"outbox", testOutbox},
		{"pages and counts", testPagesAndCounts},
		{"keys of pages", testKeys},
		{"dropped URLs", testDrop},
		{"bounded text", testPageTextIsBounded},
		{"views", testOnlyViewsWithEvidenceAreKept},
		{"concurrent saves", testConcurrentSaves},
		{"evidence", testEvidence}, {"evidence chains", testEvidenceChains}, {"evidence register", testEvidenceRegister},
		{"evidence deleted", testEvidenceDeleted},
		{"evidence refused", testEvidenceRefused},
		{"evidence at once", testEvidenceAtOnce},
		{"cancelled", testCancelled},
	} {
		t.Run(tc.name, func(t *testing.T) { tc.test(t, open) })
	}
	for _, run := range []func(*testing.T, Open){runSites, runSubmissions, runAccounts, runRuleSets, runPlaces} {
		run(t, open)
	}
}

// base is the time around which the tests take place.
var base = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// byTest signs what the tests change.
var byTest = store.Signed{By: "test", At: base}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// all reads an iterator to its end.
func all[T any](t testing.TB, rows iter.Seq2[T, error]) (list []T) {
	t.Helper()
	for row, err := range rows {
		check(t, err)
		list = append(list, row)
	}
	return list
}

// testCancelled: a call whose context has ended changes nothing and returns an error.
func testCancelled(t *testing.T, open Open) {
	s := open(t)
	begun := begin(t, s, "a")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range map[string]func() error{
		"Add":               func() error { return s.Add(ctx, []ingest.Item{item("a", "1", 0)}) },
		"PutAuthorisations": func() error { return s.PutAuthorisations(ctx, byTest, []qianshao.Authorisation{{ID: "a"}}) },
		"SavePage": func() error {
			_, err := s.SavePage(ctx, Page("http://a/", "x", 0, "casino"))
			return err
		},
		"AppendEvidence": func() error { return s.AppendEvidence(ctx, begun.Head, extension(begun.Head, "f", 1)) },
	} {
		if err := call(); err == nil {
			t.Errorf("%s with a context that has ended: no error", name)
		}
	}
	c, err := s.Counts(t.Context())
	check(t, err)
	list, err := s.Authorisations(t.Context())
	check(t, err)
	if c.Pages+c.Findings+c.URLs != 0 || chain(t, s, begun.Number) != begun || len(list) != 0 {
		t.Errorf("something was recorded: %+v, %+v, %v", c, chain(t, s, begun.Number), list)
	}
}

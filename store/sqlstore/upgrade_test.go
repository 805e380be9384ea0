package sqlstore

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlstore/campaigns"
	"github.com/qianshao/qianshao/store/sqlstore/review"
)

// older returns a database as a program with that schema version left it, with the rows that the statements
// insert.
func older(t *testing.T, version int64, statements ...string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "q.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := sqlite.Provider(db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%v, in: %s", err, statement)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestUpgradeTakesCaptures: findings of a folder from before captures were kept get as much of one as can
// be known, and nothing of a later, clean page.
func TestUpgradeTakesCaptures(t *testing.T) {
	const finding = `INSERT INTO findings (id, url, rule, category, level, score, finding, first_seen, last_seen, gone_at) VALUES `
	frame, err := (&packer{}).pack("源")
	if err != nil {
		t.Fatal(err)
	}
	path := older(t, 6,
		`INSERT INTO pages (url, requested_url, authorisation, sha256, status, first_seen, last_seen, flagged, rules) VALUES
			('http://a/open', 'http://a/asked', 'city', 'hash-open', 200, 1000, 3000, 1, 'r'),
			('http://a/clean', 'http://a/other', 'city', 'hash-clean', 203, 1000, 3000, 0, 'r'),
			('http://a/missing', 'http://a/missing', 'city', 'hash-found', 404, 1000, 2000, 0, '')`,
		fmt.Sprintf(`INSERT INTO page_texts (url, charset, title, source, body) VALUES ('http://a/open', 'gb18030', '题', x'%x', x'%[1]x')`, frame),
		finding+`('open', 'http://a/open', 'r', 'gambling', 3, 70, '{}', 1000, 3000, NULL)`,
		finding+`('clean', 'http://a/clean', 'r', 'gambling', 3, 70, '{}', 1000, 2000, 3000)`,
		finding+`('missing', 'http://a/missing', 'r', 'gambling', 3, 70, '{}', 1000, 2000, 4000)`,
		`INSERT INTO finding_changes (id, at, state, cause) VALUES ('clean', 3000, 'gone', 'content'), ('missing', 4000, 'gone', 'page')`,
		`INSERT INTO evidence_captures (id, url, captured, seen, fingerprint, categories, findings, records, bytes) VALUES
			(2, 'http://a/missing', 2000, 2000, 'f', '["gambling"]', '["missing"]', 2, 9)`,
		`INSERT INTO evidence_links (seq, kind, added, file, start, length, record, chain, record_id, uri, captured, mime, status, payload, capture) VALUES
			(2, 'request', 2000, 'f', 0, 1, 'r', 'c', 'i', 'http://a/missing', 2000, '', 0, '', 2),
			(3, 'response', 2000, 'f', 0, 1, 'r', 'c', 'i', 'http://a/missing', 2000, '', 201, '', 2)`,
	)
	s := open(t, path)
	second := func(n int64) time.Time { return time.Unix(n, 0).UTC() }
	for id, want := range map[string]store.Finding{
		"open": {PageTitle: "题", Charset: "gb18030", Hash: "hash-open", Status: 200, RequestedURL: "http://a/asked", FetchedAt: second(3),
			PageNow: store.PageState{Hash: "hash-open", Status: 200, At: second(3)}},
		"clean": {FetchedAt: second(2), PageNow: store.PageState{Hash: "hash-clean", Status: 203, At: second(3)}},
		"missing": {Hash: "hash-found", Status: 201, RequestedURL: "http://a/missing", FetchedAt: second(2),
			PageNow: store.PageState{Status: 404, At: second(4)}},
	} {
		f, err := s.Finding(t.Context(), id)
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		got := store.Finding{PageTitle: f.PageTitle, Charset: f.Charset, Hash: f.Hash, Status: f.Status, RequestedURL: f.RequestedURL, FetchedAt: f.FetchedAt, PageNow: f.PageNow}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
}

// TestUpgradeTakesQueries: a folder from before queries were hashed keeps its pages and findings, but only
// the queries of flagged pages.
func TestUpgradeTakesQueries(t *testing.T) {
	const clean, flagged, was = "http://a/p?sid=CLEAN", "http://a/p?sid=FLAGGED", "http://a/p?sid=WAS"
	page := func(url, requested string, isFlagged int) string {
		return fmt.Sprintf(`INSERT INTO pages (url, requested_url, authorisation, sha256, status, first_seen, last_seen, flagged, rules)
			VALUES ('%s', '%s', 'city', 'hash', 200, 1000, 3000, %d, 'r')`, url, requested, isFlagged)
	}
	finding := func(id, url, gone string) string {
		return fmt.Sprintf(`INSERT INTO findings (id, url, rule, category, level, score, finding, first_seen, last_seen, gone_at, requested_url)
			VALUES ('%s', '%s', 'r', 'gambling', 3, 70, '{"url": "%[2]s"}', 1000, 3000, %s, '%[2]s')`, id, url, gone)
	}
	frame, err := (&packer{}).pack("源")
	if err != nil {
		t.Fatal(err)
	}
	statements := []string{
		page(clean, clean+"-ASKED", 0), page(flagged, flagged, 1), page(was, was, 0), page("http://a/p", "http://a/p", 0),
		fmt.Sprintf(`INSERT INTO page_texts (url, charset, title, source, body) VALUES ('%s', 'utf-8', '题', x'%x', x'%[2]x')`, flagged, frame),
		fmt.Sprintf(`INSERT INTO page_views (url, view, final_url, status, fetched_at, sha256, charset, source) VALUES ('%s', 'search_visitor', '%[1]s', 200, 1, '', '', x'%x')`, flagged, frame),
		finding("open", flagged, "NULL"), finding("gone", was, "3000"),
		fmt.Sprintf(`INSERT INTO submissions (id, url, category, reports, first_reported, last_reported, waits_for) VALUES ('%s', '%s', '', 1, 1, 1, '')`,
			qianshao.SubmissionID(flagged), flagged),
		fmt.Sprintf(`INSERT INTO frontier (url, host, authorisation, depth, due, visits) VALUES ('%s', 'a', 'city', 0, 1, 1)`, flagged),
		`INSERT INTO hosts (host, head_due, head_depth, leased, lease_until) VALUES ('a', 1, 0, 'http://a/p?sid=CLEAN', 9000000000000)`,
		`INSERT INTO evidence_captures (id, url, captured, seen, fingerprint, categories, findings, records, bytes, gone) VALUES (1, 'http://a/p?sid=CLEAN', 1, 1, 'f', '[]', '[]', 1, 1, 2)`,
		`INSERT INTO evidence_links (seq, kind, added, file, start, length, record, chain, record_id, uri, captured, mime, status, payload, capture, gone, cut)
			VALUES (1, 'response', 1, 'f', 0, 1, 'r', 'c', 'i', 'http://a/p?sid=CLEAN', 1, '', 200, '', 1, 2, 1)`,
	}
	for i := range 2 * batchRows { // more than are read at a time
		statements = append(statements, page(fmt.Sprintf("http://b/?CLEAN-%d", i), "", 0))
	}
	path := older(t, 9, statements...)
	s := open(t, path)
	checkUpgraded(t, s, clean, flagged)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{path, path + "-wal"} {
		content, err := os.ReadFile(file)
		if n := bytes.Count(content, []byte("CLEAN")); n > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s has %d queries of clean pages, %v", filepath.Base(file), n, err)
		}
	}
}

func checkUpgraded(t *testing.T, s *Store, clean, flagged string) {
	t.Helper()
	c, err := s.Counts(t.Context())
	if err != nil || c.Pages != 4+2*batchRows || c.Flagged != 1 || c.Findings != 2 || c.Open != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	for _, url := range []string{clean, flagged, "http://a/p", "http://b/?CLEAN-399"} {
		if _, known, err := s.Confirm(t.Context(), url, "hash", "r", time.Unix(4, 0)); err != nil || !known {
			t.Errorf("%s is known: %v, %v", url, known, err)
		}
	}
	f, err := s.Finding(t.Context(), "open")
	if err != nil || f.URL != flagged || f.RequestedURL != flagged || f.Source != "源" || f.PageNow.Hash != "hash" {
		t.Errorf("the open finding: %+v, %v", f, err)
	}
	if gone, err := s.Finding(t.Context(), "gone"); err != nil || gone.PageNow.Hash != "hash" {
		t.Errorf("the finding that is gone: %+v, %v", gone, err)
	}
	if views, err := s.Views(t.Context(), "open"); err != nil || len(views) != 1 || views[0].URL != flagged {
		t.Errorf("views: %+v, %v", views, err)
	}
	for p, err := range s.FlaggedPages(t.Context()) {
		if err != nil || p.URL != flagged || p.RequestedURL != flagged || string(p.Body) != "源" {
			t.Errorf("flagged page: %+v, %v", p, err)
		}
	}
	if report, err := s.Submission(t.Context(), qianshao.SubmissionID(flagged)); err != nil || report.State != qianshao.SubmissionFlagged {
		t.Errorf("report: %+v, %v", report, err)
	}
	if items, err := s.Lease(t.Context(), ingest.Lease{Now: time.Unix(9, 0), Limit: 9, For: time.Minute}); err != nil || len(items) != 1 || items[0].URL != flagged {
		t.Errorf("leased: %+v, %v", items, err)
	}
}

// TestUpgradeCarriesChanges: the accounts' former trail follows the existing acts, in its order and with
// its own times; the trail is valid; the setting keeps its value.
func TestUpgradeCarriesChanges(t *testing.T) {
	old := qianshao.Act{Seq: 1, At: time.UnixMilli(9000).UTC(), By: "wang", Subject: qianshao.Subject{Kind: qianshao.SubjectCampaign, ID: "c"}, Kind: qianshao.ActNote}
	old.Chain = desk.Link("", &old)
	statements := []string{
		fmt.Sprintf(`INSERT INTO acts (seq, at, account, client_key, batch, subject_kind, subject, kind, basis, verdict, reason, seen, rules, until, reverts, round, detail, chain)
			VALUES (1, 9000, 'wang', '', 0, 'campaign', 'c', 'note', 0, '', '', '', '', 0, 0, 0, '', '%s')`, old.Chain),
		fmt.Sprintf(`UPDATE act_head SET seq = 1, chain = '%s'`, old.Chain),
		`INSERT INTO standings VALUES ('campaign', 'c', 0, 0, 0, '', 0, '', '', '', 0, '', 0, 0, '', 0, 0, 0, '', 0, 0, 0)`,
		`INSERT INTO account_changes (seq, at, by, account, what, detail) VALUES
			(1, 1000, '(command)', 'wang', 'added', 'analyst, sees all'), (2, 2000, 'root', '', 'second_review_share', '0.2'), (3, 2000, 'root', '', 'second_review_share', '0.1')`,
	}
	for i := 4; i <= 2*batchRows; i++ { // more than are read at a time
		statements = append(statements, fmt.Sprintf(`INSERT INTO account_changes (seq, at, by, account, what, detail) VALUES (%d, 3000, 'wang', '王', 'role', '"lead"')`, i))
	}
	s := open(t, older(t, 34, statements...))
	kept := review.New(s.Database(), campaigns.Options{Name: "test"})
	v, err := kept.Verify(t.Context(), desk.Head{Seq: 1, Chain: old.Chain}, func(problem locales.Speaker) { t.Error(problem) })
	if err != nil || v.Acts != 1+2*batchRows {
		t.Errorf("%+v, error %v", v, err)
	}
	acts, err := kept.Acts(t.Context(), desk.ActsQuery{Sight: qianshao.SeeAll(), Records: true, Since: 1, Limit: 4})
	if err != nil || len(acts) != 4 {
		t.Fatalf("%d acts, error %v", len(acts), err)
	}
	share := qianshao.Subject{Kind: qianshao.SubjectSetting, ID: string(store.SettingSecondReview)}
	for i, want := range []qianshao.Act{
		{Seq: 2, At: time.UnixMilli(1000).UTC(), By: "(command)", Subject: qianshao.Subject{Kind: qianshao.SubjectAccount, ID: "wang"}, Detail: `{"event":"added","after":"analyst, sees all"}`},
		{Seq: 3, At: time.UnixMilli(2000).UTC(), By: "root", Subject: share, Detail: `{"event":"set","after":"0.2"}`},
		{Seq: 4, At: time.UnixMilli(2000).UTC(), By: "root", Subject: share, Detail: `{"event":"set","before":"0.2","after":"0.1"}`},
		{Seq: 5, At: time.UnixMilli(3000).UTC(), By: "wang", Subject: qianshao.Subject{Kind: qianshao.SubjectAccount, ID: "王"}, Detail: `{"event":"role","after":"\"lead\""}`},
	} {
		want.Kind, want.Chain = qianshao.ActChange, acts[i].Chain
		if diff := cmp.Diff(want, acts[i]); diff != "" {
			t.Errorf("act %d (-want +got):\n%s", i+2, diff)
		}
	}
	if got, err := s.Setting(t.Context(), store.SettingSecondReview); err != nil || got != "0.1" {
		t.Errorf("the setting is %q, error %v", got, err)
	}
	check := func(name string, want int) {
		var n int
		if err := s.Database().Read.QueryRow(`SELECT count(*) FROM sqlite_master WHERE name = $1`, name).Scan(&n); err != nil || n != want {
			t.Errorf("%d tables %s, want %d, error %v", n, name, want, err)
		}
	}
	check("account_changes", 0)
	check("settings", 1)
}

// TestUpgradeKeepsProblems: a delivery from before failures had a kind can be read, and keeps its text.
func TestUpgradeKeepsProblems(t *testing.T) {
	t.Parallel()
	s, err := New(sqlite.Open(t.Context(), older(t, 47,
		`INSERT INTO notice_deliveries (key, alert, schedule, channel, period_from, period_to, state, created, since, next, attempts, findings, problem, obstacle, settled)
VALUES ('k1', 'a1', '', 'c1', 0, 0, 'failed', 1, 1, 1, 3, 2, 'the receiver answered 500', '', 2)`)))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d, err := s.Delivery(t.Context(), "k1")
	if err != nil || d.Problem != "the receiver answered 500" || d.Fault.Known() || d.Attempts != 3 || d.Findings != 2 {
		t.Errorf("%+v, %v", d, err)
	}
}

// TestUpgradeCutsKeys: a folder from before the keys of pages were cut still finds its pages with long URLs
// by their keys.
func TestUpgradeCutsKeys(t *testing.T) {
	path := "http://a/" + strings.Repeat("long/", 1_600)
	query := path + "?sid=1"
	hashed := path + "?" + strings.SplitN(qianshao.PageKey("x?sid=1"), "?", 2)[1]
	frame, err := (&packer{}).pack("源")
	if err != nil {
		t.Fatal(err)
	}
	var statements []string
	for url, key := range map[string]string{path: path, query: hashed} {
		statements = append(statements,
			fmt.Sprintf(`INSERT INTO pages (page, requested, authorisation, sha256, status, first_seen, last_seen, flagged, rules)
				VALUES ('%s', '%[1]s', 'city', 'hash', 200, 1000, 3000, 1, 'r')`, key),
			fmt.Sprintf(`INSERT INTO page_texts (page, url, charset, title, source, body) VALUES ('%s', '%s', 'gb18030', '题', x'%x', x'%[3]x')`, key, url, frame),
			fmt.Sprintf(`INSERT INTO findings (id, page, url, rule, category, level, score, finding, first_seen, last_seen)
				VALUES ('%s', '%s', '%s', 'r', 'gambling', 3, 70, '{"url": "%[3]s"}', 1000, 3000)`, qianshao.FindingID(url, "r"), key, url))
	}
	s := open(t, older(t, 48, statements...))
	for _, url := range []string{path, query} {
		saved, known, err := s.Confirm(t.Context(), url, "hash", "r", time.Unix(4, 0))
		if err != nil || !known || !saved.Open {
			t.Errorf("%.20s… of %d bytes is known: %v, %+v, %v", url, len(url), known, saved, err)
		}
		if f, err := s.Finding(t.Context(), qianshao.FindingID(url, "r")); err != nil || f.Source != "源" {
			t.Errorf("its finding: %q, %v", f.Source, err)
		}
	}
}

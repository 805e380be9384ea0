package sqlite

import (
	"database/sql"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"github.com/qianshao/qianshao/store"
)

// older returns a database as the program left it whose schema was that version,
// with the rows that the statements put in.
func older(t *testing.T, version int64, statements ...string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "q.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
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

// TestUpgradeTakesCaptures: findings of a folder from before captures were kept
// have as much of one as can be known, and nothing of a later, clean page.
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

package datafolder_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
)

// querySite serves pages with tokens in their queries: pages that are not flagged, one that links
// to another token, and one with a casino's advertisement.
func querySite(t *testing.T) (origin string) {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch r.URL.Path {
		case "/":
			fmt.Fprint(w, `<title>青禾诊所</title><p>本院专家门诊时间如下，请提前预约。</p>
<a href="/list?sid=INNOCENTTOKEN-1">门诊</a> <a href="/moved?sid=INNOCENTTOKEN-2">旧址</a> <a href="/ad?sid=FLAGGEDTOKEN">公告</a>`)
		case "/list", "/new":
			fmt.Fprint(w, `<title>青禾诊所</title><p>本周门诊安排照常，节假日休息。</p>`)
		case "/moved":
			http.Redirect(w, r, "/new?sid=INNOCENTTOKEN-3", http.StatusFound)
		case "/ad":
			fmt.Fprint(w, `<title>青禾诊所</title><p>澳门线上赌场官网开户，注册送彩金88元，真人百家乐，老虎机爆奖</p>`)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(site.Close)
	return site.URL
}

func crawlOnce(t *testing.T, data string) {
	t.Helper()
	a := apptest.New(t, app.Options{Data: data, Version: "test", Crawl: &app.CrawlOptions{
		FetchOptions: app.FetchOptions{Contact: "https://test.example/"}, Once: true,
	}})
	a.Start(t.Context())
	if err := a.WaitCrawl(); err != nil {
		t.Fatal(err)
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
}

func authorisationOf(t *testing.T, origin string) qianshao.Authorisation {
	t.Helper()
	u, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	return qianshao.Authorisation{
		ID: "test", Owner: "o", Basis: "b", Contact: "c", ValidFrom: now.Add(-time.Hour), ValidUntil: now.Add(time.Hour),
		Hosts: []string{u.Host}, Rate: 1000, AllowPrivate: true, Seeds: []string{origin + "/"},
	}
}

// columnsWith returns the columns of the folder's database that contain a text.
func columnsWith(t *testing.T, data, text string) (columns []string) {
	t.Helper()
	db := openDatabase(t, data)
	rows, err := db.Query(`SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY 1, 2`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var table, column string
		var n int
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		if err := db.QueryRow(`SELECT count(*) FROM `+table+` WHERE instr(`+column+`, $1) > 0`, text).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			columns = append(columns, table+"."+column)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return columns
}

func openDatabase(t *testing.T, data string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(data, "qianshao.db")+"?_pragma=secure_delete(ON)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// occurrences counts a text in all files below a folder.
func occurrences(t *testing.T, folder, text string) (n int) {
	t.Helper()
	for _, name := range filesWith(t, folder, text) {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		n += bytes.Count(content, []byte(text))
	}
	return n
}

// TestQueriesOfUnflaggedPages: the query of a page that is not flagged is only in the frontier,
// which needs it to visit the page again.
func TestQueriesOfUnflaggedPages(t *testing.T) {
	data := sqlitetest.Folder(t)
	apptest.Authorise(t, data, authorisationOf(t, querySite(t)))
	crawlOnce(t, data)
	if columns := columnsWith(t, data, "INNOCENTTOKEN"); !slices.Equal(columns, []string{"frontier.page", "frontier.url"}) {
		t.Errorf("queries of clean pages are in %q", columns)
	}
	if columns := columnsWith(t, data, "FLAGGEDTOKEN"); !slices.Contains(columns, "findings.url") {
		t.Errorf("the query of the flagged page is only in %q: nobody can visit it", columns)
	}
	if names := filesWith(t, data, "INNOCENTTOKEN"); len(names) != 1 || !strings.HasSuffix(names[0], "qianshao.db") {
		t.Errorf("queries of clean pages are in the files %q", names)
	}
}

// makeDue makes all URLs due for the next crawl.
func makeDue(t *testing.T, data string) {
	t.Helper()
	db := openDatabase(t, data)
	for _, statement := range []string{`UPDATE frontier SET due = 0`, `UPDATE hosts SET head_due = 0, next_at = 0`} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// reportLongAgo records a report that has expired, so that the next crawl removes it.
func reportLongAgo(t *testing.T, data, url string) {
	t.Helper()
	f, err := datafolder.Open(t.Context(), datafolder.Options{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	report := store.Report{URL: url, Origin: "form", By: "test", At: time.Now().Add(-store.ReportTerm - time.Minute)}
	_, err = f.Store.Submit(t.Context(), report, nil, qianshao.SkipNotAuthorised)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestQueriesGoWithTheirURL: once a URL has left the frontier, its query is in no file of the data
// folder, including the write-ahead log. The same holds for the query of a flagged page once its
// finding is deleted.
func TestQueriesGoWithTheirURL(t *testing.T) {
	data := sqlitetest.Folder(t)
	authorisation := authorisationOf(t, querySite(t))
	apptest.Authorise(t, data, authorisation)
	crawlOnce(t, data)
	if occurrences(t, data, "INNOCENTTOKEN") == 0 {
		t.Fatal("there is no query in the frontier: this test cannot see anything")
	}
	authorisation.NoQueries = true
	apptest.Authorise(t, data, authorisation) // this also makes URLs with a query due
	reportLongAgo(t, data, "http://elsewhere.example/?sid=INNOCENTTOKEN-4")
	crawlOnce(t, data)
	if n := occurrences(t, data, "INNOCENTTOKEN"); n > 0 {
		t.Errorf("queries of clean pages are %d times in %q", n, filesWith(t, data, "INNOCENTTOKEN"))
	}
	if columns := columnsWith(t, data, "FLAGGEDTOKEN"); !slices.Contains(columns, "findings.url") || !slices.Contains(columns, "frontier.url") {
		t.Errorf("the URL of the flagged page is only in %q", columns)
	}
	f := openFolder(t, data)
	if _, err := f.DeleteFinding(t.Context(), onlyFinding(t, f), "", time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.SettleIndex(t.Context()); err != nil {
		t.Fatal(err)
	}
	if columns := columnsWith(t, data, "FLAGGEDTOKEN"); !slices.Equal(columns, []string{"frontier.page", "frontier.url"}) {
		t.Errorf("the query of the deleted finding's page is in %q", columns)
	}
	makeDue(t, data)
	crawlOnce(t, data)
	if n := occurrences(t, data, "TOKEN"); n > 0 {
		t.Errorf("queries are %d times in %q, %q", n, filesWith(t, data, "TOKEN"), columnsWith(t, data, "TOKEN"))
	}
}

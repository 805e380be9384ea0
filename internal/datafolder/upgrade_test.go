package datafolder_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store/sqlite/database"
)

// beforeActs is the last schema of a folder that knows no acts.
const beforeActs = 26

// oldFolder makes a data folder as an older program left it, with findings of some
// evidence, each gone and found again once.
func oldFolder(tb testing.TB, findings int) (data string, ids []string) {
	tb.Helper()
	data = tb.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(data, "qianshao.db"))
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	p, err := database.Provider(db)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := p.UpTo(tb.Context(), beforeActs); err != nil {
		tb.Fatal(err)
	}
	tx, err := db.Begin()
	if err != nil {
		tb.Fatal(err)
	}
	for n := range findings {
		f := qianshao.Finding{
			ID: fmt.Sprintf("%016x", n), URL: fmt.Sprintf("http://h%d.example/%d", n%200, n), Authorisation: "city", Rule: "r", Category: qianshao.Gambling,
			Level: qianshao.LevelHigh, Score: 70,
		}
		for i := range 8 {
			f.Evidence = append(f.Evidence, qianshao.Evidence{
				Block: "terms", Term: "注册送", Text: fmt.Sprintf("注册送彩金%d", n%100), Before: "在线投注，" + strings.Repeat("字", i), After: "立即开户 12:30", Line: n, Column: i,
			})
		}
		text, err := json.Marshal(&f)
		if err != nil {
			tb.Fatal(err)
		}
		for _, statement := range []struct {
			text string
			args []any
		}{
			{`INSERT INTO pages (page, requested, authorisation, sha256, status, first_seen, last_seen, flagged) VALUES ($1, $1, 'city', '', 200, 1, 1, 1)`, []any{f.URL}},
			{`INSERT INTO findings (id, page, url, rule, category, level, score, finding, first_seen, last_seen) VALUES ($1, $2, $2, 'r', 'gambling', 3, 70, $3, 1000, 9000)`, []any{f.ID, f.URL, string(text)}},
			{`INSERT INTO finding_changes (id, at, state, cause) VALUES ($1, 3000, 'gone', 'content'), ($1, 5000, 'open', 'content'), ($1, 7000, 'open', 'category')`, []any{f.ID}},
		} {
			if _, err := tx.Exec(statement.text, statement.args...); err != nil {
				tb.Fatal(err)
			}
		}
		ids = append(ids, f.ID)
	}
	if err := tx.Commit(); err != nil {
		tb.Fatal(err)
	}
	return data, ids
}

// TestUpgradeSeen: findings of a folder from before acts say what they show, when they
// came back and under which authorisation; who is interrupted goes on.
func TestUpgradeSeen(t *testing.T) {
	t.Parallel()
	const findings = 1200 // more than are filled in one transaction
	data, ids := oldFolder(t, findings)
	db, err := sql.Open("sqlite", filepath.Join(data, "qianshao.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p, err := database.Provider(db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	// As if the process had died after some.
	if _, err := db.Exec(`UPDATE findings SET seen = 'done before' WHERE id < $1`, ids[700]); err != nil {
		t.Fatal(err)
	}
	f, err := datafolder.Open(t.Context(), datafolder.Options{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	shows := map[string]int{}
	for record, err := range f.Store.AllFindings(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		shows[record.Finding.Seen]++
	}
	if shows["done before"] != 700 || shows[""] != 0 || len(shows) != 2 { // the evidence differs in numbers alone
		t.Errorf("what the findings show: %v", shows)
	}
	var back, authorised, hosts int
	if err := db.QueryRow(`SELECT sum(back_at = 5000), sum(authorisation = 'city'), count(DISTINCT host) FROM findings WHERE id >= $1`, ids[700]).Scan(&back, &authorised, &hosts); err != nil {
		t.Fatal(err)
	}
	if back != findings-700 || authorised != findings-700 || hosts != 200 {
		t.Errorf("%d came back, %d have the authorisation, on %d hosts", back, authorised, hosts)
	}
}

// BenchmarkUpgrade opens the folder of an older program; QIANSHAO_UPGRADE=100000 asks for
// what docs/performance.md tells of.
func BenchmarkUpgrade(b *testing.B) {
	n := 5000
	if asked := os.Getenv("QIANSHAO_UPGRADE"); asked != "" {
		if _, err := fmt.Sscan(asked, &n); err != nil {
			b.Fatal(err)
		}
	}
	data, _ := oldFolder(b, n)
	for b.Loop() {
		start := time.Now()
		f, err := datafolder.Open(b.Context(), datafolder.Options{Data: data})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds(), "s-upgrade")
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

package datafolder_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao/store/sqlite"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/datafolder"
)

// oldSchema is the schema from before the outbox, accounts, acts and campaigns.
const oldSchema = 25

// oldFolder creates a data folder as an older version left it. It has findings with some evidence,
// each of which was gone once and found again.
func oldFolder(tb testing.TB, findings int) (data string, ids []string) {
	tb.Helper()
	data = tb.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(data, "qianshao.db"))
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	p, err := sqlite.Provider(db)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := p.UpTo(tb.Context(), oldSchema); err != nil {
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

// TestUpgradeSeen: findings from before there were acts get their content, the time when they came
// back and their authorisation. An interrupted upgrade continues.
func TestUpgradeSeen(t *testing.T) {
	t.Parallel()
	const findings = 1200 // more than fit into one transaction
	data, ids := oldFolder(t, findings)
	db, err := sql.Open("sqlite", filepath.Join(data, "qianshao.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p, err := sqlite.Provider(db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	// As if the process had died after the first ones.
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
	if shows["done before"] != 700 || shows[""] != 0 || len(shows) != 2 { // the evidence differs only in numbers
		t.Errorf("the content of the findings: %v", shows)
	}
	var back, authorised, hosts int
	if err := db.QueryRow(`SELECT sum(back_at = 5000), sum(authorisation = 'city'), count(DISTINCT host) FROM findings WHERE id >= $1`, ids[700]).Scan(&back, &authorised, &hosts); err != nil {
		t.Fatal(err)
	}
	if back != findings-700 || authorised != findings-700 || hosts != 200 {
		t.Errorf("%d came back, %d have the authorisation, on %d hosts", back, authorised, hosts)
	}
}

// upgradeFindings sets the number of findings in the older version's folder. 100,000 gives the
// figures in docs/performance.md.
const upgradeFindings = "QIANSHAO_UPGRADE"

func findingsToUpgrade(tb testing.TB, otherwise int) int {
	tb.Helper()
	if asked := os.Getenv(upgradeFindings); asked != "" {
		n, err := strconv.Atoi(asked)
		if err != nil || n < 1 {
			tb.Fatalf("%s=%s is not a number of findings", upgradeFindings, asked)
		}
		return n
	}
	return otherwise
}

// upgradedFolder names the folder that the child of TestKilledUpgrade opens.
const upgradedFolder = "QIANSHAO_TEST_KILLED_UPGRADE"

// TestKilledUpgrade kills the program three times at random moments while it opens an older
// version's folder. Nothing is lost: afterwards the content of every finding is recorded, and all
// findings are in campaigns with correct counters.
func TestKilledUpgrade(t *testing.T) {
	if data := os.Getenv(upgradedFolder); data != "" {
		groupAll(t, upgradeFolder(t, data))
		<-t.Context().Done()
		return
	}
	t.Parallel()
	n := findingsToUpgrade(t, 1200)
	data, ids := oldFolder(t, n)
	for range 3 {
		child := exec.Command(os.Args[0], "-test.run=^TestKilledUpgrade$", "-test.timeout=10m")
		child.Env = append(os.Environ(), upgradedFolder+"="+data)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(300*time.Millisecond + time.Duration(rand.IntN(n*100))*time.Microsecond)
		if err := child.Process.Kill(); err != nil {
			t.Fatalf("the program has ended by itself: %v", err)
		}
		_ = child.Wait()
		t.Logf("killed with %s", upgradeState(t, data))
	}
	f := upgradeFolder(t, data)
	defer f.Close()
	groupAll(t, f)
	shows := 0
	for record, err := range f.Store.AllFindings(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := slices.BinarySearch(ids, record.Finding.ID); ok && record.Finding.Seen != "" {
			shows++
		}
	}
	if shows != n {
		t.Errorf("of %d findings %d have their content recorded", n, shows)
	}
	if faults, err := f.Review.Campaigns.Verify(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("the campaigns do not add up: %v, %v", faults, err)
	}
	t.Logf("in the end %s", upgradeState(t, data))
}

// upgradeState says how far an upgrade has got.
func upgradeState(t *testing.T, data string) string {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(data, "qianshao.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var version, seen, grouped int
	if err := db.QueryRow(`SELECT max(version_id) FROM goose_db_version`).Scan(&version); err != nil {
		t.Fatal(err)
	}
	if err := db.QueryRow(`SELECT count(*) FROM findings WHERE seen <> ''`).Scan(&seen); err != nil {
		return fmt.Sprintf("schema %d", version) // there is no such column yet
	}
	if err := db.QueryRow(`SELECT count(*) FROM campaign_findings`).Scan(&grouped); err != nil {
		return fmt.Sprintf("schema %d, %d noted", version, seen)
	}
	return fmt.Sprintf("schema %d, %d noted, %d grouped", version, seen, grouped)
}

func upgradeFolder(tb testing.TB, data string) *datafolder.Folder {
	tb.Helper()
	f, err := datafolder.Open(tb.Context(), datafolder.Options{Data: data, Version: "test"})
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

// groupAll groups all findings into campaigns, as the process does in the background.
func groupAll(tb testing.TB, f *datafolder.Folder) {
	tb.Helper()
	for n := 1; n > 0; {
		var err error
		if n, err = f.Review.Campaigns.GroupPending(tb.Context()); err != nil {
			tb.Fatal(err)
		}
	}
}

// BenchmarkUpgrade opens the folder of an older version: s-upgrade is the time until it can be used,
// s-grouped until all findings are in their campaigns, which the process does in the background.
func BenchmarkUpgrade(b *testing.B) {
	data, _ := oldFolder(b, findingsToUpgrade(b, 5000))
	for b.Loop() {
		start := time.Now()
		f := upgradeFolder(b, data)
		b.ReportMetric(time.Since(start).Seconds(), "s-upgrade")
		groupAll(b, f)
		b.ReportMetric(time.Since(start).Seconds(), "s-grouped")
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

package figures_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/report"
	"github.com/qianshao/qianshao/store/postgres"
	"github.com/qianshao/qianshao/store/postgres/postgrestest"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/figures"
	"github.com/qianshao/qianshao/store/sqlstore/synthetic"
)

// BenchmarkReport counts a quarter of a year's findings, four in five of them decided.
// QIANSHAO_BENCH_FINDINGS sets their number (10,000). Besides the time it reports the process's peak
// memory, as given by Linux; that of a PostgreSQL server is not included.
func BenchmarkReport(b *testing.B) {
	n := 10_000
	if asked := os.Getenv("QIANSHAO_BENCH_FINDINGS"); asked != "" {
		var err error
		n, err = strconv.Atoi(asked)
		check(b, err)
	}
	b.Run("SQLite", func(b *testing.B) {
		path := filepath.Join(b.TempDir(), "q.db")
		benchmarkReport(b, n, func() (*database.DB, error) { return sqlite.Open(b.Context(), path) })
	})
	b.Run("PostgreSQL", func(b *testing.B) {
		dsn := postgrestest.DSN(b)
		benchmarkReport(b, n, func() (*database.DB, error) { return postgres.Open(b.Context(), postgres.Options{DSN: dsn}) })
	})
	load, _ := os.ReadFile("/proc/loadavg")
	b.Logf("%d findings, load %.14s", n, load)
}

func benchmarkReport(b *testing.B, n int, open func() (*database.DB, error)) {
	b.Helper()
	db, err := open()
	check(b, err)
	synthetic.Findings(b, db, n, n/20)
	synthetic.Acts(b, db)
	check(b, db.Close())
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // resets the peak
	db, err = open()
	check(b, err)
	b.Cleanup(func() { _ = db.Close() })
	quarter := report.Days(time.Date(2026, time.August, 27, 12, 0, 0, 0, shanghai), 92, shanghai)
	var ms int64
	check(b, db.Read.QueryRow(`SELECT max(first_seen) FROM findings`).Scan(&ms))
	last := database.FromMillis(ms)
	for _, tc := range []struct {
		name string
		q    report.Query
	}{
		{"all", report.Query{Period: quarter, Sight: qianshao.SeeAll()}},
		{"week", report.Query{Period: report.Days(last, 7, shanghai), Sight: qianshao.SeeAll()}},
		{"authorisation", report.Query{Period: quarter, Sight: qianshao.SeeAll(), Authorisation: "a3"}},
	} {
		b.Run(tc.name, func(b *testing.B) {
			before := cpu(b)
			for b.Loop() {
				r, err := figures.New(db, func() time.Time { return quarter.To }).Report(b.Context(), tc.q)
				check(b, err)
				if r.Volume.Findings == 0 || tc.name == "all" && r.Volume.Findings != n {
					b.Fatalf("%+v", r.Volume)
				}
			}
			b.ReportMetric(float64((cpu(b)-before).Milliseconds())/float64(b.N), "cpu-ms")
			b.ReportMetric(float64(peak()), "MB-at-most")
		})
	}
}

// cpu is the processor time that the process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	check(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peak is the most memory that the process has used, in MB; 0 if the system does not say.
func peak() (mb int) {
	status, _ := os.ReadFile("/proc/self/status")
	if _, rest, found := strings.Cut(string(status), "VmHWM:"); found {
		_, _ = fmt.Sscan(rest, &mb)
	}
	return mb >> 10
}

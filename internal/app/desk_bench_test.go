package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/sqlstore/synthetic"
)

// BenchmarkDesk measures the desk on synthetic findings, as clients see it over the API of a running
// server. QIANSHAO_BENCH_FINDINGS is the number of findings (10,000 by default); there are a twentieth
// as many campaigns. docs/performance.md says how to run it.
func BenchmarkDesk(b *testing.B) {
	findings := benchFindings(b)
	data := b.TempDir()
	clients, grouping := deskFolder(b, data, findings)
	started := time.Now()
	a := apptest.New(b, app.Options{Data: data, Version: "test", Console: &app.ConsoleOptions{Listen: "127.0.0.1:0"}})
	b.Logf("the server started in %s, with the index built; %s", time.Since(started).Round(time.Second), loadAndMemory(b))
	a.Start(b.Context())
	for b.Loop() {
		for _, c := range clients {
			c.base = a.ConsoleURL() + "api/v1/"
			c.reads(b)
			c.decides(b)
		}
		b.ReportMetric(grouping, "group-cpu-µs") // b.Loop discards metrics that were reported before it
		b.Logf("read; %s", loadAndMemory(b))
		batchBesideCrawl(b, a, clients[0])
		b.Logf("batch done; %s", loadAndMemory(b))
	}
}

// benchFindings returns the number of findings in QIANSHAO_BENCH_FINDINGS.
func benchFindings(b *testing.B) int {
	b.Helper()
	findings := 10_000
	if asked := os.Getenv("QIANSHAO_BENCH_FINDINGS"); asked != "" {
		var err error
		if findings, err = strconv.Atoi(asked); err != nil || findings < 2000 {
			b.Fatalf("QIANSHAO_BENCH_FINDINGS=%s: a number from 2000 on", asked)
		}
	}
	return findings
}

// usage returns the processor time that the process has used, and its peak memory in MB.
func usage(b *testing.B) (cpu time.Duration, resident int64) {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), u.Maxrss >> 10
}

// loadAndMemory returns what is needed to judge every figure: the machine's load and the memory of
// the process.
func loadAndMemory(b *testing.B) string {
	b.Helper()
	_, resident := usage(b)
	load, _ := os.ReadFile("/proc/loadavg") // stays empty on systems without it
	return fmt.Sprintf("%d MB resident at most, load %.14s", resident, load)
}

// deskFolder makes a folder of synthetic findings. It returns two clients, one that sees all findings
// and one that sees 3 of the authorisations, and the cost of grouping a new finding, in µs of CPU.
func deskFolder(b *testing.B, data string, findings int) (clients []*deskClient, grouping float64) {
	b.Helper()
	ctx := b.Context()
	f, err := datafolder.Open(ctx, datafolder.Options{Data: data, Version: "test"})
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	started := time.Now()
	synthetic.Findings(b, f.Store.Database(), findings, findings/20)
	b.Logf("%d findings in %d campaigns, filled in %s", findings, findings/20, time.Since(started).Round(time.Second))
	grouping = benchGrouping(b, f)
	limited := qianshao.Sight{Authorisations: []string{"a3", "a77", "a150"}}
	for _, account := range []qianshao.Account{
		{Name: "all", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}, {Name: "limited", Role: qianshao.RoleAnalyst, Sight: limited},
	} {
		if err := f.Accounts.Add(ctx, "test", account, ""); err != nil {
			b.Fatal(err)
		}
		token, _, err := f.Accounts.NewToken(ctx, "test", account.Name, "test", []qianshao.Scope{qianshao.ScopeRead, qianshao.Scope(qianshao.PowerDecide)}, 24*time.Hour)
		if err != nil {
			b.Fatal(err)
		}
		c := &deskClient{name: account.Name, token: token}
		for i := 1; i <= findings && len(c.findings) < 200; i++ {
			ofLimited := slices.Contains(limited.Authorisations, fmt.Sprint("a", (i*7919)%synthetic.Authorisations))
			if i%4 != 0 && i%10 != 0 && ofLimited != account.Sight.All { // undecided, not in the batch, and not decided by the other client
				c.findings = append(c.findings, fmt.Sprintf("%016x", i*2654435761))
			}
		}
		clients = append(clients, c)
	}
	return clients, grouping
}

// benchGrouping returns the cost of grouping a finding that the crawl has saved, in µs of CPU.
func benchGrouping(b *testing.B, f *datafolder.Folder) float64 {
	b.Helper()
	group := func(from, to int) time.Duration {
		for i := from; i < to; i++ {
			saveNewcomer(b, f, newcomer(i%200+i/3, i))
		}
		before, _ := usage(b)
		for n := 1; n > 0; {
			var err error
			if n, err = f.Review.Campaigns.GroupPending(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		after, _ := usage(b)
		return after - before
	}
	group(0, 300)
	var costs []float64
	for i := 300; i < 1800; i += 300 {
		costs = append(costs, float64(group(i, i+300).Microseconds())/300)
	}
	slices.Sort(costs)
	return costs[len(costs)/2]
}

// saveNewcomer saves a finding as the crawl does.
func saveNewcomer(b *testing.B, f *datafolder.Folder, finding qianshao.Finding) {
	b.Helper()
	page := qianshao.Page{URL: finding.URL, RequestedURL: finding.URL, Source: qianshao.SourceCrawl, Authorisation: finding.Authorisation, Status: 200, FetchedAt: time.Now()}
	_, err := f.Store.SavePage(b.Context(), store.Save{
		Page: page, Document: &qianshao.Document{Source: "x"}, Rules: "test",
		Assessment: qianshao.Assessment{Category: finding.Category, Level: finding.Level, Score: finding.Score, Findings: []qianshao.Finding{finding}},
	})
	if err != nil {
		b.Error(err)
	}
}

// deskClient is an analyst who works over the API.
type deskClient struct {
	name, token, base string
	findings          []string // ids of some that it sees
}

// ask sends a request and reads the answer into v; the answer must be a success.
func (c *deskClient) ask(b *testing.B, method, path, body string, v any) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Content-Type", "application/json")
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Body.Close()
	answer, err := io.ReadAll(w.Body)
	if err == nil && w.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s", w.Status)
	}
	if err == nil {
		err = json.NewDecoder(bytes.NewReader(answer)).Decode(v)
	}
	if err != nil {
		b.Fatalf("%s %s as %s: %v: %.300s", method, path, c.name, err, answer)
	}
}

// p95 reports the 95th percentile and the median of the times that f takes.
func (c *deskClient) p95(b *testing.B, what string, n int, f func(i int)) {
	b.Helper()
	took := make([]time.Duration, n)
	for i := range took {
		started := time.Now()
		f(i)
		took[i] = time.Since(started)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[n*95/100].Microseconds())/1000, what+"-"+c.name+"-p95-ms")
	b.ReportMetric(float64(took[n/2].Microseconds())/1000, what+"-"+c.name+"-p50-ms")
}

// reads measures pages of the queue, with filters and without, and campaigns.
func (c *deskClient) reads(b *testing.B) {
	b.Helper()
	type list struct {
		Campaigns []struct{ ID string }
		Next      string
	}
	after, ids := "", []string{fmt.Sprintf("%016x", 1)} // the largest campaign
	c.p95(b, "queue", 100, func(int) {
		var page list
		c.ask(b, http.MethodGet, "queue?after="+after, "", &page)
		after = page.Next
		for _, found := range page.Campaigns {
			ids = append(ids, found.ID)
		}
	})
	c.p95(b, "queue-filtered", 100, func(i int) {
		c.ask(b, http.MethodGet, "queue?level=high&kind=block&category="+[]string{"gambling", "fraud", "pornography"}[i%3], "", &list{})
	})
	c.p95(b, "campaign", 200, func(i int) {
		c.ask(b, http.MethodGet, "campaigns/"+ids[(1+i*977)%len(ids)], "", &struct{}{})
	})
	c.p95(b, "largest", 40, func(int) { c.ask(b, http.MethodGet, "campaigns/"+ids[0], "", &struct{}{}) })
}

// decides measures what an analyst does for each finding: read it with its standing,
// and decide, which changes the standing and the counters of its campaign.
func (c *deskClient) decides(b *testing.B) {
	b.Helper()
	type look struct {
		Seen   string
		Review struct{ Basis int64 }
	}
	looks := make([]look, len(c.findings))
	c.p95(b, "standing", len(looks), func(i int) { c.ask(b, http.MethodGet, "findings/"+c.findings[i], "", &looks[i]) })
	c.p95(b, "decide", len(looks), func(i int) {
		c.ask(b, http.MethodPost, "acts", fmt.Sprintf(`{"subject": "finding:%s", "kind": "decide", "basis": %d, "seen": "%s", "verdict": "crime", "reason": "hacked"}`,
			c.findings[i], looks[i].Review.Basis, looks[i].Seen), &struct{}{})
	})
}

// batchBesideCrawl decides on all findings of the largest campaign while a flagged page is
// saved every 5 ms and grouped; it reports the time and the longest that a page waited.
func batchBesideCrawl(b *testing.B, a *app.App, c *deskClient) {
	b.Helper()
	stop := make(chan struct{})
	var crawl sync.WaitGroup
	var saves []time.Duration
	crawl.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for i := 10_000; ; i++ {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			began := time.Now()
			saveNewcomer(b, a.Folder, newcomer(i%500, i))
			saves = append(saves, time.Since(began))
		}
	})
	var batch struct {
		ID      int64
		Members int
		State   string
		Tally   struct{ Done, Pending int }
	}
	started := time.Now()
	c.ask(b, http.MethodPost, "batches", fmt.Sprintf(`{"campaign": "%016x"}`, 1), &batch)
	b.ReportMetric(time.Since(started).Seconds(), "s-freeze")
	started = time.Now()
	c.ask(b, http.MethodPost, fmt.Sprintf("batches/%d/acts", batch.ID), fmt.Sprintf(`{"kind": "decide", "verdict": "crime", "reason": "hacked", "confirm": %d}`, batch.Members), &batch)
	for batch.State != "applied" {
		time.Sleep(100 * time.Millisecond)
		c.ask(b, http.MethodGet, fmt.Sprintf("batches/%d", batch.ID), "", &batch)
	}
	b.ReportMetric(time.Since(started).Seconds(), "s-batch")
	close(stop)
	crawl.Wait()
	slices.Sort(saves)
	b.ReportMetric(float64(saves[len(saves)-1].Milliseconds()), "ms-longest-page")
	b.ReportMetric(float64(saves[len(saves)/2].Microseconds())/1000, "ms-median-page")
	b.Logf("%d members, %d decided; %d pages saved meanwhile", batch.Members, batch.Tally.Done, len(saves))
}

// filling is a statement that fills a database.
type filling struct {
	query string
	args  []any
}

func fill(b *testing.B, db *database.DB, list []filling) {
	b.Helper()
	for _, s := range list {
		synthetic.Exec(b, db, s.query, s.args...)
	}
}

// phrases make up the blocks of newcomers.
const phrases = "澳门新葡京赌场官方网站注册送彩金真人百家乐在线娱乐平台最新网址备用入口手机版下载安装客服联系提款秒到账信誉保证老虎机电子游艺捕鱼彩票开奖结果查询首存优惠每日返水棋牌体育投注世界杯竞猜"

// newcomer is a finding of a template, on a site of its own.
func newcomer(template, i int) qianshao.Finding {
	r := rand.New(rand.NewPCG(uint64(template), 3))
	words := []rune(phrases)
	var text strings.Builder
	for range 40 {
		at := r.IntN(len(words) - 6)
		text.WriteString(string(words[at : at+2+r.IntN(5)]))
	}
	f := qianshao.Finding{
		ID: fmt.Sprintf("f%07d%08x", template, i), URL: fmt.Sprintf("http://n%d.example/%d/%d", i%997, template, i), Authorisation: "a1",
		Category: "gambling", Level: qianshao.LevelHigh, Score: 70, Title: "t",
	}
	for k, piece := range slices.Collect(slices.Chunk([]rune(text.String()), 30)) {
		f.Evidence = append(f.Evidence, qianshao.Evidence{Text: fmt.Sprintf("%s 编号%d", string(piece), i*100+k), Region: qianshao.RegionText})
	}
	f.Indicators = []qianshao.Indicator{{Kind: qianshao.IndicatorDomain, Value: fmt.Sprintf("t%d.example.com", template)}, {Kind: qianshao.IndicatorQQ, Value: fmt.Sprint(100000 + i)}}
	return f
}

package campaigns_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/store/sqlite/campaigns"
	"github.com/qianshao/qianshao/store/sqlite/database"
	"github.com/qianshao/qianshao/store/sqlite/outbox"
	"github.com/qianshao/qianshao/store/sqlite/queue"
	"github.com/qianshao/qianshao/store/sqlite/trail"
)

// sizeOf reads a size of the benchmark from the environment.
func sizeOf(b *testing.B, name string, otherwise int) int {
	b.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 100 {
		b.Fatalf("%s=%s: a number from 100 on", name, text)
	}
	return n
}

// realTraits are those of internal/datafolder.
func realTraits(f *qianshao.Finding) campaign.Traits {
	return campaign.Of(f, campaign.Options{Fold: fold.String, Registered: func(host string) string {
		if domain, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
			return domain
		}
		return host
	}})
}

// benchAuthorisations is how many authorisations the findings are under.
const benchAuthorisations = 200

// synthetic fills an empty database with findings in campaigns: a tenth of them in one
// campaign, each in a handle's, too, a quarter decided. It takes a minute for a million.
func synthetic(b *testing.B, db *database.DB, findings, campaigns int) {
	b.Helper()
	handles := max(10, campaigns/5)
	for _, s := range []struct {
		query string
		args  []any
	}{
		{`CREATE TEMP TABLE n (i INTEGER PRIMARY KEY, c INTEGER, h INTEGER, auth TEXT, owner TEXT, cat TEXT, level INTEGER, score INTEGER, first INTEGER, id TEXT, url TEXT, undecided INTEGER)`, nil},
		{`INSERT INTO n WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < $1)
SELECT i, CASE WHEN i % 10 = 0 THEN 1 ELSE 1 + (i - i / 10) % $2 END, $2 + 1 + (i * 31) % $3, 'a' || ((i * 7919) % $4), 's' || ((i * 7919) % 5000) || '.example',
  CASE i % 3 WHEN 0 THEN 'gambling' WHEN 1 THEN 'fraud' ELSE 'porn' END, 3 + (i / 7) % 3, 40 + (i * 13) % 61, 1780000000000 + (i * 7777) % 5000000000,
  printf('%016x', i * 2654435761), 'http://s' || ((i * 7919) % 5000) || '.example/' || i, i % 4 <> 0 FROM k`, []any{findings, campaigns, handles, benchAuthorisations}},
		{`INSERT INTO pages (page, requested, authorisation, sha256, status, first_seen, last_seen, flagged, rules) SELECT url, url, auth, '', 200, first, first, 1, '' FROM n`, nil},
		{`INSERT INTO findings (id, page, url, rule, category, level, score, finding, first_seen, last_seen, sha256, status, requested_url, charset, title, seen, host, authorisation)
SELECT id, url, url, 'r', cat, level, score, '{"id":"' || id || '","url":"' || url || '","title":"t","evidence":[{"text":"' || i || '"}]}', first, first, '', 200, '', '', '', id, owner, auth FROM n`, nil},
		{`INSERT INTO campaign_findings SELECT id, c, c, i, 0, owner, auth, cat, level, score, first, first, undecided, 0, 0, 0, CASE WHEN undecided THEN first + 259200000 END, NULL FROM n`, nil},
		{`INSERT INTO standings (subject_kind, subject, act, decided, decided_at, decided_by, batch, verdict, reason, seen, round, second, reviews, dissent, assignee, parked, parked_at, parked_until, parked_seen, parked_content, parked_relapse, parked_sites)
SELECT 'finding', id, i, i, first, 'li', 0, 'crime', 'hacked', id, 1, '', 0, 0, '', 0, 0, 0, '', 0, 0, 0 FROM n WHERE undecided = 0`, nil},
		{`INSERT INTO campaign_members SELECT id, c, 0, 0, auth, first FROM n`, nil},
		{`INSERT INTO campaign_members SELECT id, h, 1, h, auth, first FROM n`, nil},
		{`INSERT INTO campaign_shapes SELECT c, i, 0, i * 2654435761, zeroblob(192), 1 FROM n WHERE i % 5 = 0 OR i < $1`, []any{campaigns}},
		{`INSERT INTO campaign_bands WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < 24)
SELECT (n.i * 24 + k.i) * 3037000493 - 4611686018427387904, n.c FROM n, k WHERE n.i % 5 = 0 OR n.i < $1`, []any{campaigns}},
		{`INSERT INTO campaign_owners SELECT m.campaign, f.owner, f.authorisation, count(*) FROM campaign_members m JOIN campaign_findings f ON f.finding = m.finding GROUP BY 1, 2, 3`, nil},
		{`INSERT INTO campaigns (campaign, id, kind, key_hash, key_name, label, oldest, members, owners) SELECT campaign, printf('%016x', campaign), CASE WHEN campaign <= $1 THEN 'block' ELSE 'handle' END,
  0, '', '澳门 ' || campaign, min(finding), count(*), 1 FROM campaign_members GROUP BY campaign`, []any{campaigns}},
		{`INSERT INTO campaign_counts ` + queue.Recounted, nil},
		{`DROP TABLE n`, nil},
		{`ANALYZE`, nil},
	} {
		err := db.Update(b.Context(), database.Ordered, "fill", func(tx *database.Tx) error {
			_, err := tx.ExecContext(b.Context(), s.query, s.args...)
			return err
		})
		if err != nil {
			b.Fatalf("%v in %s", err, s.query)
		}
	}
}

// phrases that make up the blocks of newcomers.
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

// enqueue stores findings as the crawl does.
func enqueue(b *testing.B, db *database.DB, list []qianshao.Finding) {
	b.Helper()
	err := db.Update(b.Context(), database.Ordered, "save", func(tx *database.Tx) error {
		for i := range list {
			f := &list[i]
			text, err := json.Marshal(f)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(b.Context(), `INSERT INTO pages (page, requested, authorisation, sha256, status, first_seen, last_seen, flagged, rules) VALUES ($1, $1, 'a1', '', 200, 0, 0, 1, '')`, f.URL); err != nil {
				return err
			}
			if _, err := tx.ExecContext(b.Context(), `
INSERT INTO findings (id, page, url, rule, category, level, score, finding, first_seen, last_seen, sha256, status, requested_url, charset, title, seen, host, authorisation)
VALUES ($1, $2, $2, '', $3, $4, $5, $6, $7, $7, '', 200, '', '', '', $1, '', $8)`,
				f.ID, f.URL, string(f.Category), int(f.Level), f.Score, string(text), 1790000000000+int64(i), f.Authorisation); err != nil {
				return err
			}
			if err := outbox.Changed(b.Context(), tx, f.ID, base); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// p95 reports the 95th percentile and the median of what f takes.
func p95(b *testing.B, name string, n int, f func(i int)) {
	b.Helper()
	took := make([]time.Duration, n)
	for i := range took {
		started := time.Now()
		f(i)
		took[i] = time.Since(started)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[n*95/100].Microseconds())/1000, name+"-p95-ms")
	b.ReportMetric(float64(took[n/2].Microseconds())/1000, name+"-p50-ms")
}

// BenchmarkDesk measures the desk on synthetic findings: QIANSHAO_BENCH_FINDINGS of them
// (10,000) in QIANSHAO_BENCH_CAMPAIGNS campaigns (a twentieth). docs/performance.md says how to run it.
func BenchmarkDesk(b *testing.B) {
	findings := sizeOf(b, "QIANSHAO_BENCH_FINDINGS", 10_000)
	groups := sizeOf(b, "QIANSHAO_BENCH_CAMPAIGNS", max(100, findings/20))
	db, err := database.Open(b.Context(), filepath.Join(b.TempDir(), "qianshao.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	started := time.Now()
	synthetic(b, db, findings, groups)
	b.Logf("%d findings in %d campaigns, filled in %s", findings, groups, time.Since(started).Round(time.Second))
	c := campaigns.New(db, campaigns.Options{Traits: realTraits})
	limited := qianshao.Sight{Authorisations: []string{"a3", "a77", "a150"}}
	for b.Loop() {
		benchReads(b, c, qianshao.SeeAll(), "all", groups)
		benchReads(b, c, limited, "limited", groups)
		benchStanding(b, db, findings)
		benchGrouping(b, db, c)
	}
}

func benchReads(b *testing.B, c *campaigns.Campaigns, sight qianshao.Sight, who string, groups int) {
	fail := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	after := ""
	p95(b, "queue-"+who, 40, func(i int) {
		page, err := c.Queue(b.Context(), campaign.Query{List: campaign.ListOpen, Sight: sight, By: "wang", After: after})
		fail(err)
		after = page.Next
	})
	p95(b, "queue-category-"+who, 40, func(i int) {
		_, err := c.Queue(b.Context(), campaign.Query{List: campaign.ListOpen, Sight: sight, By: "wang", Category: "fraud", Level: qianshao.LevelHigh, Kind: campaign.KindBlock})
		fail(err)
	})
	p95(b, "campaign-"+who, 60, func(i int) {
		id := fmt.Sprintf("%016x", 1+(i*i*977)%groups)
		if sight.All || i%20 == 0 {
			if i%20 == 0 {
				id = fmt.Sprintf("%016x", 1) // the largest one
			}
			_, err := c.Campaign(b.Context(), sight, id)
			fail(err)
			_, err = c.Members(b.Context(), sight, id, "", 50)
			fail(err)
		}
	})
}

func benchStanding(b *testing.B, db *database.DB, findings int) {
	p95(b, "standing", 200, func(i int) {
		id := fmt.Sprintf("%016x", (1+(i*7919)%findings)*2654435761)
		err := db.Update(b.Context(), database.Durable, "decide", func(tx *database.Tx) error {
			standing := desk.Standing{Act: 1, Decided: 1, At: base, By: "li", Verdict: qianshao.VerdictCrime, Reason: qianshao.ReasonHacked, Seen: id, Round: 1}
			return campaigns.PutStandings(b.Context(), tx, []trail.Standing{{Subject: qianshao.Subject{Kind: qianshao.SubjectFinding, ID: id}, Standing: standing}})
		})
		if err != nil {
			b.Fatal(err)
		}
	})
}

func benchGrouping(b *testing.B, db *database.DB, c *campaigns.Campaigns) {
	group := func(from, to int) time.Duration {
		var list []qianshao.Finding
		for i := from; i < to; i++ {
			list = append(list, newcomer(i%200+i/3, i))
		}
		enqueue(b, db, list)
		started := time.Now()
		for n := 1; n > 0; {
			var err error
			if n, err = c.GroupPending(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		return time.Since(started)
	}
	group(0, 300)
	b.ReportMetric(float64(group(300, 900).Microseconds())/600, "group-µs")
}

package datafolder_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
)

// webPage is a page of a generated web, with the group to which it belongs.
type webPage struct{ url, html, group string }

// The words of the generated web. Texts of strangers have words of the same trade.
var (
	webPlaces = strings.Fields("青禾 松岭 白塔 柳溪 石桥 云峰 南坪 北湖 东港 西屏 银杏 红枫 长堤 古渡 新圩 桃园 竹海 鹿鸣 雁荡 虎丘")
	webWares  = strings.Fields("诊所 学校 花店 粮站 书屋 茶行 渔具 灯饰 农机 陶瓷 木器 印刷 钟表 乐器 家纺 饲料 园艺 眼镜 玩具 窗帘")
	webHooks  = strings.Fields("老客户回馈三天 周末双倍积分 扫码领礼包 邀请好友得红包 新人首日翻倍 签到七天有奖 生日当月加赠 节日连送五场 晋级即享特权 排行榜前十重奖 " +
		"下载客户端再领 绑定手机多一份 分享朋友圈有礼 夜间专场加码 月初转盘抽取 满额自动升级 推荐三人免门槛 连胜五局奖励 幸运数字天天开 会员日全场加倍")
	webTrade = strings.Fields("澳门线上赌场 真人百家乐 老虎机爆奖 注册送彩金 时时彩投注 棋牌娱乐平台")
)

// webBlocks are the blocks that five intruders inject.
var webBlocks = []string{
	"澳门线上赌场官网开户，注册送彩金{n}元，真人百家乐荷官在线发牌，老虎机爆奖不断，提款三分钟到账",
	"时时彩投注平台每期开奖直播，玩法齐全赔率高，投注返点百分之九，彩票开户当日到账，今日名额只剩{n}个",
	"棋牌娱乐平台诚招代理，抽水日结月入{n}万，炸金花牛牛斗地主任选，后台包杀可控，私聊领取开户链接",
	"世界杯滚球投注高赔率，亚洲盘口实时更新，首存{n}送一倍，体育博彩老牌站点，七乘二十四小时客服",
	"六合彩特码内部资料，历史准确率{n}，网上投注六合彩下单即返，管家婆图库免费看，每期更新不间断",
}

// template is one block with anchors, numbers and domains that differ from page to page.
func template(i int) string {
	anchors := slices.Clone(webTrade)
	rand.New(rand.NewPCG(uint64(i), 1)).Shuffle(len(anchors), func(a, b int) { anchors[a], anchors[b] = anchors[b], anchors[a] })
	var b strings.Builder
	for k, anchor := range anchors[:2] {
		fmt.Fprintf(&b, `<a href="http://go%d-%d.example.com/%x">%s</a>`, i, k, i*7919, anchor)
	}
	return fmt.Sprintf(`<div style="display:none">亚洲首家线上赌场授权直营，全年无休的真人百家乐大厅，专业荷官在线发牌看得见，%d 号桌老虎机爆奖纪录再刷新，
注册送彩金 %d 元人人有份，提款最快三分钟到账绝不拖欠，正规牌照公平公正值得信赖，%s</div>`, i, i*13, b.String())
}

// generatedWeb has 150 pages of one template on 3 hosts, 5 campaigns that share a handle,
// and 20 strangers who share the statistics id of their host.
func generatedWeb() (pages []webPage) {
	page := func(url, group, title, body string) {
		pages = append(pages, webPage{url, fmt.Sprintf(`<html><head><title>%s</title></head><body>%s</body></html>`, title, body), group})
	}
	for i := range 150 {
		host := fmt.Sprintf("victim%d.example", i%3)
		page(fmt.Sprintf("http://%s/news/%d", host, i), "template", fmt.Sprintf("新闻 %d", i),
			fmt.Sprintf(`<p>%s%s今日公告第 %d 期。</p>%s`, webPlaces[i%20], webWares[i/20], i, template(i)))
	}
	for k, block := range webBlocks {
		for i := range 4 {
			page(fmt.Sprintf("http://shop%d-%d.example/", k, i), fmt.Sprintf("block %d", k), webPlaces[k]+webWares[i],
				fmt.Sprintf(`<p>%s，客服QQ：3046871952</p>`, strings.ReplaceAll(block, "{n}", fmt.Sprint(18+i*7))))
		}
	}
	for i := range 20 {
		page(fmt.Sprintf("http://stranger%d.example/", i), fmt.Sprintf("stranger %d", i), webPlaces[i]+webWares[i],
			fmt.Sprintf(`<p>%s%s合作，%s，%s%s，%s，欢迎到店。</p><script src="https://hm.baidu.com/hm.js?0123456789abcdef0123456789abcdef"></script>`,
				webPlaces[i], webTrade[i%6], webHooks[i], webWares[(i+5)%20], webTrade[(i+1)%6], webHooks[(i+9)%20]))
	}
	return pages
}

// group is a campaign, with the number of its primary findings in each group of pages.
type group struct {
	kind     campaign.Kind
	findings map[string]int
}

func (g group) String() string {
	var names []string
	for name, n := range g.findings {
		names = append(names, fmt.Sprintf("%s ×%d", name, n))
	}
	slices.Sort(names)
	return string(g.kind) + ": " + strings.Join(names, ", ")
}

// grouped are the campaigns of a folder.
type grouped struct {
	groups []group
	shared []string
}

// primary returns the campaigns that are the primary campaign of some finding.
func (g grouped) primary() (list []string) {
	for _, group := range g.groups {
		list = append(list, group.String())
	}
	slices.Sort(list)
	return list
}

// judged returns what the crawl would save for the generated pages, by URL.
func judged(t *testing.T, analyzer *analyze.Analyzer, pages []webPage) map[string]store.Save {
	t.Helper()
	saves := map[string]store.Save{}
	for _, p := range pages {
		page := qianshao.Page{URL: p.url, ContentType: "text/html; charset=utf-8", Body: []byte(p.html)}
		save := judge(analyzer, page)
		if !save.Assessment.Flagged() {
			t.Fatalf("%s of %s is not flagged", p.url, p.group)
		}
		saves[p.url] = save
	}
	return saves
}

// judge returns what the crawl would save for a page.
func judge(analyzer *analyze.Analyzer, page qianshao.Page) store.Save {
	page.RequestedURL, page.Source, page.Authorisation, page.Status = page.URL, qianshao.SourceCrawl, "test", 200
	page.FetchedAt = time.Date(2026, 8, 1, 0, 0, len(page.URL)*7%50, 0, time.UTC) // many at the same moment, in any order
	doc, assessment := analyzer.Assess(page)
	for i := range assessment.Findings {
		assessment.Findings[i].Seen = page.URL
	}
	return store.Save{Page: page, Document: doc, Assessment: assessment, Rules: "test"}
}

// saveAndGroup saves pages in order as the crawl does, grouping after every few.
func saveAndGroup(t *testing.T, f *datafolder.Folder, saves map[string]store.Save, pages []webPage, every int) {
	t.Helper()
	for i, p := range pages {
		if _, err := f.Store.SavePage(t.Context(), saves[p.url]); err != nil {
			t.Fatal(err)
		}
		if i%every == every-1 || i == len(pages)-1 {
			groupAll(t, f)
		}
	}
	if faults, err := f.Review.Campaigns.Verify(t.Context()); err != nil || len(faults) > 0 {
		t.Fatalf("the campaigns do not add up: %v, error %v", faults, err)
	}
}

// readGroups reads all campaigns, and the groups in them.
func readGroups(t *testing.T, f *datafolder.Folder, pages []webPage) (g grouped) {
	t.Helper()
	of := map[string]string{} // the group of each finding
	for _, p := range pages {
		records, err := f.Store.FindingsOfPage(t.Context(), p.url)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			of[r.Finding.ID] = p.group
		}
	}
	list, err := f.Campaigns(t.Context(), campaign.Query{List: campaign.ListAll, Sight: qianshao.SeeAll()}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		counted := group{c.Kind, map[string]int{}}
		for after := ""; ; {
			members, err := f.Review.Campaigns.Members(t.Context(), qianshao.SeeAll(), c.ID, after, campaign.MaxLimit)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range members.List {
				if m.Primary {
					counted.findings[of[m.Finding]]++
				}
			}
			if after = members.Next; after == "" {
				break
			}
		}
		g.groups = append(g.groups, counted)
	}
	shared, err := f.Campaigns(t.Context(), campaign.Query{List: campaign.ListShared, Sight: qianshao.SeeAll()}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range shared {
		g.shared = append(g.shared, fmt.Sprintf("%s %s on %d sites", c.Kind, c.Key, c.Sites))
	}
	return g
}

// TestCampaignsOfAWeb: the pages of one template are one campaign. Five campaigns with a common
// handle stay five, and one more campaign contains all of them. Strangers stay alone. The order of
// the pages makes no difference.
func TestCampaignsOfAWeb(t *testing.T) {
	t.Parallel()
	analyzer, err := datafolder.RuleFolders{}.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	pages := generatedWeb()
	saves := judged(t, analyzer, pages)
	want := []string{"block: template ×150"}
	for k := range webBlocks {
		want = append(want, fmt.Sprintf("block: block %d ×4", k))
	}
	for i := range 20 {
		want = append(want, fmt.Sprintf("block: stranger %d ×1", i))
	}
	slices.Sort(want)
	for order := range uint64(3) {
		shuffled := slices.Clone(pages)
		rand.New(rand.NewPCG(order, 2)).Shuffle(len(shuffled), func(i, k int) { shuffled[i], shuffled[k] = shuffled[k], shuffled[i] })
		f, err := datafolder.Open(t.Context(), datafolder.Options{Data: sqlitetest.Folder(t), Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		saveAndGroup(t, f, saves, shuffled, 40)
		got := readGroups(t, f, pages)
		if diff := cmp.Diff(want, got.primary()); diff != "" {
			t.Errorf("order %d: campaigns (- want, + got):\n%s", order, diff)
		}
		if want := []string{"handle statistics:baidu:0123456789abcdef0123456789abcdef on 20 sites"}; !slices.Equal(got.shared, want) {
			t.Errorf("order %d: shared are %q, want %q", order, got.shared, want)
		}
		handle, err := f.Review.Campaigns.Campaign(t.Context(), qianshao.SeeAll(), handleOf(t, f, saves, "qq:3046871952"))
		if err != nil || handle.Members != 20 || handle.Findings != 0 || handle.Sites != 20 {
			t.Errorf("order %d: the handle has %d members on %d sites, %d of them primary, error %v; want 20, 20, 0", order, handle.Members, handle.Sites, handle.Findings, err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// handleOf returns the id of the campaign of a handle that a finding has.
func handleOf(t *testing.T, f *datafolder.Folder, saves map[string]store.Save, handle string) string {
	t.Helper()
	for _, save := range saves {
		for _, finding := range save.Assessment.Findings {
			of, err := f.Review.Campaigns.Of(t.Context(), finding.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range of {
				if m.Kind == campaign.KindHandle && m.Key == handle {
					return m.ID
				}
			}
		}
	}
	t.Fatalf("no finding is in a campaign of %s", handle)
	return ""
}

package ingesttest

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"strings"
)

// fanOut is how many further pages a page links to: page n links to pages n·fanOut+1 to
// n·fanOut+fanOut, so that a hundred pages are at most three links deep.
const fanOut = 6

// defaultFlagged is n where one page in n has an advertisement like those on hacked sites.
const defaultFlagged = 60

func pagePath(n int) string {
	if n == 0 {
		return "/"
	}
	return fmt.Sprintf("/news/%d.html", n)
}

func pageNumber(path string) (n int, ok bool) {
	if path == "/" {
		return 0, true
	}
	name, found := strings.CutPrefix(path, "/news/")
	name, html := strings.CutSuffix(name, ".html")
	n, err := strconv.Atoi(name)
	return n, found && html && err == nil && n > 0 && name == strconv.Itoa(n)
}

// html makes page n of a host: some 6 kB of navigation, text and links.
func (w *Web) html(h host, n int) string {
	seed := fnv.New64a()
	fmt.Fprintf(seed, "%d %s %d", w.Seed, h.name, n)
	random := rand.New(rand.NewPCG(seed.Sum64(), w.Seed))
	var b strings.Builder
	fmt.Fprintf(&b, "<!DOCTYPE html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>%s</title></head><body>\n", sentence(random))
	b.WriteString("<ul class=\"nav\"><li><a href=\"/\">首页</a></li><li><a href=\"/news/1.html\">新闻</a></li><li><a href=\"/news/2.html\">通知</a></li></ul>\n")
	for range 12 {
		b.WriteString("<p>")
		for range 4 {
			b.WriteString(sentence(random))
		}
		b.WriteString("</p>\n")
	}
	if random.IntN(w.FlaggedEvery) == 0 {
		fmt.Fprintf(&b, "<div style=\"display:none\">%s</div>\n", w.advertisement(h, n))
	}
	for i := range fanOut {
		if below := n*fanOut + 1 + i; below < h.pages {
			fmt.Fprintf(&b, "<a href=\"%s\">%s</a>\n", pagePath(below), sentence(random))
		}
	}
	other := w.hosts[random.IntN(len(w.hosts))]
	fmt.Fprintf(&b, "<a href=\"http://%s/\">友情链接</a>\n", other.name)
	fmt.Fprintf(&b, "<a href=\"http://%s/%d\">外部</a>\n", outsideHost(random.IntN(outsideHosts)), n)
	b.WriteString("<div class=\"foot\">版权所有</div></body></html>\n")
	return b.String()
}

// advertisement is an advertisement hidden in the page. Each campaign has its
// own text and contact handle.
func (w *Web) advertisement(h host, n int) string {
	texts := []string{
		"澳门线上赌场官网开户，注册送彩金88元，真人百家乐，老虎机爆奖",
		"时时彩投注平台每期开奖直播，玩法齐全赔率高，投注返点百分之九，彩票开户当日到账，今日名额不多",
		"棋牌娱乐平台诚招代理，抽水日结，炸金花牛牛斗地主任选，后台包杀可控，私聊领取开户链接",
	}
	if w.Campaigns < 2 {
		return texts[0]
	}
	seed := fnv.New32a()
	fmt.Fprintf(seed, "%s %d", h.name, n)
	i := int(seed.Sum32()) % w.Campaigns
	return fmt.Sprintf("%s，加微信 wx8800%04d", texts[i%len(texts)], i)
}

// sentence makes a sentence from an ordinary site's words.
func sentence(random *rand.Rand) string {
	who := []string{"学校", "社区", "图书馆", "市民中心", "农业局", "博物馆", "青年志愿者", "气象台", "合唱团", "体育馆"}
	when := []string{"昨天上午", "本周五", "近日", "今年秋天", "下个月", "开学以来", "国庆期间", "清晨"}
	what := []string{"举办了读书活动", "公布了新的开放时间", "组织大家参观展览", "完成了设备检修", "开展安全演练", "发布天气提示", "邀请老师讲解古诗", "整理了档案资料"}
	rest := []string{"，欢迎大家参加。", "，受到居民好评。", "，详情请看通知。", "，时间另行安排。", "，照片见附件。"}
	pick := func(list []string) string { return list[random.IntN(len(list))] }
	return pick(who) + pick(when) + pick(what) + strconv.Itoa(random.IntN(10000)) + pick(rest)
}

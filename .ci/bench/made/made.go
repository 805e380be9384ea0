// Package made makes inputs for measurements: pages, texts, terms and findings of any size, the
// same on every machine.
package made

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"
)

const ordinary = `的 了 在 是 和 有 中国 我们 他们 记者 今天 学校 发展 工作 城市 经济 建设 服务 活动 问题 社会 企业 公司 管理 市场 学生 老师 政府 部门 通知
公告 中心 办理 业务 时间 地点 交通 出行 市民 天气 晴朗 组织 取得 圆满 成功 参加 运动会 同学 会议 项目 工程 投资 改造 小区 居民 停车 绿化 供暖
文化 教育 医院 医生 患者 健康 食品 安全 环境 保护 农村 农业 技术 创新 产品 质量 价格 消费 银行 贷款 保险 法律 法院 警方 提醒 诈骗 案件 电话
比赛 球队 冠军 电影 演员 音乐 旅游 景区 酒店 机票 铁路 地铁 公交 高速 天然气 电力 网络 手机 电脑 软件 数据 信息 平台 用户 会员 注册 登录 下载`

const casino = `真人视讯 老虎机 百家乐 电子游艺 棋牌游戏 体育投注 彩票大厅 捕鱼达人 注册送88元 首存送100% 每日返水 优惠活动 存款 提款 极速到账 代理加盟 在线客服
VIP尊享 澳门威尼斯人 澳门新葡京 北京赛车 时时彩 六合彩 幸运飞艇 快三 斗地主 德州扑克 线上赌场 娱乐城 立即注册 免费试玩 下载APP 彩金 投注 开户 24小时客服
微信vx88668 QQ群888666 加微信领彩金 信誉平台`

// source draws words as texts use them: a few often, most rarely.
type source struct {
	random *rand.Rand
	rank   *rand.Zipf
	words  []string
}

func newSource(words string) *source {
	list := strings.Fields(words)
	random := rand.New(rand.NewPCG(12, uint64(len(list))))
	return &source{random, rand.NewZipf(random, 1.1, 8, uint64(len(list)-1)), list}
}

func (s *source) word() string { return s.words[s.rank.Uint64()] }

// sentence returns a sentence of n words.
func (s *source) sentence(n int) string {
	var b strings.Builder
	for i := range n {
		if b.WriteString(s.word()); i%9 == 8 {
			b.WriteString("，")
		}
	}
	return b.String() + "。"
}

// Text returns ordinary Chinese text of about size bytes.
func Text(size int) string {
	s := newSource(ordinary)
	var b strings.Builder
	for b.Len() < size {
		b.WriteString(s.sentence(8 + s.random.IntN(20)))
	}
	return b.String()
}

// page returns a page of about size bytes, with a body in which unit writes again and again.
func page(size int, head string, unit func(b *strings.Builder, i int)) []byte {
	var b strings.Builder
	b.WriteString("<!doctype html><html><head><meta charset=utf-8>" + head + "</head><body>\n")
	for i := 0; b.Len() < size; i++ {
		unit(&b, i)
	}
	return []byte(b.String() + "</body></html>\n")
}

// Article is a news page: navigation, paragraphs, links.
func Article(size int) []byte {
	s := newSource(ordinary)
	return page(size, "<title>新闻中心</title><style>.nav{color:#333}.more{display:none}#top a{padding:2px}</style><script>var t={'a':'更多','b':'返回'};</script>",
		func(b *strings.Builder, i int) {
			fmt.Fprintf(b, "<ul class=nav><li class='item i%d'><a href='/list/%d.html' title='栏目'>%s</a></li></ul>\n", i, i, s.word())
			fmt.Fprintf(b, "<div class='post p%d'><h3>%s</h3><p>%s</p><p>%s</p></div>\n", i, s.sentence(4), s.sentence(50), s.sentence(40))
		})
}

// Casino is a page of a gambling site, where most words are terms of rules.
func Casino(size int) []byte {
	s := newSource(casino)
	return page(size, "<title>澳门威尼斯人_线上娱乐城</title><style>.game{float:left}.tip{visibility:hidden}</style>", func(b *strings.Builder, i int) {
		fmt.Fprintf(b, "<div class='game g%d'><a href='/game/%d?lang=zh-cn'><img src='/img/%d.png' alt='%s'><span>%s</span></a><em>%s</em>", i, i, i, s.word(), s.word(), s.word())
		fmt.Fprintf(b, "<p>%s</p><i class=tip>%s</i><script>var g%d={name:'%s',url:'/play/%d'};</script></div>\n", s.sentence(6), s.word(), i, s.word(), i)
	})
}

// Hidden is an ordinary page with hidden links.
func Hidden(size int) []byte {
	visible, hidden := newSource(ordinary), newSource(casino)
	return page(size, "<title>学校</title><style>.x{position:absolute;left:-9999px}</style>", func(b *strings.Builder, i int) {
		fmt.Fprintf(b, "<p>%s</p><div class=x><a href='http://h%d.example/'>%s</a></div><div style='display:none'><a href='http://k%d.example/a'>%s</a></div>\n",
			visible.sentence(15), i, hidden.word(), i, hidden.word())
	})
}

// Tables is a page with nothing but table cells, with words and numbers.
func Tables(size int) []byte {
	s := newSource(ordinary)
	return page(size, "<title>公示</title>", func(b *strings.Builder, i int) {
		fmt.Fprintf(b, "<tr><td>%d</td><td>%s</td><td>%s%s</td><td>%d.%02d</td><td>2026-%02d-%02d</td><td><a href='/item?id=%d'>查看</a></td></tr>\n",
			i, s.word(), s.word(), s.word(), s.random.IntN(90_000), i%100, 1+i%12, 1+i%28, i)
	})
}

// Scripted is a page that scripts make.
func Scripted(size int) []byte {
	s, c := newSource(ordinary), newSource(casino)
	return page(size, "<title>首页</title>", func(b *strings.Builder, i int) {
		fmt.Fprintf(b, `<script>function check%d(form){if(form.name.value.length<2){form.note.className="error";show("%s",form.note,{wait:300})}};document.write("<li>%s<\/li>");var o%d={kind:"click",text:"%s"};</script>`+"\n",
			i, s.sentence(4), s.sentence(5), i, c.word())
	})
}

// GBK converts a page to the charset of older sites, and declares it.
func GBK(page []byte) ([]byte, error) {
	return simplifiedchinese.GBK.NewEncoder().Bytes([]byte(strings.Replace(string(page), "charset=utf-8", "charset=gb2312", 1)))
}

// Messages are n short texts, one in five of which asks its reader for something.
func Messages(n int) []string {
	s, c := newSource(ordinary), newSource(casino)
	list := make([]string, n)
	for i := range list {
		list[i] = s.sentence(6 + i%15)
		if i%5 == 0 {
			list[i] = c.sentence(4) + list[i]
		}
	}
	return list
}

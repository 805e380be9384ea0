package analyze_test

import (
	"testing"

	"github.com/qianshao/qianshao"
)

// ordinaryPages are small pages of common kinds, written by us: contacts in plain view and in
// folded widgets, hidden menus, appointments, games, loans. A message in the same words may well be
// a lure; a page is not.
var ordinaryPages = map[string]string{
	"contact page":             `<title>联系我们 - 某市第一中学</title><h1>联系我们</h1><p>电话：0571-88880000</p><p>QQ 12345678</p><p>微信：dyzx2026</p><p>地址：学府路1号</p>`,
	"folded service widget":    `<title>云岭茶庄</title><h1>明前龙井</h1><p>新茶上市，产地直发。</p><div style="display:none" class="kefu"><p>QQ 12345678</p><p>加微信 yunling88</p><p>138 0000 1234</p></div>`,
	"forum's group":            `<title>摄影爱好者论坛</title><h1>版规</h1><p>加群 123456789 交流</p><a href="/reg">注册</a><a href="/login">登录</a>`,
	"used car":                 `<title>某某二手车</title><h1>奥迪A4L 2019款</h1><p>联系电话 13800001234 微信同号</p><p>车牌 AB1234</p>`,
	"blog":                     `<title>我的博客</title><h1>关于我</h1><p>喜欢写代码。</p><p>QQ：87654321</p><p>微信号 wx_1234567</p>`,
	"course material":          `<title>考研论坛</title><h1>求资料</h1><p>有需要资料的同学加我 QQ 1234567</p>`,
	"piano lessons":            `<title>钢琴陪练</title><h1>钢琴陪练老师</h1><p>一对一上门，有意加微信 piano2026</p><p>咨询电话 400 800 1234</p>`,
	"flat to let":              `<title>租房</title><h1>整租两居</h1><p>拎包入住，价格面议，加V：fang8899</p>`,
	"hidden menu":              `<title>某局</title><h1>公告</h1><ul style="display:none"><li>注册</li><li>登录</li><li>送彩铃</li><li>QQ群 12345678</li></ul>`,
	"wedding photographs":      `<title>婚纱摄影</title><h1>预约看片</h1><p>可预约看片选片，客服微信 hs5201314</p>`,
	"card game":                `<title>斗地主单机版</title><h1>斗地主</h1><p>玩家交流QQ群：765432198</p><p>首次充值送金豆</p>`,
	"bank's loan":              `<title>某银行</title><h1>个人消费贷款</h1><p>年化利率3.4%起，详询网点。客服95588</p>`,
	"hospital":                 `<title>男科医院</title><h1>在线咨询</h1><p>QQ 800012345</p><p>电话：010-88880000</p>`,
	"music shop":               `<title>音像店</title><h1>新到电影碟</h1><p>看片单请加 QQ 55667788</p>`,
	"club's walk":              `<title>同城交友</title><h1>周末爬山</h1><p>报名加微信 hike2026</p>`,
	"portal's folded channels": `<title>导航</title><h1>友情链接</h1><div style="display:none"><a href="http://www.school.example/">示范中学</a><a href="http://caipiao.example/">彩票</a><a href="/qipai/">棋牌</a><a href="/tiyu/">体育</a></div><p>QQ 10086100</p>`,
	"platform in a hidden box": `<title>政务服务</title><h1>办事指南</h1><div hidden><p>平台登录</p><p>新平台公告</p><p>平台客服</p></div>`,
	"part-time student jobs":   `<title>勤工助学</title><h1>岗位</h1><p>图书馆整理员，每小时18元，联系学生处，微信 qgzx2026</p>`,
	"invoice help":             `<title>帮助中心</title><h1>如何开发票</h1><p>订单完成后可申请电子发票，有问题请联系客服微信 fapiao001</p>`,
	"sign-up gift of a shop":   `<title>水果店</title><h1>新人专享</h1><p>新用户注册送10元优惠券，满50元可用。加店长微信 fruit88 进福利群</p>`,
	"credit card counter":      `<title>某银行信用卡</title><h1>办卡有礼</h1><p>网点办理信用卡，首刷送行李箱。</p><p>客服热线 95500</p>`,
	"lottery results":          `<title>双色球开奖</title><h1>第2026130期</h1><p>红球 03 08 14 19 25 31 蓝球 07</p><p>奖池8.6亿元</p>`,
	"football news":            `<title>中超</title><h1>客队两球取胜</h1><p>下半场连入两球，赔付方案由联赛公布。</p>`,
	"second-hand books":        `<title>二手书</title><h1>出几本旧书</h1><p>高数、英语各一本，要的加我微信 shu2026，10元一本</p>`,
	"driving school":           `<title>驾校</title><h1>C1 报名</h1><p>包教包会，代办体检，加微信 jiaxiao66 咨询</p>`,
	"folded news":              `<title>新闻中心</title><h1>要闻</h1><ul style="display:none"><li>有线电视委派陆观某为独立董事</li><li>小学新学期开学</li><li>国资委主任调研</li><li>天胶期货收涨</li><li>民族教育论坛开幕</li><li>平台经济发展报告发布</li><li>资委会公布名单</li><li>球队稳助攻再下一城</li></ul>`,
	"notary":                   `<title>公证处</title><h1>办理流程</h1><p>毕业证、学位证翻译公证，带原件到窗口办理。电话 0571-1234567</p>`,
}

// TestOrdinaryPages: none of them is flagged.
func TestOrdinaryPages(t *testing.T) {
	a := shipped(t)
	for name, body := range ordinaryPages {
		_, got := a.Assess(html(`<!doctype html><html lang="zh-CN"><body>` + body))
		if got.Flagged() {
			t.Errorf("%s: %s by %s: %s", name, got.Level, got.Findings[0].Rule, evidenceTexts(got.Findings[0]))
		}
	}
}

// TestMessagesOnPages: what is bait in a message means nothing on a page.
func TestMessagesOnPages(t *testing.T) {
	a := shipped(t)
	for name, text := range map[string]string{
		"new number": "我是李姐的外甥，换号了，这是我的新号码，旧号停用，请存一下",
		"remittance": "钱请汇到工商银行，户名周某某，卡号6222020200112233440",
	} {
		_, alone := a.Assess(qianshao.Page{URL: "lines:1", Source: qianshao.SourceLines, ContentType: "text/plain; charset=utf-8", Body: []byte(text)})
		if !alone.Flagged() {
			t.Errorf("%s: the message is not flagged", name)
		}
		if _, onPage := a.Assess(html("<title>某市图书馆</title><p>" + text + "</p>")); onPage.Flagged() {
			t.Errorf("%s: the page is flagged by %s", name, onPage.Findings[0].Rule)
		}
	}
}

func evidenceTexts(f qianshao.Finding) (texts []string) {
	for _, e := range f.Evidence {
		texts = append(texts, e.Block+" "+e.Text)
	}
	return texts
}

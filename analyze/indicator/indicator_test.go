package indicator_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/extract"
	"github.com/qianshao/qianshao/analyze/indicator"
)

const page = "http://www.school.example.cn/news/1.html"

// term is the evidence in the tests' pages.
const term = "线上赌场"

// attach returns the indicators of a finding with evidence at every place of term in the page.
func attach(t testing.TB, f *indicator.Finder, body string, level qianshao.Level) (*qianshao.Document, []qianshao.Indicator) {
	t.Helper()
	doc, findings := evidenced(t, body, level)
	f.Attach(doc, page, findings)
	return doc, findings[0].Indicators
}

// evidenced returns the page's document and one finding with evidence at every place of term.
func evidenced(t testing.TB, body string, level qianshao.Level) (*qianshao.Document, []qianshao.Finding) {
	t.Helper()
	doc := extract.Parse(qianshao.Page{URL: page, ContentType: "text/html; charset=utf-8", Body: []byte(body)}).Document(nil)
	findings := []qianshao.Finding{{Level: level}}
	for i := range doc.Regions {
		r := &doc.Regions[i]
		for at := strings.Index(r.Text, term); at >= 0 && len(findings[0].Evidence) < qianshao.MaxEvidence; {
			findings[0].Evidence = append(findings[0].Evidence, qianshao.Evidence{
				Region: r.Kind, Name: r.Name, Path: r.Path, Hidden: r.Hidden, Span: r.SourceSpan(at, at+len(term)),
			})
			next := strings.Index(r.Text[at+1:], term)
			if next < 0 {
				break
			}
			at += 1 + next
		}
	}
	return doc, findings
}

func list(all []qianshao.Indicator) string {
	var out []string
	for _, i := range all {
		out = append(out, string(i.Kind)+" "+i.Value)
	}
	return strings.Join(out, "; ")
}

func TestHandles(t *testing.T) {
	f := indicator.New()
	for _, test := range []struct{ text, want string }{
		// QQ
		{"QQ：12345678", "qq 12345678"},
		{"扣扣：1 2 3 4 5 6 7", "qq 1234567"},
		{"加Q ①③⑤⑦⑨②④⑥", "qq 13579246"},
		{"企鹅ᚰ 1537 3608", "qq 15373608"},
		{"佳企鹅：1-6-6-8-2-9-6-8-1 聊", "qq 166829681"},
		{"加企鹅351 417 3330", "qq 3514173330"},
		{"2744 7053+🐧看", "qq 27447053"},
		{"🐧９５３５４９１４９", "qq 953549149"},
		{"扣扣：壹贰叁肆伍陆", "qq 123456"},
		{"Q群号是 87654321", "qq 87654321"},
		{"客服 23456789@qq.com", "qq 23456789"},
		{"QQ会员 10000元", ""},
		{"QQ 2023年", ""},
		{"腾讯QQ密码泄露", ""},
		{"扣除123456元", ""},
		{"编号 12345678", ""},
		// WeChat
		{"加V: abc_2023", "wechat abc_2023"},
		{"加V: ①③⑧⓪⓪①③⑧⓪⓪①", "phone 13800138001; wechat 13800138001"},
		{"佳V qqpp692590", "wechat qqpp692590"},
		{"VX➕pnx1990", "wechat pnx1990"},
		{"+V：lucky888", "wechat lucky888"},
		{"微vx263754", "wechat 263754"},
		{"薇❤ mmhh099", "wechat mmhh099"},
		{"微信号：ＬＵＣＫＹ－８８８", "wechat lucky-888"},
		{"微信：lucky-888", "wechat lucky-888"},
		{"微 信 l u c k y 8 8 8", "wechat lucky888"},
		{"威信客服: 𝐥𝐮𝐜𝐤𝐲𝟖𝟖𝟖", "wechat lucky888"},
		{"微信同号 138-0013-8001", "phone 13800138001; wechat 13800138001"},
		{"薇KUC235", "wechat kuc235"},
		{"微信支付100元", ""},
		{"微信Android版", ""},
		{"加VIP888888", ""},
		{"微信5000000", "wechat 5000000"},
		{"微波炉 500000", ""},
		{"我vx群没改备注", ""},
		// Telegram, BatChat
		{"飞机@lucky888 频道", "telegram @lucky888"},
		{"TG：@Lucky_888", "telegram @lucky_888"},
		{"电报 t.me/lucky_888", "telegram @lucky_888"},
		{"https://t.me/joinchat/AbCdEf", "telegram t.me/+AbCdEf"},
		{"业务咨询 @lucky888", "telegram @lucky888"},
		{"飞机场 2023 开通", ""},
		{"四年没坐飞机了", ""},
		{"蝙蝠58438400 开户", "batchat 58438400"},
		// telephone
		{"电话：13800138001", "phone 13800138001"},
		{"１３８ ００１３ ８００１", "phone 13800138001"},
		{"1️⃣3️⃣8️⃣0️⃣0️⃣1️⃣3️⃣8️⃣0️⃣0️⃣1️⃣", "phone 13800138001"},
		{"一三八零零一三八零零一", "phone 13800138001"},
		{"+86 138 0013 8001", "phone 13800138001"},
		{"热线 400-123-4567", "phone 4001234567"},
		{"(0571)87654321", "phone 0571-87654321"},
		{"010-62345678", "phone 010-62345678"},
		{"电话 87654321", "phone 87654321"},
		{"2023-11-23 12:00", ""},
		{"价格 13800138001234", ""},
		{"订单 4001234567", ""},
		{"13800000000", ""},
		// money
		{"USDT：TQHgMpVzWkhSsRB4BzZgmV8uW4cFL8eaBr", "tron_address TQHgMpVzWkhSsRB4BzZgmV8uW4cFL8eaBr"},
		{"TRC20 TQHgMpVzWk hSsRB4BzZg mV8uW4cFL8 eaBr", "tron_address TQHgMpVzWkhSsRB4BzZgmV8uW4cFL8eaBr"},
		{"TQHgMpVzWkhSsRB4BzZgmV8uW4cFL8eaBs", ""},
		{"BTC 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "bitcoin_address 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"},
		{"BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "bitcoin_address bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"},
		{"ETH 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "ethereum_address 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"},
		{"0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed", ""},
		{"卡号 6200 0000 0000 0005", "bank_card 6200000000000005"},
		{"收款账户：6 2 0 0 0 0 0 0 0 0 0 0 0 0 0 5 农行", "bank_card 6200000000000005"},
		{"编号 6200000000000005", ""},
		{"卡号 6200000000000006", ""},
		// sites
		{"登录 lucky888.vip 注册", "domain lucky888.vip"},
		{"ｗｗｗ．ｌｕｃｋｙ８８８．ｃｏｍ", "domain www.lucky888.com"},
		{"lucky888。com", "domain lucky888.com"},
		{"lucky888点cc", "domain lucky888.cc"},
		{"w w w . l u c k y . c o m", "domain www.lucky.com"},
		{"https://www.lucky888.com/reg?id=7 开户", "domain www.lucky888.com; url https://www.lucky888.com/reg?id=7"},
		{"http://203.0.113.7:8080/", "url http://203.0.113.7:8080/"},
		{"www.school.example.cn", ""},
		{"https://www.lucky888.com/#/link?invite=7", "domain www.lucky888.com; url https://www.lucky888.com/#/link?invite=7"},
		{"index.html readme.md 3.14 session.customer.credit 6.PT", ""},
		{"someone@gmail.com gmail.com", ""},
		{"满 800 900 1000 元", ""},
		{"加群。Me 123", ""},
		{"someone@lucky888.com", ""},
		// never an indicator
		{"身份证 1 1 0 1 0 1 1 9 4 9 1 2 3 1 0 0 2 4 卡号", ""},
		{"微信 １１０１０５１９４９１２３１００２X", ""},
	} {
		t.Run(test.text, func(t *testing.T) {
			doc, got := attach(t, f, "<p>"+term+" "+test.text+"</p>", qianshao.LevelHigh)
			if diff := cmp.Diff(test.want, list(got)); diff != "" {
				t.Error(diff)
			}
			for _, i := range got {
				if !i.Kind.Valid() || doc.Source[i.Span.Start:i.Span.End] != i.Text || i.Line != 1 || i.Column != 1+utf8.RuneCountInString(doc.Source[:i.Span.Start]) {
					t.Errorf("%+v", i)
				}
			}
		})
	}
}

func TestNearEvidenceOnly(t *testing.T) {
	f := indicator.New()
	far := strings.Repeat("<p>今天天气很好</p>", 20)
	hidden := func(s string) string { return `<div style="display:none">` + s + `</div>` }
	for _, test := range []struct{ name, body, want string }{
		{"same block", "<p>" + term + "QQ 12345678</p>", "qq 12345678"},
		{"next block", "<p>" + term + "</p><p>QQ 12345678</p>", "qq 12345678"},
		{"far block", "<p>" + term + "</p>" + far + "<p>QQ 12345678</p>", ""},
		{"far in one block", "<p>" + term + strings.Repeat("今天天气很好", 200) + "QQ 12345678</p>", ""},
		{"the victim's telephone", hidden(term) + "<p>电话 010-62345678</p>", ""},
		{"hidden neighbour", hidden("<p>"+term+"</p><p>QQ 12345678</p>") + "<p>QQ 87654321</p>", "qq 12345678"},
		{"links", `<p><a href="http://a.lucky.cc/x">` + term + `</a> <a href="/own">本站</a> <a href="http://www.school.example.cn/">首页</a></p>`,
			"domain a.lucky.cc; url http://a.lucky.cc/x"},
		{"contact link", `<p>` + term + ` <a href="tencent://message/?uin=12345678&site=qq">客服</a> <a href="tel:13800138001">拨打</a></p>`,
			"qq 12345678; phone 13800138001"},
		{"picture", `<p>` + term + ` <img src="http://img.lucky.cc/x.png"></p>`, ""},
		{"registration", "<p>" + term + "</p>" + far + "<p>京 ICP 备 12345678 号-1</p>", "icp 京ICP备12345678号-1"},
		{"licence", "<p>" + term + "</p><p>京ICP證030173號</p>", "icp 京ICP证030173号"},
		{"statistics", "<p>" + term + "</p>" + far + `<script>hm.src="https://hm.baidu.com/hm.js?0123456789abcdef0123456789abcdef";
			document.write(unescape("%3Cscript src='https://s9.cnzz.com/z_stat.php%3Fid%3D1234567890%26show%3Dpic' %3E"));
			ga('create', 'UA-12345678-1', 'auto'); gtag('config', 'G-ABCDEF1234');</script><script src="//js.users.51.la/12345678.js"></script>`,
			"statistics baidu:0123456789abcdef0123456789abcdef; statistics cnzz:1234567890; statistics google:UA-12345678-1; statistics google:G-ABCDEF1234; statistics 51la:12345678"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, got := attach(t, f, test.body, qianshao.LevelMedium)
			if diff := cmp.Diff(test.want, list(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBelowAlertLevelNothingIsFound(t *testing.T) {
	if _, got := attach(t, indicator.New(), "<p>"+term+" QQ 12345678 京ICP备12345678号</p>", qianshao.LevelLow); got != nil {
		t.Errorf("%s", list(got))
	}
}

func TestLimits(t *testing.T) {
	var b strings.Builder
	for i := range 500 {
		fmt.Fprintf(&b, "<p>%s QQ %d 微信 lucky%d 电话 138%08d http://h%d.cc/x</p>\n", term, 10_000_000+i, i+100, i+1, i)
	}
	_, got := attach(t, indicator.New(), b.String(), qianshao.LevelHigh)
	kinds, seen := map[qianshao.IndicatorKind]int{}, map[string]bool{}
	for k, i := range got {
		kinds[i.Kind]++
		if key := string(i.Kind) + i.Value; seen[key] {
			t.Errorf("%s twice", key)
		} else {
			seen[key] = true
		}
		if k > 0 && got[k-1].Span.Start > i.Span.Start {
			t.Errorf("%s is out of order", i.Value)
		}
	}
	if len(got) != qianshao.MaxIndicators {
		t.Errorf("%d indicators", len(got))
	}
	for kind, n := range kinds {
		if n > qianshao.MaxIndicatorsOfAKind {
			t.Errorf("%d of %s", n, kind)
		}
	}
}

func TestRawTextKeepsItsDisguise(t *testing.T) {
	doc, got := attach(t, indicator.New(), "<p>"+term+"\n扣扣：<b>①</b>②&#51;④⑤⑥</p>", qianshao.LevelHigh)
	if len(got) != 1 {
		t.Fatal(list(got))
	}
	want := qianshao.Indicator{Kind: qianshao.IndicatorQQ, Value: "123456", Text: "①</b>②&#51;④⑤⑥", Region: qianshao.RegionText,
		Span: qianshao.Span{Start: strings.Index(doc.Source, "①"), End: strings.Index(doc.Source, "</p>")}, Line: 2, Column: 7}
	want.Column = 1 + utf8.RuneCountInString("扣扣：<b>")
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Error(diff)
	}
}

// FuzzAttach: a page has the same indicators every time, and each is text of the source.
func FuzzAttach(f *testing.F) {
	for _, seed := range []string{
		"QQ：12345678 扣扣：1 2 3 4 5", "加V: ①③⑧ abc_2023", "t.me/+AbC @lucky888", "🐧123456", "12 ⑫⑫⑫ 138-0013-8001",
		"TQHgMpVzWkhSsRB4BzZgmV8uW4cFL8eaBr bc1qw508d6 0x5a 1 1 1", "http://a.b.cc:99/?uin=12345678 hxxp://[::1]/ abc点com", "京ICP备12345678号-1 hm.js?0123456789abcdef0123456789abcdef",
		"<a href='http://x.cc/'>线上赌场</a><script>'http://y.cc'</script>", "\xe7\xba 电话\x00(0571)87654321", "0", "卡号 4111111111111111",
	} {
		f.Add(seed)
	}
	finder := indicator.New()
	f.Fuzz(func(t *testing.T, body string) {
		doc, got := attach(t, finder, "<p>"+term+body, qianshao.LevelHigh)
		for _, i := range got {
			if i.Span.Start < 0 || i.Span.Start >= i.Span.End || i.Span.End > len(doc.Source) || !i.Kind.Valid() || i.Value == "" || i.Line < 1 || i.Column < 1 {
				t.Fatalf("%+v in %d bytes", i, len(doc.Source))
			}
			if !strings.HasPrefix(doc.Source[i.Span.Start:i.Span.End], i.Text) {
				t.Fatalf("span holds %q, text is %q", doc.Source[i.Span.Start:i.Span.End], i.Text)
			}
		}
		if _, again := attach(t, finder, "<p>"+term+body, qianshao.LevelHigh); !cmp.Equal(got, again) {
			t.Fatalf("one page has indicators %+v and %+v", got, again)
		}
	})
}

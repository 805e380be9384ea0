package index_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	. "github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/locales"
)

// TestTyped compares typed and pasted queries with the canonical form in which they are read. A query that
// is its own canonical form is of the old syntax.
func TestTyped(t *testing.T) {
	for typed, want := range map[string]string{
		// pasted addresses
		"http://example.cn/a/b":   `url:http://example.cn/a/b OR indicator:http://example.cn/a/b`,
		"https://Example.CN?q=1":  `url:https://example.cn/?q=1 OR indicator:https://Example.CN?q=1`,
		"http://例子.cn/新闻?q=值":     `url:http://xn--fsqu00a.cn/%E6%96%B0%E9%97%BB?q=%E5%80%BC OR indicator:http://例子.cn/新闻?q=值`,
		"http://example.cn:80/x":  `url:http://example.cn/x OR indicator:http://example.cn:80/x`,
		"hxxp://a[.]b/path":       `url:http://a.b/path OR indicator:http://a.b/path`,
		"hXXps://a[.]b[.]cn/x.":   `url:https://a.b.cn/x OR indicator:https://a.b.cn/x`,
		"http：//example.cn/x，注册送": `(url:http://example.cn/x OR indicator:http://example.cn/x) AND ，注册送`,
		"(http://a.cn/x(1) OR 甲)": `url:"http://a.cn/x(1)" OR indicator:"http://a.cn/x(1)" OR 甲`,
		"-http://a.cn/x":          `-(url:http://a.cn/x OR indicator:http://a.cn/x)`,
		"http://[::1]/x":          `url:http://[::1]/x OR indicator:http://[::1]/x`,
		"example.cn":              `host:example.cn OR host:*.example.cn OR domain:example.cn OR "example.cn"`,
		"Sub.Example.cn.":         `host:sub.example.cn OR host:*.sub.example.cn OR domain:sub.example.cn OR "Sub.Example.cn."`,
		"a[.]cn":                  `host:a.cn OR host:*.a.cn OR domain:a.cn OR "a[.]cn"`,
		"a[.]b":                   `a[.]b`, // b is not a public suffix
		"xn--fiq228c.cn":          `host:xn--fiq228c.cn OR host:*.xn--fiq228c.cn OR domain:xn--fiq228c.cn OR "xn--fiq228c.cn"`,
		"中文.cn":                   `host:xn--fiq228c.cn OR host:*.xn--fiq228c.cn OR domain:xn--fiq228c.cn OR "中文.cn"`,
		"casino.example":          `host:casino.example OR host:*.casino.example OR domain:casino.example OR "casino.example"`,
		"*.example.cn":            `host:*.example.cn OR "*.example.cn"`,
		"gov.cn":                  `host:gov.cn OR host:*.gov.cn OR domain:gov.cn OR "gov.cn"`,
		"192.168.1.1":             `host:192.168.1.1 OR domain:192.168.1.1 OR "192.168.1.1"`,
		"example.cn:8080":         `url:http://example.cn:8080/ OR url:https://example.cn:8080/`,
		"localhost:8740/x":        `url:http://localhost:8740/x OR url:https://localhost:8740/x`,
		"example.cn/a?b=1":        `url:http://example.cn/a?b=1 OR url:https://example.cn/a?b=1 OR "example.cn/a?b=1"`,
		`"example.cn"`:            `"example.cn"`,
		"index.html":              `index.html`,
		"v2.0":                    `v2.0`,
		"他说.然后":                   `他说.然后`,
		"and/or":                  `and/or`,
		"a@example.cn":            `a@example.cn`,
		"@kaihu888":               `"@kaihu888" OR indicator:@kaihu888`,
		"@x":                      `@x`,
		"123456789":               `"123456789" OR indicator:123456789`,
		"+8613800000000":          `"+8613800000000" OR indicator:+8613800000000`,
		"2026":                    `2026`,
		"138-0000-0000":           `"138-0000-0000" OR indicator:138-0000-0000`,
		"+86-138-0000-0000":       `"+86-138-0000-0000" OR indicator:+86-138-0000-0000`,
		"2026-11-01":              `2026-11-01`,
		"138 0000 0000":           `(138 AND 0000 AND 0000) OR indicator:13800000000`,
		"6222 0200 0000 0000 000": `(6222 AND 0200 AND 0000 AND 0000 AND 000) OR indicator:6222020000000000000`,
		"2026 2027":               `2026 AND 2027`,
		"138 0000 0000 级别:高":      `((138 AND 0000 AND 0000) OR indicator:13800000000) AND level:high`,
		"t.me/KaiHu888":           `url:http://t.me/KaiHu888 OR url:https://t.me/KaiHu888 OR "t.me/KaiHu888" OR telegram:@kaihu888`,
		"t.me/+AbC":               `url:http://t.me/+AbC OR url:https://t.me/+AbC OR "t.me/+AbC" OR telegram:t.me/+AbC`,
		`"123456789"`:             `"123456789"`,
		"url:hxxp://a[.]b/x":      `url:http://a.b/x`,
		"host:a[.]example[.]cn":   `host:a.example.cn`,

		// Chinese fields and values
		"类别:赌博 级别:紧急 主机: 今天":  `category:gambling AND level:critical AND host:xn--wmqs6w`,
		"分类：网络赌博":             `category:gambling`,
		"类别:赌博，级别:紧急":         `category:gambling AND level:critical`,
		"等级:≥高":               `level:>=high`,
		"级别:无":                `level:none`,
		"域名:例子.cn":            `host:xn--fsqu00a.cn`,
		"网站:*.example.cn":     `host:*.example.cn`,
		"状态:已消失":              `state:gone`,
		"状态:仍存在":              `state:open`,
		"规则:Casino-Promotion": `rule:casino-promotion`,
		"标题:注册送":              `title:注册送`,
		"网址:http://a.cn/":     `url:http://a.cn/`,
		"链接:http://a.cn/":     `url:http://a.cn/`,
		"分数:80":               `score:80`,
		"得分:>=80":             `score:>=80`,
		"隐藏:是":                `hidden:true`,
		"隐藏:否":                `hidden:false`,
		"授权:city-2026":        `authorisation:city-2026`,
		"主机: example.cn":      `host:example.cn`,
		"category: fraud":     `category:fraud`,
		"level: >= high":      `level:>=high`,
		"title:  “注册 送”":      `title:"注册 送"`,

		// dates, in UTC+8; now is Monday, 2026-11-23
		"发现:今天":             `new:2026-11-23`,
		"首次:昨天":             `new:2026-11-22`,
		"最近:7天":             `seen:>=2026-11-16`,
		"最后:近7天":            `seen:>=2026-11-16`,
		"seen:<7天":          `seen:<2026-11-16`,
		"seen:7d":           `seen:2026-11-16`,
		"seen:24小时":         `seen:>=2026-11-22T07:04:05.678Z`,
		"seen:本周":           `seen:2026-11-23..2026-11-29`,
		"seen:上周":           `seen:2026-11-16..2026-11-22`,
		"seen:>=本周":         `seen:>=2026-11-23`,
		"seen:<=上周":         `seen:<=2026-11-22`,
		"seen:本月":           `seen:2026-11-01..2026-11-30`,
		"seen:上月":           `seen:2026-10-01..2026-10-31`,
		"seen:2026/11/01":   `seen:2026-11-01`,
		"seen:2026/11/1":    `seen:2026-11-01`,
		"seen:2026.11.01":   `seen:2026-11-01`,
		"seen:2026年11月1日":   `seen:2026-11-01`,
		"seen:>2026年11月01日": `seen:>2026-11-01`,
		"seen:2026-11-01T00:00:00+08:00..2026-11-01T23:59:59.999+08:00": `seen:2026-11-01`,

		// verdicts and tasks of findings
		"结论:涉罪":      `verdict:crime`,
		"结论:待复核,未判定": `verdict:review OR verdict:none`,
		"判定:误报":      `verdict:not_crime`,
		"负责人:Li.Wei": `assignee:li.wei`,
		"负责人:无人":     `assignee:none`,
		"处置人:ann":    `decided_by:ann`,
		"团伙:00C1":    `campaign:00c1`,
		"搁置:是":       `parked:true`,
		"age:>7d":    `age:>7d`,
		"时长:>7天":     `age:>7d`,
		"时长:7天内":     `age:<=7d`,
		"age:近24小时":  `age:<=24h`,
		"age:2周..4周": `age:>=2w AND age:<=4w`,
		"时长:3日":      `age:3d`,

		// lists and ranges
		"level:critical,high":         `level:critical OR level:high`,
		"level:critical，high、low":     `level:critical OR level:high OR level:low`,
		"级别:紧急, 高":                    `level:critical OR level:high`,
		"level:high,high":             `level:high`,
		"-level:critical,high":        `-(level:critical OR level:high)`,
		"甲 host:a.cn,b.cn":            `甲 AND (host:a.cn OR host:b.cn)`,
		"score:10,80..90":             `score:10 OR (score:>=80 AND score:<=90)`,
		"url:http://a.cn/x,y":         `url:http://a.cn/x,y`,
		"title:甲,乙":                   `title:甲,乙`,
		`rule:"a,b"`:                  `rule:"a,b"`,
		"score:80..90":                `score:>=80 AND score:<=90`,
		"score:80..80":                `score:80`,
		"score:80..":                  `score:>=80`,
		"score:..80":                  `score:<=80`,
		"级别:低..高":                     `level:>=low AND level:<=high`,
		"seen:2026-11-01..2026-11-07": `seen:2026-11-01..2026-11-07`,
		"seen:2026.11.01..2026.11.07": `seen:2026-11-01..2026-11-07`,
		"seen:2026-11-01..":           `seen:>=2026-11-01`,
		"seen:..昨天":                   `seen:<=2026-11-22`,
		"seen:昨天,2026-11-01":          `seen:2026-11-22 OR seen:2026-11-01`,

		// indicators
		"qq:123-456-789":                   `qq:123456789`,
		"QQ:123456,234567":                 `qq:123456 OR qq:234567`,
		"微信:KaiHu888":                      `wechat:kaihu888`,
		"电话:+8613800000000":                `phone:13800000000`,
		`手机:"138 0000 0000"`:               `phone:13800000000`,
		"phone:010-12345678":               `phone:01012345678`,
		"domain:http://casino[.]example/x": `domain:casino.example`,
		"telegram:T.me/kaihu888":           `telegram:@kaihu888`,
		"indicator:hxxp://a[.]b/X":         `indicator:http://a.b/X`,
		"标识:kaihu888":                      `indicator:kaihu888`,
		"线索:kaihu888":                      `indicator:kaihu888`,
		"备案号:京ICP备12345678号-1":             `icp:京icp备12345678号-1`,

		// words that look like operators stay words
		"rock and roll": `rock AND and AND roll`,
		"赌博 或 诈骗":       `赌博 AND 或 AND 诈骗`,
	} {
		n, err := Parse(typed, now)
		if err != nil {
			t.Errorf("%s: %v", typed, err)
			continue
		}
		if n.String() != want {
			t.Errorf("%s is read as\n\t%s, want\n\t%s", typed, n, want)
		}
		checkRound(t, n)
	}
}

// TestTypedErrors checks the messages in both languages.
func TestTypedErrors(t *testing.T) {
	for _, tt := range []struct {
		typed            string
		column           int
		english, chinese string
	}{
		{"lvel:high", 1, `unknown field "lvel": did you mean level? (fields: category, level`, "没有“lvel”这个字段，是不是要写“level”？（字段：类别、级别"},
		{"级剐:高", 1, `unknown field "级剐": did you mean 级别?`, "没有“级剐”这个字段，是不是要写“级别”？"},
		{"类别:赌", 4, `category has no value "赌": did you mean 网络赌博?`, "“类别”没有“赌”这个值，是不是要写“网络赌博”？（可用：网络赌博、诈骗"},
		{"category:gamble", 10, "did you mean gambling?", "是不是要写“gambling”？"},
		{"类别:政治", 4, `category has no value "政治": possible values are gambling`, "“类别”没有“政治”这个值，可用：网络赌博"},
		{"级别:", 4, "level needs a value here", "“级别”的冒号后面缺少值，可用：提示、低、中、高、紧急"},
		{"主机: ", 4, "host needs a value here", "“主机”的冒号后面缺少值"},
		{"主机: AND 甲", 4, "host needs a value here", "“主机”的冒号后面缺少值"},
		{"级别:高,", 6, "level needs a value here", "“级别”的冒号后面缺少值"},
		{"级别:>=高,低", 6, "a list or a range cannot have >= in front of it", "列表或范围前面不能再写 >="},
		{"score:>80..90", 8, "a list or a range cannot have >", "列表或范围前面不能再写 >"},
		{"score:90..80", 7, "the range 90..80 runs backwards", "范围 90..80 前后颠倒"},
		{"seen:2026-11-07..2026-11-01", 6, "runs backwards", "前后颠倒"},
		{"score:80..900", 11, "score is a whole number from 0 to 100", "得分是 0 到 100 的整数，不能是“900”"},
		{"score:..", 7, "score needs a value", "“得分”的冒号后面缺少值"},
		{"seen:2026/13/01", 6, `seen has no value "2026/13/01"; write 2026-11-01, today`, "“最近”没有“2026/13/01”这个值，可写 2026-11-01、2026年11月1日、今天"},
		{"seen:36600d", 6, "the years of seen are from 1970 to 2999", "“最近”的年份须在 1970 到 2999 之间"},
		{"qq:abc", 4, `qq has no such value: "abc"`, "“qq”不会是“abc”"},
		{"电话:12", 4, `phone has no such value: "12"`, "“电话”不会是“12”"},
		{"telegram:a b", 10, `telegram has no such value: "a"`, "“电报”不会是“a”"},
		{"category:>fraud", 10, "category has no order: write category:value", "“类别”不分大小，请写 类别:值"},
		{"级别:(高 OR 低)", 4, "no parentheses after a colon: write (level:a OR level:b)", "冒号后面不能用括号，请写 级别:甲,乙"},
		{"host:0::0..", 6, `"0::0.." is not a host name`, "“0::0..”不是主机名"},
		{"host:*.", 6, "host needs a value: example.cn", "主机缺少值：写 example.cn"},
		{"host:a.*.cn", 6, "a * may only be in front", "星号只能写在主机名最前面"},
		{"host:a.cn:80", 6, "without its port", "主机名不带端口"},
		{"host:http://a.cn", 6, "without its port", "主机名不带端口"},
		{"host:a.cn/x", 6, "without scheme and path", "主机名不带协议和路径"},
		{"url:*", 5, "url needs a value", "“网址”缺少值"},
		{"a OR", 5, "something to search for is missing here", "这里缺少要检索的内容"},
		{"()", 2, "missing before this parenthesis", "这个括号之前缺少要检索的内容"},
		{"AND a", 1, "AND needs something", "AND 两边都要有检索内容"},
		{"a -", 3, "nothing follows this minus", "减号后面没有内容"},
		{"(a", 1, "is not closed", "这个括号没有闭合"},
		{"a)", 2, "closes nothing", "这个右括号没有对应的左括号"},
		{"甲 “乙", 3, "this quote is not closed", "这个引号没有闭合"},
		{"...", 1, `"..." has neither letter nor digit`, `"..." 里没有可检索的文字或数字`},
		{strings.Repeat("a ", MaxClauses) + "b", 201, "more than 100 words", "词语和条件超过 100 个"},
		{strings.Repeat("(", MaxDepth+1) + "a", MaxDepth + 2, "nested more than 20 deep", "嵌套超过 20 层"},
		{strings.Repeat("a", MaxQueryLength+1), MaxQueryLength + 1, "longer than 2000", "检索式超过 2000 个字符"},
		// short when typed and long in canonical form, which links contain
		{strings.Repeat("seen:0h ", 90), 1, "longer than 2000", "检索式超过 2000 个字符"},
		{strings.Repeat("-", MaxDepth-1) + "(a b OR c)", 1, "nested more than 20 deep", "嵌套超过 20 层"},
		{"level:" + strings.Repeat("high,", MaxClauses) + "low", 507, "more than 100 words", "词语和条件超过 100 个"},
	} {
		_, err := Parse(tt.typed, now)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%.40s: %v, want a SyntaxError", tt.typed, err)
			continue
		}
		if syntax.Column != tt.column {
			t.Errorf("%.40s points to %d, want %d: %v", tt.typed, syntax.Column, tt.column, err)
		}
		if !strings.Contains(syntax.Message(locales.English), tt.english) || !strings.Contains(syntax.Message(locales.Chinese), tt.chinese) {
			t.Errorf("%.40s says\n\t%s\n\t%s, want\n\t%s\n\t%s", tt.typed, syntax.Message(locales.English), syntax.Message(locales.Chinese), tt.english, tt.chinese)
		}
		if strings.Contains(syntax.Message(locales.English)+syntax.Message(locales.Chinese), "%!") {
			t.Errorf("%.40s: an argument is missing: %s, %s", tt.typed, syntax.Message(locales.English), syntax.Message(locales.Chinese))
		}
	}
}

// TestZones: days are those of the parser's zone, whatever the location of now.
func TestZones(t *testing.T) {
	late := time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC) // the 23rd in Shanghai
	for _, tt := range []struct {
		zone        *time.Location
		query, want string
		from        time.Time
	}{
		{time.UTC, "seen:today", "seen:2026-11-22", time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)},
		{nil, "seen:today", "seen:2026-11-23", time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC)},
		{DefaultZone(), "seen:2026-11-01", "seen:2026-11-01", time.Date(2026, 10, 31, 16, 0, 0, 0, time.UTC)},
		{DefaultZone(), "seen:2026-10-31T16:00:00Z", "seen:2026-10-31T16:00:00Z", time.Date(2026, 10, 31, 16, 0, 0, 0, time.UTC)},
	} {
		n, err := Parser{Now: late, Zone: tt.zone}.Parse(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		if from := n.(Field).Value.(Period).From; n.String() != tt.want || !from.Equal(tt.from) {
			t.Errorf("%s in %s is %s from %s, want %s from %s", tt.query, tt.zone, n, from.UTC(), tt.want, tt.from)
		}
	}
}

func TestSuggest(t *testing.T) {
	for typed, want := range map[string]string{
		"a or b":          "a OR b",
		"a and b":         "a AND b",
		"a not b":         "a AND -b",
		"not a":           "-a",
		"赌博 或 诈骗 且 类别:赌博": "赌博 OR (诈骗 AND category:gambling)",
		"注册送 非 公安":        "注册送 AND -公安",
		"(a or b) c":      "(a OR b) AND c",
		"a OR b":          "",
		"or":              "",
		"a or":            "",
		"or a":            "",
		"(a or) b":        "",
		"赌博或诈骗":           "",
		`a "or" b`:        "",
		"":                "",
		"a or (":          "", // an error is reported, not corrected
	} {
		offer, ok := Parser{Now: now}.Suggest(typed)
		if offer.Query != want || ok != (want != "") {
			t.Errorf("%s: suggested %q, want %q", typed, offer.Query, want)
		}
		if ok && (offer.English == "" || offer.Chinese == "") {
			t.Errorf("%s: no reason in one of the languages", typed)
		}
	}
	offer, _ := Parser{Now: now}.Suggest("赌博 或 诈骗 或 洗钱")
	if want := "或 is searched for as a word; operators are AND, OR and NOT"; offer.English != want {
		t.Errorf("the reason is %q, want %q", offer.English, want)
	}
}

// TestOwnWords: me is the asking account, and a campaign is found by a former id.
func TestOwnWords(t *testing.T) {
	asks := Parser{Now: now, Me: "wang", Today: func(id string) string { return strings.Replace(id, "old", "new", 1) }}
	for typed, want := range map[string]string{
		"assignee:me": "assignee:wang", "负责人:我": "assignee:wang", "decided_by:Me,li": "decided_by:wang OR decided_by:li",
		"-assignee:本人": "-assignee:wang", "assignee:无": "assignee:none", "host:me": "host:me", "campaign:old": "campaign:new",
	} {
		if n, err := asks.Parse(typed); err != nil || n.String() != want {
			t.Errorf("%s is read as %v, error %v, want %s", typed, n, err, want)
		}
	}
	if n, err := Parse("assignee:me campaign:old", now); err != nil || n.String() != "assignee:me AND campaign:old" {
		t.Errorf("without an account: %v, error %v", n, err)
	}
}

// TestCanonicalHandedIn: the URL of a page is written as the collector writes it.
func TestCanonicalHandedIn(t *testing.T) {
	p := Parser{Now: now, Canonical: func(raw string) (string, error) {
		if strings.Contains(raw, "bad") {
			return "", errors.New("no URL")
		}
		return strings.TrimSuffix(raw, "?utm_source=x"), nil
	}}
	for typed, want := range map[string]string{
		"http://a.cn/x?utm_source=x": "url:http://a.cn/x OR indicator:http://a.cn/x?utm_source=x",
		"http://bad.cn/x":            "url:http://bad.cn/x OR indicator:http://bad.cn/x",
	} {
		n, err := p.Parse(typed)
		if err != nil || n.String() != want {
			t.Errorf("%s is read as %v, error %v, want %s", typed, n, err, want)
		}
	}
}

// TestNames: each name of a field or value is read as that one, and as no other.
func TestNames(t *testing.T) {
	seen := map[string]FieldName{}
	for _, f := range FieldNames() {
		for _, name := range append(f.Chinese(), string(f)) {
			if other, ok := seen[name]; ok {
				t.Errorf("%s names both %s and %s", name, other, f)
			}
			seen[name] = f
			for _, v := range f.Values() {
				for _, value := range append(v.Chinese, v.Value) {
					n, err := Parse(name+":"+value, now)
					if want := string(f) + ":" + v.Value; err != nil || n.String() != want {
						t.Errorf("%s:%s is read as %v, error %v, want %s", name, value, n, err, want)
					}
				}
			}
		}
	}
	for i, v := range FieldCategory.Values() {
		if want := string(qianshao.Categories()[i]); v.Value != want {
			t.Errorf("category %d is %s, want %s", i, v.Value, want)
		}
	}
	if got, want := len(FieldCategory.Values()), len(qianshao.Categories()); got != want {
		t.Errorf("%d of %d categories have names", got, want)
	}
	for _, kind := range qianshao.IndicatorKinds() {
		if is := FieldName(kind).IsIndicator(); is != (kind != qianshao.IndicatorURL) {
			t.Errorf("%s is a field: %v", kind, is)
		}
		if _, ok := seen[string(kind)]; !ok {
			t.Errorf("no field %s", kind)
		}
	}
}

func TestSnippet(t *testing.T) {
	upper := func(s string) string { return strings.ReplaceAll(strings.ToUpper(s), "ß", "SS") }
	for _, tt := range []struct {
		query, title, text string
		fold               func(string) string
		want               string
	}{
		{"注册送", "", "第一行\n新注册送彩金，再注册送", nil, "新[注册送]彩金，再[注册送]"},
		{"注册 册送", "", "注册送", nil, "[注册送]"}, // overlapping ones are joined
		{"av", "", "java AV", nil, "java [AV]"},
		{"注册送", "注 册 送", "注*册*送 注册", nil, "[注*册*送] 注册"},
		{"注册", "", "注*册\n注册", nil, "[注册]"}, // literal occurrences before disguised ones
		{"strasse", "", "die Straße 5", upper, "die [Straße] 5"},
		{"cafe", "", "ein cafe\u0301!", nil, "ein [cafe\u0301]!"},
		{"送", strings.Repeat("甲", 50) + "送" + strings.Repeat("乙", 200), "", nil, "…" + strings.Repeat("甲", 30) + "[送]" + strings.Repeat("乙", 119) + "…"},
		{"a", "", "\xffa\xff", nil, "\uFFFD[a]\uFFFD"},
		{"\u200b送", "", "\u200b送\u200b", nil, "\u200b[送\u200b]"},
		{"-送", "送", "", nil, ""},
		{"title:送", "", "送", nil, ""},
		{"score:1", "送", "", nil, ""},
		{"送", "", strings.Repeat("甲", 100_000) + "送", nil, ""}, // beyond the part that is searched
	} {
		n, err := Parse(tt.query, now)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if s := NewMarker(n, tt.fold).Snippet(tt.title, tt.text); s != nil {
			checkSpans(t, *s)
			for _, piece := range s.Pieces() {
				if piece.IsHit {
					piece.Text = "[" + piece.Text + "]"
				}
				got += piece.Text
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.query, diff)
		}
	}
}

func checkSpans(t testing.TB, s Snippet) {
	t.Helper()
	at := 0
	for _, span := range s.Spans {
		if span.Start < at || span.End <= span.Start || span.End > len(s.Text) || !utf8.ValidString(s.Text[span.Start:span.End]) {
			t.Errorf("span %v of %q", span, s.Text)
			return
		}
		at = span.End
	}
	if len(s.Spans) == 0 {
		t.Errorf("%q has no span", s.Text)
	}
}

// FuzzSnippet: whatever a page and a query contain, spans are positions in the text.
func FuzzSnippet(f *testing.F) {
	f.Add("注册 title:送", "標題", "註*冊送\n\xff", true)
	f.Add("a\u0301", "\u0301a", "ß\u200b", false)
	f.Fuzz(func(t *testing.T, query, title, text string, folds bool) {
		n, err := Parse(query, now)
		if err != nil {
			return
		}
		fold := strings.ToUpper
		if !folds {
			fold = func(s string) string { return strings.Trim(strings.ReplaceAll(s, "a", "ab "), " \u0301") }
		}
		if s := NewMarker(n, fold).Snippet(title, text); s != nil {
			checkSpans(t, *s)
			whole := ""
			for _, piece := range s.Pieces() {
				whole += piece.Text
			}
			if whole != s.Text {
				t.Errorf("the pieces of %q are %q", s.Text, whole)
			}
		}
	})
}

func BenchmarkSnippet(b *testing.B) {
	n, err := Parse("末尾之词", now)
	if err != nil {
		b.Fatal(err)
	}
	text := strings.Repeat("新注册送彩金，java AV 六合。", 1000) + "末尾之词"
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if NewMarker(n, strings.ToUpper).Snippet("", text) == nil {
			b.Fatal("not found")
		}
	}
}

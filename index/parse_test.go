package index_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/qianshao/qianshao"
	. "github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/index/indextest"
	"github.com/qianshao/qianshao/locales"
)

var now = time.Date(2026, 11, 23, 15, 4, 5, 678_900_000, DefaultZone())

func date(y int, m time.Month, d int) time.Time {
	return time.Date(y, m, d, 0, 0, 0, 0, DefaultZone())
}

func dayOf(y int, m time.Month, d int) Period { return Period{date(y, m, d), date(y, m, d+1)} }

func text(name FieldName, v string) Node { return Field{Name: name, Value: Text(v)} }

func TestParse(t *testing.T) {
	a, b, c := Phrase{"a"}, Phrase{"b"}, Phrase{"c"}
	moment := now.UTC().Truncate(time.Millisecond)
	for _, tt := range []struct {
		query string
		want  Node
		print string // canonical form, if it differs from query
	}{
		{"", nil, ""},
		{" \t　", nil, ""},
		{"注册送", Phrase{"注册送"}, ""},
		{`"注册 送"`, Phrase{"注册 送"}, ""},
		{`"a"`, a, "a"},
		{"a b", And{[]Node{a, b}}, "a AND b"},
		{"a AND b OR c", Or{[]Node{And{[]Node{a, b}}, c}}, "(a AND b) OR c"},
		{"a (b OR c)", And{[]Node{a, Or{[]Node{b, c}}}}, "a AND (b OR c)"},
		{"(a b) c", And{[]Node{a, b, c}}, "a AND b AND c"},
		{"a OR (b OR c)", Or{[]Node{a, b, c}}, "a OR b OR c"},
		{"-a", Not{a}, ""},
		{"NOT a b", And{[]Node{Not{a}, b}}, "-a AND b"},
		{"a AND NOT (b OR c)", And{[]Node{a, Not{Or{[]Node{b, c}}}}}, "a AND -(b OR c)"},
		{"--a", Not{Not{a}}, ""},
		{"a-b", Phrase{"a-b"}, ""},
		{"-a-b", Not{Phrase{"a-b"}}, ""},
		{"and", Phrase{"and"}, ""},
		{"ANDy", Phrase{"ANDy"}, ""},
		{`"AND"`, Phrase{"AND"}, ""},
		{`"-a"`, Phrase{"-a"}, ""},
		{`"a\"b\\c\d"`, Phrase{`a"b\c\d`}, `"a\"b\\c\\d"`},
		{`a\b`, Phrase{`a\b`}, ""},
		{`a"b"c`, And{[]Node{a, b, c}}, "a AND b AND c"},
		{"a(b)c", And{[]Node{a, b, c}}, "a AND b AND c"},
		{"“注册送”", Phrase{"注册送"}, "注册送"},
		{"“注册送“", Phrase{"注册送"}, "注册送"},
		{`"他说“注册送”"`, Phrase{"他说“注册送”"}, ""},
		{"（a　OR b）－c", And{[]Node{Or{[]Node{a, b}}, Not{c}}}, "(a OR b) AND -c"},
		{"category：gambling", text(FieldCategory, "gambling"), "category:gambling"},
		{"Category:GAMBLING", text(FieldCategory, "gambling"), "category:gambling"},
		{"level：＞＝high", Field{FieldLevel, GreaterEqual, Rank(qianshao.LevelHigh)}, "level:>=high"},
		{"level:≥high", Field{FieldLevel, GreaterEqual, Rank(qianshao.LevelHigh)}, "level:>=high"},
		{"level:<medium", Field{FieldLevel, Less, Rank(qianshao.LevelMedium)}, ""},
		{"level:=low", Field{FieldLevel, Equal, Rank(qianshao.LevelLow)}, "level:low"},
		{"score:<=40", Field{FieldScore, LessEqual, Number(40)}, ""},
		{"hidden:true", Field{FieldHidden, Equal, Flag(true)}, ""},
		{"host:Example.CN.", text(FieldHost, "example.cn"), "host:example.cn"},
		{"host:*.例子.中国", text(FieldHost, "*.xn--fsqu00a.xn--fiqs8s"), "host:*.xn--fsqu00a.xn--fiqs8s"},
		{"host:[::1]", text(FieldHost, "::1"), "host:::1"},
		{"url:http://a.cn:8080/x?y=1*", text(FieldURL, "http://a.cn:8080/x?y=1"), "url:http://a.cn:8080/x?y=1"},
		{`url:"http://a.cn/(x)"`, text(FieldURL, "http://a.cn/(x)"), ""},
		{"rule:Casino-Promotion", text(FieldRule, "casino-promotion"), "rule:casino-promotion"},
		{`authorisation:"City 2026"`, text(FieldAuthorisation, "City 2026"), ""},
		{`authorisation:">x"`, text(FieldAuthorisation, ">x"), ""},
		{"title:注册送", text(FieldTitle, "注册送"), ""},
		{"-title:“注册 送”", Not{text(FieldTitle, "注册 送")}, `-title:"注册 送"`},
		{"seen:2026-11-01", Field{FieldSeen, Equal, dayOf(2026, 11, 1)}, ""},
		{"seen:>2026-11-01", Field{FieldSeen, Greater, dayOf(2026, 11, 1)}, ""},
		{"seen:today", Field{FieldSeen, Equal, dayOf(2026, 11, 23)}, "seen:2026-11-23"},
		{"new:>=yesterday", Field{FieldNew, GreaterEqual, dayOf(2026, 11, 22)}, "new:>=2026-11-22"},
		{"seen:>=7d", Field{FieldSeen, GreaterEqual, dayOf(2026, 11, 16)}, "seen:>=2026-11-16"},
		{"seen:>0h", Field{FieldSeen, Greater, Period{moment, moment.Add(time.Millisecond)}}, "seen:>2026-11-23T07:04:05.678Z"},
		{"seen:<2026-11-01T08:00:00+08:00", Field{FieldSeen, Less, Period{date(2026, 11, 1).Add(8 * time.Hour), date(2026, 11, 1).Add(8*time.Hour + time.Millisecond)}}, "seen:<2026-11-01T00:00:00Z"},
	} {
		got, err := Parse(tt.query, now)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.query, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", tt.query, diff)
		}
		if got == nil {
			continue
		}
		if want := cmpOr(tt.print, tt.query); got.String() != want {
			t.Errorf("Parse(%q) prints %s, want %s", tt.query, got, want)
		}
		checkRound(t, got)
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// checkRound prints a tree, in either language, and parses it back.
func checkRound(t rapid.TB, n Node) {
	t.Helper()
	for _, text := range []string{n.String(), InChinese(n)} {
		again, err := Parse(text, now.AddDate(1, 0, 0))
		if err != nil {
			t.Fatalf("the canonical form %s does not parse: %v", text, err)
		}
		if diff := cmp.Diff(n, again, cmpopts.IgnoreFields(Age{}, "Now")); diff != "" {
			t.Fatalf("%s parses to another tree (-want +got):\n%s", text, diff)
		}
	}
}

// TestValuesOf finds the values of a field anywhere in a query.
func TestValuesOf(t *testing.T) {
	n, err := Parse("rule:a (b OR -rule:c,d) level:high", now)
	if err != nil {
		t.Fatal(err)
	}
	if got := ValuesOf(n, FieldRule); !slices.Equal(got, []string{"a", "c", "d"}) {
		t.Errorf("%v", got)
	}
	if got := ValuesOf(nil, FieldRule); got != nil {
		t.Errorf("of an empty query %v", got)
	}
}

// TestInChinese: fields and values get the names that the console shows.
func TestInChinese(t *testing.T) {
	for query, want := range map[string]string{
		"category:gambling":                      "类别:网络赌博",
		"level:>=high -hidden:true":              "级别:>=高 AND -隐藏:是",
		"verdict:crime OR verdict:none":          "结论:违法 OR 结论:未判定",
		"assignee:none parked:false score:>80":   "负责人:无 AND 搁置:否 AND 得分:>80",
		`title:"注册 送" qq:12345 authorisation:a1`: `标题:"注册 送" AND qq:12345 AND 授权:a1`,
		"赌场": "赌场",
	} {
		n, err := Parse(query, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := InChinese(n); got != want {
			t.Errorf("%s in Chinese is %s, want %s", query, got, want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct {
		query  string
		column int
		want   []string // in the message
	}{
		{"a AND", 6, []string{"missing"}},
		{"AND a", 1, []string{"both sides"}},
		{"a OR", 5, []string{"missing"}},
		{"a OR AND b", 6, []string{"both sides"}},
		{"a NOT", 6, []string{"missing"}},
		{"()", 2, []string{"missing before"}},
		{"(a", 1, []string{"not closed"}},
		{"a)", 2, []string{"closes nothing"}},
		{"甲 （乙", 3, []string{"not closed"}},
		{`甲 "乙`, 3, []string{"quote is not closed"}},
		{"a -", 3, []string{"minus"}},
		{"...", 1, []string{"neither letter nor digit"}},
		{`""`, 1, []string{"neither letter nor digit"}},
		{`a title:"。"`, 9, []string{"neither letter nor digit"}},
		{"lvel:high", 1, []string{`unknown field "lvel"`, "did you mean level?", "quotes"}},
		{"甲 ftp://a.cn", 3, []string{`unknown field "ftp"`, "quotes"}},
		{":a", 1, []string{"unknown field"}},
		{"level:hihg", 7, []string{"did you mean high?", "critical"}},
		{"level:>=hihg", 9, []string{"did you mean high?"}},
		{"category:gamble", 10, []string{"did you mean gambling?", "counterfeit_goods"}},
		{"category:politics", 10, []string{"no value", "counterfeit_goods"}},
		{"category:>fraud", 10, []string{"no order"}},
		{"category:", 10, []string{"needs a value", "gambling"}},
		{"category: ", 10, []string{"directly after the colon"}},
		{"level:(high OR low)", 7, []string{"no parentheses after a colon"}},
		{"hidden:yes", 8, []string{"true, false"}},
		{"score:101", 7, []string{"0 to 100"}},
		{"score:-1", 7, []string{"0 to 100"}},
		{"score:1.5", 7, []string{"whole number"}},
		{"verdict:guilty", 9, []string{"not_crime", "review"}},
		{"verdict:>crime", 9, []string{"no order"}},
		{"parked:maybe", 8, []string{"true, false"}},
		{"age:today", 5, []string{"no value", "<=24h"}},
		{"age:>-1d", 6, []string{"no value"}},
		{"age:01d", 5, []string{"no value"}},
		{"age:99999999d", 5, []string{"no value"}},
		{"age:4w..2w", 5, []string{"backwards"}},
		{"age:", 5, []string{">7d"}},
		{"assignee:", 10, []string{"needs a value"}},
		{"seen:2026-13-01", 6, []string{"2026-11-01"}},
		{"seen:last-week", 6, []string{"yesterday"}},
		{"seen:0099-01-01", 6, []string{"are from 1970"}},
		{"seen:99999999d", 6, []string{"7d"}},
		{"host:a.cn:80", 6, []string{"without its port"}},
		{"host:http://a.cn", 6, []string{"without"}},
		{"host:a.*.cn", 6, []string{"in front"}},
		{"host:*.", 6, []string{"example.cn"}},
		{"url:*", 5, []string{"needs a value"}},
		{strings.Repeat("a", MaxQueryLength+1), MaxQueryLength + 1, []string{"longer than 2000"}},
		{strings.Repeat("(", MaxDepth+1) + "a", MaxDepth + 2, []string{"more than 20"}},
		{strings.Repeat("-", MaxDepth+1) + "a", MaxDepth + 2, []string{"more than 20"}},
		{strings.Repeat("a ", MaxClauses) + "b", 2*MaxClauses + 1, []string{"more than 100"}},
	} {
		_, err := Parse(tt.query, now)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("Parse(%.40q): %v, want a SyntaxError", tt.query, err)
			continue
		}
		if syntax.Column != tt.column {
			t.Errorf("Parse(%.40q) points to %d, want %d: %v", tt.query, syntax.Column, tt.column, err)
		}
		for _, want := range tt.want {
			if !strings.Contains(syntax.Message(locales.English), want) {
				t.Errorf("Parse(%.40q) says %q, want %q in it", tt.query, syntax.Message(locales.English), want)
			}
		}
	}
}

func TestSyntaxErrorCaret(t *testing.T) {
	_, err := Parse("注册送 lvel:high", now)
	want := "query, character 5: unknown field \"lvel\": did you mean level? "
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want it to begin with %s", err, want)
	}
	if want := "\n  注册送 lvel:high\n         ^"; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want it to end with %s", err, want)
	}
}

func TestCanonicalForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkRound(t, indextest.Queries().Draw(t, "query")) })
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`category:gambling level:>=high host:*.example.cn hidden:true seen:>2026-11-01 "注册送" AND (a OR b) -x`,
		"“注册送” category：fraud （a）", `url:"a\"b\\"`, "-(-a)", "seen:7d new:12h", "host:[::1] host:例子.cn", "AND", `title:≥x`, "\xff:\x00",
		"类别:赌博，级别:紧急,高 主机: 今天", "score:80..90,10 级别:..高", "seen:2026年11月1日..昨天 最近:7天 new:本周", "hxxp://a[.]cn/x(1)?q=* -例子.cn:80/",
		"结论:涉罪 age:>7天 时长:..2w assignee:无人 搁置:否", "qq:123-456 电话:+86-10-12345678 telegram:t.me/+A icp:京ICP备1号-1 domain:http://a.cn 线索:[[.]]", "@kaihu888 +8613800000000 a.cn. *.a.cn 1.2.3.4",
		"a or 赌博 或 b 非 (c and d) not",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		n, err := Parse(query, now)
		var syntax *SyntaxError
		switch {
		case err != nil && !errors.As(err, &syntax):
			t.Fatalf("error %v is not a SyntaxError", err)
		case err != nil && (syntax.Column < 1 || syntax.Column > len([]rune(query))+1):
			t.Fatalf("column %d lies outside of %q", syntax.Column, query)
		case err != nil:
			if text := err.Error() + syntax.Message(locales.Chinese); !strings.Contains(query, "%!") && strings.Contains(text, "%!") {
				t.Fatalf("an argument of the message is missing: %s", text)
			}
		case n != nil:
			checkRound(t, n)
		}
		if offer, ok := (Parser{Now: now}).Suggest(query); ok {
			n, err := Parse(offer.Query, now)
			if err != nil || n.String() != offer.Query {
				t.Fatalf("suggested %s, which is read as %v, error %v", offer.Query, n, err)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	const query = `category:gambling level:>=high host:*.example.cn hidden:true seen:>2026-11-01 "注册送" AND (首存 OR 返水) -公安`
	b.SetBytes(int64(len(query)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(query, now); err != nil {
			b.Fatal(err)
		}
	}
}

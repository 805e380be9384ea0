package indextest

import (
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
)

// base is the time around which generated records were seen, in the time zone of the index.
var base = time.Date(2026, 11, 1, 22, 0, 0, 0, index.DefaultZone())

// pieces are the parts of generated texts: few, so that phrases occur in several, and with all kinds of
// separators, joiners and disguises.
func pieces() []string {
	return []string{
		"注", "册", "送", "彩", "金", "新", "註", "冊", "注册送", "新注册送彩金", "一", "一一",
		"a", "av", "java", "AV", "6", "六合", "6合", "ａ", "é", "e\u0301", "ß",
		" ", " ", "，", "。", "-", "\n", "\n", "　", "\u200b", "🍃", "か", "한",
	}
}

// texts generates the text of a page, a title or a phrase.
func texts(maxPieces int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces()), 0, maxPieces).Draw(t, "pieces"), "")
	})
}

func hosts() []string {
	return []string{"example.cn", "a.example.cn", "b.a.example.cn", "notexample.cn", "cn", "127.0.0.1", ""}
}

// Records generates records with distinct ids.
func Records(n int) *rapid.Generator[[]qianshao.FindingRecord] {
	return rapid.Custom(func(t *rapid.T) []qianshao.FindingRecord {
		list := make([]qianshao.FindingRecord, n)
		for i := range list {
			list[i] = record(t, i)
		}
		return list
	})
}

func record(t *rapid.T, i int) qianshao.FindingRecord {
	host := rapid.SampledFrom(hosts()).Draw(t, "host")
	score := rapid.IntRange(0, qianshao.MaxScore).Draw(t, "score")
	first := base.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "first")) * time.Hour)
	e := qianshao.FindingRecord{
		Host:      host,
		PageTitle: texts(5).Draw(t, "title"),
		PageText:  texts(30).Draw(t, "text"),
		FirstSeen: first,
		LastSeen:  first.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "hours")) * time.Hour),
		Finding: qianshao.Finding{
			ID:            fmt.Sprintf("%016x", i),
			URL:           fmt.Sprintf("http://%s/%d", host, rapid.IntRange(0, 12).Draw(t, "page")),
			Authorisation: rapid.SampledFrom([]string{"", "city", "School 1"}).Draw(t, "authorisation"),
			Rule:          rapid.SampledFrom([]string{"casino", "loan", "loan-sim", "job"}).Draw(t, "rule"),
			Category:      rapid.SampledFrom(qianshao.Categories()[:4]).Draw(t, "category"),
			Score:         score,
			Level:         qianshao.LevelOf(score),
			Hidden:        rapid.Bool().Draw(t, "hidden"),
		},
	}
	e.Review = review(t)
	if rapid.Bool().Draw(t, "gone") {
		e.GoneAt = e.LastSeen.Add(time.Hour)
	}
	for _, rule := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"job", "casino", "loan", "invoice"}), 0, 3, rapid.ID[string]).Draw(t, "also") {
		if rule != e.Finding.Rule {
			e.Finding.Also = append(e.Finding.Also, qianshao.OtherRule{Rule: rule})
		}
	}
	e.Finding.Indicators = rapid.SliceOfN(rapid.SampledFrom(indicators()), 0, 3).Draw(t, "indicators")
	if rapid.Bool().Draw(t, "disguised") {
		e.Finding.Evidence = []qianshao.Evidence{
			{Term: "六合彩", Text: "六*合*彩", Steps: []string{"separator"}},
			{Term: "plain", Text: "plain"},
		}
	}
	return e
}

// review generates verdicts and tasks of a finding.
func review(t *rapid.T) qianshao.Review {
	return qianshao.Review{
		Answer:    rapid.SampledFrom(append(qianshao.Answers(), "")).Draw(t, "answer"),
		DecidedBy: rapid.SampledFrom([]string{"", "ann", "li.wei"}).Draw(t, "decided by"),
		Assignee:  rapid.SampledFrom([]string{"", "ann", "李"}).Draw(t, "assignee"),
		Parked:    rapid.Bool().Draw(t, "parked"),
		Campaigns: rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"00c1", "00c2", "00c3"}), 0, 3, rapid.ID[string]).Draw(t, "campaigns"),
	}
}

// Sights generates sights: mostly everything.
func Sights() *rapid.Generator[qianshao.Sight] {
	return rapid.SampledFrom([]qianshao.Sight{
		qianshao.SeeAll(), qianshao.SeeAll(), {}, {Authorisations: []string{"city"}}, {Authorisations: []string{"School 1", "city", "x"}},
	})
}

// Queries generates trees as Parse returns them.
func Queries() *rapid.Generator[index.Node] {
	return rapid.Custom(func(t *rapid.T) index.Node { return node(t, 3) })
}

func node(t *rapid.T, depth int) index.Node {
	kind := rapid.IntRange(0, 7).Draw(t, "kind")
	if depth == 0 && kind < 3 {
		kind += 3
	}
	switch kind {
	case 0:
		return index.Not{Node: node(t, depth-1)}
	case 1, 2:
		var nodes []index.Node
		for range rapid.IntRange(2, 3).Draw(t, "parts") {
			n := node(t, depth-1)
			// And and Or contain none of their own kind: Parse flattens them.
			if _, ok := n.(index.And); ok && kind == 1 {
				n = index.Not{Node: n}
			} else if _, ok := n.(index.Or); ok && kind == 2 {
				n = index.Not{Node: n}
			}
			nodes = append(nodes, n)
		}
		if kind == 1 {
			return index.And{Nodes: nodes}
		}
		return index.Or{Nodes: nodes}
	case 3, 4:
		return index.Phrase{Text: phrase(t)}
	}
	return field(t)
}

// phrase generates a text with something to search for.
func phrase(t *rapid.T) string {
	s := texts(4).Draw(t, "phrase")
	if len(normal(s, nil)) == 0 {
		return s + "送"
	}
	return s
}

func field(t *rapid.T) index.Node {
	f := index.Field{Name: rapid.SampledFrom(index.FieldNames()).Draw(t, "field")}
	if f.Name.Ordered() {
		f.Op = index.Op(rapid.IntRange(int(index.Equal), int(index.GreaterEqual)).Draw(t, "op"))
	}
	text := func(values ...string) index.Value { return index.Text(rapid.SampledFrom(values).Draw(t, "value")) }
	switch f.Name {
	case index.FieldCategory:
		f.Value = text("gambling", "fraud", "drugs")
	case index.FieldLevel:
		f.Value = index.Rank(rapid.IntRange(int(qianshao.LevelNone), int(qianshao.LevelCritical)).Draw(t, "level"))
	case index.FieldHost:
		f.Value = text("example.cn", "*.example.cn", "*.a.example.cn", "*.cn", "cn", "127.0.0.1", "*.0.0.1")
	case index.FieldRule:
		f.Value = text("casino", "loan", "loan-", "job", "x")
	case index.FieldURL:
		f.Value = text("http://", "http://example.cn/1", "http://a.example.cn/", "example")
	case index.FieldAuthorisation:
		f.Value = text("city", "School 1", "school 1")
	case index.FieldState:
		f.Value = text("open", "gone")
	case index.FieldVerdict:
		f.Value = text("crime", "not_crime", "unsure", "none", "review")
	case index.FieldAssignee, index.FieldDecidedBy:
		f.Value = text("ann", "li.wei", "李", "none", "x")
	case index.FieldCampaign:
		f.Value = text("00c1", "00c2", "00c")
	case index.FieldAge:
		f.Value = index.Age{N: rapid.IntRange(0, 40).Draw(t, "n"), Unit: rapid.SampledFrom([]time.Duration{time.Hour, 24 * time.Hour}).Draw(t, "unit"), Now: base.AddDate(0, 0, 2)}
	case index.FieldHidden, index.FieldParked:
		f.Value = index.Flag(rapid.Bool().Draw(t, "flag"))
	case index.FieldScore:
		f.Value = index.Number(rapid.IntRange(0, qianshao.MaxScore).Draw(t, "number"))
	case index.FieldSeen, index.FieldNew:
		f.Value = period(t, f.Op)
	case index.FieldTitle:
		f.Value = index.Text(phrase(t))
	default:
		f.Value = text(indicatorQueries(f.Name)...)
	}
	return f
}

// indicators are those of generated findings: few, with similar values in several kinds.
func indicators() []qianshao.Indicator {
	return []qianshao.Indicator{
		{Kind: qianshao.IndicatorQQ, Value: "13800000000"},
		{Kind: qianshao.IndicatorPhone, Value: "13800000000"},
		{Kind: qianshao.IndicatorPhone, Value: "010-12345678"},
		{Kind: qianshao.IndicatorWeChat, Value: "kaihu888"},
		{Kind: qianshao.IndicatorTelegram, Value: "@kaihu888"},
		{Kind: qianshao.IndicatorTelegram, Value: "t.me/+AbC"},
		{Kind: qianshao.IndicatorDomain, Value: "casino.example"},
		{Kind: qianshao.IndicatorURL, Value: "http://casino.example/Reg"},
		{Kind: qianshao.IndicatorQRCode, Value: "wxp://f2f0Ab,c"},
		{Kind: qianshao.IndicatorICP, Value: "京ICP备12345678号-1"},
		{Kind: qianshao.IndicatorBitcoin, Value: "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"},
		{Kind: qianshao.IndicatorStatistics, Value: "baidu:0123ab"},
	}
}

// indicatorQueries are values of an indicator field in canonical form, as Parse returns them.
func indicatorQueries(name index.FieldName) []string {
	switch name {
	case index.FieldIndicator:
		return []string{"13800000000", "+8613800000000", "kaihu888", "@kaihu888", "casino.example", "http://casino.example/Reg", "a,b"}
	case index.FieldQQ, index.FieldPhone, index.FieldBankCard:
		return []string{"13800000000", "01012345678", "55555"}
	case index.FieldTelegram:
		return []string{"@kaihu888", "t.me/+AbC", "t.me/+abc"}
	case index.FieldDomain:
		return []string{"casino.example", "example"}
	case index.FieldICP:
		return []string{"京icp备12345678号", "京icp备12345678号-1", "京icp备1号"}
	case index.FieldBitcoin:
		return []string{"1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "1boatslrhtknngkdxeeobr76b53lettpyt"}
	}
	return []string{"kaihu888", "baidu:0123ab", "x"}
}

// period generates a moment or a day, or a range where no comparison is needed.
func period(t *rapid.T, op index.Op) index.Period {
	at := base.Add(time.Duration(rapid.IntRange(-1, 40).Draw(t, "hour")) * time.Hour)
	if rapid.Bool().Draw(t, "moment") {
		return index.Period{From: at, Until: at.Add(time.Millisecond)}
	}
	at = time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, at.Location())
	days := 1
	if op == index.Equal {
		days = rapid.IntRange(1, 3).Draw(t, "days")
	}
	return index.Period{From: at, Until: at.AddDate(0, 0, days)}
}

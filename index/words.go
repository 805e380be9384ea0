package index

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/spelling"
	"github.com/qianshao/qianshao/locales"
)

// Chinese returns the Chinese names of a field, the console's first. A query may use any of them in place
// of the field's own name. Fields that people only type by their own name have none.
func (f FieldName) Chinese() []string {
	switch f {
	case FieldCategory:
		return []string{"类别", "分类", "种类"}
	case FieldLevel:
		return []string{"级别", "等级"}
	case FieldHost:
		return []string{"主机", "域名", "网站", "站点"}
	case FieldRule:
		return []string{"规则"}
	case FieldURL:
		return []string{"网址", "链接"}
	case FieldAuthorisation:
		return []string{"授权"}
	case FieldHidden:
		return []string{"隐藏"}
	case FieldScore:
		return []string{"得分", "分数", "分值"}
	case FieldSeen:
		return []string{"最近", "最后", "最近见到", "最后见到"}
	case FieldNew:
		return []string{"首次", "发现", "首次见到"}
	case FieldTitle:
		return []string{"标题"}
	case FieldState:
		return []string{"状态"}
	case FieldIndicator:
		return []string{"标识", "联系方式"}
	}
	if names := f.chineseReview(); names != nil {
		return names
	}
	return f.chineseIndicator()
}

// chineseReview names the fields for verdicts and tasks of findings.
func (f FieldName) chineseReview() []string {
	switch f {
	case FieldVerdict:
		return []string{"结论", "判定", "处置"}
	case FieldAssignee:
		return []string{"负责人", "分派"}
	case FieldDecidedBy:
		return []string{"判定人", "处置人"}
	case FieldCampaign:
		return []string{"团伙"}
	case FieldParked:
		return []string{"搁置"}
	case FieldAge:
		return []string{"时长", "存在时间"}
	}
	return nil
}

// nobody returns the names that a query may use for Nobody.
func nobody() []string { return []string{Nobody, "无", "无人", "未分派"} }

// me returns the names for the asking account.
func me() []string { return []string{"me", "我", "本人", "自己"} }

func (f FieldName) chineseIndicator() []string {
	switch f {
	case FieldWeChat:
		return []string{"微信", "微信号"}
	case FieldTelegram:
		return []string{"电报"}
	case FieldBatChat:
		return []string{"蝙蝠"}
	case FieldPhone:
		return []string{"电话", "手机", "手机号"}
	case FieldDomain:
		return []string{"推广域名"}
	case FieldQRCode:
		return []string{"二维码"}
	case FieldTron:
		return []string{"波场地址", "波场"}
	case FieldBitcoin:
		return []string{"比特币地址", "比特币"}
	case FieldEthereum:
		return []string{"以太坊地址", "以太坊"}
	case FieldBankCard:
		return []string{"银行卡"}
	case FieldICP:
		return []string{"备案号", "备案"}
	case FieldStatistics:
		return []string{"统计账号"}
	}
	return nil
}

// fieldOf returns the field that a word names, in either language.
func fieldOf(word string) (FieldName, bool) {
	word = strings.ToLower(word)
	names := FieldNames()
	if slices.Contains(names, FieldName(word)) {
		return FieldName(word), true
	}
	if word == "线索" { // saved queries may have it; the console has another use for the word, so nothing lists it
		return FieldIndicator, true
	}
	for _, name := range names {
		if slices.Contains(name.Chinese(), word) {
			return name, true
		}
	}
	return "", false
}

// ValueName is a value of a field with few values, and its Chinese names.
type ValueName struct {
	Value string
	// Chinese are the names that a query may use, the console's first.
	Chinese []string
}

// Values returns the values of a field that has few of them, in the order of the tables that show them, for
// help and completion; nil for other fields.
func (f FieldName) Values() []ValueName {
	switch f {
	case FieldCategory:
		return categoryNames()
	case FieldLevel:
		return []ValueName{
			{qianshao.LevelInformational.String(), []string{"提示"}},
			{qianshao.LevelLow.String(), []string{"低", "低危"}},
			{qianshao.LevelMedium.String(), []string{"中", "中危"}},
			{qianshao.LevelHigh.String(), []string{"高", "高危"}},
			{qianshao.LevelCritical.String(), []string{"紧急", "严重"}},
		}
	case FieldHidden, FieldParked:
		return []ValueName{{"true", []string{"是", "有"}}, {"false", []string{"否", "无"}}}
	case FieldVerdict:
		return answerNames()
	case FieldState:
		return []ValueName{
			{string(qianshao.StateOpen), []string{"仍存在", "存在", "未消失"}},
			{string(qianshao.StateGone), []string{"已消失", "消失"}},
		}
	}
	return nil
}

func answerNames() []ValueName {
	return []ValueName{
		{string(qianshao.VerdictCrime), []string{"违法", "犯罪", "涉罪"}},
		{string(qianshao.VerdictNotCrime), []string{"不违法", "不是犯罪", "不涉罪", "误报"}},
		{string(qianshao.VerdictUnsure), []string{"不确定", "存疑"}},
		{string(qianshao.AnswerNone), []string{"未判定", "未处置", "无"}},
		{string(qianshao.AnswerReview), []string{"待复核", "复核"}},
	}
}

func categoryNames() []ValueName {
	return []ValueName{
		{string(qianshao.Gambling), []string{"网络赌博", "赌博", "博彩"}},
		{string(qianshao.Fraud), []string{"诈骗", "电信诈骗", "电诈"}},
		{string(qianshao.Phishing), []string{"钓鱼仿冒", "钓鱼", "仿冒"}},
		{string(qianshao.IllegalLending), []string{"非法放贷", "放贷", "网贷"}},
		{string(qianshao.CardSIMTrade), []string{"两卡买卖", "两卡"}},
		{string(qianshao.MoneyLaundering), []string{"洗钱", "跑分"}},
		{string(qianshao.ForgedDocuments), []string{"伪造证件", "假证", "办证"}},
		{string(qianshao.InvoiceTrade), []string{"虚开买卖发票", "虚开发票", "发票"}},
		{string(qianshao.GreyMarket), []string{"网络黑灰产", "黑灰产", "黑产", "灰产"}},
		{string(qianshao.Pornography), []string{"淫秽色情", "色情", "淫秽"}},
		{string(qianshao.Prostitution), []string{"组织卖淫招嫖", "卖淫", "招嫖"}},
		{string(qianshao.Drugs), []string{"毒品"}},
		{string(qianshao.Weapons), []string{"枪爆管制物品", "枪爆", "枪支"}},
		{string(qianshao.CounterfeitGoods), []string{"假冒伪劣", "假货"}},
	}
}

// InChinese writes a query with the console's Chinese names of fields and values. It parses to the same tree.
func InChinese(n Node) string { return named(n).String() }

// named returns a tree with Chinese names.
func named(n Node) Node {
	switch n := n.(type) {
	case And:
		return And{allNamed(n.Nodes)}
	case Or:
		return Or{allNamed(n.Nodes)}
	case Not:
		return Not{named(n.Node)}
	case Field:
		return n.named()
	}
	return n
}

func allNamed(nodes []Node) []Node {
	list := make([]Node, len(nodes))
	for i, n := range nodes {
		list[i] = named(n)
	}
	return list
}

func (n Field) named() Field {
	value := n.Value.String()
	values := n.Name.Values()
	if n.Name == FieldAssignee {
		values = []ValueName{{Nobody, nobody()[1:]}}
	}
	for _, v := range values {
		if v.Value == value {
			n.Value = Text(v.label())
		}
	}
	n.Name = FieldName(ValueName{string(n.Name), n.Name.Chinese()}.label())
	return n
}

// choices are the values that a message lists.
type choices []ValueName

// In lists the values in a language.
func (c choices) In(l locales.Lang) string {
	names := make([]string, len(c))
	for i, v := range c {
		if names[i] = v.Value; l == locales.Chinese {
			names[i] = v.label()
		}
	}
	return locales.List(names).In(l)
}

// suggestField names the field that a mistyped word most likely means, if one is near, and then all fields.
func suggestField(word string) locales.Message {
	return suggest(word, fieldNames(), "query.meant.field", "query.possible.fields")
}

// suggestValue does the same for the values of a field.
func suggestValue(name FieldName, word string) locales.Message {
	return suggest(word, name.Values(), "query.meant", "query.possible.names")
}

// suggest says one of two messages, the first if one of the possible names is near.
func suggest(got string, possible []ValueName, meant, all string) locales.Message {
	var known []string
	for _, v := range possible {
		known = append(append(known, v.Value), v.Chinese...)
	}
	if best := nearest(got, known); best != "" {
		return locales.M(meant, best, choices(possible))
	}
	return locales.M(all, choices(possible))
}

// In returns the field's name for a message.
func (f FieldName) In(l locales.Lang) string {
	if l == locales.Chinese {
		return ValueName{string(f), f.Chinese()}.label()
	}
	return string(f)
}

// label returns the value's name for a Chinese message.
func (v ValueName) label() string {
	if len(v.Chinese) == 0 {
		return v.Value
	}
	return v.Chinese[0]
}

// nearest returns the name that a mistyped word most likely means. English words are compared by edit
// distance. A Chinese word has so few characters that two edits leave nothing of it: it is near if one
// character is wrong, or if one contains the other.
func nearest(word string, known []string) string {
	isChinese := func(s string) bool { return utf8.RuneCountInString(s) < len(s) }
	if !isChinese(word) {
		return spelling.Nearest(word, slices.DeleteFunc(slices.Clone(known), isChinese))
	}
	for _, name := range known {
		if isChinese(name) && (strings.Contains(name, word) || utf8.RuneCountInString(name) > 1 && strings.Contains(word, name)) {
			return name
		}
	}
	for _, name := range known {
		if isChinese(name) && differInOne([]rune(name), []rune(word)) {
			return name
		}
	}
	return ""
}

// differInOne says whether two words of at least two characters differ in one of them.
func differInOne(a, b []rune) bool {
	if len(a) != len(b) || len(a) < 2 {
		return false
	}
	n := 0
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n == 1
}

// valueOf returns the value that a word names in either language.
func valueOf(name FieldName, word string) (string, bool) {
	word = strings.ToLower(word)
	for _, v := range name.Values() {
		if v.Value == word || slices.Contains(v.Chinese, word) {
			return v.Value, true
		}
	}
	return "", false
}

// fieldNames returns all fields with their Chinese names.
func fieldNames() []ValueName {
	var list []ValueName
	for _, name := range FieldNames() {
		list = append(list, ValueName{string(name), name.Chinese()})
	}
	return list
}

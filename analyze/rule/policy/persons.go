package policy

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Rules are about crimes on pages, never about persons, so persons' names are refused as terms. A
// name is recognised by its shape: a surname followed by one or two characters that are usual in
// given names, or by a title. The lists were written for this project; they contain characters and
// titles, not persons' names. The segmenter's dictionary does not help: nearly all of its words of
// this shape are names.
const (
	// surnames are characters that are hardly ever anything but surnames: a word that begins with
	// one and continues like a name is a name.
	surnames = "王李张刘陈杨赵吴徐孙朱胡郭何罗郑梁谢宋唐许冯邓曹彭曾肖萧董袁潘蒋蔡余杜苏魏吕丁姚卢姜崔钟谭陆汪廖贾韦傅邹孟秦邱薛闫阎侯陶黎贺郝龚邵覃莫汤尹樊葛邢殷詹耿焦" +
		"俞阮柯裴霍冉骆靳蒲屈穆岑戚芦褚娄窦卜臧闵苟邬卞姬仇栾刁寇甄虞巩佘迟邝匡鞠荆冀郁谌奚冼蔺闻邰林田叶程沈范夏熊江段雷史顾毛武戴温康施齐乔伍庞颜倪聂章鲁岳翟左" +
		"柳甘祝尚凌季涂翁辛管柴鲍喻祁滕饶牟尤卓缪项景冷晏席柏宗瞿桂佟隋巫桑郎丛仲敖池胥班栗燕楚鄢仝童"
	// oftenSurnames are characters that are also ordinary words, but usually surnames: 马, 黄, 周.
	oftenSurnames = "马黄周任习于石方孔严赖薄向梅兰符舒司吉"
	// wordSurnames are characters that are usually ordinary words: 金, 高, 路. Two characters prove
	// nothing then (金沙, 高清).
	wordSurnames = "申韩高金付白龙万文牛安易庄欧关包宁纪毕单成苗谷盛曲蓝路游蒙华房解阳农古简车连麦党宫费卫全应边师商荣明查麻苑封谈惠储原劳楼晋钱艾"
	// givenNames are characters that are usual in given names.
	givenNames = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅鹏飞建国志文斌宇浩轩辰梓涵欣怡子墨雨桐佳俊峰琳慧莹倩雪婷颖璐瑶瑜琪萍蓉芬芝莉菊翠凤彩春晓东海波辉" +
		"健康宁鑫晨旭阳龙虎彪彬博学德福贵荣富祥瑞庆仁义礼智信忠孝诚诗思梦洁丹妮菲蕾薇珊珠玲淑贞惠雅娴婉晶晴岚岩松柏林森树楠泽润洪江河淼清源然天宏宾达永昌盛兴旺嘉" +
		"家振光耀煌照卫民胜利立新继先世传承绍启景贤良才兆元亮远航帆翔成功恩来邦锋邓毅坚冰川山岗钢铁柱栋梁琴棋书画云霄蓝青素竹若依可心悦乐喜欢歌笑甜美晗昊皓曦熙煜" +
		"炜炎焱烨烁琦玮珂璇玥玺珍珑琛璟瑾瑛璞绮绣锦纯洛宸安邈逸凡尘沐沛沁潇潮澄澜瀚灿燕雁鸿鹤鹰麟骏驰骥驹腾勋勤劲励卓卿友双发士奇如妍姗姣娥娇嫣嫦孟宗定宝实宪密寿" +
		"小少尧崇崎嵘巍希常干庭廷延弘彦彤律徽得怀恒恺慈懿战扬拥捷敬斯方昂昆易星昭晋晏晖普曼朋朗杉杏杨枫柔柯桃桦楚正武毓沙泉泓泰津涌渊温湘滨滢灵爱玄珏理琼生田畅益" +
		"盈真睿石硕祖禄秉秋科稳竞童笛筠纲纪维绪群翰耘聪肃育胤致舒舟艺芊芸苑苗茂茜茵荔莎莲菁菡萌萱蓓薪蕙虹衡裕西言训诺谦谨豪贝赫越路轶迅运进连逊邵郁野金钧铭镇长问" +
		"闯阔雄霖露韬韵顺颂风飘馨高魁黎默鼎齐"
)

func compoundSurnames() []string {
	return []string{
		"欧阳", "司马", "诸葛", "上官", "司徒", "东方", "慕容", "令狐", "皇甫", "尉迟", "公孙", "轩辕", "长孙", "宇文", "夏侯",
		"端木", "南宫", "独孤", "呼延", "百里", "闻人", "淳于", "单于", "申屠", "太史", "澹台", "濮阳", "公冶", "宗政", "鲜于", "闾丘", "赫连", "西门", "钟离", "完颜", "纳兰", "拓跋",
	}
}

// titles are the titles that follow a person's name.
func titles() []string {
	return []string{
		"主席", "总书记", "书记", "总理", "委员长", "部长", "省长", "市长", "县长", "区长", "镇长", "乡长", "村长", "厅长", "局长", "处长",
		"司令", "将军", "政委", "总统", "首相", "议员", "院长", "法官", "检察长", "检察官", "警官", "所长", "校长", "教授", "博士", "律师", "医生",
		"记者", "董事长", "总裁", "先生", "女士", "太太", "同志", "夫人", "法师", "神父", "牧师", "阿訇", "活佛",
		"贪污", "受贿", "贪腐", "下台", "丑闻", "绯闻", "情妇", "私生子", "家族", "一家人",
	}
}

// nameShape says how strongly a word looks like a person's name.
type nameShape uint8

const (
	noName   nameShape = iota
	likeName           // may be an ordinary word; words.txt can vouch for it
	sureName           // a person, whatever else the word may mean
)

// names recognises persons' names by their shape.
type names struct {
	surname, often, wordSurname, given map[rune]bool
	compound, titles                   []string
}

func newNames() *names {
	return &names{surname: runeSet(surnames), often: runeSet(oftenSurnames), wordSurname: runeSet(wordSurnames), given: runeSet(givenNames),
		compound: compoundSurnames(), titles: titles()}
}

func runeSet(s string) map[rune]bool {
	set := map[rune]bool{}
	for _, r := range s {
		set[r] = true
	}
	return set
}

// maxName is the length of the longest word that is judged, in bytes: a compound surname, two
// characters and a title. Anything longer is a phrase.
const maxName = 8 * 3

// shape judges a folded word without separators.
func (n *names) shape(word string) nameShape {
	if len(word) > maxName {
		return noName
	}
	for _, c := range n.compound {
		if rest, ok := strings.CutPrefix(word, c); ok && (n.isTitled(rest) || n.given1or2(rest)) {
			return sureName
		}
	}
	r, size := utf8.DecodeRuneInString(word)
	rest, count := word[size:], utf8.RuneCountInString(word[size:])
	all, some := n.countGiven(rest) == count, n.countGiven(rest) > 0
	switch {
	case !n.surname[r] && !n.often[r] && !n.wordSurname[r]:
	case n.isTitled(rest), n.surname[r] && all && (count == 1 || count == 2):
		return sureName
	case n.surname[r] && count == 2 && allHan(rest),
		n.often[r] && (all && count == 1 || some && count == 2),
		n.wordSurname[r] && all && count == 2:
		return likeName
	}
	return noName
}

// isTitled says whether at most two characters and a title follow a surname.
func (n *names) isTitled(rest string) bool {
	return slices.ContainsFunc(n.titles, func(title string) bool {
		between, ok := strings.CutSuffix(rest, title)
		return ok && (between == "" || n.given1or2(between))
	})
}

// given1or2 says whether s is one or two characters that are usual in given names.
func (n *names) given1or2(s string) bool {
	count := utf8.RuneCountInString(s)
	return count >= 1 && count <= 2 && n.countGiven(s) == count
}

func (n *names) countGiven(s string) (count int) {
	for _, r := range s {
		if n.given[r] {
			count++
		}
	}
	return count
}

func allHan(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.Is(unicode.Han, r) })
}

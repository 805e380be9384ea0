package policy

import "strings"

// Rules are about crimes, never about opinions, so politics, protest, petitions, religion and
// journalism are refused as terms. A rule may name them behind a "not" or in a context, to leave a
// page alone. It may also name an institution beside the words of a crime: somebody who pretends to
// be a court to get a transfer is a fraud. The lists were written for this project.

// topics may not be in a block that can make a rule fire.
func topics() []string {
	return []string{
		// politics
		"政治", "政党", "党派", "共产党", "国民党", "民进党", "在野党", "反对党", "执政党", "政权", "政变", "政局", "领导人", "政治局", "人大代表",
		"政协委员", "大选", "选举", "普选", "公投", "竞选", "弹劾", "宪政", "民主", "革命", "国家主席", "总书记", "国家领导", "党中央", "中共", "人权", "独裁", "专制", "台独", "港独", "藏独",
		"疆独", "异见", "不同政见", "反动", "反党", "反共", "颠覆国家", "敏感人物", "敏感事件", "敏感词", "体制内腐败",
		// protest
		"游行", "示威", "抗议", "静坐", "绝食", "罢工", "罢课", "罢市", "罢免", "请愿", "声援", "抗争", "群体性事件", "集体维权", "拉横幅", "学潮", "工潮", "学生运动",
		"工人运动", "散步抗议",
		// petition
		"上访", "信访", "访民", "截访", "喊冤", "申冤", "告御状", "联名信", "请愿书", "维权人士", "维权律师", "拆迁户",
		// religion and peoples
		"宗教", "信仰", "佛教", "道教", "基督", "天主教", "伊斯兰", "穆斯林", "清真寺", "教堂", "教会", "寺庙", "传教", "布道", "做礼拜", "圣经", "古兰经", "佛经",
		"法会", "喇嘛", "法轮", "教徒", "信徒", "祷告", "受洗", "朝圣", "少数民族", "民族问题", "维吾尔", "藏族", "回族",
		// journalism
		"新闻自由", "言论自由", "出版自由", "记者调查", "调查记者", "调查报道", "独立媒体", "独立记者", "揭黑", "爆料人", "吹哨人", "新闻封锁", "舆论监督", "禁书", "禁闻",
	}
}

// harmless words contain a topic's characters without its meaning.
func harmless() []string {
	return []string{"旅游行", "包教会", "教会您", "教会你", "手把手教会"}
}

// institutions name no crime: a rule that fires on them alone watches people.
func institutions() []string {
	return []string{
		"政府", "人民政府", "省政府", "市政府", "县政府", "区政府", "省委", "市委", "县委", "中央", "公务员", "国务院", "人大", "政协", "法院", "人民法院", "检察院", "公安", "公安局", "公安厅", "公安机关", "检察机关", "司法机关", "派出所", "警察", "警方", "民警", "城管", "纪委", "监委", "军队",
		"解放军", "武警", "税务局", "教育局", "民政局", "卫健委", "居委会", "村委会", "街道办", "人民日报", "新华社", "央视", "电视台", "报社", "媒体", "记者", "新闻",
		"采访", "报道", "曝光", "举报", "投诉", "维权", "拆迁", "主席", "书记", "总理", "部长", "省长", "市长", "县长", "官员", "政府官员", "干部", "律师", "教师", "学生", "医生",
	}
}

// subjects finds topics and institutions in folded words.
type subjects struct {
	topics       map[rune][]string // by first character
	last         map[rune][]string // by last character
	institutions map[string]bool
	harmless     []string
}

func newSubjects() *subjects {
	s := &subjects{topics: map[rune][]string{}, last: map[rune][]string{}, institutions: map[string]bool{}, harmless: harmless()}
	for _, t := range topics() {
		runes := []rune(t)
		s.topics[runes[0]] = append(s.topics[runes[0]], t)
		s.last[runes[len(runes)-1]] = append(s.last[runes[len(runes)-1]], t)
	}
	for _, i := range institutions() {
		s.institutions[i] = true
	}
	return s
}

// topic returns the topic with which a word begins or ends, or "". Topics in the middle are not
// looked for, because there two other words may meet, as in 旅游行程.
func (s *subjects) topic(word string) string {
	first, last := rune(0), rune(0)
	for i, r := range word {
		if i == 0 {
			first = r
		}
		last = r
	}
	for _, t := range s.topics[first] {
		if strings.HasPrefix(word, t) && !s.isHarmless(word) {
			return t
		}
	}
	for _, t := range s.last[last] {
		if strings.HasSuffix(word, t) && !s.isHarmless(word) {
			return t
		}
	}
	return ""
}

func (s *subjects) isHarmless(word string) bool {
	for _, h := range s.harmless {
		if strings.Contains(word, h) {
			return true
		}
	}
	return false
}

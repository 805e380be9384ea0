package match

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao/analyze/fold"
)

// find returns the cheapest hit of term in text.
func find(t *testing.T, text, term string) (Hit, bool) {
	t.Helper()
	m, err := Compile([]string{term})
	if err != nil {
		t.Fatal(err)
	}
	var folded fold.Text
	h, ok := cheapest(m, &folded, text)[0]
	return h, ok
}

func TestLanes(t *testing.T) {
	tests := []struct {
		text, term string
		raw        string // the text that the hit covers
		steps      []string
		doubtful   bool // needs corroboration
	}{
		{"送噂儆的碦戸", "尊敬的客户", "噂儆的碦戸", []string{"look-alike", "homophone"}, false},
		{"玩菠菜", "博彩", "菠菜", []string{"look-alike", "homophone"}, true},
		{"加薇❤：123", "微信", "薇❤", []string{"emoji", "look-alike", "homophone"}, true},
		{"伽徽信", "加微信", "伽徽信", []string{"look-alike", "homophone"}, true},
		{"qipai46", "棋牌", "qipai", []string{"pinyin"}, true},
		{"骑pai大厅", "棋牌", "骑pai", []string{"homophone", "pinyin"}, true},
		{"jia微信", "加微信", "jia微信", []string{"pinyin"}, false},
		{"wēixìn", "微信", "wēixìn", []string{"nfkc", "pinyin"}, true},
		{"加V", "加微", "加V", []string{"case", "initials"}, false},
		{"加VX：", "加微信", "加VX", []string{"case", "initials"}, true},
		{"+微信", "加微信", "+微信", []string{"look-alike"}, false},
		{"十薇信", "加微信", "十薇信", []string{"look-alike", "homophone"}, true},
		{"木奉木奉糖", "棒棒", "木奉木奉", []string{"split"}, true},
		{"其片卑", "棋牌", "其片卑", []string{"look-alike", "homophone", "split"}, true},
		{"彳言用卡", "信用卡", "彳言用卡", []string{"split"}, false},
		{"V1P会员", "vip会员", "V1P会员", []string{"case", "leet"}, false},
		{"casin0", "casino", "casin0", []string{"leet"}, false},
		{"龍🐯", "龙虎", "龍🐯", []string{"traditional", "emoji"}, false},
		{"🐂🐂卜🐠", "捕鱼", "卜🐠", []string{"emoji", "homophone"}, true},
		{"壹肖叁码", "一肖三码", "壹肖叁码", []string{"numeral"}, false},
		{"6合彩", "六合彩", "6合彩", []string{"numeral"}, false},
		{"棋の牌", "棋牌", "棋の牌", []string{"separator"}, false},
		{"炸㊎❀", "炸金花", "炸㊎❀", []string{"enclosed", "emoji"}, false},
		{"免?費?推?薦?", "免费推荐", "免?費?推?薦", []string{"traditional", "separator"}, false},
		{"，加。微。信。", "微信", "微。信", []string{"separator"}, false},
		{"ρāī九", "牌九", "ρāī九", []string{"nfkc", "pinyin"}, false},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			h, ok := find(t, test.text, test.term)
			if !ok {
				t.Fatalf("%s not found", test.term)
			}
			if got := test.text[h.Start:h.End]; got != test.raw {
				t.Errorf("covers %q, want %q", got, test.raw)
			}
			if doubtful := h.Cost >= CostDisguised; doubtful != test.doubtful {
				t.Errorf("cost %d, doubtful %v", h.Cost, doubtful)
			}
			sorted := cmp.Transformer("set", func(s []string) map[string]bool {
				set := map[string]bool{}
				for _, x := range s {
					set[x] = true
				}
				return set
			})
			if diff := cmp.Diff(test.steps, h.Steps.Names(), sorted); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLanesStayQuiet lists what must not be taken for a disguise.
func TestLanesStayQuiet(t *testing.T) {
	for _, test := range [][2]string{
		{"这4一本书", "这是一本书"}, // 4 sounds like 是, but is not used to spell it
		{"最快3月", "快三月份"},
		{"迷彩PS3", "彩票"},
		{"松下ZS3", "下注"},
		{"16合", "六合"},
		{"1800", "l8oo1"},
		{"java", "av"},
		{"棋。牌", "棋牌"},
		{"开户，口", "户口"},
		{"中国", "美国"},
		{"this is weather", "微信"},
	} {
		if h, ok := find(t, test[0], test[1]); ok {
			t.Errorf("%s found in %s at cost %d by %v", test[1], test[0], h.Cost, h.Steps.Names())
		}
	}
}

// TestOnePlaceOnce: a term is reported once at each place, no matter how many readings lead there.
func TestOnePlaceOnce(t *testing.T) {
	for _, text := range []string{"薇信", "长长行行", "木奉", "qipai", "微❤心信"} {
		m, err := Compile([]string{"微信", "涨行", "棒", "棋牌", "信", "长行"})
		if err != nil {
			t.Fatal(err)
		}
		var folded fold.Text
		folded.Fold(text)
		seen := map[Hit]bool{}
		m.Scan(&folded, func(h Hit) {
			h.Cost, h.Steps = 0, 0
			if seen[h] {
				t.Errorf("%s: %+v twice", text, h)
			}
			seen[h] = true
		})
	}
}

func TestCharacterTables(t *testing.T) {
	c := loadCharacters()
	if n := len(c.list); n < 25000 {
		t.Errorf("%d characters", n)
	}
	if n := len(c.splits); n < 3000 {
		t.Errorf("%d splits", n)
	}
	if n := len(c.syllables); n < 390 || n > 600 {
		t.Errorf("%d syllables", n)
	}
	for _, pair := range []string{"碦客", "荭红", "惍金", "犇牛", "夭天", "カ力"} {
		r := []rune(pair)
		if a := c.of(r[0]); a == nil || !a.isLike(r[1]) {
			t.Errorf("%c does not look like %c", r[0], r[1])
		}
	}
	for _, pair := range []string{"菠博", "宋送", "银吟", "航行"} {
		r := []rune(pair)
		if !c.of(r[0]).soundsLike(c.of(r[1])) {
			t.Errorf("%c does not sound like %c", r[0], r[1])
		}
	}
	for r, to := range c.letters {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789", to) == false {
			t.Errorf("letter %c stands for %c", r, to)
		}
	}
}

// TestLanesAreDeterministic: if a character has too many readings, the ones that are left out do
// not depend on the order of a map.
func TestLanesAreDeterministic(t *testing.T) {
	want, err := Compile(vocabularyTerms())
	if err != nil {
		t.Fatal(err)
	}
	got, _ := Compile(vocabularyTerms())
	if diff := cmp.Diff(want.symbols.other, got.symbols.other); diff != "" {
		t.Errorf("compiled twice, the symbol tables differ:\n%s", diff)
	}
}

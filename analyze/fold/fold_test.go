package fold

import (
	"slices"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestFold(t *testing.T) {
	tests := []struct {
		name, in, want string
		steps          Step // all steps of the characters and of the gaps between them
	}{
		{"plain", "注册送彩金", "注册送彩金", 0},
		{"case", "VIP会员", "vip会员", StepCase},
		{"width", "ＶＩＰ１２３", "vip123", StepWidth | StepCase},
		{"half-width kana", "ｱｲ", "アイ", StepWidth},
		{"traditional", "註冊贈送", "注册赠送", StepTraditional},
		{"Hong Kong form", "衞", "卫", StepTraditional},
		{"zero width", "棋\u200b牌\u200d游\ufeff戏", "棋牌游戏", StepInvisible},
		{"bidi control", "棋\u202e牌\u2066", "棋牌", StepInvisible},
		{"variation selector, tag, soft hyphen, filler", "棋\ufe0f牌\U000e0041游\u00ad戏\u3164厅", "棋牌游戏厅", StepInvisible},
		{"combining", "棋̶牌̷", "棋牌", StepCombining},
		{"accents of pinyin", "wēi xìn", "weixin", StepNFKC | StepSeparator},
		{"separators", "棋·牌*游-戏 厅", "棋牌游戏厅", StepSeparator},
		{"emoji", "薇❤信💰", "薇信", StepSeparator | StepEmoji},
		{"circled letters", "ⓠⓘⓟⓐⓘ", "qipai", StepEnclosed},
		{"mathematical letters", "𝐁𝐊𝐏", "bkp", StepStyled | StepCase},
		{"circled digits", "①②⑩❶➊⓫", "121011" + "11", StepEnclosed},
		{"financial numerals stay", "壹贰", "壹贰", 0},
		{"squared letters", "🅰🅱", "ab", StepEnclosed},
		{"regional indicators", "🇻🇽", "vx", StepEnclosed},
		{"small capitals", "ᴀʙᴄ", "abc", StepStyled},
		{"squared character", "🈲止", "禁止", StepEnclosed},
		{"parenthesised", "⑴㈠", "1一", StepEnclosed},
		{"keycap", "1️⃣2️⃣", "12", StepInvisible | StepCombining},
		{"compatibility", "㎏ﬁ", "kgfi", StepNFKC},
		{"Kangxi radical", "⼀⽊", "一木", StepNFKC},
		{"Arabic-Indic digits", "٣٤", "34", 0},
		{"half characters", "棋\xe7\x89牌\xff", "棋牌", StepSeparator},
		{"lone surrogate", "棋\xed\xa0\x80牌", "棋牌", StepSeparator},
		{"control characters", "棋\x00牌\x1b", "棋牌", StepSeparator},
		{"box drawing", "棋│牌", "棋牌", StepSeparator},
		{"strokes as ornament", "百丶家灬乐", "百家乐", StepSeparator},
		{"kana keeps its voice mark", "が", "が", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var text Text
			text.Fold(test.in)
			if diff := cmp.Diff(test.want, string(text.Runes)); diff != "" {
				t.Errorf("folded (-want +got):\n%s", diff)
			}
			var steps Step
			for i := range text.Runes {
				steps |= text.Steps[i]
				if i > 0 {
					steps |= text.Gaps[i].Steps
				}
			}
			if steps != test.steps {
				t.Errorf("steps %v, want %v", steps.Names(), test.steps.Names())
			}
			checkInvariants(t, &text, test.in)
		})
	}
}

// checkInvariants checks what holds for every input: offsets ascend within bounds, and all slices
// have the same length.
func checkInvariants(t *testing.T, text *Text, in string) {
	t.Helper()
	n := len(text.Runes)
	if len(text.Start) != n || len(text.End) != n || len(text.Steps) != n || len(text.Gaps) != n {
		t.Fatalf("lengths differ: %d %d %d %d %d", n, len(text.Start), len(text.End), len(text.Steps), len(text.Gaps))
	}
	last := int32(0)
	for i := range n {
		if text.Start[i] < last || text.End[i] <= text.Start[i] || int(text.End[i]) > len(in) {
			t.Fatalf("character %d: range %d:%d after %d in %d bytes", i, text.Start[i], text.End[i], last, len(in))
		}
		last = text.Start[i]
		if i+1 < n && text.Start[i+1] != text.Start[i] && text.Start[i+1] < text.End[i] {
			t.Fatalf("characters %d and %d overlap", i, i+1)
		}
		if !utf8.ValidRune(text.Runes[i]) {
			t.Fatalf("character %d: %U", i, text.Runes[i])
		}
	}
}

// TestFoldedStays: folding a folded text changes nothing, for every character there is.
func TestFoldedStays(t *testing.T) {
	var once, twice Text
	for r := range rune(unicode.MaxRune + 1) {
		once.Fold(string(r))
		twice.Fold(string(once.Runes))
		if !slices.Equal(once.Runes, twice.Runes) {
			t.Errorf("%q (%U) folds to %q, and that to %q", r, r, string(once.Runes), string(twice.Runes))
		}
	}
}

func TestGaps(t *testing.T) {
	var text Text
	text.Fold("棋 牌。游\u200b戏，厅🎲*🎲厂“城")
	want := []Gap{
		{}, {StepSeparator, 1, BreakSpace}, {StepSeparator, 1, BreakSentence}, {StepInvisible, 1, BreakNone},
		{StepSeparator, 1, BreakClause}, {StepSeparator | StepEmoji, 3, BreakSymbol}, {StepSeparator, 1, BreakQuote},
	}
	if diff := cmp.Diff(want, text.Gaps); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
}

func TestMarks(t *testing.T) {
	var text Text
	text.Fold("+微 龍🐯")
	want := []Mark{{0, '加', 0, 1}, {2, '虎', 8, 12}}
	if diff := cmp.Diff(want, text.Marks); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
}

func TestString(t *testing.T) {
	for in, want := range map[string]string{
		"  Hello,  World！註冊送\u200b彩金。": "hello world 注册送彩金",
		"": "", "，。": "", "六合區 報道": "六合区 报道",
	} {
		if got := String(in); got != want {
			t.Errorf("String(%q) = %q, want %q", in, got, want)
		}
	}
}

package index_test

import (
	"fmt"
	"strings"
	"testing"

	. "github.com/qianshao/qianshao/index"
)

func TestTokens(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", ""},
		{" ，。\n", ""},
		{"注册送", "注0 册2 送4"},
		{" 注，册", "注0 册3"},
		{"注\n册", "注0 册10"},
		{"注 \n\n 册\n送", "注0 册10 送20"},
		{"AV在线6合", "av0 在2 线4 66 合8"},
		{"e\u0301x", "ex0"},
		{"注\u200b册", "注0 册2"},
		{"a\u200bb", "ab0"},
		{"🍃叶", "🍃0 叶2"},
		{"ไทย", "ไ0 ท2 ย4"},
		{"注\xff册", "注0 册3"},
		{"\u0301注", "注0"},
	} {
		var got []string
		Tokens(tt.text, nil, func(token string, at int) { got = append(got, fmt.Sprint(token, at)) })
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%q becomes %q, want %q", tt.text, got, tt.want)
		}
	}
}

func BenchmarkTokens(b *testing.B) {
	text := strings.Repeat("新注册送彩金，java AV 六合。", 10_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Tokens(text, nil, func(string, int) {})
	}
}

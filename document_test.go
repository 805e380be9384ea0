package qianshao_test

import (
	"testing"

	"github.com/qianshao/qianshao"
)

func TestPosition(t *testing.T) {
	doc := qianshao.Document{Source: "一\n赌场b\n\nx"}
	for _, test := range []struct{ offset, line, column int }{
		{0, 1, 1}, {3, 1, 2}, {4, 2, 1}, {7, 2, 2}, {10, 2, 3}, {12, 3, 1}, {13, 4, 1}, {14, 4, 2},
		{-5, 1, 1}, {99, 4, 2},
	} {
		if line, column := doc.Position(test.offset); line != test.line || column != test.column {
			t.Errorf("offset %d is at %d:%d, want %d:%d", test.offset, line, column, test.line, test.column)
		}
	}
}

// "赌场&#x535A; 彩": plain characters, an entity, collapsed white space.
func TestSourceSpan(t *testing.T) {
	r := qianshao.Region{Text: "赌场博 彩", Map: []qianshao.Run{
		{Text: qianshao.Span{Start: 0, End: 6}, Source: qianshao.Span{Start: 100, End: 106}},
		{Text: qianshao.Span{Start: 6, End: 9}, Source: qianshao.Span{Start: 106, End: 114}},
		{Text: qianshao.Span{Start: 9, End: 10}, Source: qianshao.Span{Start: 114, End: 116}},
		{Text: qianshao.Span{Start: 10, End: 13}, Source: qianshao.Span{Start: 116, End: 119}},
	}}
	for _, test := range []struct{ start, end, from, to int }{
		{0, 6, 100, 106}, {3, 6, 103, 106}, {3, 9, 103, 114}, {6, 9, 106, 114}, {6, 13, 106, 119}, {10, 13, 116, 119}, {0, 13, 100, 119}, {13, 13, 119, 119},
	} {
		if got := r.SourceSpan(test.start, test.end); got != (qianshao.Span{Start: test.from, End: test.to}) {
			t.Errorf("text %d–%d is from %v, want %d–%d", test.start, test.end, got, test.from, test.to)
		}
	}
	if got := (&qianshao.Region{}).SourceSpan(0, 3); got != (qianshao.Span{}) {
		t.Errorf("a region without a map is from %v", got)
	}
}

func TestLevelsAndScores(t *testing.T) {
	for score, want := range map[int]qianshao.Level{
		0: qianshao.LevelNone, 1: qianshao.LevelInformational, 19: qianshao.LevelInformational, 20: qianshao.LevelLow,
		40: qianshao.LevelMedium, 59: qianshao.LevelMedium, 60: qianshao.LevelHigh, 80: qianshao.LevelCritical, 100: qianshao.LevelCritical,
	} {
		if got := qianshao.LevelOf(score); got != want {
			t.Errorf("score %d is %s, want %s", score, got, want)
		}
	}
	var l qianshao.Level
	if err := l.UnmarshalText([]byte("high")); err != nil || l != qianshao.LevelHigh {
		t.Errorf("high reads as %s, %v", l, err)
	}
	if err := l.UnmarshalText([]byte("enormous")); err == nil {
		t.Error("a level that is none was accepted")
	}
}

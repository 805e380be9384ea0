package evaluate_test

import (
	"regexp"
	"testing"

	"github.com/qianshao/qianshao/analyze/evaluate"
)

// expanded returns the text as it was judged, which a miss reports.
func expanded(t *testing.T, text string) (string, evaluate.Half) {
	t.Helper()
	report := run(t, map[string]string{"sms.jsonl": `{"text":"` + text + `","label":"gambling"}`})
	if len(report.Misses) == 0 {
		return "", evaluate.Checking
	}
	return string(report.Misses[0].Sample.Page.Body), evaluate.Tuning
}

func TestPlaceholders(t *testing.T) {
	const text = "致电 CELLPHONE 或 PHONEHOTLINE 加 WECHAT QQ 卡号 BANK 送 DIGIT 元 URLxf NAME 在 PLACE 买 IPHONE"
	want := regexp.MustCompile(`^致电 1[3-9]\d{9} 或 0\d{2,3}-\d{8} 400\d{7} 加 微信 [a-z]+\d{4} QQ \d{9} 卡号 62\d{17} 送 \d{2,4} 元 ` +
		`www\.[a-z]+\.(?:com|cn)xf \p{Han}{2,3} 在 \p{Han}{2} 买 IPHONE$`)
	seen := map[string]bool{}
	for _, end := range []string{"", "吧", "哦", "啊", "了", "呢"} {
		got, half := expanded(t, text+end)
		if half == evaluate.Checking {
			continue
		}
		if again, _ := expanded(t, text+end); again != got {
			t.Errorf("once %s, then %s", got, again)
		}
		if !want.MatchString(got[:len(got)-len(end)]) {
			t.Errorf("%s", got)
		}
		seen[got[:len(got)-len(end)]] = true
	}
	if len(seen) < 2 {
		t.Error("all texts get the same values")
	}
}

// TestNoPlaceholders: in a set without placeholders URL and QQ are ordinary words.
func TestNoPlaceholders(t *testing.T) {
	for _, text := range []string{"加 QQ 散步", "看 URL", "按 DIGIT", "走 QQ"} {
		if got, half := expanded(t, text); half == evaluate.Tuning && got != text {
			t.Errorf("%s became %s", text, got)
		}
	}
}

package qianshao_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
)

func TestDefanged(t *testing.T) {
	for _, test := range []struct {
		kind        qianshao.IndicatorKind
		value, want string
	}{
		{qianshao.IndicatorURL, "https://www.lucky.cc/a.html?x=1", "hxxps://www[.]lucky[.]cc/a.html?x=1"},
		{qianshao.IndicatorURL, "http://lucky.cc:8080", "hxxp://lucky[.]cc:8080"},
		{qianshao.IndicatorURL, "http://203.0.113.7/?to=http://b.cc/@x", "hxxp://203[.]0[.]113[.]7/?to=hxxp://b.cc/[@]x"},
		{qianshao.IndicatorDomain, "www.lucky.cc", "www[.]lucky[.]cc"},
		{qianshao.IndicatorTelegram, "@lucky_888", "[@]lucky_888"},
		{qianshao.IndicatorTelegram, "t.me/+AbC", "t[.]me/+AbC"},
		{qianshao.IndicatorQRCode, "https://lucky.cc/r.html?c=1", "hxxps://lucky[.]cc/r.html?c=1"},
		{qianshao.IndicatorQRCode, "wxp://f2f0AbC", "wxp://f2f0AbC"},
		{qianshao.IndicatorQRCode, "扫码 http://lucky.cc/r 或 a@b.cc", "扫码 hxxp://lucky[.]cc/r 或 a[@]b[.]cc"},
		{qianshao.IndicatorQRCode, "lucky.cc/r", "lucky[.]cc/r"},
		{qianshao.IndicatorQQ, "12345678", "12345678"},
		{qianshao.IndicatorKind("x"), "", ""},
	} {
		got := qianshao.Indicator{Kind: test.kind, Value: test.value}
		if got.Defanged() != test.want {
			t.Errorf("%s: %s", test.value, got.Defanged())
		}
		text, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), `"defanged"`) != (test.want != test.value) {
			t.Errorf("%s", text)
		}
		var back qianshao.Indicator
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, back); diff != "" {
			t.Error(diff)
		}
	}
}

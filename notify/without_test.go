package notify_test

import (
	"testing"

	"github.com/qianshao/qianshao/notify"
)

// TestDiscreet: people's addresses are removed from a refusal, and nothing else is.
func TestDiscreet(t *testing.T) {
	t.Parallel()
	for problem, want := range map[string]string{
		"550 5.1.1 <boss@house.example>: unknown": "550 5.1.1 <…>: unknown",
		"to: boss@house.example,张三@house.example": "to: …,…",
		"dingtalk answered 310000: @ sign":        "dingtalk answered 310000: @ sign",
	} {
		d := notify.Delivery{Problem: problem, Fault: notify.NewFault(notify.FaultRobot, 7, problem)}
		d.Discreet()
		if d.Problem != want || d.Fault.Args[0] != "7" || d.Fault.Args[1] != want {
			t.Errorf("%q is shown as %q, %q", problem, d.Problem, d.Fault.Args)
		}
	}
}

// TestWithout: a secret is removed wherever it is, in upper or lower case, and nothing else is.
func TestWithout(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text    string
		secrets []string
		want    string
	}{
		{"no tOkEn, token.", []string{"Token"}, "no …, …."},
		{"İİtoken长token", []string{"TOKEN", ""}, "İİ…长…"},
		{"tokentoken", []string{"token"}, "……"},
		{"长", []string{"\x95"}, "\xe9…\xbf"}, // made valid afterwards
		{"", []string{"x"}, ""},
	} {
		if got := notify.Without(tc.text, tc.secrets); got != tc.want {
			t.Errorf("%q without %q: %q, want %q", tc.text, tc.secrets, got, tc.want)
		}
	}
}

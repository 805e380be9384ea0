package notify_test

import (
	"testing"

	"github.com/qianshao/qianshao/notify"
)

// TestWithout: a secret goes wherever it stands, in any case, and nothing else does.
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
		{"长", []string{"\x95"}, "\xe9…\xbf"}, // which is made valid after
		{"", []string{"x"}, ""},
	} {
		if got := notify.Without(tc.text, tc.secrets); got != tc.want {
			t.Errorf("%q without %q: %q, want %q", tc.text, tc.secrets, got, tc.want)
		}
	}
}

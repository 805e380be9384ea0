package analyze_test

import (
	"strings"
	"testing"

	"github.com/qianshao/qianshao/analyze"
)

// The numbers are the standard's own examples and made-up ones with a right check.
func TestResidentIDsAreMasked(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"证件号110101194912310024。", "证件号" + strings.Repeat("*", 18) + "。"},
		{"11010519491231002X", strings.Repeat("*", 18)},
		{"11010519491231002x 和 440524188001010014", strings.Repeat("*", 18) + " 和 " + strings.Repeat("*", 18)},
		{"110101 19491231 0024", "****** ******** ****"},
		{"编号 2026 110101194912310024", "编号 2026 ******************"},
		{"１１０１０１１９４９１２３１００２４", strings.Repeat("＊", 18)},
		{"wrong check 110101194912310022", "wrong check 110101194912310022"},
		{"no date 110105199913310020", "no date 110105199913310020"},
		{"longer 1101011949123100240", "longer 1101011949123100240"},
		{"card 6222020000000000000", "card 6222020000000000000"},
	} {
		doc := analyze.Extract(html("<p title='" + test.text + "'>" + test.text + "</p>"))
		if want := "<p title='" + test.want + "'>" + test.want + "</p>"; doc.Source != want {
			t.Errorf("source %q, want %q", doc.Source, want)
		}
		for _, region := range doc.Regions {
			if region.Text != test.want {
				t.Errorf("%s region %q, want %q", region.Kind, region.Text, test.want)
			}
		}
	}
}

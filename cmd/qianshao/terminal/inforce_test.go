package terminal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/locales"
)

// TestInForce: authorisations that end soon are named, the first to end first.
func TestInForce(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	end := time.Date(2026, 12, 10, 0, 0, 0, 0, qianshao.ChinaTime())
	terminal.InForce(&out, locales.English, app.InForce{
		Version: "v1", Digest: "0123", Rules: 170, Off: 2, Overlay: "own", Own: rule.Own{Rules: 3, Lists: 1, Words: 1}, Allowances: 1, Expires: end,
		Authorisations: []qianshao.Authorisation{{ID: "school", ValidUntil: end}, {ID: "court", ValidUntil: end.AddDate(1, 0, 0)}}, EndingSoon: 1, Registered: 4,
	})
	want := "in force: 170 rules, 2 of them switched off, shipped (set 0123, program v1)\n" +
		"in force: overlay own: 3 rules, 1 list, 0 patterns, 0 contexts, 1 word; 1 entry of the allow-list; the next entry ends after 2026-12-09\n" +
		"in force: 2 authorisations of 4 registered; ending within 30 days: school after 2026-12-09\n"
	if out.String() != want {
		t.Errorf("it says\n%s\nwant\n%s", out.String(), want)
	}
}

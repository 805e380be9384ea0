package terminal

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/app"
)

// maxEnding bounds the authorisations that are named because they end soon.
const maxEnding = 10

// InForce says what the process works with: a line for the rules, one for the
// overlay, one for the authorisations.
func InForce(w io.Writer, f app.InForce) {
	rules := "shipped"
	if f.RulesDir != "" {
		rules = "from " + f.RulesDir
	}
	off := ""
	if f.Off > 0 {
		off = fmt.Sprintf(", %d of them switched off", f.Off)
	}
	fmt.Fprintf(w, "in force: %s%s, %s (set %s, program %s)\n", Counted(f.Rules, "rule"), off, rules, f.Digest, f.Version)
	if f.Overlay == "" {
		fmt.Fprintln(w, "in force: no overlay")
	} else {
		words, ends := "", ""
		if f.Own.Words > 0 {
			words = ", " + Counted(f.Own.Words, "word")
		}
		if !f.Expires.IsZero() {
			ends = "; the next entry ends after " + f.Expires.Add(-time.Nanosecond).In(qianshao.ChinaTime()).Format(time.DateOnly)
		}
		fmt.Fprintf(w, "in force: overlay %s: %s, %s, %s, %s%s; %s of the allow-list%s\n", f.Overlay, Counted(f.Own.Rules, "rule"),
			Counted(f.Own.Lists, "list"), Counted(f.Own.Patterns, "pattern"), Counted(f.Own.Contexts, "context"), words, Counted(f.Allowances, "entry"), ends)
	}
	authorisationsInForce(w, f)
}

func authorisationsInForce(w io.Writer, f app.InForce) {
	if len(f.Authorisations) == 0 {
		fmt.Fprintf(w, "in force: no authorisation (%d registered), so no request is made; \"qianshao scope list\" shows them\n", f.Registered)
		return
	}
	ending := ""
	if f.EndingSoon > 0 {
		var names []string
		for i := range f.Authorisations[:min(f.EndingSoon, maxEnding)] {
			_, last := f.Authorisations[i].Days()
			names = append(names, f.Authorisations[i].ID+" after "+last)
		}
		if f.EndingSoon > maxEnding {
			names = append(names, fmt.Sprintf("%d more", f.EndingSoon-maxEnding))
		}
		ending = "; ending within 30 days: " + strings.Join(names, ", ")
	}
	fmt.Fprintf(w, "in force: %s of %d registered%s\n", Counted(len(f.Authorisations), "authorisation"), f.Registered, ending)
}

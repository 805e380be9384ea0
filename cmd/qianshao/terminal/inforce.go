package terminal

import (
	"fmt"
	"io"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/locales"
)

// maxEnding bounds the authorisations that are named because they end soon.
const maxEnding = 10

// InForce says in a language what is in force: one line each for the rules, the overlay and the
// authorisations.
func InForce(w io.Writer, lang locales.Lang, f app.InForce) {
	rules := lang.Text("cli.inforce.shipped")
	if f.RulesDir != "" {
		rules = lang.Text("cli.inforce.from", f.RulesDir)
	}
	off := ""
	if f.Off > 0 {
		off = lang.Text("cli.rules.off", f.Off)
	}
	fmt.Fprintln(w, lang.Text("cli.inforce.rules", locales.Counted("count.rules", f.Rules), off, rules, f.Digest, f.Version))
	if f.Overlay == "" {
		fmt.Fprintln(w, lang.Text("cli.inforce.no_overlay"))
	} else {
		words, ends := "", ""
		if f.Own.Words > 0 {
			words = lang.Text("cli.inforce.words", locales.Counted("count.words", f.Own.Words))
		}
		if !f.Expires.IsZero() {
			ends = lang.Text("cli.inforce.ends", f.Expires.Add(-time.Nanosecond).In(qianshao.ChinaTime()).Format(time.DateOnly))
		}
		fmt.Fprintln(w, lang.Text("cli.inforce.overlay", f.Overlay, locales.Counted("count.rules", f.Own.Rules), locales.Counted("count.lists", f.Own.Lists),
			locales.Counted("count.patterns", f.Own.Patterns), locales.Counted("count.contexts", f.Own.Contexts), words, locales.Counted("count.allowances", f.Allowances), ends))
	}
	authorisationsInForce(w, lang, f)
}

func authorisationsInForce(w io.Writer, lang locales.Lang, f app.InForce) {
	if len(f.Authorisations) == 0 {
		fmt.Fprintln(w, lang.Text("cli.inforce.no_authorisation", f.Registered))
		return
	}
	ending := ""
	if f.EndingSoon > 0 {
		var names locales.List
		for i := range f.Authorisations[:min(f.EndingSoon, maxEnding)] {
			_, last := f.Authorisations[i].Days()
			names = append(names, lang.Text("cli.inforce.ending_one", f.Authorisations[i].ID, last))
		}
		if f.EndingSoon > maxEnding {
			names = append(names, lang.Text("cli.inforce.ending_more", f.EndingSoon-maxEnding))
		}
		ending = lang.Text("cli.inforce.ending", names)
	}
	fmt.Fprintln(w, lang.Text("cli.inforce.authorisations", locales.Counted("count.authorisations", len(f.Authorisations)), f.Registered, ending))
}

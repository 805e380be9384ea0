package terminal

import (
	"fmt"
	"io"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

// Unmonitored says in a language how much is not monitored, and nothing if everything is.
func Unmonitored(w io.Writer, lang locales.Lang, counts qianshao.UnmonitoredCounts) error {
	hosts, authorisations := counts.Hosts(), counts.Authorisations()
	var parts []string
	switch {
	case hosts > 0 && authorisations > 0:
		parts = append(parts, lang.Text("cli.unmonitored.both", locales.Counted("count.hosts", hosts), locales.Counted("count.authorisations", authorisations)))
	case hosts > 0:
		parts = append(parts, lang.Count("cli.unmonitored.hosts", hosts))
	case authorisations > 0:
		parts = append(parts, lang.Count("cli.unmonitored.authorisations", authorisations))
	}
	if n := counts[qianshao.UnmonitoredEnding]; n > 0 {
		parts = append(parts, lang.Count("unmonitored.ending", n))
	}
	if len(parts) == 0 {
		return nil
	}
	_, err := fmt.Fprintln(w, lang.Text("cli.unmonitored.summary", strings.Join(parts, lang.Text("comma"))))
	return err
}

package terminal

import (
	"fmt"
	"io"
	"strings"

	"github.com/qianshao/qianshao"
)

// Unmonitored says how much is not monitored, and nothing if all is.
func Unmonitored(w io.Writer, counts qianshao.UnmonitoredCounts) error {
	hosts, authorisations := counts.Hosts(), counts.Authorisations()
	var parts []string
	if hosts > 0 {
		parts = append(parts, Counted(hosts, "host"))
	}
	if authorisations > 0 {
		parts = append(parts, Counted(authorisations, "authorisation"))
	}
	if hosts+authorisations == 1 {
		parts = []string{parts[0] + " is not monitored"}
	} else if len(parts) > 0 {
		parts = []string{strings.Join(parts, " and ") + " are not monitored"}
	}
	if n := counts[qianshao.UnmonitoredEnding]; n > 0 {
		parts = append(parts, Counted(n, "authorisation")+" about to end")
	}
	if len(parts) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "%s: qianshao unmonitored\n", strings.Join(parts, ", "))
	return err
}

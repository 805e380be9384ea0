package notify

import (
	"regexp"
	"strings"
)

var mailbox = regexp.MustCompile(`[^\s<>@:;,"'()\[\]]+@[^\s<>@:;,"'()\[\]]+`)

// Discreet removes people's addresses from Problem and Fault: the recipients of a mail channel are only for
// those who manage channels, and a server's refusal names them.
func (d *Delivery) Discreet() {
	hide := func(text string) string { return mailbox.ReplaceAllString(text, "…") }
	d.Problem, d.Fault = hide(d.Problem), d.Fault.With(hide)
}

// Without returns a text without secrets, in upper or lower case: a receiver may repeat a URL that it has
// normalised, and a robot's token is still usable in capitals.
func Without(text string, secrets []string) string {
	for _, s := range secrets {
		if s == "" {
			continue
		}
		s = lower(s)
		var b strings.Builder
		rest, folded := text, lower(text)
		for at := strings.Index(folded, s); at >= 0; at = strings.Index(folded, s) {
			b.WriteString(rest[:at])
			b.WriteString("…")
			rest, folded = rest[at+len(s):], folded[at+len(s):]
		}
		b.WriteString(rest)
		text = b.String()
	}
	return text
}

// lower converts only ASCII, which keeps every letter in its position.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

package explain

import (
	"slices"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

// Breakdown returns the lines of a score in a language. The limit of the terms has no points of its
// own: it is said on the lines that it limits.
func Breakdown(l locales.Lang, parts []qianshao.ScorePart) []qianshao.ScorePart {
	graded := func(p qianshao.ScorePart) bool {
		return p.Reason == "specific" || p.Reason == "telling" || p.Reason == "flavour"
	}
	limited := slices.ContainsFunc(parts, func(p qianshao.ScorePart) bool { return p.Reason == "terms_cap" })
	limit, sum := 0, 0 // if the terms are limited, their points add up to the limit
	for _, p := range parts {
		if graded(p) {
			limit += p.Points
		}
	}
	var lines []qianshao.ScorePart
	for _, p := range parts {
		if p.Reason == "terms_cap" {
			continue
		}
		p.Detail = Detail(l, p)
		if graded(p) {
			if sum += p.Points; limited && sum == limit {
				p.Detail += l.Text("detail.limited", limit, p.Points)
			}
		}
		lines = append(lines, p)
	}
	return lines
}

// Detail returns the text of a line of a score's breakdown. The analyzer writes it in English, and
// a stored finding has nothing else. For Chinese, a line of a known form is translated with its
// values; any other line, such as a context's title, is returned unchanged.
func Detail(l locales.Lang, p qianshao.ScorePart) string {
	if l == locales.English {
		return p.Detail
	}
	switch p.Reason {
	case "rule_level":
		if level, ok := strings.CutPrefix(p.Detail, "rule level "); ok {
			return l.Text("detail.rule_level", l.Named("level.", level))
		}
	case "hidden", "hidden_alone":
		if _, how, ok := strings.Cut(p.Detail, ": "); ok {
			return l.Text("detail."+p.Reason, l.Named("hidden.", how))
		}
	case "specific", "telling", "flavour", "everyday":
		count, rest, _ := strings.Cut(p.Detail, " ")
		if _, terms, ok := strings.Cut(rest, ": "); ok {
			return l.Text("detail."+p.Reason, count, strings.ReplaceAll(terms, ", ", "、"))
		}
	case "cloaked":
		how, view, ok := strings.Cut(strings.TrimSuffix(p.Detail, ")"), " (")
		switch {
		case ok && strings.HasPrefix(how, "a redirect"):
			return l.Text("detail.led_away", l.Named("who.", view))
		case ok:
			return l.Text("detail.cloaked", l.Named("who.", view))
		}
	case "terms":
		if count, ok := strings.CutSuffix(p.Detail, " distinct terms"); ok {
			return l.Text("detail.terms", count)
		}
	case "awareness":
		if strings.HasPrefix(p.Detail, "quoted") {
			return l.Text("detail.quoted")
		}
	case "disguised", "inert", "cap":
		return l.Text("detail." + p.Reason)
	}
	return p.Detail
}

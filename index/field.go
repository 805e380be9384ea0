package index

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/spelling"
)

// field reads what follows a field's colon.
func (p *parser) field(start int, name FieldName) (Node, error) {
	if !slices.Contains(FieldNames(), name) {
		return nil, p.errorf(start, "unknown field %q%s; to search for a text with a colon, put it in quotes",
			string(name), suggest(string(name), texts(FieldNames())))
	}
	opAt := p.pos
	op := p.op()
	if op != Equal && !name.Ordered() {
		return nil, p.errorf(opAt, "%s has no order: write %s:value", name, name)
	}
	at := p.pos
	if p.atEnd() || p.peek() == ')' || endsValue(p.text[p.pos]) && p.peek() != '"' && p.peek() != '(' {
		return nil, p.errorf(at, "%s needs a value here, directly behind the colon%s", name, possible(name))
	}
	if p.peek() == '(' {
		return nil, p.errorf(at, "no parentheses behind a colon: write (%s:a OR %s:b)", name, name)
	}
	var raw string
	var err error
	if p.peek() == '"' {
		raw, err = p.quoted()
	} else {
		raw = p.read(endsValue)
	}
	if err != nil {
		return nil, err
	}
	v, message := parseValue(name, raw, p.now)
	if message != "" {
		return nil, p.errorf(at, "%s", message)
	}
	return Field{name, op, v}, nil
}

func (p *parser) op() Op {
	first := p.peek()
	switch first {
	case '≥':
		p.pos++
		return GreaterEqual
	case '≤':
		p.pos++
		return LessEqual
	case '=':
		p.pos++
		return Equal
	case '>', '<':
		p.pos++
	default:
		return Equal
	}
	or := p.peek() == '='
	if or {
		p.pos++
	}
	switch {
	case first == '>' && or:
		return GreaterEqual
	case first == '>':
		return Greater
	case or:
		return LessEqual
	}
	return Less
}

// parseValue returns the field's typed value, or a message for the user.
func parseValue(name FieldName, raw string, now time.Time) (v Value, message string) {
	switch name {
	case FieldCategory:
		return oneOf(name, strings.ToLower(raw), texts(qianshao.Categories()))
	case FieldState:
		return oneOf(name, strings.ToLower(raw), texts(qianshao.States()))
	case FieldLevel:
		l, err := qianshao.ParseLevel(strings.ToLower(raw))
		if err != nil {
			_, message = oneOf(name, strings.ToLower(raw), levels())
			return nil, message
		}
		return Rank(l), ""
	case FieldHidden:
		v, message = oneOf(name, strings.ToLower(raw), []string{"true", "false"})
		return Flag(v == Text("true")), message
	case FieldScore:
		n, err := strconv.Atoi(raw)
		if err != nil || n < 0 || n > qianshao.MaxScore {
			return nil, fmt.Sprintf("score is a whole number from 0 to %d, not %q", qianshao.MaxScore, raw)
		}
		return Number(n), ""
	case FieldSeen, FieldNew:
		return parsePeriod(name, raw, now)
	case FieldHost:
		return parseHost(raw)
	case FieldURL:
		raw = strings.TrimRight(raw, "*") // any URL value is a prefix
	case FieldRule:
		raw = strings.ToLower(raw)
	case FieldTitle:
		if !isSearchable(raw) {
			return nil, fmt.Sprintf("%s has neither letter nor digit to search for", quote(raw))
		}
	}
	if raw == "" {
		return nil, fmt.Sprintf("%s needs a value", name)
	}
	return Text(raw), ""
}

func levels() []string {
	var names []string
	for l := qianshao.LevelInformational; l <= qianshao.LevelCritical; l++ {
		names = append(names, l.String())
	}
	return names
}

func texts[T ~string](list []T) []string {
	names := make([]string, len(list))
	for i, v := range list {
		names[i] = string(v)
	}
	return names
}

func oneOf(name FieldName, raw string, allowed []string) (Value, string) {
	if slices.Contains(allowed, raw) {
		return Text(raw), ""
	}
	return nil, fmt.Sprintf("%s has no value %q%s", name, raw, suggest(raw, allowed))
}

// possible lists a field's values if they are few.
func possible(name FieldName) string {
	switch name {
	case FieldCategory:
		return ": " + strings.Join(texts(qianshao.Categories()), ", ")
	case FieldLevel:
		return ": " + strings.Join(levels(), ", ")
	case FieldHidden:
		return ": true, false"
	case FieldState:
		return ": " + strings.Join(texts(qianshao.States()), ", ")
	case FieldSeen, FieldNew:
		return ": 2026-11-01, today, yesterday, 7d, 12h or an RFC 3339 time"
	}
	return ""
}

// The range of dates that a query may name. Anything else is a typing error,
// and RFC 3339 has four digits for the year.
const (
	minYear = 1970
	maxYear = 2999
	maxAgo  = 100 * 366 // days
)

func parsePeriod(name FieldName, raw string, now time.Time) (Value, string) {
	bad := fmt.Sprintf("%s has no value %q%s", name, raw, possible(name))
	today := day(now)
	switch strings.ToLower(raw) {
	case "today":
		return dayPeriod(today), ""
	case "yesterday":
		return dayPeriod(today.AddDate(0, 0, -1)), ""
	}
	if n, err := strconv.ParseUint(strings.TrimRight(raw, "dh"), 10, 32); err == nil && len(raw) > 1 {
		switch {
		case strings.TrimSuffix(raw, "d") == strconv.FormatUint(n, 10) && n <= maxAgo:
			return dayPeriod(today.AddDate(0, 0, -int(n))), ""
		case strings.TrimSuffix(raw, "h") == strconv.FormatUint(n, 10) && n <= 24*maxAgo:
			return momentPeriod(now.Add(-time.Duration(n) * time.Hour)), ""
		}
	}
	var v Period
	if t, err := time.Parse(time.DateOnly, raw); err == nil {
		v = dayPeriod(t)
	} else if t, err := time.Parse(time.RFC3339, strings.ToUpper(raw)); err == nil {
		v = momentPeriod(t)
	} else {
		return nil, bad
	}
	if y := v.From.Year(); y < minYear || y > maxYear {
		return nil, fmt.Sprintf("%s takes years from %d to %d", name, minYear, maxYear)
	}
	return v, ""
}

func dayPeriod(t time.Time) Period { return Period{t, t.AddDate(0, 0, 1)} }

// momentPeriod is one millisecond: the grain in which the store keeps times.
func momentPeriod(t time.Time) Period {
	t = t.UTC().Truncate(time.Millisecond)
	return Period{t, t.Add(time.Millisecond)}
}

// parseHost returns a host in lower case and ASCII, or "*." with one.
func parseHost(raw string) (Value, string) {
	name, sub := strings.CutPrefix(raw, "*.")
	name = strings.TrimSuffix(strings.Trim(strings.ToLower(name), "[]"), ".")
	switch {
	case name == "":
		return nil, "host needs a value: example.cn, or *.example.cn for its subdomains"
	case strings.Contains(name, "*"):
		return nil, "a * stands only in front of a host's name: *.example.cn"
	case strings.Count(name, ":") == 1:
		return nil, "a host is written without its port; use url: to search for one"
	case strings.Contains(name, "/"):
		return nil, "a host is written without scheme and path; use url: to search for those"
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r > 0x7f }) {
		profile := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))
		encoded, err := profile.ToASCII(name)
		if err != nil || encoded == "" {
			return nil, fmt.Sprintf("%q is no host's name", raw)
		}
		name = encoded
	}
	if sub {
		name = "*." + name
	}
	return Text(name), ""
}

// suggest returns " (did you mean x?)" for the nearest of the possible names,
// if one is near, and then all of them.
func suggest(got string, possible []string) string {
	list := "possible are " + strings.Join(possible, ", ")
	if best := spelling.Nearest(got, possible); best != "" {
		return fmt.Sprintf(": did you mean %s? (%s)", best, list)
	}
	return ": " + list
}

package ingest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/spelling"
	"github.com/qianshao/qianshao/internal/strictyaml"
	"github.com/qianshao/qianshao/locales"
)

// MaxScopeFile bounds a scope file; ten thousand authorisations take about 4 MB.
const MaxScopeFile = 16 << 20

// maxMistakes bounds the mistakes that are reported for a file: for a table of a million
// rows in which everything is wrong, the list would take gigabytes.
const maxMistakes = 1000

// ScopeError lists every mistake in a scope file.
type ScopeError struct{ Mistakes []ScopeMistake }

// ScopeMistake is one mistake and its place; Line and Column count from 1.
type ScopeMistake struct {
	File         string
	Line, Column int
	// Field is the key that is wrong; "" if it is not a key of an authorisation.
	Field string
	// Message says what is wrong and, after a semicolon, what to do.
	Message locales.Message
}

func (m ScopeMistake) String() string { return m.In(locales.English) }

// In says the mistake in a language.
func (m ScopeMistake) In(l locales.Lang) string {
	return fmt.Sprintf("%s:%d:%d: %s", locales.Escape(m.File), m.Line, m.Column, m.Message.In(l))
}

func (e *ScopeError) Error() string { return e.In(locales.English) }

// In says all mistakes in a language, one on each line.
func (e *ScopeError) In(l locales.Lang) string {
	lines := make([]string, len(e.Mistakes))
	for i, m := range e.Mistakes {
		lines[i] = m.In(l)
	}
	return strings.Join(lines, "\n")
}

// scopeReader collects mistakes while it walks a scope file.
type scopeReader struct {
	name     string
	columns  map[key]string // the names that the columns of a table have
	mistakes []ScopeMistake
}

// ParseScope reads a scope file:
//
//	authorisations:
//	  - id: school-2026
//	    owner: 示例学校
//	    basis: 合同 2026-017
//	    contact: it@school.example
//	    valid_from: 2026-01-01
//	    valid_until: 2026-12-31     # this day included
//	    hosts: [school.example, "*.school.example", "intranet.school.example:8080"]
//	    include: [/]                # path prefixes; optional
//	    exclude: [/private/]        # wins over include; optional
//	    queries: true               # false: no URL with a query is requested; optional
//	    rate: 1                     # requests a second to one host; optional
//	    allow_private: false        # loopback and private addresses; optional
//	    seeds: [https://school.example/]
//	    revisit_min: 1h             # shortest and longest time between two visits
//	    revisit_max: 7d             # of a page, which adapts to its changes; optional
//	    robots_waiver: 合同附件 3    # where the owner waives robots.txt in writing; optional
//	    views: [search_visitor]     # ask as a visitor from a search result, too; optional
//	    crawler_basis: 合同附件 4    # where the owner permits the view search_crawler
//
// A bare date is a day in China (UTC+8, no summer time), whatever the machine's
// zone; another zone is written as RFC 3339. The authorisations come back in
// canonical form. The error is a *ScopeError, with file, line and column of
// every mistake. A file without authorisations is valid: it permits nothing.
func ParseScope(name string, data []byte) ([]qianshao.Authorisation, error) {
	r := &scopeReader{name: name}
	list := r.file(data)
	if len(r.mistakes) > 0 {
		return nil, &ScopeError{Mistakes: r.mistakes}
	}
	return list, nil
}

func (r *scopeReader) add(n *yaml.Node, code string, args ...any) {
	r.tell(n, "", bad(code, args...))
}

func (r *scopeReader) tell(n *yaml.Node, field string, m *locales.Message) {
	if r.full() {
		return
	}
	r.mistakes = append(r.mistakes, ScopeMistake{r.name, max(n.Line, 1), max(n.Column, 1), field, *m})
}

// full says that there are as many mistakes as are reported, so the rest need not be read.
func (r *scopeReader) full() bool { return len(r.mistakes) >= maxMistakes }

func (r *scopeReader) file(data []byte) []qianshao.Authorisation {
	if len(data) > MaxScopeFile {
		r.add(&yaml.Node{}, "file_size", len(data), MaxScopeFile)
		return nil
	}
	if !utf8.Valid(data) {
		notUTF8 := strictyaml.NotUTF8()
		r.tell(&yaml.Node{}, "", &notUTF8)
		return nil
	}
	doc, rest, err := strictyaml.Parse(data)
	switch syntax := (*strictyaml.SyntaxError)(nil); {
	case errors.Is(err, strictyaml.ErrEmpty):
		r.add(&yaml.Node{}, "file_empty")
		return nil
	case errors.As(err, &syntax) && r.slips(syntax.Slips):
		return nil
	case errors.As(err, &syntax):
		r.add(&yaml.Node{Line: syntax.Line}, "yaml")
		return nil
	case rest != nil:
		r.add(doc, "file_second")
		return nil
	}
	if doc.Content[0].Kind != yaml.MappingNode && r.slips(strictyaml.Slips(data)) {
		return nil
	}
	var out []qianshao.Authorisation
	lines := map[string]int{}
	r.mapping(doc.Content[0], locales.M("scope.mistake.file"), []string{"authorisations"}, func(_ string, _, value *yaml.Node) {
		if isNull(value) {
			return
		}
		if value.Kind != yaml.SequenceNode {
			r.add(value, "file_list")
			return
		}
		for _, n := range value.Content {
			if r.full() {
				return
			}
			out = append(out, r.another(n, lines))
		}
	})
	return out
}

// another reads the next authorisation of a list; lines has the lines of the ids before it.
func (r *scopeReader) another(n *yaml.Node, lines map[string]int) qianshao.Authorisation {
	a := r.authorisation(n)
	if line, ok := lines[a.ID]; ok && a.ID != "" {
		r.add(n, "id_twice_line", a.ID, line)
	}
	lines[a.ID] = n.Line
	return a
}

// slips reports slips and says whether there are any.
func (r *scopeReader) slips(slips []strictyaml.Slip) bool {
	for i := range slips {
		r.slip(&slips[i])
	}
	return len(slips) > 0
}

func (r *scopeReader) slip(s *strictyaml.Slip) bool {
	if s != nil {
		r.mistakes = append(r.mistakes, ScopeMistake{File: r.name, Line: s.Line, Column: s.Column, Message: s.Message})
	}
	return s != nil
}

// mapping calls field for every known key, and reports unknown and repeated ones.
func (r *scopeReader) mapping(n *yaml.Node, what locales.Message, known []string, field func(key string, k, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.add(n, "mapping", what, locales.List(known))
		return
	}
	strictyaml.Fields(n, known, func(k, v *yaml.Node) {
		if strictyaml.IsReference(v) {
			r.add(v, "anchor")
			return
		}
		r.slip(strictyaml.ValueSlip(n, v, known))
		field(k.Value, k, v)
	}, func(p strictyaml.Problem) {
		if r.slip(strictyaml.KeySlip(p.Key)) {
			return
		}
		if p.Unknown || p.NotAWord {
			r.add(p.Key, "key_unknown", p.Key.Value, suggest(p.Key.Value, known))
		} else {
			r.add(p.Key, "key_twice", p.Key.Value)
		}
	})
}

func authorisationKeys() []string {
	return []string{"id", "owner", "basis", "contact", "valid_from", "valid_until",
		"hosts", "include", "exclude", "queries", "rate", "allow_private", "seeds",
		"revisit_min", "revisit_max", "robots_waiver", "views", "crawler_basis"}
}

// maxAuthorisationID bounds the id of an authorisation, in characters.
const maxAuthorisationID = 64

// registrableID says whether an authorisation may be given the id. Ids appear in
// queries, addresses and lists of accounts, and among the counters "*" means all
// authorisations. One that an older version registered under another id stays in force.
func registrableID(id string) bool {
	for i, r := range id {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && (i == 0 || !strings.ContainsRune("._-@", r)) {
			return false
		}
	}
	return utf8.RuneCountInString(id) <= maxAuthorisationID
}

func (r *scopeReader) authorisation(n *yaml.Node) qianshao.Authorisation {
	var a qianshao.Authorisation
	values := map[string]*yaml.Node{}
	before := len(r.mistakes)
	r.mapping(n, locales.M("scope.mistake.authorisation"), authorisationKeys(), func(name string, _, v *yaml.Node) {
		values[name] = v
		told := len(r.mistakes)
		r.field(&a, key(name), v)
		for i := range r.mistakes[told:] {
			r.mistakes[told+i].Field = name
		}
	})
	if !a.ValidFrom.IsZero() && !a.ValidUntil.IsZero() && !a.ValidUntil.After(a.ValidFrom) {
		r.tell(values["valid_until"], "valid_until", bad("never", key("valid_until"), key("valid_from")))
	}
	told := map[string]bool{}
	for _, m := range r.mistakes[before:] {
		told[m.Field] = true
	}
	if told[""] {
		return a // a key was not understood, and what it says would be missing below
	}
	a, found := normalise(a)
	found = slices.DeleteFunc(found, func(p problem) bool { return told[p.field] })
	if !slices.ContainsFunc(found, func(p problem) bool { return p.field == "id" }) && !registrableID(a.ID) {
		found = append(found, problem{"id", -1, bad("id_signs", key("id"), a.ID, maxAuthorisationID)})
	}
	for _, p := range found {
		at := values[p.field]
		switch {
		case at == nil:
			at = n
		case p.index >= 0 && p.index < len(at.Content):
			at = at.Content[p.index]
		}
		r.tell(at, p.field, p.Message)
	}
	return a
}

func (r *scopeReader) field(a *qianshao.Authorisation, name key, v *yaml.Node) {
	switch name {
	case "id":
		r.slip(strictyaml.QuoteSlip(v))
		r.text(v, name, &a.ID)
	case "owner":
		r.text(v, name, &a.Owner)
	case "basis":
		r.text(v, name, &a.Basis)
	case "contact":
		r.text(v, name, &a.Contact)
	case "valid_from":
		r.date(v, name, false, &a.ValidFrom)
	case "valid_until":
		r.date(v, name, true, &a.ValidUntil)
	case "hosts":
		r.list(v, name, &a.Hosts)
	case "include":
		r.list(v, name, &a.Include)
	case "exclude":
		r.list(v, name, &a.Exclude)
	case "seeds":
		r.list(v, name, &a.Seeds)
	case "rate":
		rate, err := strconv.ParseFloat(v.Value, 64)
		if v.Kind != yaml.ScalarNode || err != nil || rate == 0 {
			r.add(v, "rate_number", name, v.Value, strictyaml.HalfWidth(v.Value))
			return
		}
		a.Rate = rate
	case "allow_private":
		a.AllowPrivate = r.truth(v, name)
	case "queries":
		a.NoQueries = !r.truth(v, name)
	default:
		r.permission(a, name, v)
	}
}

// truth reads true or false.
func (r *scopeReader) truth(v *yaml.Node, name key) bool {
	if v.Kind != yaml.ScalarNode || v.Value != "true" && v.Value != "false" {
		r.add(v, "truth", name, v.Value)
	}
	return v.Value == "true"
}

// permission reads what an authorisation permits or asks for besides plain visits.
func (r *scopeReader) permission(a *qianshao.Authorisation, name key, v *yaml.Node) {
	switch name {
	case "revisit_min":
		r.span(v, name, &a.RevisitMin)
	case "revisit_max":
		r.span(v, name, &a.RevisitMax)
	case "robots_waiver":
		r.text(v, name, &a.RobotsWaiver)
	case "crawler_basis":
		r.text(v, name, &a.CrawlerBasis)
	case "views":
		var names []string
		r.list(v, name, &names)
		for _, name := range names {
			a.Views = append(a.Views, qianshao.View(name))
		}
	}
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func (r *scopeReader) text(v *yaml.Node, name key, to *string) {
	if v.Kind != yaml.ScalarNode {
		r.add(v, "text", name)
		return
	}
	if !isNull(v) {
		*to = strings.TrimSpace(v.Value)
	}
}

func (r *scopeReader) list(v *yaml.Node, name key, to *[]string) {
	if isNull(v) {
		return
	}
	if v.Kind != yaml.SequenceNode {
		r.add(v, "list", name, strictyaml.ListRemedy(v.Value))
		return
	}
	for _, item := range v.Content {
		if r.slip(strictyaml.CommaSlip(item)) || r.slip(strictyaml.QuoteSlip(item)) {
			continue
		}
		if item.Kind != yaml.ScalarNode || isNull(item) || item.Anchor != "" {
			r.add(item, "entry", name)
			continue
		}
		*to = append(*to, strings.TrimSpace(item.Value))
	}
}

// date reads a day or a time. With end, a day means its last moment.
func (r *scopeReader) date(v *yaml.Node, name key, end bool, to *time.Time) {
	if v.Kind == yaml.ScalarNode {
		if day, err := time.ParseInLocation(time.DateOnly, v.Value, qianshao.ChinaTime()); err == nil {
			if end {
				day = day.AddDate(0, 0, 1)
			}
			*to = day
			return
		}
		if at, err := time.Parse(time.RFC3339, v.Value); err == nil {
			*to = at
			return
		}
	}
	r.add(v, "date", name, v.Value, strictyaml.HalfWidth(v.Value))
}

// span reads a length of time: 90m, 6h, 7d.
func (r *scopeReader) span(v *yaml.Node, name key, to *time.Duration) {
	value := v.Value
	if days, ok := strings.CutSuffix(value, "d"); ok { // time.ParseDuration knows no days
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			value = strconv.FormatUint(n*24, 10) + "h"
		}
	}
	d, err := time.ParseDuration(value)
	if v.Kind != yaml.ScalarNode || err != nil || d <= 0 {
		r.add(v, "span", name, v.Value, strictyaml.HalfWidth(v.Value))
		return
	}
	*to = d
}

// suggest names the known key that is nearest to a mistyped one, or all of them.
func suggest(key string, known []string) locales.Message {
	if best := spelling.Nearest(key, known); best != "" {
		return locales.M("mistake.meant", best)
	}
	return locales.M("scope.mistake.keys", locales.List(known))
}

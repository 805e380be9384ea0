// Package indextest is the contract of every index.Index: one test suite, and a naive reference that real
// indexes are compared with.
package indextest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
)

// Match says whether a query finds a finding, by reading the whole record. It is written from the
// documentation of the query language, independently of any index's code. fold may be nil.
func Match(n index.Node, e *qianshao.FindingRecord, fold func(string) string) bool {
	switch n := n.(type) {
	case nil:
		return true
	case index.And:
		return !slices.ContainsFunc(n.Nodes, func(m index.Node) bool { return !Match(m, e, fold) })
	case index.Or:
		return slices.ContainsFunc(n.Nodes, func(m index.Node) bool { return Match(m, e, fold) })
	case index.Not:
		return !Match(n.Node, e, fold)
	case index.Phrase:
		texts := append(index.DisguisedTerms(&e.Finding), oneLine(e.PageTitle), e.PageText)
		return contains(strings.Join(texts, "\n"), n.Text, fold)
	case index.Field:
		return matchField(n, e, fold)
	}
	panic(fmt.Sprintf("unknown node %T", n))
}

func matchField(f index.Field, e *qianshao.FindingRecord, fold func(string) string) bool {
	switch v := f.Value.(type) {
	case index.Text:
		return matchText(f.Name, string(v), e, fold)
	case index.Flag:
		if f.Name == index.FieldParked {
			return e.Review.Parked == bool(v)
		}
		return e.Finding.Hidden == bool(v)
	case index.Rank:
		return f.Op.Holds(cmp.Compare(e.Finding.Level, qianshao.Level(v)))
	case index.Number:
		return f.Op.Holds(cmp.Compare(e.Finding.Score, int(v)))
	case index.Period:
		at := e.LastSeen
		if f.Name == index.FieldNew {
			at = e.FirstSeen
		}
		return matchPeriod(f.Op, at, v)
	}
	if v, ok := f.Value.(index.Age); ok {
		return matchAge(f.Op, v, e.FirstSeen)
	}
	panic(fmt.Sprintf("unknown value %T", f.Value))
}

// matchAge compares the time since first seen; without a comparison, whole units count.
func matchAge(op index.Op, v index.Age, first time.Time) bool {
	age, unit := v.Now.Truncate(time.Millisecond).Sub(first), v.Unit
	if op == index.Equal {
		return age >= time.Duration(v.N)*unit && age < time.Duration(v.N+1)*unit
	}
	return op.Holds(cmp.Compare(age, time.Duration(v.N)*unit))
}

func matchPeriod(op index.Op, at time.Time, p index.Period) bool {
	switch {
	case at.Before(p.From):
		return op.Holds(-1)
	case at.Before(p.Until):
		return op.Holds(0)
	}
	return op.Holds(1)
}

func matchText(name index.FieldName, v string, e *qianshao.FindingRecord, fold func(string) string) bool {
	switch name {
	case index.FieldTitle:
		return contains(oneLine(e.PageTitle), v, fold)
	case index.FieldURL:
		return strings.HasPrefix(e.Finding.URL, v)
	case index.FieldHost:
		if strings.HasPrefix(v, "*.") {
			return len(e.Host) >= len(v) && strings.HasSuffix(e.Host, v[1:])
		}
		return e.Host == v
	case index.FieldCategory:
		return string(e.Finding.Category) == v
	case index.FieldRule:
		return slices.Contains(e.Finding.Rules(), v)
	case index.FieldState:
		return string(e.State()) == v
	case index.FieldAuthorisation:
		return e.Finding.Authorisation == v
	case index.FieldVerdict:
		return string(answerOf(e)) == v
	case index.FieldAssignee:
		return cmp.Or(e.Review.Assignee, index.Nobody) == v
	case index.FieldDecidedBy:
		return v != "" && e.Review.DecidedBy == v
	case index.FieldCampaign:
		return slices.Contains(e.Review.Campaigns, v)
	}
	return matchIndicator(name, v, &e.Finding)
}

// matchIndicator compares indicators, of the kinds that generated findings have, in the different forms in
// which people write a value.
func matchIndicator(name index.FieldName, v string, f *qianshao.Finding) bool {
	return slices.ContainsFunc(f.Indicators, func(i qianshao.Indicator) bool {
		kinds := []qianshao.IndicatorKind{i.Kind}
		if i.Kind == qianshao.IndicatorURL { // it has a domain, too
			kinds = append(kinds, qianshao.IndicatorDomain)
		}
		return slices.ContainsFunc(kinds, func(kind qianshao.IndicatorKind) bool {
			return (name == index.FieldIndicator || string(name) == string(kind)) && sameIndicator(kind, i.Value, v)
		})
	})
}

func sameIndicator(kind qianshao.IndicatorKind, have, want string) bool {
	switch kind {
	case qianshao.IndicatorPhone:
		return strings.ReplaceAll(have, "-", "") == strings.TrimPrefix(want, "+86")
	case qianshao.IndicatorTelegram:
		return have == want || have == "@"+want
	case qianshao.IndicatorICP:
		site := strings.ToLower(have)
		return site == want || site[:strings.LastIndex(site, "-")] == want
	case qianshao.IndicatorDomain:
		host := strings.TrimSuffix(strings.TrimPrefix(have, "http://"), "/Reg")
		return host == strings.TrimSuffix(strings.TrimPrefix(want, "http://"), "/Reg")
	}
	return have == want
}

func answerOf(e *qianshao.FindingRecord) qianshao.Answer {
	return cmp.Or(e.Review.Answer, qianshao.AnswerNone)
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", " ") }

// contains says whether one line of text contains the phrase, at word boundaries where the phrase begins or
// ends with a letter or digit of a script that uses spaces.
func contains(text, phrase string, fold func(string) string) bool {
	want := normal(oneLine(phrase), fold)
	if len(want) == 0 {
		return false
	}
	for line := range strings.SplitSeq(text, "\n") {
		have := normal(line, fold)
		for at := 0; at+len(want) <= len(have); at++ {
			end := at + len(want)
			if !slices.Equal(have[at:end], want) {
				continue
			}
			cutsStart := at > 0 && isWordRune(have[at-1]) && isWordRune(have[at])
			cutsEnd := end < len(have) && isWordRune(have[end-1]) && isWordRune(have[end])
			if !cutsStart && !cutsEnd {
				return true
			}
		}
	}
	return false
}

// normal returns the characters to compare: folded, in lower case, without invisible ones, with each run of
// separators replaced by one space and none at the ends.
func normal(line string, fold func(string) string) []rune {
	if fold != nil {
		line = fold(line)
	}
	var out []rune
	for _, r := range line {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case isWordRune(r), isAlone(r):
			out = append(out, unicode.ToLower(r))
		case len(out) > 0 && out[len(out)-1] != ' ':
			out = append(out, ' ')
		}
	}
	if len(out) > 0 && out[len(out)-1] == ' ' {
		out = out[:len(out)-1]
	}
	return out
}

// isAlone says whether a character is a token by itself.
func isAlone(r rune) bool {
	return r != '\uFFFD' && unicode.In(r, unicode.So) || unicode.IsLetter(r) &&
		unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo, unicode.Thai)
}

func isWordRune(r rune) bool { return (unicode.IsLetter(r) || unicode.IsNumber(r)) && !isAlone(r) }

// Search returns the correct answer of an index with exactly these records.
func Search(records []qianshao.FindingRecord, req index.Request, fold func(string) string) index.Results {
	var found []*qianshao.FindingRecord
	for i := range records {
		if sees(req.Sight, records[i].Finding.Authorisation) && (req.IDs == nil || slices.Contains(req.IDs, records[i].Finding.ID)) && Match(req.Query, &records[i], fold) {
			found = append(found, &records[i])
		}
	}
	slices.SortFunc(found, func(a, b *qianshao.FindingRecord) int {
		first := 0
		switch req.Sort {
		case index.SortNew:
			first = b.FirstSeen.Compare(a.FirstSeen)
		case index.SortScore:
			first = cmp.Compare(b.Finding.Score, a.Finding.Score)
		}
		return cmp.Or(first, b.LastSeen.Compare(a.LastSeen), cmp.Compare(a.Finding.ID, b.Finding.ID))
	})
	res := index.Results{Total: len(found), Hits: []index.Hit{}}
	from, to := cutPage(found, req)
	for _, e := range found[from:to] {
		res.Hits = append(res.Hits, index.Hit{
			ID: e.Finding.ID, URL: e.Finding.URL, Host: e.Host, Title: e.PageTitle, Rule: e.Finding.Rule,
			Category: e.Finding.Category, Level: e.Finding.Level, Score: e.Finding.Score, Hidden: e.Finding.Hidden,
			State: e.State(), FirstSeen: e.FirstSeen, LastSeen: e.LastSeen,
			Verdict: answerOf(e), Assignee: e.Review.Assignee, Parked: e.Review.Parked,
		})
		if len(e.Review.Campaigns) > 0 {
			res.Hits[len(res.Hits)-1].Campaign = e.Review.Campaigns[0]
		}
	}
	res.From = from
	if len(res.Hits) > 0 && from > 0 {
		res.Prev = cursor(req.Sort, &res.Hits[0])
	}
	if len(res.Hits) > 0 && to < len(found) {
		res.Next = cursor(req.Sort, &res.Hits[len(res.Hits)-1])
	}
	if !req.NoFacets {
		res.Facets = facets(found)
	}
	return res
}

func cursor(sort index.Sort, h *index.Hit) index.Cursor {
	place := index.PlaceOf(sort, h)
	return place.Cursor(sort)
}

// cutPage returns where the request's page begins and ends in the sorted list.
func cutPage(found []*qianshao.FindingRecord, req index.Request) (from, to int) {
	at, err := (req.After + req.Before).Place(req.Sort)
	if req.After+req.Before == "" {
		from = min(req.Offset, len(found))
		return from, min(from+req.Limit, len(found))
	}
	if err != nil {
		panic(err)
	}
	for _, e := range found { // count those before the cursor, or at it
		first := e.LastSeen.UnixMilli()
		switch req.Sort {
		case index.SortNew:
			first = e.FirstSeen.UnixMilli()
		case index.SortScore:
			first = int64(e.Finding.Score)
		}
		order := cmp.Or(cmp.Compare(at.First, first), cmp.Compare(at.Seen, e.LastSeen.UnixMilli()), cmp.Compare(e.Finding.ID, at.ID))
		if order < 0 || order == 0 && req.After != "" {
			from++
		}
	}
	if req.Before != "" {
		return max(0, from-req.Limit), from
	}
	return from, min(from+req.Limit, len(found))
}

func facets(found []*qianshao.FindingRecord) map[string][]index.FacetCount {
	out := map[string][]index.FacetCount{
		"category": facet(found, func(e *qianshao.FindingRecord) []string { return []string{string(e.Finding.Category)} }),
		"level":    facet(found, func(e *qianshao.FindingRecord) []string { return []string{e.Finding.Level.String()} }),
		"state":    facet(found, func(e *qianshao.FindingRecord) []string { return []string{string(e.State())} }),
		"host":     facet(found, func(e *qianshao.FindingRecord) []string { return []string{e.Host} }),
		"verdict":  facet(found, func(e *qianshao.FindingRecord) []string { return []string{string(answerOf(e))} }),
		"rule":     facet(found, func(e *qianshao.FindingRecord) []string { return e.Finding.Rules() }),
	}
	days := count(found, func(e *qianshao.FindingRecord) []string {
		return []string{e.LastSeen.In(index.DefaultZone()).Format(time.DateOnly)}
	})
	slices.SortFunc(days, func(a, b index.FacetCount) int { return cmp.Compare(b.Value, a.Value) })
	out["day"] = days[:min(len(days), index.FacetDays)]
	return out
}

// sees says whether a finding under an authorisation is found; the operator's own files have none.
func sees(s qianshao.Sight, authorisation string) bool {
	return s.All || authorisation != "" && s.Sees(authorisation)
}

func facet(found []*qianshao.FindingRecord, values func(*qianshao.FindingRecord) []string) []index.FacetCount {
	counts := count(found, values)
	slices.SortFunc(counts, func(a, b index.FacetCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	return counts[:min(len(counts), index.FacetSize)]
}

func count(found []*qianshao.FindingRecord, values func(*qianshao.FindingRecord) []string) []index.FacetCount {
	n := map[string]int{}
	for _, e := range found {
		for _, v := range values(e) {
			if v != "" {
				n[v]++
			}
		}
	}
	counts := []index.FacetCount{}
	for v, c := range n {
		counts = append(counts, index.FacetCount{Value: v, Count: c})
	}
	return counts
}

package document

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/report"
)

// summary is for a reader who has one minute.
func (m *maker) summary() Section {
	r, now, before := m.r, m.r.Summary(), m.r.Before
	against := func(now, before int) string {
		if before < fewBefore {
			return m.t("against.few", grouped(before))
		}
		return m.t("against", grouped(before), change(now, before))
	}
	s := Section{ID: "summary", Title: m.t("summary"), Tiles: []Tile{
		{m.t("column.found"), grouped(now.Found), against(now.Found, before.Found)},
		{m.t("column.decided"), grouped(now.Decided), against(now.Decided, before.Decided)},
		{m.Text("verdict.crime"), grouped(now.Crime), against(now.Crime, before.Crime)},
		{m.Text("verdict.not_crime"), grouped(now.NotCrime), against(now.NotCrime, before.NotCrime)},
		{m.t("column.relapsed"), grouped(now.Relapsed), against(now.Relapsed, before.Relapsed)},
		{m.t("column.undecided"), grouped(r.Verdicts.Undecided), m.t("tile.overdue", grouped(r.Verdicts.Overdue))},
	}}
	if r.Made.Before(r.Query.Period.To) {
		s.Text = append(s.Text, m.t("unfinished", m.time(r.Made)))
	}
	v := &r.Volume
	if v.Findings == 0 {
		s.Text = append(s.Text, m.t("nothing"))
	} else {
		s.Text = append(s.Text, m.t("found", grouped(v.Sites), grouped(v.Pages), grouped(v.Findings), grouped(v.Campaigns), m.mostly()))
	}
	if now.Decided > 0 {
		s.Text = append(s.Text, m.t("decided", grouped(now.Decided), grouped(now.Crime), grouped(now.NotCrime), grouped(now.Unsure)))
	} else {
		s.Text = append(s.Text, m.t("undecided"))
	}
	if r.Verdicts.Decided > 0 {
		s.Text = append(s.Text, m.t("took", m.duration(r.Verdicts.Median), m.duration(r.Verdicts.P90)))
	}
	s.List = List{m.t("needs"), m.needs()}
	return s
}

// mostly names the categories with the most findings.
func (m *maker) mostly() string {
	var names []string
	for _, c := range m.r.Volume.ByCategory {
		if len(names) < 3 && c.Findings > 0 {
			names = append(names, m.t("counted", m.category(c.Value), grouped(c.Findings)))
		}
	}
	return strings.Join(names, m.t("and"))
}

// maxBad is how many rules the summary names: it fits on a page.
const maxBad = 3

// needs lists what somebody has to act on.
func (m *maker) needs() (list []string) {
	r := m.r
	say := func(n int, key string) {
		if n > 0 {
			list = append(list, m.t(key, grouped(n)))
		}
	}
	say(r.Verdicts.Overdue, "need.overdue")
	if rest := r.Verdicts.Undecided - r.Verdicts.Overdue; r.Verdicts.Overdue > 0 {
		say(rest, "need.undecided")
	} else {
		say(rest, "need.waiting")
	}
	say(r.Relapses.Findings, "need.relapsed")
	say(r.UnmonitoredCounts.Hosts(), "need.hosts")
	say(r.UnmonitoredCounts.Authorisations(), "need.authorisations")
	say(r.UnmonitoredCounts[qianshao.UnmonitoredEnding], "need.ending")
	bad := 0
	for i := range r.Rules {
		if rule := &r.Rules[i]; !rule.Few && rule.High < .5 {
			if bad++; bad <= maxBad {
				list = append(list, m.t("need.rule", short(plain(rule.Title), maxLabel), percent(rule.Precision)))
			}
		}
	}
	say(bad-maxBad, "need.rules")
	if len(list) == 0 {
		list = []string{m.t("need.nothing")}
	}
	return list
}

// volume is the section on what was found.
func (m *maker) volume() Section {
	v := &m.r.Volume
	s := Section{ID: "volume", Title: m.t("volume"), Text: []string{m.t("open", grouped(v.Findings), grouped(v.Open), grouped(v.Gone))}}
	days := m.spans()
	s.Charts = []Chart{m.daysChart(days), m.categoriesChart()}
	byLevel := slices.Clone(v.ByLevel)
	slices.SortStableFunc(byLevel, func(a, b report.Count) int { return cmp.Compare(rank(b.Value), rank(a.Value)) })
	s.Tables = []Table{m.daysTable(days), m.countsTable("by.category", "*category", v.ByCategory, m.category), m.countsTable("by.level", "*level", byLevel, func(l string) string { return m.Named("level.", l) })}
	return s
}

// rank is the level of that name; like its chart, a table has the highest first.
func rank(level string) qianshao.Level {
	l, err := qianshao.ParseLevel(level)
	if err != nil {
		return qianshao.LevelNone
	}
	return l
}

// countsTable compares the findings with those of the period before.
func (m *maker) countsTable(title, of string, list []report.Count, name func(string) string) Table {
	t := Table{Title: m.t(title), Columns: m.columns(of, "#found", "#before", "#change")}
	for _, c := range list {
		t.Rows = append(t.Rows, []Cell{text(name(c.Value)), number(c.Findings), number(c.Before), text(change(c.Findings, c.Before))})
	}
	return t
}

// verdicts is the section on people's decisions.
func (m *maker) verdicts() Section {
	v, b := &m.r.Verdicts, m.r.Before
	s := Section{ID: "verdicts", Title: m.t("verdicts"), Text: []string{m.t("waits", grouped(v.Undecided), grouped(v.Overdue), grouped(v.Parked))}}
	t := Table{Title: m.t("by.verdict"), Columns: m.columns("*verdict", "#decisions", "#before", "#change")}
	for _, row := range []struct {
		verdict     qianshao.Verdict
		now, before int
	}{{qianshao.VerdictCrime, v.Crime, b.Crime}, {qianshao.VerdictNotCrime, v.NotCrime, b.NotCrime}, {qianshao.VerdictUnsure, v.Unsure, b.Unsure}} {
		t.Rows = append(t.Rows, []Cell{text(m.verdict(row.verdict)), number(row.now), number(row.before), text(change(row.now, row.before))})
	}
	reason := func(r string) string { return m.Named("verdict.reason.", r) }
	reviews := Table{Title: m.t("by.review"), Columns: m.columns("*reviews", "*agreement"), Note: m.t("kappa.note")}
	if v.Reviews > 0 {
		reviews.Rows = [][]Cell{{text(m.t("reviews.all")), m.agreement(v.Agreement)}, {text(m.t("reviews.audit")), m.agreement(v.Audit)}}
	}
	s.Tables = []Table{t, m.countsTable("by.whose", "*whose", v.Whose, reason), m.countsTable("by.reason", "*reason", v.Reasons, reason), reviews}
	for i := 1; i < 3; i++ {
		s.Tables[i].Columns[1].Name = m.t("column.decisions")
	}
	return s
}

func (m *maker) verdict(v qianshao.Verdict) string {
	if v == "" {
		return "–"
	}
	return m.Named("verdict.", string(v))
}

// waiting is the section on how long findings waited for their first decision.
func (m *maker) waiting() Section {
	v := &m.r.Verdicts
	s := Section{ID: "time", Title: m.t("time")}
	if v.Decided == 0 {
		s.Text = []string{m.t("time.none")}
		return s
	}
	s.Tiles = []Tile{
		{m.t("time.median"), m.duration(v.Median), m.t("time.median.note")}, {m.t("time.p90"), m.duration(v.P90), m.t("time.p90.note")},
		{m.t("time.decided"), grouped(v.Decided), m.t("time.decided.note")},
	}
	return s
}

// rules is the section on the precision of rules.
func (m *maker) rules() Section {
	s := Section{ID: "rules", Title: m.t("rules"), Text: []string{m.t("rules.about", report.MinDecisions)}}
	t := Table{Title: m.t("rules.table"), Columns: m.columns("*rule", "category", "#found", "#right", "#wrong", "#precision", "#audit"), Note: m.more(m.r.MoreRules)}
	for i := range m.r.Rules {
		r := &m.r.Rules[i]
		name := plain(r.Title)
		if id := plain(r.ID); name == "" {
			name = id
		} else {
			name += " (" + id + ")"
		}
		t.Rows = append(t.Rows, []Cell{
			text(name), text(m.category(string(r.Category))), number(r.Findings), number(r.Right), number(r.Wrong), m.rate(r.Rate), m.rate(r.Audit),
		})
	}
	s.Tables = []Table{t}
	m.orNone(&s)
	return s
}

// orNone says so if a section is empty.
func (m *maker) orNone(s *Section) {
	if len(s.Tables[len(s.Tables)-1].Rows) == 0 {
		s.Text = []string{m.t("none")}
	}
}

// sites is the section on the sites with the most findings.
func (m *maker) sites() Section {
	s := Section{ID: "sites", Title: m.t("sites"), Text: []string{m.t("sites.about")}}
	t := Table{
		Title: m.t("sites.table"), Note: m.more(m.r.MoreSites),
		Columns: m.columns("*site", "*authorisation", "categories", "#found", "#crime", "#not_crime", "#unsure", "#reviewing", "#open", "#relapsed"),
	}
	for i := range m.r.Sites {
		x := &m.r.Sites[i]
		t.Rows = append(t.Rows, []Cell{
			text(host(x.Host)), text(short(plain(x.Authorisation), maxLabel)), text(m.categories(x.Categories)), number(x.Findings),
			number(x.Crime), number(x.NotCrime), number(x.Unsure), number(x.Reviewing), number(x.Open), number(x.Relapsed),
		})
	}
	s.Tables = []Table{t}
	m.orNone(&s)
	return s
}

// campaigns is the section on the campaigns with the most findings.
func (m *maker) campaigns() Section {
	s := Section{ID: "campaigns", Title: m.t("campaigns"), Text: []string{m.t("campaigns.about")}}
	t := Table{
		Title: m.t("campaigns.table"), Note: m.more(m.r.MoreCampaigns),
		Columns: m.columns("campaign", "*label", "category", "level", "#found", "#sites", "verdict", "@first"),
	}
	for i := range m.r.Campaigns {
		c := &m.r.Campaigns[i]
		t.Rows = append(t.Rows, []Cell{
			text(plain(c.ID)), text(label(c.Label)), text(m.category(string(c.Category))), text(m.Named("level.", c.Level.String())),
			number(c.Findings), number(c.Sites), text(m.verdict(c.Verdict)), text(m.day(c.First)),
		})
	}
	s.Tables = []Table{t}
	m.orNone(&s)
	return s
}

// relapses is the section on findings that came back.
func (m *maker) relapses() Section {
	r := &m.r.Relapses
	s := Section{ID: "relapses", Title: m.t("relapses"), Text: []string{m.t("relapses.about", grouped(r.Findings), grouped(m.r.Before.Relapsed))}}
	t := Table{Title: m.t("relapses.table"), Columns: m.columns("*site", "#relapsed", "#before", "#change"), Note: m.more(r.MoreSites)}
	for _, c := range r.Sites {
		t.Rows = append(t.Rows, []Cell{text(host(c.Value)), number(c.Findings), number(c.Before), text(change(c.Findings, c.Before))})
	}
	s.Tables = []Table{t}
	m.orNone(&s)
	return s
}

// unmonitored is the section on sites that are not monitored, and what to do about them.
func (m *maker) unmonitored() Section {
	r := m.r
	s := Section{ID: "unmonitored", Title: m.t("unmonitored"), Text: []string{m.t("unmonitored.about", m.time(r.Made))}}
	why := Table{Title: m.t("unmonitored.why"), Columns: m.columns("why", "#number", "*remedy")}
	for _, reason := range qianshao.UnmonitoredReasons() {
		if n := r.UnmonitoredCounts[reason]; n > 0 {
			why.Rows = append(why.Rows, []Cell{text(m.Named("unmonitored.reason.", string(reason))), number(n), text(m.Named("unmonitored.do.", string(reason)))})
		}
	}
	t := Table{Title: m.t("unmonitored.table"), Columns: m.columns("*where", "*authorisation", "why", "@since", "@last"), Note: m.more(r.MoreUnmonitored)}
	for _, u := range r.Unmonitored {
		where := m.Text("unmonitored.whole")
		if u.Host != "" {
			where = host(u.Host)
		}
		t.Rows = append(t.Rows, []Cell{
			text(where), text(short(plain(u.Authorisation), maxLabel)), text(m.Named("unmonitored.reason.", string(u.Reason))), text(m.date(u.Since)), text(m.date(u.LastPage)),
		})
	}
	s.Tables = []Table{why, t}
	m.orNone(&s)
	return s
}

func (m *maker) date(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return m.day(t)
}

// ruleChanges is the section on changes in the rules in force.
func (m *maker) ruleChanges() Section {
	r := m.r
	s := Section{ID: "rule-changes", Title: m.t("changes")}
	if r.NoRuleHistory {
		s.Text = []string{m.t("changes.unknown")}
	} else {
		s.Text = []string{m.t("changes.about", len(r.RuleChanges)+r.MoreRuleChanges)}
	}
	t := Table{Title: m.t("changes.table"), Columns: m.columns("@at", "version", "*what"), Note: m.more(r.MoreRuleChanges)}
	for i := range r.RuleChanges {
		c := &r.RuleChanges[i]
		var what []string
		for _, part := range []struct {
			key string
			ids []string
		}{{"changes.added", c.Added}, {"changes.removed", c.Removed}, {"changes.changed", c.Changed}} {
			if len(part.ids) > 0 {
				what = append(what, m.t(part.key, len(part.ids), m.named(part.ids)))
			}
		}
		if what == nil {
			what = []string{m.t("changes.other")}
		}
		t.Rows = append(t.Rows, []Cell{text(m.time(c.At)), text(plain(c.Version)), text(strings.Join(what, m.t("then")))})
	}
	s.Tables = []Table{t}
	return s
}

// maxNamed is how many rules a change names.
const maxNamed = 10

func (m *maker) named(ids []string) string {
	shown := ids[:min(len(ids), maxNamed)]
	names := make([]string, len(shown), len(shown)+1)
	for i, id := range shown {
		names[i] = plain(id)
	}
	if len(ids) > maxNamed {
		names = append(names, "…")
	}
	return strings.Join(names, m.t("and"))
}

// meaning is the section that explains the figures.
func (m *maker) meaning() Section {
	s := Section{ID: "meaning", Title: m.t("meaning")}
	for _, key := range []string{"found", "decided", "undecided", "time", "precision", "agreement", "site", "campaign", "relapsed", "unmonitored", "nobody"} {
		args := []any{}
		if key == "precision" {
			args = append(args, report.MinDecisions)
		}
		s.List.Items = append(s.List.Items, m.t("meaning."+key, args...))
	}
	return s
}

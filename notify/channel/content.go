package channel

import (
	"cmp"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/notify"
)

// content is the text of a message for people, before it is put into a service's format. Texts by others
// (facts, hosts, lines, a report's title) are plain: no address in them is a link.
type content struct {
	title  string
	level  qianshao.Level // the highest level
	facts  []fact
	groups []group
	left   int      // further findings
	lines  []string // of a test or a report
	link   string   // into the console; "" for no link
	open   string   // the link's text
	foot   string   // of a mail: the key of its text
	lang   locales.Lang
}

// fact is a line with a name, such as the view's.
type fact struct{ name, value string }

// group is a campaign, or a finding without a campaign.
type group struct {
	head     string // category, level, score: our own words
	level    qianshao.Level
	counts   string // of events and sites: our own words
	hosts    string
	first    string
	link     string
	open     string
	findings int
}

// say returns the content of a message.
func say(c *notify.Channel, m *notify.Message) content {
	lang, _ := locales.Parse(c.Language)
	s := content{lang: lang, link: link(m.Link), open: lang.Text("message.open.console"), foot: "message.foot"}
	switch {
	case m.Test:
		s.title = lang.Text("message.title.test")
		s.lines = []string{lang.Text("message.test")}
	case m.Report != nil:
		s.title = lang.Text("message.title.report", plain(m.Report.Title, maxWord))
		for _, l := range m.Report.Lines {
			s.lines = append(s.lines, plain(l, maxLine))
		}
		if l := link(m.Report.Link); l != "" {
			s.link, s.open = l, lang.Text("message.open.report")
		}
	default:
		s.title = lang.Text("message.title.findings", events(lang, m.Counts))
		s.facts = []fact{{lang.Text("message.alert"), plain(m.Alert, maxWord)}, {lang.Text("message.view"), plain(m.View, maxWord)}}
		s.open, s.left = lang.Text("message.open.view"), m.Left
		for i := range m.Groups {
			g := sayGroup(lang, &m.Groups[i], m.Zone)
			s.groups, s.level = append(s.groups, g), max(s.level, g.level)
		}
	}
	s.facts = append(s.facts, fact{lang.Text("message.at"), shownTime(m.At, m.Zone)})
	return s
}

func sayGroup(lang locales.Lang, g *notify.Group, zone *time.Location) group {
	s := group{
		head:  lang.Text("message.group", lang.Named("category.", string(g.Category)), lang.Named("level.", g.Level.String()), g.Score),
		level: g.Level, counts: events(lang, g.Events), first: lang.Text("message.first", shownTime(g.First, zone)),
		link: link(g.Link), open: lang.Text("message.open.campaign"), findings: g.Findings,
	}
	if g.Campaign == "" {
		s.open = lang.Text("message.open.finding")
	}
	if g.Sites > 1 {
		s.counts += lang.Text("comma") + lang.Count("message.sites", g.Sites)
	}
	hosts := make([]string, len(g.Hosts))
	for i := range g.Hosts {
		hosts[i] = host(g.Hosts[i])
	}
	s.hosts = strings.Join(hosts, lang.Text("message.and"))
	if g.Sites > len(g.Hosts) {
		s.hosts += lang.Text("message.others")
	}
	return s
}

// events says how many findings there are for each event.
func events(lang locales.Lang, counts map[notify.Event]int) string {
	var parts []string
	for _, e := range notify.Events() {
		if n := counts[e]; n > 0 {
			parts = append(parts, lang.Text("message.event."+string(e), n))
		}
	}
	return strings.Join(parts, lang.Text("comma"))
}

func shownTime(t time.Time, zone *time.Location) string {
	return t.In(cmp.Or(zone, time.UTC)).Format("2006-01-02 15:04")
}

// more says how much is not shown; "" if nothing is left out.
func (s *content) more() string {
	if s.left <= 0 {
		return ""
	}
	return s.lang.Count("message.more", s.left)
}

// fit removes the last groups, or the last lines of a report, until the size is at most most. What is
// removed is counted.
func fit(s content, most int, size func(content) int) content {
	for size(s) > most {
		if last := len(s.groups) - 1; last >= 0 {
			s.left += s.groups[last].findings
			s.groups = s.groups[:last]
			continue
		}
		last := len(s.lines) - 1
		if last < 0 {
			break // names and links are bounded: no message gets this far
		}
		s.lines = append(s.lines[:max(last-1, 0):max(last-1, 0)], "…")
		if last == 0 {
			s.lines = nil
		}
	}
	return s
}

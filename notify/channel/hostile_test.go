package channel

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/notify"
)

// ownTexts are texts with which a page or a colleague might try to falsify a message.
func ownTexts() []string {
	return []string{
		"[log in](https://evil.example/)", "![x](https://evil.example/x.png)", "<https://evil.example/>", "https://evil.example/", "www.evil.example", "evil.example/path",
		"ann@evil.example", "<@all>", "@all", "@所有人", "<at id=all></at>", `<at user_id="all">all</at>`, "<a href=https://evil.example>x</a>", "<img src=//evil.example/x>",
		"<font color=\"warning\">!</font>", "**bold** _it_ `code` ~~x~~", "]( https://evil.example", "[.](https://evil.example/)", "\\[x\\](https://evil.example)", "&lt;at id=all&gt;",
		"\n\n# head\n\n> quote\n---\n| a | b |\n", "\r\nBcc: x@evil.example", "\u202e\u200b[x](//evil.example)", "[x]: https://evil.example", "dingtalk://dingtalkclient/page/link?url=x",
		"javascript:alert(1)", "\xff\xfe", strings.Repeat("长", 5000), "\x00\x1b[31m", "{{.}}", "\"'</font>", "$x$",
	}
}

// given are the texts of a list that some checkouts have beside them, one JSON string per line.
func given(t *testing.T) (list []string) {
	file, err := os.Open("../../../shared/hostile/xss_payloads.jsonl")
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("the list of hostile texts is not beside this checkout")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var text string
		if err := json.Unmarshal(lines.Bytes(), &text); err != nil {
			t.Fatal(err)
		}
		list = append(list, text)
	}
	return list
}

// withText puts a text wherever a message has a text that the program did not write.
func withText(text string) []notify.Message {
	found := findings()
	found.Alert, found.View = text, text
	found.Groups[0].Hosts = []string{text, "a." + text, "www.school.example"}
	report := reported()
	report.Report.Title, report.Report.Lines = text, []string{text, "x " + text}
	return []notify.Message{found, report}
}

var (
	consoleLink = regexp.MustCompile(`\[[^\[\]()]+\]\(https://qianshao\.house\.example/[a-z0-9/?=-]*\)`)
	ownFont     = regexp.MustCompile(`</?font( color="(warning|comment)")?>`)
	// address matches what a client might turn into a link.
	address = regexp.MustCompile(`(?i)https?:|://|www\.|[\pL\d]\.\pL`)
)

// inertMarkdown checks that all links lead to the console, and that no other markup remains.
func inertMarkdown(t *testing.T, what, text string) {
	t.Helper()
	rest := ownFont.ReplaceAllString(consoleLink.ReplaceAllString(text, ""), "")
	rest = strings.ReplaceAll(strings.ReplaceAll(rest, "[.]", ""), "**", "")
	for _, line := range strings.Split(rest, "\n") {
		line = strings.TrimPrefix(strings.TrimPrefix(line, "> "), "### ")
		if strings.ContainsAny(line, "[]()<>@*_`~#!|\\&$") || address.MatchString(line) {
			t.Errorf("%s: %q contains markup", what, line)
		}
	}
}

// texts returns the strings of a card by the tag that contains them.
func texts(v any, tag string, found map[string][]string) {
	switch v := v.(type) {
	case map[string]any:
		if own, ok := v["tag"].(string); ok {
			tag = own
		}
		for key, inner := range v {
			if s, ok := inner.(string); ok && key != "tag" {
				found[tag+"."+key] = append(found[tag+"."+key], s)
			}
			texts(inner, tag, found)
		}
	case []any:
		for _, inner := range v {
			texts(inner, tag, found)
		}
	}
}

func inertCard(t *testing.T, what string, body []byte) {
	t.Helper()
	var message map[string]any
	if err := json.Unmarshal(body, &message); err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	texts(message["card"], "card", found)
	for place, list := range found {
		for _, s := range list {
			switch place {
			case "lark_md.content": // our own words: category, level, score, numbers
				if strings.ContainsAny(strings.ReplaceAll(s, "**", ""), "[]()<>@*_`~#!|\\&$:") {
					t.Errorf("%s: %s is %q", what, place, s)
				}
			case "plain_text.content":
				if address.MatchString(s) {
					t.Errorf("%s: %s has an address: %q", what, place, s)
				}
			case "button.url":
				if !strings.HasPrefix(s, "https://qianshao.house.example/") && s != "https://qianshao.house.example" {
					t.Errorf("%s: a button leads to %q", what, s)
				}
			case "card.template", "button.type":
			default:
				t.Errorf("%s: %s is %q", what, place, s)
			}
		}
	}
}

func checkInert(t *testing.T, list []string) {
	for i, text := range list {
		for n, m := range withText(text) {
			for _, language := range languages() {
				what := fmt.Sprintf("text %d, message %d", i, n)
				c := channelOf(notify.DingTalk, "https://robot.example", language)
				said := say(&c, &m)
				inertMarkdown(t, what+", DingTalk", dingTalkText(said))
				inertMarkdown(t, what+", WeCom", weComText(said))
				inertMarkdown(t, what+", title", marked(said.title))
				inertCard(t, what+", Feishu", feishuBody(said, secret, now))
			}
		}
	}
}

func TestInert(t *testing.T)      { checkInert(t, ownTexts()) }
func TestInertGiven(t *testing.T) { checkInert(t, given(t)) }

// TestConsoleLink: an address that is not the console's does not become a link.
func TestConsoleLink(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.example/x(1)": "https://a.example/x%281%29", "http://10.0.0.1:8740/q": "http://10.0.0.1:8740/q",
		"javascript:alert(1)": "", "https://a.example/ x": "", "https://u:p@a.example/": "", "//a.example": "", "https://a.example/]": "", "": "",
	} {
		if got := link(in); got != want {
			t.Errorf("link(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestShortened: a message longer than a service accepts is shortened by whole groups, which are counted.
func TestShortened(t *testing.T) {
	m := findings()
	model := m.Groups[0]
	m.Alert, m.View, m.Groups, m.Left = strings.Repeat("提", 100), strings.Repeat("看", 100), nil, 7
	all := m.Left
	for i := range notify.MaxGroups {
		g := model
		g.Campaign, g.Findings, g.Level = fmt.Sprint("c", i), 100+i, qianshao.LevelCritical
		g.Hosts = []string{strings.Repeat("很长的主机名.", 30), strings.Repeat("b", 240) + ".example", "c.example"}
		m.Groups = append(m.Groups, g)
		all += g.Findings
	}
	c := channelOf(notify.WeCom, "https://robot.example", "en")
	said := say(&c, &m)
	for kind, most := range map[string]int{"dingtalk": maxDingTalk, "wecom": maxWeCom, "feishu": maxFeishu, "tiny": 1500} {
		size := map[string]func(content) int{
			"dingtalk": func(c content) int { return len(dingTalkBody(c)) }, "wecom": func(c content) int { return len(weComText(c)) },
			"feishu": func(c content) int { return len(feishuBody(c, secret, now)) }, "tiny": func(c content) int { return len(weComText(c)) },
		}[kind]
		short := fit(said, most, size)
		told := short.left
		for _, g := range short.groups {
			told += g.findings
		}
		if n := size(short); n > most || told != all {
			t.Errorf("%s: %d bytes of %d, %d of %d findings named", kind, n, most, told, all)
		}
		if kind == "wecom" && (len(short.groups) == 0 || len(short.groups) == notify.MaxGroups || !strings.Contains(weComText(short), fmt.Sprintf("and %d more findings", short.left))) {
			t.Errorf("%d groups remain", len(short.groups))
		}
	}
	r := reported()
	for range 500 {
		r.Report.Lines = append(r.Report.Lines, strings.Repeat("行", 200))
	}
	short := say(&c, &r)
	if n := len(weComText(fit(short, maxWeCom, func(c content) int { return len(weComText(c)) }))); n > maxWeCom || n < maxWeCom/2 {
		t.Errorf("a long report has %d bytes", n)
	}
	if said.left != 7 || len(said.groups) != notify.MaxGroups {
		t.Error("fit changed its argument")
	}
}

// TestWebhookBounded: a webhook with more than receivers accept has fewer items, and the same groups.
func TestWebhookBounded(t *testing.T) {
	m := findings()
	for len(m.Groups[0].Items) < notify.MaxItems {
		told := m.Groups[0].Items[0]
		told.URL = "https://www.school.example/" + strings.Repeat("x", 3000)
		m.Groups[0].Items = append(m.Groups[0].Items, told)
	}
	var e event
	if err := json.Unmarshal(webhookBody(&m), &e); err != nil || len(e.Data.Groups) != 2 || len(e.Data.Groups[0].Items) != notify.MaxItems/2 || e.Data.Groups[0].Findings != 12 {
		t.Errorf("%d items, %v", len(e.Data.Groups[0].Items), err)
	}
}

// TestEndlessYes: of an endless answer no more is read than the limit; for a webhook the message still
// counts as accepted, for a robot it does not.
func TestEndlessYes(t *testing.T) {
	var written atomic.Int64
	r := newReceiver(t, func(w http.ResponseWriter, q *http.Request) {
		for block := make([]byte, 64<<10); q.Context().Err() == nil; {
			n, err := w.Write(block)
			if written.Add(int64(n)); err != nil {
				return
			}
		}
	})
	s := newSender(t, r.Server, Options{})
	for _, kind := range webKinds() {
		written.Store(0)
		if err := s.Send(t.Context(), channelOf(kind, r.URL, "zh"), findings()); (err == nil) != (kind == notify.Webhook) {
			t.Errorf("%s: %v", kind, err)
		}
		if n := written.Load(); n > 32<<20 { // the connections' buffers
			t.Errorf("%s: %d bytes were sent", kind, n)
		}
	}
}

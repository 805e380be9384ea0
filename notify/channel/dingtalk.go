package channel

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao/notify"
)

// maxDingTalk is the maximum size of a request, in bytes: beyond it, the answer is 460101, "message too
// long, exceed 20000 bytes".
const maxDingTalk = 20_000

// dingTalkURL returns the address of a robot with the signature that it may require:
// https://open.dingtalk.com/document/orgapp/customize-robot-security-settings
func dingTalkURL(c *notify.Channel, at time.Time) string {
	u, err := url.Parse(c.Address)
	if err != nil || c.Secret == "" {
		return c.Address
	}
	stamp := strconv.FormatInt(at.UnixMilli(), 10)
	q := u.Query()
	q.Set("timestamp", stamp)
	q.Set("sign", sign(c.Secret, stamp+"\n"+c.Secret))
	u.RawQuery = q.Encode()
	return u.String()
}

// dingTalkBody writes a message of the type markdown:
// https://open.dingtalk.com/document/orgapp/custom-bot-send-message-type
func dingTalkBody(c content) []byte {
	write := func(c content) []byte {
		return encode(map[string]any{
			"msgtype":  "markdown",
			"markdown": map[string]string{"title": marked(c.title), "text": dingTalkText(c)},
			"at":       map[string]bool{"isAtAll": false}, // nobody is mentioned, whatever the text says
		})
	}
	return write(fit(c, maxDingTalk, func(c content) int { return len(write(c)) }))
}

// dingTalkText writes paragraphs whose lines end in two blanks; without them the phone joins lines.
func dingTalkText(c content) string {
	var paragraphs []string
	add := func(lines ...string) { paragraphs = append(paragraphs, strings.Join(lines, "  \n")) }
	add("### " + marked(c.title))
	var facts []string
	for _, f := range c.facts {
		facts = append(facts, f.name+c.lang.Text("message.colon")+marked(f.value))
	}
	add(facts...)
	for _, l := range c.lines {
		add(marked(l))
	}
	for _, g := range c.groups {
		lines := []string{"**" + marked(g.head) + "**", marked(g.counts), marked(g.hosts), marked(g.first)}
		if g.link != "" {
			lines = append(lines, "["+g.open+"]("+g.link+")")
		}
		add(lines...)
	}
	if more := c.more(); more != "" {
		add(more)
	}
	if c.link != "" {
		add("[" + c.open + "](" + c.link + ")")
	}
	return strings.Join(paragraphs, "\n\n")
}

package channel

import (
	"strings"

	"github.com/qianshao/qianshao"
)

// maxWeCom is the maximum length of the markdown, in bytes: beyond it, the answer is 40058,
// "markdown.content exceed max length 4096".
const maxWeCom = 4096

// weComBody writes a message of the type markdown, in which only <@id> can mention members:
// https://developer.work.weixin.qq.com/document/path/91770
func weComBody(c content) []byte {
	c = fit(c, maxWeCom, func(c content) int { return len(weComText(c)) })
	return encode(map[string]any{"msgtype": "markdown", "markdown": map[string]string{"content": weComText(c)}})
}

func weComText(c content) string {
	lines := []string{"**" + marked(c.title) + "**"}
	for _, f := range c.facts {
		lines = append(lines, `> `+f.name+c.lang.Text("message.colon")+`<font color="comment">`+marked(f.value)+`</font>`)
	}
	if len(c.lines) > 0 {
		lines = append(lines, "") // otherwise the first would belong to the quotation
	}
	for _, l := range c.lines {
		lines = append(lines, marked(l))
	}
	for _, g := range c.groups {
		head := "**" + marked(g.head) + "**"
		if g.level >= qianshao.LevelHigh {
			head = `<font color="warning">` + head + `</font>`
		}
		lines = append(lines, "", head, marked(g.counts), marked(g.hosts))
		last := `<font color="comment">` + marked(g.first) + `</font>`
		if g.link != "" {
			last += " [" + g.open + "](" + g.link + ")"
		}
		lines = append(lines, last)
	}
	if more := c.more(); more != "" {
		lines = append(lines, "", more)
	}
	if c.link != "" {
		lines = append(lines, "", "["+c.open+"]("+c.link+")")
	}
	return strings.Join(lines, "\n")
}

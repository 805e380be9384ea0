package channel

import (
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
)

// maxFeishu is the maximum size of a request, in bytes: "20 KB", read as the smaller value.
const maxFeishu = 20_000

// object is a part of a card.
type object map[string]any

// feishuBody writes a card, signed if the robot requires it: the key is time and secret, the text is empty.
// https://open.feishu.cn/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN
func feishuBody(c content, secret string, at time.Time) []byte {
	write := func(c content) []byte {
		body := object{"msg_type": "interactive", "card": feishuCard(c)}
		if secret != "" {
			stamp := strconv.FormatInt(at.Unix(), 10)
			body["timestamp"], body["sign"] = stamp, sign(stamp+"\n"+secret, "")
		}
		return encode(body)
	}
	return write(fit(c, maxFeishu, func(c content) int { return len(write(c)) }))
}

// feishuCard puts texts by others into plain_text, which has neither links nor <at>; lark_md has only our
// own words. https://open.feishu.cn/document/ukTMukTMukTM/uUzNwUjL1cDM14SN3ATN
func feishuCard(c content) object {
	facts := make([]string, len(c.facts))
	for i, f := range c.facts {
		facts[i] = f.name + c.lang.Text("message.colon") + f.value
	}
	elements := []object{plainText(strings.Join(facts, "\n"))}
	if len(c.lines) > 0 {
		elements = append(elements, plainText(strings.Join(c.lines, "\n")))
	}
	for _, g := range c.groups {
		head := object{"tag": "div", "text": object{"tag": "lark_md", "content": "**" + g.head + "**\n" + g.counts}}
		if g.link != "" {
			head["extra"] = button(g.open, g.link, "default")
		}
		elements = append(elements, object{"tag": "hr"}, head, plainText(g.hosts+"\n"+g.first))
	}
	if more := c.more(); more != "" {
		elements = append(elements, object{"tag": "hr"}, plainText(more))
	}
	if c.link != "" {
		elements = append(elements, object{"tag": "action", "actions": []object{button(c.open, c.link, "primary")}})
	}
	return object{
		"config":   object{"wide_screen_mode": true},
		"header":   object{"template": feishuColour(c.level), "title": object{"tag": "plain_text", "content": c.title}},
		"elements": elements,
	}
}

func plainText(s string) object {
	return object{"tag": "div", "text": object{"tag": "plain_text", "content": s}}
}

func button(text, address, look string) object {
	return object{"tag": "button", "type": look, "url": address, "text": object{"tag": "plain_text", "content": text}}
}

// feishuColour is the colour of the highest level.
func feishuColour(l qianshao.Level) string {
	switch {
	case l >= qianshao.LevelCritical:
		return "red"
	case l >= qianshao.LevelHigh:
		return "orange"
	}
	return "blue"
}

package locale

import "maps"

// findingMessages are the words of these pages; see messages.
func findingMessages() map[string]message {
	all := pastMessages()
	maps.Copy(all, howMessages())
	maps.Copy(all, map[string]message{
		"help.field.verdict":    {"人的结论；“待复核”的结论在复核前不告诉任何人", "what people decided; an answer that waits for its second review is told nobody before"},
		"help.field.assignee":   {"分配给谁，或其主团伙分配给谁；无人（none）为未分配", "whose task the finding is, or its primary campaign; none is nobody's"},
		"help.field.decided_by": {"谁作的结论", "the account whose verdict stands"},
		"help.field.campaign":   {"所属团伙的编号", "the id of any campaign of the finding"},
		"help.field.parked":     {"已搁置的发现，或其主团伙已搁置", "findings that are parked, or whose primary campaign is"},
		"help.field.age":        {"首次发现至今多久，可比较：>7天、<=24h、1周..4周", "how long ago it was first seen; comparisons work: >7d, <=24h, 1w..4w"},
		"answer.crime":          {"违法", "Crime"},
		"answer.not_crime":      {"不违法", "Not a crime"},
		"answer.unsure":         {"不确定", "Unsure"},
		"answer.none":           {"未判定", "Not decided"},
		"answer.review":         {"待复核", "Review due"},
		"facet.verdict":         {"结论", "Verdict"},

		"score.rule":       {"规则“%s”命中 %d 个词，合计 %d 分，级别“%s”：", "The rule “%s” found %d terms: %d points, level %s."},
		"score.gonerule":   {"规则“%s”当时命中 %d 个词，合计 %d 分，级别“%s”：", "The rule “%s” found %d terms at the time: %d points, level %s."},
		"rule.description": {"规则说明", "What the rule looks for"},
		"rule.laws":        {"法律依据", "The law"},
		"rule.mistaken":    {"已知误报", "Known to be wrong about"},
		"rule.off":         {"该规则现已停用。", "The rule is switched off now."},
		"rule.gone":        {"现行规则里已没有这条规则，因此没有它的说明。", "The rules in force have no such rule any more, so it says nothing of itself."},

		"glimpse.title":    {"访客看到的样子（纯文字）", "As the page's visitors see it (text alone)"},
		"glimpse.hidden":   {"此处有访客看不到的 %d 个字：%s", "%d characters here that visitors do not see: %s"},
		"glimpse.evidence": {"证据在此，访客看不到的 %d 个字：%s", "The evidence is here, %d characters that visitors do not see: %s"},

		"indicator.elsewhere":     {"另见 %d 条发现", "%d other findings"},
		"indicator.elsewhere.one": {"另见 %d 条发现", "%d other finding"},
		"indicator.nowhere":       {"别处未见", "nowhere else"},

		"search.parked":   {"已搁置", "Parked"},
		"search.assignee": {"负责人", "Assigned to"},
		"search.campaign": {"团伙 ×%d", "Campaign ×%d"},
		"freeze.some":     {"处理勾选的发现…", "Act on the ticked ones…"},
		"freeze.all":      {"处理全部 %d 条…", "Act on all %d…"},
		"freeze.note":     {"先冻结名单并预览，再决定。", "They are frozen and shown first; nothing is decided yet."},
		"freeze.pick":     {"勾选：%s", "Tick: %s"},

		"whynot.foreign":    {"不在您可查看的授权范围内，或没有授权，因此不能说明。", "is under no authorisation that you may see, or under none at all; there is nothing to tell."},
		"whynot.flagged":    {"有发现（最近访问 %s），但不符合这次检索，或尚未写入索引。", "has findings (last visit %s) that this search leaves out, or that the index was not told of yet."},
		"whynot.clean":      {"看过，没有发现：最近一次访问 %s，HTTP %d。", "was seen and is clean: last visit %s, HTTP %d."},
		"whynot.clean.skip": {"看过，没有发现：最近一次取到网页是 %s，HTTP %d；之后没有取到：%s。", "was seen and is clean: a page last came %s, HTTP %d; since then none came: %s."},
		"whynot.refused":    {"不会访问：%s。", "is not visited: %s."},
		"whynot.skipped":    {"没有取到网页：%s。", "brought no page: %s."},
		"whynot.later":      {"等待访问，最早在 %s。", "waits to be visited, at %s at the earliest."},
		"whynot.waits":      {"等待访问，已排到队列里。", "waits to be visited; its turn has come."},
		"whynot.never":      {"有授权，但从未遇到过这个网址。", "is authorised, and nobody has come upon it."},
		"unknown.rule":      {"现行规则里没有 %s；已停用的旧规则，只有旧的发现还记着它的编号。", "No rule in force is called %s. Of rules that are gone only old findings have the names."},
		"unknown.near":      {"是不是：", "Did you mean:"},
		"unknown.campaign":  {"没有编号为 %s 的团伙，或者不在您可查看的范围内。", "There is no campaign %s, or none that you may see."},
		"whynot.report":     {"上报这个网页", "Report the page"},

		"kin.primary": {"所属团伙：", "Campaign:"},
		"kin.other":   {"也属于：", "Also of:"},
		"kin.size":    {"%d 条发现，%d 个站点", "%d findings on %d sites"},
		"kin.shared":  {"许多站点共有，不据此归并", "too many sites have it; it groups nothing"},
		"kin.all":     {"全部成员", "All members"},
	})
	return all
}

// pastMessages are the words of a finding's history.
func pastMessages() map[string]message {
	return map[string]message{
		"past.site":    {"站点：%s", "to the site: %s"},
		"past.title":   {"时间线", "History"},
		"past.kept":    {"已有人作出判定；在您复核之前不显示对方的结论。", "Somebody has decided; their answer is not shown before you have reviewed it."},
		"past.found":   {"首次发现", "Found for the first time"},
		"past.changed": {"%s：%s", "%s: %s"},
		"past.back":    {"复发，又出现了：%s", "Relapsed, it is back: %s"},
		"past.seen":    {"最近一次见到（HTTP %d）", "Seen for the last time (HTTP %d)"},
		"past.looked":  {"最近一次访问，没有再见到（状态 %d）", "Looked for again and not seen (status %d)"},
	}
}

// howMessages say how each way of hiding keeps text from a visitor's eyes.
func howMessages() map[string]message {
	return map[string]message{
		"how.display-none":      {"样式让浏览器完全不显示这一段。", "The style tells browsers not to show it at all."},
		"how.visibility-hidden": {"样式让这一段占位而不可见。", "The style leaves room for it and shows nothing."},
		"how.transparent":       {"文字完全透明，看不见。", "The text is transparent."},
		"how.off-screen":        {"这一段被移到屏幕之外。", "It is moved beyond the edge of the screen."},
		"how.clipped":           {"这一段被裁剪到看不见。", "It is clipped away."},
		"how.zero-size":         {"容器的宽或高是零，装不下文字。", "Its box has no width or no height."},
		"how.zero-font":         {"字号小到看不见。", "The letters are too small to be seen."},
		"how.same-colour":       {"文字和背景同色，看不出来。", "The letters have the colour of their background."},
		"how.hidden-attribute":  {"元素带 hidden 属性，浏览器不显示。", "The element has the attribute hidden, so browsers do not show it."},
		"how.marquee":           {"放在看不见的滚动字幕里。", "It runs in a marquee that cannot be seen."},
		"how.covered":           {"被别的元素盖住。", "Another element covers it."},
		"how.template":          {"在 template 元素里，浏览器不显示。", "It is in a template, which browsers do not show."},
		"how.noscript":          {"在 noscript 里，只有不运行脚本的访客（如搜索引擎）看到。", "It is in noscript: only visitors without scripts, such as search engines, get it."},
		"how.document-write":    {"由页面脚本写进去，源码里没有现成的文字。", "A script of the page writes it; the source does not have it as text."},
		"how.entity-encoded":    {"标题或描述用数字实体拼写，源码里看不出。", "The title or description is spelt in numbers, so the source does not show it."},
		"how.misused-attribute": {"藏在本该写数值的属性里。", "It stands in an attribute that is meant for numbers."},
		"how.unshown-attribute": {"在浏览器从不显示的属性里。", "It stands in an attribute that no browser shows."},
		"how.comment":           {"在注释里，浏览器不显示。", "It is in a comment, which browsers do not show."},
		"how.script":            {"在脚本里，访客看不到。", "It is in a script; visitors do not see it."},
	}
}

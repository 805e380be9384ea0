package locale

// messageMessages are the words of what is sent to people by channels; see messages.
func messageMessages() map[string]message {
	return map[string]message{
		"message.title.findings": {"前哨提醒：%s", "Qianshao: %s"},
		"message.title.test":     {"前哨：测试消息", "Qianshao: test message"},
		"message.title.report":   {"前哨：%s", "Qianshao: %s"},
		"message.test":           {"这是一条测试消息，与任何发现无关。能看到它，说明渠道可用。", "This is a test message, about no finding. If you read it, the channel works."},

		"message.event.new":      {"新发现 %d 条", "%d new"},
		"message.event.relapsed": {"复发 %d 条", "%d relapsed"},
		"message.event.overdue":  {"逾期 %d 条", "%d overdue"},

		"message.alert": {"提醒", "Alert"}, "message.view": {"视图", "View"}, "message.at": {"时间", "Time"},
		"message.group": {"%s · %s · %d 分", "%s · %s · score %d"},
		"message.sites": {"%d 个站点", "%d sites"}, "message.sites.one": {"%d 个站点", "%d site"},
		"message.first": {"首次发现 %s", "First seen %s"},
		"message.more":  {"另有 %d 条发现", "and %d more findings"}, "message.more.one": {"另有 %d 条发现", "and %d more finding"},
		"message.comma": {"，", ", "}, "message.and": {"、", ", "}, "message.others": {" 等", " and others"}, "message.colon": {"：", ": "},

		"message.attached.not": {"有文件过大，未随信附上，请在控制台下载。", "A file is too large to be attached; the console has it."},
		"message.foot":         {"由前哨自动发送，请勿回复。信中没有网页内容；主机名中的点写作 [.]，以免误点。", "Sent by Qianshao; do not reply. Nothing of a page's text is in here; dots of hosts are written [.], so that nobody follows them by mistake."},
		"message.foot.files":   {"由前哨自动发送，请勿回复。附件里的团伙以网页原文的一段为名，请勿外传；主机名中的点写作 [.]，以免误点。", "Sent by Qianshao; do not reply. The files name campaigns by a piece of what pages say: pass them on with care. Dots of hosts are written [.], so that nobody follows them by mistake."},

		"message.open.view": {"在控制台查看全部", "See all in the console"}, "message.open.campaign": {"查看团伙", "Open"},
		"message.open.finding": {"查看发现", "Open"}, "message.open.report": {"查看报告", "Open the report"}, "message.open.console": {"打开控制台", "Open the console"},
	}
}

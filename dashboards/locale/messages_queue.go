package locale

// queueMessages are the words of the frame of all pages and of the queue; see messages.
func queueMessages() map[string]message {
	return map[string]message{
		"nav":               {"主导航", "Main"},
		"nav.menu":          {"菜单", "Menu"},
		"nav.todo":          {"待办", "To do"},
		"nav.list.open":     {"待处理", "Open"},
		"nav.list.mine":     {"分给我的", "Mine"},
		"nav.list.review":   {"待复核", "Second review"},
		"nav.list.relapsed": {"复发", "Relapsed"},
		"nav.list.overdue":  {"逾期", "Overdue"},
		"nav.list.all":      {"团伙", "Campaigns"},
		"nav.batches":       {"批次", "Batches"},
		"nav.sites":         {"站点", "Sites"},
		"nav.reports":       {"线索", "Reports"},
		"nav.search":        {"检索", "Search"},
		"nav.register":      {"授权", "Authorisations"},
		"nav.unmonitored":   {"未监测", "Not monitored"},
		"nav.trail":         {"审计", "Audit trail"},
		"nav.admin":         {"管理", "Administration"},
		"nav.help":          {"帮助", "Help"},
		"nav.language":      {"语言", "Language"},
		"nav.logout":        {"退出登录", "Sign out"},
		"find.label":        {"检索全部发现", "Search all findings"},
		"find.placeholder":  {"网址、站点、号码或词语", "URL, site, number or words"},
	}
}

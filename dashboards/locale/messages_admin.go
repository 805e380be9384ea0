package locale

// adminMessages are the words of these pages; see messages.
func adminMessages() map[string]message {
	return together(accountsMessages(), accountFormMessages(), settingsMessages(), trailMessages(), trailChainMessages(), actCodeMessages(), eventMessages())
}

func accountsMessages() map[string]message {
	return map[string]message{
		"admin.tabs":      {"管理", "Administration"},
		"admin.accounts":  {"账号", "Accounts"},
		"admin.account":   {"账号", "Account"},
		"admin.count":     {"%d 个账号", "%d accounts"},
		"admin.count.one": {"%d 个账号", "%d account"},
		"admin.name":      {"账号名", "Name"},
		"admin.role":      {"角色", "Role"},
		"admin.sees":      {"可见范围", "Sees"},
		"admin.login":     {"登录方式", "Signs in"},
		"admin.factor":    {"两步验证", "Second factor"},
		"admin.created":   {"创建时间", "Made"},
		"admin.yes":       {"已启用", "on"},
		"admin.no":        {"未启用", "off"},
		"colon":           {"：", ": "},

		"admin.login.disabled": {"已停用", "disabled"},
		"admin.login.password": {"口令", "with a password"},
		"admin.login.provider": {"统一认证", "through the provider"},
		"admin.login.none":     {"尚未设置口令", "no password yet"},

		"admin.sight.all":     {"全部", "everything"},
		"admin.sight.some":    {"只看这些授权", "only these authorisations"},
		"admin.sight.nothing": {"什么都看不到", "nothing"},
		"admin.under":         {"授权编号", "Ids of authorisations"},
		"admin.under.help":    {"每行一个，须已登记在授权册。选“全部”时不看此处。", "One a line, each in the register. Not used for everything."},

		"admin.add":        {"新增账号", "Add an account"},
		"admin.add.intro":  {"账号名用于登录和署名，不能修改，也不会给别人再用。新增后显示一次性链接，交给本人设置口令。", "One signs in and signs acts with the name. It cannot be changed and is never given again. You then get a one-time link, by which its owner sets a password."},
		"admin.add.button": {"新增", "Add"},

		"admin.link":       {"一次性链接，只显示这一次", "One-time link, shown only now"},
		"admin.link.until": {"请经可靠渠道交给本人设置口令。有效至 %s，用过即失效。", "Give it to the account’s owner by a way that you trust, to set a password. It works once, until %s."},
		"admin.own":        {"这是您自己的账号：修改后您会退出登录。", "This is your own account: a change signs you out."},
		"admin.trail":      {"此账号的变更记录", "What was changed of this account"},
	}
}

func accountFormMessages() map[string]message {
	return map[string]message{
		"admin.change":        {"角色与可见范围", "Role and sight"},
		"admin.change.button": {"保存", "Save"},
		"admin.ends":          {"修改后，此账号的登录会退出。", "A change ends the account’s sessions."},
		"admin.confirm":       {"请输入账号名以确认", "Type the account’s name to confirm"},
		"admin.confirm.administrator": {"授予或收回管理员角色时，请输入账号名以确认",
			"To give or take the role of administrator, type the account’s name"},

		"admin.tokens.none":   {"没有令牌。", "It has no tokens."},
		"admin.revoke.why":    {"使用此令牌的程序会立即无法访问，且不能恢复。", "The program that uses it is locked out at once. This cannot be undone."},
		"admin.revoke.button": {"确认撤销", "Revoke it"},

		"admin.reset":        {"重置口令", "Reset the password"},
		"admin.reset.intro":  {"原口令立即失效，登录退出，并显示一次性链接。令牌仍然有效。", "The password stops working, sessions end, and you get a one-time link. Tokens go on working."},
		"admin.reset.factor": {"同时取消两步验证（手机丢失时）", "Take its second factor away, too (for a lost telephone)"},
		"admin.reset.button": {"重置", "Reset"},

		"admin.disable":       {"停用账号", "Disable the account"},
		"admin.disable.intro": {"立即退出登录，令牌失效；记录仍在，可再启用。", "Its sessions end and its tokens stop working at once. What it did stays on record; it can be enabled again."},
		"admin.enable":        {"启用账号", "Enable the account"},
		"admin.enable.intro":  {"此账号已停用。启用后可凭原口令登录，令牌恢复有效。", "It is disabled. Enabled, it signs in with its password, and its tokens work again."},

		"admin.done.added":    {"账号已新增。", "The account is made."},
		"admin.done.changed":  {"已保存。", "Saved."},
		"admin.done.disabled": {"账号已停用。", "The account is disabled."},
		"admin.done.enabled":  {"账号已启用。", "The account is enabled."},
		"admin.done.revoked":  {"令牌已撤销。", "The token is revoked."},
		"admin.done.reset":    {"口令已重置。", "The password is reset."},

		"admin.refused.authorisation": {"授权册中没有“%s”。请核对编号，或先登记授权。", "There is no authorisation “%s” in the register. Check its id, or add it first."},
		"admin.refused.role":          {"没有这个角色，请从列表中选择。", "There is no such role; choose one of the list."},
		"admin.refused.sight":         {"请写明至少一个授权编号，或选“全部”。", "Name one authorisation at least, or choose everything."},
		"admin.refused.confirm":       {"没有执行：请在确认框中原样输入账号名。", "Nothing was done: type the account’s name into the field for that."},
		"admin.refused.exists":        {"已有同名账号；账号名不会给第二个人。", "There is an account of that name; names are not given twice."},
		"admin.refused.last":          {"这是最后一个可以登录的管理员，请先新增另一个。", "This is the last administrator who can enter; make another one first."},
	}
}

func settingsMessages() map[string]message {
	return map[string]message{
		"admin.settings":    {"设置", "Settings"},
		"admin.set":         {"保存", "Save"},
		"admin.done.set":    {"已保存。", "Saved."},
		"admin.share":       {"复核比例", "Second reviews"},
		"admin.share.label": {"普通判定中由另一人盲审的百分比", "Per cent of ordinary decisions that another person decides again, blind"},
		"admin.share.help": {"0 到 100。“紧急”而判为不违法的，以及一次超过 50 条的批量判定，一律复核。只有一个人的单位请设为 0。",
			"0 to 100. Critical findings that are said to be no crime, and batches of more than 50, are always reviewed. An outpost with one person sets 0."},
		"admin.days":          {"令牌有效期上限", "Longest time of tokens"},
		"admin.days.label":    {"新令牌最多有效的天数", "Days for which a new token is valid at most"},
		"admin.days.help":     {"1 到 732。已有的令牌不受影响。", "1 to 732. Tokens that there are stay as they are."},
		"admin.refused.share": {"请填 0 到 100 的数，如 5。", "Write a number from 0 to 100, such as 5."},
		"admin.refused.days":  {"请填 1 到 %d 的整数。", "Write a whole number from 1 to %d."},
		"admin.start":         {"启动时设定", "Set when the server is started"},
		"admin.start.intro":   {"以下由运维人员设定，重启后生效。", "The operator sets these; they hold from the next start."},
		"admin.now":           {"现在", "Now"},
		"admin.how":           {"如何修改", "How to change it"},
		"admin.zone":          {"时区", "Time zone"},
		"admin.zone.label":    {"时区名称，如 Asia/Shanghai、Asia/Urumqi；留空则用启动时的 --zone", "Its name, such as Asia/Shanghai or Asia/Urumqi; empty for the --zone of the start"},
		"admin.zone.help":     {"现用 %s。所有时间和日期都用这个时区，重启服务后生效；检索按日计数，因此重启时会自动重建索引。", "In use: %s. All times and days are those of the zone, from the next start of the server, which builds the search index anew since that counts by day."},
		"admin.zone.waits":    {"已设的时区在重启服务后生效。", "The zone that is set holds from the next start of the server."},
		"admin.url":           {"控制台地址", "The console’s address"},
		"admin.url.label":     {"同事打开控制台用的地址；留空则通知里没有链接", "Where colleagues open the console; empty for messages without links"},
		"admin.url.help":      {"写在通知消息的链接里，立即生效。", "Links of messages begin with it, at once."},
		"admin.refused.url":   {"请填 https:// 或 http:// 开头、到主机名或路径为止的地址，如 https://qianshao.example.cn。", "Write an address that begins with https:// or http://, up to the host or a path, such as https://qianshao.example.cn."},
		"admin.refused.zone":  {"没有这个时区。请填名称，如 Asia/Shanghai、Asia/Urumqi 或 UTC。", "There is no such time zone. Write a name such as Asia/Shanghai, Asia/Urumqi or UTC."},
		"admin.reports":       {"线索上限", "Open reports"},
		"admin.reports.label": {"同一来源最多可有的待处理线索", "Reports of one origin that may be open"},
		"admin.reports.help":  {"1 到 2000，等待授权的和等待访问的分别计算。来源是一个账号（只看到部分授权的）、本控制台的表单，或一个网段的程序。已有的线索不受影响。", "1 to 2000, those that wait for an authorisation and those that wait for a visit each. An origin is an account that sees only some authorisations, the form of this console, or the programs of one network. Reports that there are stay."},
		"admin.required":      {"必须", "required"},
		"admin.optional":      {"自愿", "as people like"},
		"admin.required.how":  {"用 qianshao serve --require-second-factor 启动。", "Start with qianshao serve --require-second-factor."},
	}
}

func trailMessages() map[string]message {
	return map[string]message{
		"trail.title":                       {"审计", "Audit trail"},
		"trail.seq":                         {"序号", "No."},
		"trail.at":                          {"时间", "Time"},
		"trail.by":                          {"账号", "By"},
		"trail.did":                         {"操作", "What was done"},
		"trail.subject_kind":                {"对象类型", "Kind of subject"},
		"trail.subject":                     {"对象", "Subject"},
		"trail.subject.help":                {"编号、finding:编号，或网址", "An id, finding:ID, or an address"},
		"trail.verdict":                     {"结论", "Verdict"},
		"trail.before":                      {"原来", "Before"},
		"trail.after":                       {"现在", "After"},
		"trail.words":                       {"说明", "Words"},
		"trail.notes":                       {"附注", "Notes"},
		"trail.batch":                       {"批次", "Batch"},
		"trail.from":                        {"从", "From"},
		"trail.to":                          {"到（含当天）", "To, that day included"},
		"trail.any":                         {"不限", "any"},
		"trail.filter":                      {"筛选", "Filter"},
		"trail.clear":                       {"清除条件", "Clear"},
		"trail.none":                        {"没有符合条件的记录。", "There are no such acts."},
		"trail.blind":                       {"待复核，结论不显示", "waits for a second review, not shown"},
		"trail.command":                     {"命令行", "(command line)"},
		"trail.setting.second_review_share": {"复核比例", "share of second reviews"},
		"trail.setting.token_days":          {"令牌有效期上限", "longest time of tokens"},
		"trail.setting.open_reports":        {"线索上限", "open reports of one origin"},
		"trail.setting.zone":                {"时区", "time zone"},
		"trail.setting.console_url":         {"控制台地址", "the console’s address"},
		"trail.same":                        {"只看此对象", "only this subject"},
		"trail.nothing":                     {"（无）", "(nothing)"},
		"trail.of_batch":                    {"第 %d 批", "batch %d"},
		"trail.pages":                       {"翻页", "Pages"},
		"trail.older":                       {"更早的", "Older"},
		"trail.newest":                      {"回到最新", "Newest"},

		"trail.note.reverts":   {"撤销第 %d 号", "undoes no. %d"},
		"trail.note.assignee":  {"交给 %s", "to %s"},
		"trail.note.from":      {"从 %s 接手", "taken over from %s"},
		"trail.note.until":     {"到 %s", "until %s"},
		"trail.note.second":    {"需要复核", "due for a second review"},
		"trail.note.policy":    {"依第 %d 号的团伙策略", "by the campaign’s policy, no. %d"},
		"trail.note.campaigns": {"涉及团伙 %d 个", "campaigns: %d"},
		"trail.note.findings":  {"涉及发现 %d 条", "findings: %d"},
		"trail.note.content":   {"或内容改变", "or other content"},
		"trail.note.relapse":   {"或再次出现", "or a relapse"},
		"trail.note.sites":     {"或新增 %d 个站点", "or %d further sites"},
	}
}

func trailChainMessages() map[string]message {
	return map[string]message{
		"trail.export":            {"导出", "Export"},
		"trail.rows":              {"%s 条", "rows: %s"},
		"trail.export.intro":      {"按上面的条件导出，最多 %d 条；导出本身也会记入审计。JSON Lines含散列链的全部字段；不加条件导出的，可用 qianshao acts verify 文件名 校验。", "What the filters above find, at most %d acts. The export is an act, too. JSON lines have all that the hash chain covers: what is exported without filters, qianshao acts verify FILE checks."},
		"trail.exported.finding":  {"发现 %s", "finding %s"},
		"trail.exported.campaign": {"团伙 %s", "campaign %s"},
		"trail.exported.batch":    {"第 %s 批", "batch %s"},
		"trail.exported.findings": {"勾选的 %s 条发现", "%s findings that were ticked"},
		"trail.exported.report":   {"统计报告 %s", "report %s"},
		"trail.exported.query":    {"检索 %s", "search %s"},
		"trail.export.jsonl":      {"JSON Lines", "JSON lines"},
		"trail.export.csv":        {"CSV 表格", "CSV"},

		"trail.chain":       {"散列链", "Hash chain"},
		"trail.head":        {"末尾是第 %d 号（%s）：", "It ends with no. %d of %s:"},
		"trail.head.blind":  {"其散列待复核后显示", "its hash is shown after the second review"},
		"trail.check":       {"立即校验", "Check it now"},
		"trail.check.never": {"还没有在控制台校验过。", "It was not checked from the console yet."},
		"trail.check.good":  {"%s 校验通过，直到第 %d 号。", "Checked at %s: it is as it was written, up to no. %d."},
		"trail.check.bad":   {"%s 校验发现 %d 处问题。请运行 qianshao acts verify 查看，并先备份数据目录。", "Checked at %s: %d problems. Run qianshao acts verify, which names them, and copy the data folder first."},

		"trail.refused.by":           {"没有这样的账号名。", "No account can have that name."},
		"trail.refused.kind":         {"没有这种操作，请从列表中选择。", "There is no such kind of act; choose one of the list."},
		"trail.refused.subject_kind": {"没有这种对象，请从列表中选择。", "There is no such kind of subject; choose one of the list."},
		"trail.refused.subject":      {"对象与所选的对象类型不符。", "The subject is of another kind than the one that is chosen."},
		"trail.refused.verdict":      {"没有这个结论，请从列表中选择。", "There is no such verdict; choose one of the list."},
		"trail.refused.from":         {"“从”请写成 2026-11-01 这样的日期。", "From: write a day as 2026-11-01."},
		"trail.refused.to":           {"“到”请写成 2026-11-01 这样的日期。", "To: write a day as 2026-11-01."},
		"trail.refused.format":       {"请选 JSON Lines或 CSV。", "Choose JSON lines or CSV."},
		"trail.refused.many":         {"超过 %d 条，没有导出。请按日期分段，或运行 qianshao acts export。", "There are more than %d acts, and nothing was exported. Take fewer days at a time, or run qianshao acts export."},
		"trail.refused.checking":     {"正在校验，请稍后刷新本页。", "It is being checked; look again in a moment."},
	}
}

// actCodeMessages name the codes of acts.
func actCodeMessages() map[string]message {
	return map[string]message{
		"trail.kind.decide":     {"判定", "Decided"},
		"trail.kind.undo":       {"撤销", "Undone"},
		"trail.kind.adjudicate": {"裁定", "Adjudicated"},
		"trail.kind.review":     {"复核", "Reviewed"},
		"trail.kind.dispute":    {"提出异议", "Disputed"},
		"trail.kind.note":       {"备注", "Noted"},
		"trail.kind.assign":     {"分配", "Assigned"},
		"trail.kind.park":       {"搁置", "Parked"},
		"trail.kind.claim":      {"认领", "Claimed"},
		"trail.kind.merge":      {"合并团伙", "Campaigns merged"},
		"trail.kind.split":      {"拆分团伙", "Campaign split"},
		"trail.kind.policy":     {"设置团伙策略", "Campaign’s policy set"},
		"trail.kind.change":     {"变更", "Changed"},
		"trail.kind.export":     {"导出", "Exported"},

		"trail.subject.finding":       {"发现", "finding"},
		"trail.subject.campaign":      {"团伙", "campaign"},
		"trail.subject.authorisation": {"授权", "authorisation"},
		"trail.subject.site":          {"站点", "site"},
		"trail.subject.submission":    {"线索", "report"},
		"trail.subject.account":       {"账号", "account"},
		"trail.subject.setting":       {"设置", "setting"},
		"trail.subject.export":        {"导出", "export"},
		"trail.subject.view":          {"共享视图", "shared view"},
		"trail.subject.channel":       {"通知渠道", "channel"},
		"trail.subject.alert":         {"提醒", "alert"},
		"trail.subject.schedule":      {"定期报告", "scheduled report"},
		"trail.subject.delivery":      {"通知投递", "delivery"},
	}
}

func eventMessages() map[string]message {
	return map[string]message{
		"trail.event.added":             {"新增", "Added"},
		"trail.event.changed":           {"修改", "Changed"},
		"trail.event.shared":            {"共享", "Shared"},
		"trail.event.unshared":          {"不再共享", "Shared no longer"},
		"trail.event.deleted":           {"删除", "Deleted"},
		"trail.event.ended":             {"终止", "Ended"},
		"trail.event.withdrawn":         {"撤回", "Withdrawn"},
		"trail.event.recheck":           {"要求复查", "Recheck asked for"},
		"trail.event.set":               {"设置", "Set"},
		"trail.event.retried":           {"要求重发", "Tried again"},
		"trail.event.sent_now":          {"立即发送上一期报告", "Last report sent now"},
		"trail.event.given_up":          {"放弃投递", "Given up"},
		"trail.event.role":              {"角色", "Role"},
		"trail.event.sight":             {"可见范围", "Sight"},
		"trail.event.disabled":          {"停用", "Disabled"},
		"trail.event.enabled":           {"启用", "Enabled"},
		"trail.event.password":          {"更换或取消口令", "Password changed or taken away"},
		"trail.event.second_factor_on":  {"启用两步验证", "Second factor on"},
		"trail.event.second_factor_off": {"取消两步验证", "Second factor off"},
		"trail.event.token_added":       {"新增令牌", "Token made"},
		"trail.event.token_revoked":     {"撤销令牌", "Token revoked"},
		"trail.event.link":              {"生成一次性链接", "One-time link made"},
		"trail.link.password":           {"用于设置口令", "to set a password"},
		"trail.link.enter":              {"用于登录", "to sign in"},
		"trail.event.csv":               {"导出 CSV", "Exported as CSV"},
		"trail.event.jsonl":             {"导出 JSON Lines", "Exported as JSON lines"},
		"trail.event.html":              {"导出网页 HTML", "Exported as HTML"},
		"trail.event.docx":              {"导出 Word 文档", "Exported as .docx"},
		"trail.event.md":                {"导出 Markdown", "Exported as Markdown"},
		"trail.event.zip":               {"导出证据包", "Evidence exported"},
	}
}

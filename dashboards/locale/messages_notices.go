package locale

// noticesMessages are the words of these pages; see messages.
func noticesMessages() map[string]message {
	return together(noticesCommonMessages(), alertMessages(), scheduleMessages(), channelMessages(), channelHelpMessages(), deliveryMessages(), faultMessages(), noticesRefusedMessages())
}

func noticesCommonMessages() map[string]message {
	return map[string]message{
		"nav.notices":                 {"通知", "Notices"},
		"nav.notices.undelivered":     {"%d 条通知没有送达", "%d messages were not delivered"},
		"nav.notices.undelivered.one": {"%d 条通知没有送达", "%d message was not delivered"},
		"notices.tabs":                {"通知", "Notices"},
		"notices.name":                {"名称", "Name"},
		"notices.state":               {"状态", "State"},
		"notices.on":                  {"已启用", "On"},
		"notices.off":                 {"已停用", "Off"},
		"notices.blocked":             {"发不出", "Tells nothing"},
		"notices.gone":                {"已删除", "deleted"},
		"notices.switch.on":           {"启用", "Switch on"},
		"notices.switch.off":          {"停用", "Switch off"},
		"notices.delete":              {"删除", "Delete"},
		"notices.delete.sure":         {"确认删除", "Delete it"},
		"notices.save":                {"保存", "Save"},
		"notices.choose":              {"请选择", "Choose"},
		"notices.of.account":          {"账号 %s", "of %s"},
		"notices.nochannel":           {"还没有渠道", "There is no channel yet"},
		"notices.nochannel.make":      {"先新增一个渠道（如群机器人），通知才有去处。", "Add one first, such as a group’s robot: messages need somewhere to go."},
		"notices.nochannel.ask":       {"请管理员先新增一个渠道（如群机器人）。", "Ask an administrator to add one first, such as a group’s robot."},

		"notices.done.added":   {"已新增。", "Added."},
		"notices.done.saved":   {"已保存。", "Saved."},
		"notices.done.on":      {"已启用。", "Switched on."},
		"notices.done.off":     {"已停用。", "Switched off."},
		"notices.done.deleted": {"已删除。", "Deleted."},
		"notices.done.retried": {"马上重试。", "It is tried again now."},
		"notices.done.sent":    {"马上发送上一期报告，结果见下。", "The last report is sent now; what comes of it stands below."},
		"notices.done.dropped": {"已放弃，不再发送。", "Given up; it is not sent any more."},

		"notices.obstacle.account_disabled": {"所属账号已停用", "its account is disabled"},
		"notices.obstacle.not_allowed":      {"所属账号已无相应权限", "its account has lost the power to do this"},
		"notices.obstacle.view_gone":        {"视图已删除，或不再共享", "its view was deleted, or is not shared any more"},
		"notices.obstacle.view_unreadable":  {"视图的检索式读不懂，请重新保存视图", "the query of its view cannot be read; save the view anew"},
		"notices.obstacle.channel_gone":     {"渠道已删除，请另选一个", "its channel was deleted; choose another"},
		"notices.obstacle.channel_disabled": {"渠道已停用", "its channel is switched off"},
		"notices.obstacle.alert_gone":       {"提醒已删除、停用或改动", "its alert was deleted, switched off or changed"},
		"notices.obstacle.not_seen":         {"账号看不到报告所涉的授权", "its account does not see the authorisation"},
		"notices.obstacle.schedule_gone":    {"定期报告已删除或停用", "its schedule was deleted or switched off"},
		"notices.obstacle.no_reports":       {"本程序不生成报告", "this program makes no reports"},
		"notices.obstacle.given_up":         {"有人放弃了投递", "a person has given it up"},
	}
}

func alertMessages() map[string]message {
	return map[string]message{
		"notices.alerts":           {"提醒", "Alerts"},
		"notices.alert":            {"提醒", "Alert"},
		"notices.alert.new":        {"新增提醒", "Add an alert"},
		"notices.alerts.count":     {"共 %d 个提醒", "%d alerts"},
		"notices.alerts.count.one": {"共 %d 个提醒", "%d alert"},
		"notices.alerts.intro":     {"提醒把一个视图里的发现发到一个渠道。只发类别、级别、数量、站点和链接，不发网页内容。", "An alert tells a channel of the findings of a saved view: category, level, number, sites and a link, never what a page says."},
		"notices.alerts.none":      {"还没有提醒。", "There are no alerts yet."},
		"notices.alert.delete.why": {"还没发出的也不再发送。", "What was not sent yet is not sent any more."},
		"notices.alert.note":       {"按发送当天您账号的可见范围查找。判定可撤销期间（10 分钟）先不发，撤销的不发。", "An alert finds what your account may see on the day. What people decide is told when it can no longer be undone, after 10 minutes."},
		"notices.view":             {"视图", "Saved view"},
		"notices.view.help":        {"括号内是过去 7 天会通知的条数。太多的话，请先收窄视图。", "The number is how many findings it would have told of in the last 7 days. If that is too many, narrow the view first."},
		"notices.foretold":         {"%s（近 %d 天 %d 条）", "%s (last %d days: %d)"},
		"notices.foretold.not":     {"%s（检索式读不懂）", "%s (its query cannot be read)"},
		"notices.noview":           {"还没有视图", "There is no saved view yet"},
		"notices.noview.how":       {"在待办里写好筛选条件，打开“视图”保存，再点它旁边的“通知…”。", "Filter the queue, save that under “Views”, and follow “Notify…” beside it."},
		"notices.noview.queue":     {"去待办", "To the queue"},
		"notices.name.help":        {"写在每条消息的开头。", "It stands on top of each message."},
		"notices.channel.help":     {"渠道由管理员维护。群里的人都会看到消息。", "Channels are kept by administrators. All in the group see the message."},
		"notices.channel.choice":   {"%s · %s", "%s · %s"},

		"notices.channel.choice.off": {"%s（已停用）", "%s (off)"},

		"notices.events":              {"什么时候通知", "Tell of"},
		"notices.event.new":           {"新发现", "new"},
		"notices.event.relapsed":      {"复发", "relapsed"},
		"notices.event.overdue":       {"逾期", "overdue"},
		"notices.event.help.new":      {"首次进入视图", "in the view for the first time"},
		"notices.event.help.relapsed": {"消失后又出现", "gone, and there again"},
		"notices.event.help.overdue":  {"等待判定太久", "waits too long for a decision"},

		"notices.when":       {"频率", "How often"},
		"notices.pace":       {"间隔 %d 分钟，每小时最多 %d 条", "every %d min at most, %d an hour"},
		"notices.every":      {"两条消息至少间隔（分钟）", "Least time between two messages, in minutes"},
		"notices.every.help": {"期间的发现合成一条消息。", "What comes meanwhile shares one message."},
		"notices.hourly":     {"每小时最多（条）", "At most an hour"},
		"notices.quiet":      {"静默时段", "Quiet hours"},
		"notices.quiet.zone": {"静默时段（%s）", "Quiet hours (%s)"},
		"notices.quiet.help": {"这段时间不发，结束后合并发出。可以跨零点；留空则不静默。", "Nothing is sent in them; it comes together afterwards. They may go over midnight; empty for none."},
		"notices.from":       {"从", "from"},
		"notices.to":         {"到", "to"},
		"notices.queue":      {"通知…", "Notify…"},
	}
}

func scheduleMessages() map[string]message {
	return map[string]message{
		"notices.schedules":             {"定期报告", "Scheduled reports"},
		"notices.schedule":              {"定期报告", "Scheduled report"},
		"notices.schedule.new":          {"新增定期报告", "Schedule a report"},
		"notices.schedules.count":       {"共 %d 个", "%d in all"},
		"notices.schedules.intro":       {"每周或每月结束后，把统计报告发到一个渠道。", "After each week or month, the report of its figures goes to a channel."},
		"notices.schedules.none":        {"还没有定期报告。", "There are none yet."},
		"notices.schedule.channel.help": {"邮件带附件，群消息带摘要与链接。", "Mail has the files; a group gets a summary and a link."},
		"notices.period":                {"周期", "Period"},
		"notices.period.week":           {"周报", "Weekly"},
		"notices.period.month":          {"月报", "Monthly"},
		"notices.period.help":           {"周报周一发上一周的，月报 1 日发上一月的。", "The week’s on Monday, the month’s on the first of the next."},
		"notices.hour":                  {"发送时间（%s）", "Hour (%s)"},
		"notices.about":                 {"范围", "About"},
		"notices.about.all":             {"全部授权", "all authorisations"},
		"notices.about.mine":            {"我能看到的全部授权", "all authorisations that I see"},
		"notices.about.help":            {"报告只含您发送当天能看到的内容。", "It has what your account may see on the day it is sent."},
		"notices.send.now":              {"现在发送上一期", "Send the last one now"},
		"notices.next.report":           {"下次发送", "Next"},
	}
}

func channelMessages() map[string]message {
	return map[string]message{
		"notices.channels":           {"渠道", "Channels"},
		"notices.channel":            {"渠道", "Channel"},
		"notices.channel.new":        {"新增渠道", "Add a channel"},
		"notices.channel.add":        {"新增渠道", "Add a channel"},
		"notices.channels.count":     {"共 %d 个渠道", "%d channels"},
		"notices.channels.count.one": {"共 %d 个渠道", "%d channel"},
		"notices.channels.intro":     {"消息发往的地方。地址和密钥保存后不再显示。", "Where messages go. Addresses and secrets are not shown again once they are saved."},
		"notices.channels.url":       {"现在发出的消息没有链接：请先设置控制台地址 →", "Messages have no links yet: set the console’s address →"},
		"notices.channels.none":      {"还没有渠道。", "There are no channels yet."},
		"notices.kind":               {"类型", "Kind"},
		"notices.kind.webhook":       {"Webhook", "Webhook"},
		"notices.kind.dingtalk":      {"钉钉", "DingTalk"},
		"notices.kind.wecom":         {"企业微信", "WeCom"},
		"notices.kind.feishu":        {"飞书", "Feishu"},
		"notices.kind.mail":          {"邮件", "Mail"},
		"notices.address":            {"地址", "Address"},
		"notices.address.url":        {"Webhook 地址", "URL"},
		"notices.set.on":             {"设置于 %s", "set on %s"},
		"notices.now":                {"现为 %s，设置于 %s。", "Now %s, set on %s."},
		"notices.keep":               {"留空则不变", "empty: as it is"},
		"notices.uses":               {"使用", "Used by"},
		"notices.uses.count":         {"提醒 %d · 报告 %d", "alerts: %d · reports: %d"},
		"notices.channel.name.help":  {"如“值班群”。建提醒的人只看到名称。", "Such as “the night shift’s group”. Those who make alerts see nothing but the name."},
		"notices.language":           {"消息语言", "Language of messages"},
		"notices.private":            {"地址在内网", "The address lies in a private network"},
		"notices.private.mail":       {"只有经单位内部的邮件服务器发送时才勾选；勾选后，不支持 STARTTLS 的服务器也可以用，但不向它发送密码。", "Only for a mail server of the house. One without STARTTLS is permitted then, but gets no password."},
		"notices.private.help":       {"只有经单位内部的网关或服务器发送时才勾选；勾选后可以用 http://。", "Only for a gateway or server of the house. Then http:// is permitted, too."},

		"notices.channel.delete.why": {"有 %d 个提醒、%d 个定期报告在用。还没发出的不再发送，提醒的发现等另选渠道后再发。", "Alerts that use it: %d, scheduled reports: %d. What was not sent yet is dropped; findings of alerts wait until those have another channel."},

		"notices.secret":          {"加签密钥", "Secret"},
		"notices.secret.has":      {"有密钥", "has a secret"},
		"notices.secret.none":     {"去掉密钥（机器人不再要求加签）", "Take the secret away: the robot asks for no signature any more"},
		"notices.secret.sign":     {"签名密钥", "Signing secret"},
		"notices.secret.new":      {"换一个新密钥（旧的立即失效）", "Make a new one; the old one is not used any more"},
		"notices.secret.once":     {"签名密钥，只显示这一次", "Signing secret, shown only now"},
		"notices.secret.once.how": {"请交给接收方，用来核对签名。丢了就在下面换一个新的。", "Give it to the receiver, to verify signatures. If it is lost, make a new one below."},

		"notices.server":          {"邮件服务器", "Mail server"},
		"notices.security":        {"加密", "Encryption"},
		"notices.user":            {"用户名", "User name"},
		"notices.password":        {"密码或授权码", "Password"},
		"notices.sender":          {"发件人", "From"},
		"notices.sender.help":     {"多数服务器要求与用户名一致。", "Most servers ask for that of the user name."},
		"notices.recipients":      {"收件人", "To"},
		"notices.recipients.help": {"每行一个地址。", "One address a line."},

		"notices.test":         {"发送测试消息", "Send a test"},
		"notices.test.why":     {"马上发一条测试消息，不含任何发现。请先保存改动。", "Sends a message about no finding, at once. Save changes first."},
		"notices.test.taken":   {"测试消息已被接收，请到群里或邮箱看一眼。", "The test was taken. Have a look at the group or mailbox."},
		"notices.test.refused": {"测试消息没有送达：", "The test was not taken:"},
	}
}

// channelHelpMessages say where each kind has its address and its secret.
func channelHelpMessages() map[string]message {
	return map[string]message{
		"notices.help.webhook.address.where":  {"向接收方要 https:// 开头的地址。", "Ask the receiver for an address that begins with https://."},
		"notices.help.webhook.address.how":    {"前哨用 POST 发送 JSON，答 2xx 即为收到。", "Qianshao sends JSON by POST; an answer of 2xx means taken."},
		"notices.help.webhook.secret.where":   {"保存后生成，只显示一次。", "It is made when you save, and shown once."},
		"notices.help.webhook.secret.how":     {"签名方式是 Standard Webhooks（webhook-signature）。", "Messages are signed as by Standard Webhooks (webhook-signature)."},
		"notices.help.dingtalk.address.where": {"群设置 → 机器人 → 添加机器人 → 自定义，复制 Webhook。", "In the group: settings → robots → add → custom; copy its Webhook."},
		"notices.help.dingtalk.address.how":   {"形如 https://oapi.dingtalk.com/robot/send?access_token=…", "It looks like https://oapi.dingtalk.com/robot/send?access_token=…"},
		"notices.help.dingtalk.secret.where":  {"机器人的安全设置里勾选“加签”，复制 SEC 开头的密钥。", "In the robot’s security settings choose the signature (加签); copy what begins with SEC."},
		"notices.help.dingtalk.secret.how":    {"没选加签就留空；用 IP 白名单的，填本机出口地址。", "Empty if it asks for none; for a list of IP addresses, enter this machine’s."},
		"notices.help.wecom.address.where":    {"群里右上角 ··· → 消息推送（群机器人）→ 添加，复制 Webhook 地址。", "In the group: ··· → message push (group robot) → add; copy its Webhook."},
		"notices.help.wecom.address.how":      {"形如 https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…，没有密钥。", "It looks like https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…; there is no secret."},
		"notices.help.feishu.address.where":   {"群设置 → 群机器人 → 添加 → 自定义机器人，复制 Webhook 地址。", "In the group: settings → bots → add → custom bot; copy its Webhook."},
		"notices.help.feishu.address.how":     {"形如 https://open.feishu.cn/open-apis/bot/v2/hook/…", "It looks like https://open.feishu.cn/open-apis/bot/v2/hook/…"},
		"notices.help.feishu.secret.where":    {"机器人的安全设置里勾选“签名校验”，复制密钥。", "In the bot’s security settings choose the signature; copy the secret."},
		"notices.help.feishu.secret.how":      {"没选签名校验就留空；用自定义关键词的，请填“前哨”。", "Empty if it asks for none; for custom keywords, enter 前哨."},
		"notices.help.mail.server.where":      {"在邮箱设置的“客户端 / SMTP”里查，如 smtp.exmail.qq.com:465。", "See “client / SMTP” in the mailbox’s settings, such as smtp.exmail.qq.com:465."},
		"notices.help.mail.server.how":        {"不写端口时，TLS 为 465，STARTTLS 为 587。", "Without a port it is 465 for TLS and 587 for STARTTLS."},
		"notices.help.mail.secret.where":      {"多数邮箱要用“授权码”或“客户端专用密码”，不是登录密码。", "Most mailboxes want a code or password for clients, not that of the log-in."},
		"notices.help.mail.secret.how":        {"内网转发不需登录的，用户名和密码都留空。换服务器要重新填写。", "Leave both empty for a relay without log-in. A new server asks for them again."},
	}
}

func deliveryMessages() map[string]message {
	return map[string]message{
		"notices.deliveries":       {"投递记录", "Deliveries"},
		"notices.delivery":         {"消息", "Message"},
		"notices.deliveries.intro": {"发出去和没发出去的消息，保留 %d 天。没送达的会重试一天。", "Messages that went out, or did not; kept for %d days. What fails is tried again for a day."},
		"notices.deliveries.none":  {"没有记录。", "There are none."},
		"notices.state.all":        {"全部", "All"},
		"notices.state.pending":    {"待发送", "Pending"},
		"notices.state.again":      {"重试中", "Trying again"},
		"notices.state.delivered":  {"已送达", "Delivered"},
		"notices.state.failed":     {"失败", "Failed"},
		"notices.state.dropped":    {"未发送", "Not sent"},
		"notices.of.test":          {"测试消息", "Test"},
		"notices.of.report":        {"报告 %s", "Report %s"},
		"notices.of.gone":          {"已删除的提醒", "an alert that was deleted"},
		"notices.time":             {"时间", "Time"},
		"notices.next":             {"下次 %s", "next %s"},
		"notices.settled":          {"结束 %s", "settled %s"},
		"notices.findings":         {"发现", "Findings"},
		"notices.attempts":         {"尝试次数", "Attempts"},
		"notices.retry":            {"立即重试", "Try again now"},
		"notices.drop":             {"放弃", "Give up"},
	}
}

// faultMessages say what an attempt to deliver has failed with. %s is the receiver's words, or an address.
func faultMessages() map[string]message {
	return map[string]message{
		"notices.fault.status":         {"接收方答复 %s", "The receiver answered %s"},
		"notices.fault.redirect":       {"接收方答复 %s，要求跳转；前哨不跟随跳转，请把渠道地址改为跳转后的地址", "The receiver answered %s; redirects are not followed: set the address that it leads to"},
		"notices.fault.robot":          {"机器人没有接收，错误码 %s：%s", "The robot refused it with its error %s: %s"},
		"notices.fault.no_robot":       {"对方答复 %s，但不是这类机器人的答复；请核对渠道的地址和类型", "It answered %s, but not as such a robot does; check the channel’s address and kind"},
		"notices.fault.busy":           {"机器人每分钟最多接收 %s 条，这条稍后发送", "The robot takes %s messages a minute; this one waits"},
		"notices.fault.closed":         {"地址 %s 在内网，不能连接；如果是单位内部的服务，请在渠道里勾选“地址在内网”", "The address %s lies in a private network and is closed; if it is a service of the house, say so in the channel"},
		"notices.fault.never_open":     {"地址 %s 不允许连接（本机、链路本地、云元数据等）；请更换渠道地址", "The address %s is never connected to, as those of cloud metadata; choose another for the channel"},
		"notices.fault.no_host":        {"没有 %s 这个域名；请核对渠道地址，或本机的 DNS", "There is no host %s; check the channel’s address, or this machine’s DNS"},
		"notices.fault.dns":            {"查不到域名 %s：DNS 服务器没有正常答复", "The host %s was not looked up: the DNS server gave no good answer"},
		"notices.fault.conn_refused":   {"连接被拒绝：对方没有在这个端口提供服务；请核对地址和端口", "The connection was refused: nobody listens there; check host and port"},
		"notices.fault.conn_time":      {"连接超时；请检查网络和防火墙", "No connection in time; check the network and firewalls"},
		"notices.fault.time":           {"对方没有及时答复", "No answer in time"},
		"notices.fault.hung_up":        {"对方没有答复就断开了连接", "It hung up without an answer"},
		"notices.fault.certificate":    {"对方的 TLS 证书不可信，请核对地址或更换证书：%s", "Its TLS certificate is not trusted; check the address, or have it renewed: %s"},
		"notices.fault.tls":            {"无法建立 TLS 加密连接，请核对地址、端口和加密方式：%s", "There is no TLS with it; check address, port and encryption: %s"},
		"notices.fault.mail_tls":       {"邮件服务器不支持 STARTTLS；请改用 TLS (465)，或在内网服务器上勾选“地址在内网”", "The mail server has no STARTTLS; choose TLS (465), or say that it lies in a private network"},
		"notices.fault.mail_greeting":  {"邮件服务器拒绝了会话：%s", "The mail server refused the session: %s"},
		"notices.fault.mail_login":     {"邮件服务器不接受登录，请核对用户名和授权码：%s", "The mail server refused the log-in; check user name and password: %s"},
		"notices.fault.mail_sender":    {"邮件服务器不接受发件人，请核对发件人与用户名是否一致：%s", "The mail server refused the sender; most ask for that of the user name: %s"},
		"notices.fault.mail_recipient": {"邮件服务器不接受收件人，请核对收件人地址：%s", "The mail server refused a recipient; check the addresses: %s"},
		"notices.fault.mail_refused":   {"邮件服务器不接受这封邮件：%s", "The mail server refused the mail: %s"},
		"notices.fault.not_made":       {"消息没能写成：%s", "The message could not be written: %s"},
		"notices.fault.no_report":      {"报告暂时没能生成，原因见程序日志", "The report cannot be made at present; the program’s log says why"},
		"notices.fault.channel":        {"渠道的设置有误，请打开渠道重新保存：%s", "The channel’s settings are wrong; open it and save it anew: %s"},
	}
}

func noticesRefusedMessages() map[string]message {
	return map[string]message{
		"notices.refused.name":          {"名称为 1 到 %d 个看得见的字符。", "A name has 1 to %d letters that can be seen."},
		"notices.refused.taken":         {"这个名称已经用过，请换一个。", "Another one has that name; choose a different one."},
		"notices.refused.events":        {"请至少选一项。", "Choose one at least."},
		"notices.refused.every":         {"请填 1 到 %d 分钟。", "1 to %d minutes."},
		"notices.refused.hourly":        {"请填 1 到 %d。", "1 to %d."},
		"notices.refused.quiet":         {"请填两个时间，如 22:00 到 07:00；或都留空。", "Enter two times of the day, such as 22:00 and 07:00; or none."},
		"notices.refused.period":        {"请选周报或月报。", "Choose the week or the month."},
		"notices.refused.hour":          {"请选 0 到 23 点。", "The hour is 0 to 23."},
		"notices.refused.channels":      {"已有 %d 个渠道，请先删除一个。", "There are %d channels already; delete one first."},
		"notices.refused.alerts":        {"此账号已有 %d 个提醒，或全部已有 %d 个；请先删除一个。", "The account has %d alerts already, or there are %d in all; delete one first."},
		"notices.refused.schedules":     {"已有 %d 个定期报告，请先删除一个。", "There are %d scheduled reports already; delete one first."},
		"notices.refused.view":          {"请选一个您能用的视图。", "Choose a view that you may use."},
		"notices.refused.channel":       {"请选一个渠道。", "Choose a channel."},
		"notices.refused.nochannel":     {"没有启用：渠道已删除，请打开它另选一个。", "Not switched on: its channel was deleted. Open it and choose another."},
		"notices.refused.authorisation": {"请选一个您能看到的授权。", "Choose an authorisation that you see."},
		"notices.refused.language":      {"请选中文或 English。", "Choose Chinese or English."},
		"notices.refused.secret":        {"密钥里有看不见的字符，或太长；请重新复制。", "The secret has characters that cannot be seen, or is too long; copy it again."},
		"notices.refused.address":       {"这不是完整的网址，请重新复制粘贴。", "This is no whole URL; copy and paste it again."},
		"notices.refused.https":         {"地址要以 https:// 开头；内网的可以勾选“地址在内网”后用 http://。请重新粘贴。", "The address begins with https://; http:// only in a private network, ticked below. Paste it again."},
		"notices.refused.vendor":        {"这是%s的地址，请新增那一类渠道。", "This is an address of %s; add a channel of that kind."},
		"notices.refused.cut":           {"地址不完整：缺少机器人的令牌，请重新复制。", "The address is cut off: the robot’s token is missing. Copy it again."},
		"notices.refused.server":        {"请填服务器名和端口，如 smtp.example.cn:465。", "Enter a host and a port, such as smtp.example.cn:465."},
		"notices.refused.password":      {"请填这个服务器的密码；原来的密码不会发给新服务器。", "Enter the password for this server; that of the old one is not sent to a new one."},
		"notices.refused.mailbox":       {"请填一个邮箱地址。", "Enter a mail address."},
		"notices.refused.to":            {"请填 1 到 %d 个邮箱地址，每行一个。", "Enter 1 to %d mail addresses, one a line."},
		"notices.refused.waits":         {"没有再发：这个报告已有一期正在发送，请看投递记录。", "Not sent: one of these reports is on its way; see the log of deliveries."},
		"notices.refused.notfailed":     {"这条消息没有失败（或已有人处理），没有改动。", "This one has not failed, or somebody has seen to it; nothing was changed."},
	}
}

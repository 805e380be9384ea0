package locale

// exportMessages are the words of what is handed out, and of the part of pages that asks for it; see messages.
func exportMessages() map[string]message {
	return map[string]message{
		"export.ticked":     {"导出勾选的", "Export what is ticked"},
		"export.title":      {"导出", "Export"},
		"export.note":       {"只含您有权查看的内容；每次导出都记入操作记录。证据包中的网页是原样，可能有身份证号码，只交给有权知悉的人。", "Only what you may see. Each export is recorded in the trail. The pages in an evidence zip are as they were served, perhaps with resident identity numbers: hand it only to those who may have them."},
		"export.failed":     {"无法导出", "The export was not made"},
		"export.back":       {"返回", "Back"},
		"export.button.zip": {"证据包 zip", "Evidence zip"}, "export.button.csv": {"表格 CSV", "Table CSV"},
		"export.button.jsonl": {"JSON Lines", "JSON lines"}, "export.button.md": {"Markdown", "Markdown"},

		"export.refused.selection":  {"请选定一项：一条发现、一个团伙、一个批次、若干发现或一个检索式。", "Name one thing: a finding, a campaign, a batch, a list of findings or a query."},
		"export.refused.format":     {"格式须为 zip、csv、jsonl 或 md。", "The format is zip, csv, jsonl or md."},
		"export.refused.none":       {"其中没有您能查看的发现，未导出任何内容。", "There is no finding among these that you may see; nothing was exported."},
		"export.refused.many":       {"这种格式一次最多导出 %d 条发现；请缩小检索式，或改用 CSV、JSON Lines。", "This format takes at most %d findings at a time. Narrow the query, or take CSV or JSON lines."},
		"export.refused.large":      {"导出文件超过 %d MiB；请分几次导出较少的发现，或改用 CSV、JSON Lines。", "The file would be larger than %d MiB. Export fewer findings at a time, or take CSV or JSON lines."},
		"export.refused.unarchived": {"证据库中没有这些发现的留存（已超过保存期限，或早于证据库）；请改用其他格式。", "Nothing is archived for these findings: retention has let go of it, or they are older than the archive. Take another format."},
		"export.refused.slow":       {"导出超过了时限；请缩小检索式，或分几次导出。", "The export took too long. Narrow the query, or export fewer findings at a time."},
		"export.refused.busy":       {"正在写另外两份导出；请稍后再试。", "Two other exports are being written; try again in a moment."},
		"export.refused.changed":    {"写文件期间您的账号或登录状态有了变动，文件没有交出。请重新登录后再导出。", "Your account or your session was changed while the file was written; nothing was handed out. Log in again, then export."},

		"export.file.finding": {"前哨-发现", "qianshao-finding"}, "export.file.campaign": {"前哨-团伙", "qianshao-campaign"},
		"export.file.batch": {"前哨-批次", "qianshao-batch"}, "export.file.findings": {"前哨-选定发现", "qianshao-findings"},
		"export.file.query": {"前哨-检索结果", "qianshao-query"},

		"export.report": {"前哨：发现报告", "Qianshao: report of findings"}, "export.item": {"**%s**：%s", "**%s**: %s"},
		"export.of": {"导出范围", "Of"}, "export.by": {"导出人", "By"}, "export.at": {"导出时间", "Made"},
		"export.total": {"共 %d 条发现。", "%d findings."}, "export.total.one": {"共 %d 条发现。", "%d finding."},
		"export.place": {"第 %d 行第 %d 列", "line %d, column %d"},

		"export.column.id": {"编号", "ID"}, "export.column.site": {"站点", "Site"}, "export.column.url": {"网址（已失效化）", "URL (defanged)"},
		"export.column.title": {"页面标题", "Page title"}, "export.column.category": {"类别", "Category"}, "export.column.level": {"级别", "Level"},
		"export.column.score": {"分数", "Score"}, "export.column.state": {"状态", "State"}, "export.column.verdict": {"结论", "Verdict"},
		"export.column.reason": {"理由", "Reason"}, "export.column.evidence": {"证据", "Evidence"}, "export.column.place": {"证据位置", "Place of the evidence"},
		"export.column.first": {"首次发现", "First seen"}, "export.column.last": {"最近发现", "Last seen"}, "export.column.gone": {"消失时间", "Gone"},
		"export.column.rule": {"规则", "Rule"}, "export.column.rule_title": {"规则名称", "Title of the rule"}, "export.column.law": {"法律依据", "Law"},
		"export.column.indicators": {"线索标识", "Indicators"}, "export.column.authorisation": {"授权", "Authorisation"}, "export.column.campaigns": {"团伙", "Campaigns"},

		"export.in_review": {"复核中", "In review"},
		"export.stale":     {"%s（内容已变，待重新判断）", "%s (on other content than is there now)"},
	}
}

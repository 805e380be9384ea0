package locale

// reportMessages are the words of reports of figures and of their page; see messages.
func reportMessages() map[string]message {
	return map[string]message{
		"figures.title.week": {"网页违法信息监测周报", "Weekly report: signals of crime on web pages"}, "figures.title.month": {"网页违法信息监测月报", "Monthly report: signals of crime on web pages"},
		"figures.title.quarter": {"网页违法信息监测季报", "Quarterly report: signals of crime on web pages"}, "figures.title.days": {"网页违法信息监测报告", "Report: signals of crime on web pages"},
		"figures.days": {"%s 至 %s", "%s to %s"}, "figures.and": {"、", ", "}, "figures.then": {"；", "; "},
		"figures.counted": {"%s %s 条", "%s %s"},

		"figures.fact.period": {"统计期", "Period"}, "figures.fact.zone": {"（%s）", " (%s)"}, "figures.fact.before": {"对比的上一期", "Held against"},
		"figures.fact.scope": {"范围", "Scope"}, "figures.fact.made": {"生成时间", "Made"}, "figures.fact.by": {"生成程序", "Made by"},
		"figures.scope.all": {"全部授权", "All authorisations"}, "figures.scope.of": {"授权 %s", "Authorisation %s"}, "figures.scope.seen": {"可查看的 %d 份授权", "Authorisations that may be seen: %d"},

		"figures.summary": {"一、摘要", "1. Summary"}, "figures.volume": {"二、发现了什么", "2. What was found"}, "figures.verdicts": {"三、判定", "3. Verdicts"},
		"figures.time": {"四、到首次判定的时间", "4. Time to the first decision"}, "figures.rules": {"五、各规则的准确率", "5. Precision by rule"}, "figures.sites": {"六、站点", "6. Sites"},
		"figures.campaigns": {"七、团伙", "7. Campaigns"}, "figures.relapses": {"八、复发", "8. Relapses"}, "figures.unmonitored": {"九、未监测", "9. Not monitored"},
		"figures.changes": {"十、规则的变化", "10. What changed in the rules"}, "figures.meaning": {"十一、数字的含义", "11. What the figures mean"},

		"figures.against":      {"上期 %s，%s", "before: %s, %s"},
		"figures.tile.overdue": {"其中超期 %s", "%s of them overdue"},
		"figures.unfinished":   {"本期尚未结束，数字截至 %s。", "The period is not over; the figures are as of %s."},
		"figures.nothing":      {"本期没有新发现。这只说明监测到的页面上没有，未监测的范围见第九节。", "Nothing was found. That is said of monitored pages alone; section 9 has what is not monitored."},
		"figures.found":        {"本期在 %s 个站点的 %s 个页面上有 %s 条新发现，属于 %s 个团伙；最多的是%s。", "On %s sites and %s pages there were %s new findings in %s campaigns; most were %s."},
		"figures.decided":      {"本期判定 %s 条：违法 %s，不违法 %s，不确定 %s。", "%s were decided: %s a crime, %s not a crime, %s unsure."},
		"figures.undecided":    {"本期没有判定任何发现。", "Nothing was decided."},
		"figures.took":         {"从发现到首次判定，一半在 %s 之内，九成在 %s 之内。", "From first seen to the first decision it took %s or less for half, %s or less for nine of ten."},
		"figures.needs":        {"需要处理", "What needs somebody"},

		"figures.need.overdue":   {"%s 条发现等待判定已经超期。", "Findings that wait for a decision and are overdue: %s."},
		"figures.need.undecided": {"另有 %s 条发现等待判定。", "Other findings that wait for a decision: %s."},
		"figures.need.relapsed":  {"%s 条发现消失后又出现，请再次通知站点。", "Findings that were gone and came back: %s. Tell their sites again."},
		"figures.need.hosts":     {"%s 个主机没有监测到，见第九节；那里没有发现不等于干净。", "Hosts that are not monitored: %s, see section 9. Nothing found there does not mean clean."}, "figures.need.authorisations": {"%s 份授权没有生效或没有取到页面。", "Authorisations that are not in force or bring no pages: %s."},
		"figures.need.ending": {"%s 份授权即将到期，请续签。", "Authorisations that are about to end: %s. Renew them."},
		"figures.need.rule":   {"规则“%s”的准确率只有 %s，请修改或停用。", "The rule “%s” has a precision of %s: mend it or switch it off."}, "figures.need.rules": {"另有 %s 条规则的准确率不足一半，见第五节。", "Other rules with a precision below one half: %s, see section 5."}, "figures.need.nothing": {"没有需要处理的事项。", "Nothing."},

		"figures.open":   {"本期新发现 %s 条，其中 %s 条所在页面现在仍有，%s 条已消失。", "Of %s new findings, %s are still on their pages, %s are gone."},
		"figures.by.day": {"每日新发现与判定", "Found and decided by day"}, "figures.by.week": {"每周新发现与判定（以首日表示）", "Found and decided by week (named by its first day)"},
		"figures.by.category": {"按类别", "By category"}, "figures.by.level": {"按级别", "By level"}, "figures.by.verdict": {"判定结果", "Verdicts"},
		"figures.by.whose": {"违法的性质", "What the crimes were"}, "figures.by.reason": {"不违法的理由", "Why not a crime"}, "figures.by.review": {"复核一致性", "Agreement of second reviews"},
		"figures.chart.days": {"%s。共 %s 条；最多的是 %s，%s 条。数字见下表。", "%s. %s in all; most on %s: %s. The table below has the figures."}, "figures.chart.alt": {"%s。最多的是%s。数字见下表。", "%s. Most are %s. The table below has the figures."},
		"figures.chart.categories": {"各类别的新发现：本期与上期", "Found by category: this period and the one before"},

		"figures.waits": {"期末有 %s 条等待判定（不论何时发现），其中 %s 条超期，另有 %s 条暂放。", "At the end of the period %s waited for a decision, whenever found; %s of them were overdue; %s more were parked."},
		"figures.few":   {"%d 个，过少", "%d, too few"}, "figures.agreed": {"%s / %s 一致（%s）", "%s of %s agreed (%s)"}, "figures.kappa": {"，κ = %.2f", ", κ = %.2f"},
		"figures.kappa.note":  {"复核者看不到首次判定。随机抽取的复核才代表全部判定；κ 扣除了碰巧一致的部分。", "Reviewers do not see the first verdict. Only those drawn at random tell of all decisions; κ takes off what agrees by chance."},
		"figures.reviews.all": {"全部复核", "All second reviews"}, "figures.reviews.audit": {"随机抽取的复核", "Those drawn at random"},

		"figures.time.none": {"本期没有首次判定。", "No finding was decided for the first time."}, "figures.time.median": {"中位数", "Median"}, "figures.time.median.note": {"一半在此时间内", "half took less"},
		"figures.time.p90": {"九成", "90th percentile"}, "figures.time.p90.note": {"九成在此时间内", "nine of ten took less"}, "figures.time.decided": {"首次判定", "First decisions"}, "figures.time.decided.note": {"本期内首次判定的发现", "findings first decided in the period"},

		"figures.rules.about": {"按团伙计：一千个相同页面的团伙只算一次。括号内为 95%% 置信区间（Wilson）；判定少于 %d 个时不计算比率。", "Counted by campaign: one of a thousand equal pages counts once. In brackets is the 95%% interval (Wilson); there is no rate for fewer than %d."},
		"figures.rules.table": {"规则", "Rules"}, "figures.none": {"没有可列出的内容。", "There is nothing to list."}, "figures.more": {"另有 %s 项未列出。", "%s more are not listed."},
		"figures.sites.about": {"以注册域名计；判定为这些发现在期末的结论。", "By registered domain; verdicts are what stands of these findings at the end of the period."}, "figures.sites.table": {"新发现最多的站点", "Sites with the most new findings"},
		"figures.campaigns.about": {"团伙是属于同一段植入内容、同一去向或同一联系方式的发现；多数判定为期末的结论。", "A campaign is findings of one injected block, one destination or one handle; the verdict is that of most of them."}, "figures.campaigns.table": {"新发现最多的团伙", "Campaigns with the most new findings"},
		"figures.relapses.about": {"本期有 %s 条消失后又出现，上期 %s 条。", "Findings that were gone and came back: %s; in the period before: %s."}, "figures.relapses.table": {"复发的站点", "Where they came back"},
		"figures.unmonitored.about": {"登记册要求监测、在 %s 却取不到页面的主机与授权。那里没有发现不等于干净。", "Hosts and authorisations of the register that brought no pages at %s. Nothing found there does not mean clean."},
		"figures.unmonitored.why":   {"原因与处置", "Reasons, and what to do"}, "figures.unmonitored.table": {"未监测的主机与授权", "What is not monitored"},
		"figures.changes.about": {"本期生效的规则变化 %d 次。", "Changes of the rules in force: %d."}, "figures.changes.unknown": {"本期开始时生效的规则没有记录，变化可能不全。", "The rules in force were not recorded over the whole period; changes may be missing."},
		"figures.changes.table": {"生效的变化", "Changes that were put in force"}, "figures.changes.added": {"新增 %d 条：%s", "%d added: %s"}, "figures.changes.removed": {"删除 %d 条：%s", "%d removed: %s"},
		"figures.changes.changed": {"修改 %d 条：%s", "%d changed: %s"}, "figures.changes.other": {"规则未变，变的是词表、例外或上下文", "No rule; lists, exceptions or contexts"},

		"figures.column.found": {"新发现", "Found"}, "figures.column.before": {"上期", "Before"}, "figures.column.now": {"本期", "This period"}, "figures.column.change": {"变化", "Change"},
		"figures.column.decided": {"已判定", "Decided"}, "figures.column.decisions": {"判定数", "Decisions"}, "figures.column.relapsed": {"复发", "Relapsed"}, "figures.column.undecided": {"待判定", "Undecided"},
		"figures.column.day": {"日期", "Day"}, "figures.column.week": {"周（首日）", "Week from"}, "figures.column.category": {"类别", "Category"}, "figures.column.categories": {"类别", "Categories"}, "figures.column.level": {"级别", "Level"},
		"figures.column.verdict": {"判定", "Verdict"}, "figures.column.whose": {"性质", "Kind"}, "figures.column.reason": {"理由", "Reason"}, "figures.column.crime": {"违法", "Crime"}, "figures.column.not_crime": {"不违法", "Not"}, "figures.column.unsure": {"不确定", "Unsure"},
		"figures.column.reviews": {"复核", "Reviews"}, "figures.column.agreement": {"一致", "Agreement"}, "figures.column.rule": {"规则", "Rule"}, "figures.column.right": {"对（团伙）", "Right"}, "figures.column.wrong": {"错（团伙）", "Wrong"},
		"figures.column.precision": {"准确率", "Precision"}, "figures.column.audit": {"抽检的准确率", "Audited"}, "figures.column.site": {"站点", "Site"}, "figures.column.authorisation": {"授权", "Authorisation"}, "figures.column.reviewing": {"复核中", "In review"},
		"figures.column.open": {"仍在", "Open"}, "figures.column.campaign": {"团伙", "Campaign"}, "figures.column.label": {"证据或去向", "Evidence or destination"}, "figures.column.sites": {"站点数", "Sites"}, "figures.column.first": {"最早发现", "First seen"},
		"figures.column.why": {"原因", "Reason"}, "figures.column.number": {"数量", "Number"}, "figures.column.remedy": {"处置", "What to do"}, "figures.column.where": {"主机或授权", "Host"}, "figures.column.since": {"自何时", "Since"}, "figures.column.last": {"最近取到页面", "Last page"},
		"figures.column.at": {"时间", "At"}, "figures.column.version": {"程序版本", "Version"}, "figures.column.what": {"变化", "What changed"},

		"figures.meaning.found":       {"新发现：首次见到落在统计期内的发现。一条发现是一个页面上的一类违法信息，由程序按规则给出，是线索，须经人工判定。", "Found: findings first seen within the period. A finding is one kind of crime on one page. Rules give it; it is a lead until somebody has decided."},
		"figures.meaning.decided":     {"判定：人在统计期内作出的结论，取期末仍然成立的那一个；撤销的不算，等待盲审复核的计在各自的判定内。", "Decided: what people concluded within the period, as it stands at its end. What was undone does not count."},
		"figures.meaning.undecided":   {"待判定与超期：期末等待判定的发现，不论何时发现；超期是等得太久的。", "Undecided, overdue: what waits at the end of the period, whenever found; overdue is what has waited too long."},
		"figures.meaning.time":        {"到首次判定的时间：从首次见到到第一次判定，只算在统计期内首次判定的发现，包括夜间与假日。", "Time to the first decision: from first seen, of findings that were first decided in the period; nights and holidays count."},
		"figures.meaning.precision":   {"准确率：判为违法的团伙占判为违法与不违法的团伙的份额；少于 %d 个不计算。抽检的准确率只用随机抽取复核的判定。", "Precision: campaigns called a crime, of those called a crime or not; none below %d. Audited: only those drawn at random for a second review."},
		"figures.meaning.agreement":   {"复核一致：第二人在看不到首次判定的情况下给出相同结论的份额。", "Agreement: how often a second person, who did not see the first verdict, came to the same."},
		"figures.meaning.site":        {"站点：按注册域名合并子域名。一个域名可属于多份授权，列出的是最先的一份。", "Site: a registered domain, with its subdomains. One may have several authorisations; the first is named."},
		"figures.meaning.campaign":    {"团伙：按内容归在一起的页面，不是人。", "Campaign: pages that belong together by their content, not people."},
		"figures.meaning.relapsed":    {"复发：内容消失后又出现在同一页面。", "Relapsed: what was gone and came back on the same page."},
		"figures.meaning.unmonitored": {"未监测：登记册要求监测而取不到页面的范围，为生成报告时的情况。", "Not monitored: what the register says is watched and brings no pages, when the report is made."},
		"figures.meaning.nobody":      {"本报告只说页面和站点，不含任何人的姓名、账号或工作量。", "This report speaks of pages and sites. It names no person and no account, and measures nobody's work."},

		"figures.duration.days": {"%d 天 %d 小时", "%d d %d h"}, "figures.duration.hours": {"%d 小时 %d 分", "%d h %d min"}, "figures.duration.minutes": {"%d 分钟", "%d min"},
		"figures.csv.section": {"部分", "Section"}, "figures.csv.table": {"表", "Table"}, "figures.csv.row": {"行", "Row"}, "figures.csv.item": {"项", "Item"}, "figures.csv.figure": {"指标", "Figure"}, "figures.csv.value": {"值", "Value"},
		"figures.page": {"第 %s 页，共 %s 页", "Page %s of %s"},
	}
}

package grafana

// Boards returns all boards that are shipped.
func Boards() []*Board {
	return []*Board{volume(), review(), collectors(), pipeline()}
}

// tag marks all our boards; their links to each other find them by it.
const tag = "qianshao"

const (
	hour = 3600
	day  = 24 * hour
)

// consoleAddress is the default address of serve; operators type their own into the board's field.
const consoleAddress = "http://127.0.0.1:8740"

// newBoard returns a board without panels, with the variables common to all boards and its own.
func newBoard(name, title, about string, own ...variable) *Board {
	return &Board{
		Name: name, UID: "qianshao-" + name, Title: "Qianshao 前哨: " + title, Description: about, Tags: []string{tag}, Timezone: "browser", Editable: true,
		GraphTooltip: 1, Refresh: "1m", SchemaVersion: 39, Time: timeRange{"now-7d", "now"},
		Links: []link{
			{Title: "Boards", Type: "dashboards", Tags: []string{tag}, Icon: "external link", IncludeVars: true, KeepTime: true},
			{Title: "Console", Type: "link", URL: "${console}/", Tags: []string{}, Icon: "external link", TargetBlank: true},
		},
		Templating: templating{append([]variable{
			{Name: "datasource", Label: "Data source", Type: "datasource", Query: "prometheus", Refresh: 1},
			values("job", "Job", "qianshao_build_info"),
			values("instance", "Instance", `qianshao_build_info{job=~"$job"}`),
		}, append(own, variable{
			Name: "console", Label: "Console", Type: "textbox", Query: consoleAddress,
			Current: &option{consoleAddress, consoleAddress, true}, Options: []option{{consoleAddress, consoleAddress, true}},
		})...)},
	}
}

// values is a variable with the values of the label that has its name. Several or all of them can
// be chosen.
func values(name, label, metric string) variable {
	source := prometheus()
	return variable{
		Name: name, Label: label, Type: "query", Datasource: &source, Query: map[string]string{"query": "label_values(" + metric + ", " + name + ")", "refId": name},
		Current: &option{"All", "$__all", true}, Refresh: 2, Sort: 1, Multi: true, IncludeAll: true, AllValue: ".*",
	}
}

// volume shows what was found.
func volume() *Board {
	b := newBoard("alert-volume", "Alert volume", "How much is found, in which categories and levels, and how people decide on it.",
		values("category", "Category", "qianshao_pages_flagged_total"))
	b.stat(panel{title: "Open findings", about: "Findings whose content is still on the page.",
		queries: []query{{`sum(qianshao_findings{$s, state="open", category=~"$category"})`, "open"}}})
	b.stat(panel{title: "Hosts with open findings", about: "In all categories, not only the chosen ones.", queries: []query{{`sum(qianshao_flagged_hosts{$s})`, "hosts"}}})
	b.stat(panel{title: "New findings", about: "Findings first found in the chosen time range.",
		queries: []query{{`clamp_min(sum(qianshao_findings{$s, category=~"$category"}) - min_over_time(sum(qianshao_findings{$s, category=~"$category"})[$__range:$__rate_interval]), 0)`, "new"}}})
	b.stat(panel{title: "Undecided", about: "Findings without a decision, open or gone. The Review board shows how long they have been waiting.",
		queries: []query{{`sum(qianshao_findings_answered{$s, answer="none", category=~"$category"})`, "undecided"}}})
	b.stat(panel{title: "Share flagged", about: "Share of the analysed pages that were flagged, over the chosen time range.", unit: "percentunit", decimals: 1,
		queries: []query{{`sum(increase(qianshao_pages_alerted_total{$s}[$__range])) / sum(increase(qianshao_pages_analysed_total{$s}[$__range]))`, "flagged"}}})
	b.stat(panel{title: "Allow-listed", about: "Findings not flagged because of the overlay's allow-list, in the chosen time range. Every visit of a page counts.",
		queries: []query{{`round(sum(increase(qianshao_findings_allowed_total{$s, category=~"$category"}[$__range])))`, "allow-listed"}}})
	howMuch(b)

	b.heading("Decisions on findings")
	b.series(panel{title: "Findings by verdict", about: "All findings, open and gone. Those in review wait for a second, blind review; until then, the first verdict is not shown.", stacked: true,
		link: "/search?q=verdict:${__field.labels.answer}", linkTitle: "Search this verdict",
		queries: []query{{`sum by (answer) (qianshao_findings_answered{$s, category=~"$category"})`, "{{answer}}"}}})
	b.bars(panel{title: "Share rejected, by category", about: "Share of the decided findings that were judged not to be a crime. Where it is high, a rule fires too easily.",
		unit: "percentunit", decimals: 1, orange: .2, red: .5,
		queries: []query{{`sum by (category) (qianshao_findings_answered{$s, answer="not_crime", category=~"$category"}) / (sum by (category) (qianshao_findings_answered{$s, answer=~"crime|not_crime|unsure", category=~"$category"}) > 0)`, "{{category}}"}}})
	return b
}

func howMuch(b *Board) {
	b.heading("Volume")
	const search, title = "/search?q=category:${__field.labels.category}", "Search this category"
	b.series(panel{title: "Open findings by category", about: "Falls when pages are cleaned up.", stacked: true, link: search, linkTitle: title,
		queries: []query{{`sum by (category) (qianshao_findings{$s, state="open", category=~"$category"})`, "{{category}}"}}})
	b.series(panel{title: "Open findings by level", about: "Critical findings are the most certain and the most serious.", stacked: true,
		link: "/search?q=level:${__field.labels.level}", linkTitle: "Search this level",
		queries: []query{{`sum by (level) (qianshao_findings{$s, state="open", category=~"$category"})`, "{{level}}"}}})
	b.series(panel{title: "Flagged pages per day", about: "By category. Every visit of a page counts.", stacked: true, daily: true, link: search, linkTitle: title,
		queries: []query{{`sum by (category) (increase(qianshao_pages_flagged_total{$s, category=~"$category"}[1d]))`, "{{category}}"}}})
	b.series(panel{title: "Flagged pages within an hour, and the usual number",
		about: "The usual number is that of the same hour last week. More than three times the usual number, and more than 20 pages, raises QianshaoAlertBurst. Both series are recorded by dashboards/prometheus/alerts.yml.",
		queries: []query{
			{`sum by (category) (job_instance_category:qianshao_pages_flagged:increase1h{$s, category=~"$category"})`, "{{category}}"},
			{`sum by (category) (job_instance_category:qianshao_pages_flagged:usual1h{$s, category=~"$category"})`, "{{category}}, usual"},
		}})
	b.series(panel{title: "Share of pages flagged", about: "Share of the analysed pages that were flagged, over the last hour. A jump means a campaign, or a rule that fires too easily.", unit: "percentunit",
		queries: []query{{`sum(increase(qianshao_pages_alerted_total{$s}[1h])) / sum(increase(qianshao_pages_analysed_total{$s}[1h]))`, "share flagged"}}})
	b.bars(panel{title: "Open findings by category and level", about: "The twenty most frequent combinations.",
		queries: []query{{`topk(20, sum by (category, level) (qianshao_findings{$s, state="open", category=~"$category"}) > 0)`, "{{category}}, {{level}}"}}})
}

// review shows what is waiting for people.
func review() *Board {
	b := newBoard("review", "Review", "What is waiting for a decision, for how long, and whether reviewers agree. Nothing is counted per person.")
	b.stat(panel{title: "Undecided", about: "Findings waiting for a decision, excluding parked ones.", link: "/", linkTitle: "Open the queue",
		queries: []query{{`sum(qianshao_queue_findings{$s, state="undecided"})`, "undecided"}}})
	b.stat(panel{title: "Overdue", about: "Undecided findings that have waited longer than their level allows: 1 day for critical, 3 for high, 14 for medium, 30 for low.", red: 1,
		link: "/?list=overdue", linkTitle: "Open the overdue findings", queries: []query{{`sum(qianshao_queue_findings{$s, state="overdue"})`, "overdue"}}})
	b.stat(panel{title: "Longest wait", about: "Time since the oldest undecided finding was first seen.", unit: "s", orange: 3 * day, red: 14 * day,
		queries: []query{{`max(qianshao_queue_oldest_seconds{$s})`, "oldest"}}})
	b.stat(panel{title: "Campaigns in the queue", about: "Rows of the queue. The findings of a campaign belong together and can be decided together.", queries: []query{{`sum(qianshao_queue_campaigns{$s})`, "campaigns"}}})
	b.stat(panel{title: "Decided", about: "Findings decided for the first time in the chosen time range.", queries: []query{{`round(sum(increase(qianshao_verdict_seconds_count{$s}[$__range])))`, "decided"}}})
	b.stat(panel{title: "Agreement", about: "Share of the second, blind reviews in the chosen time range that confirm the decision.", unit: "percentunit", decimals: 1, below: true, orange: .9, red: .75,
		queries: []query{{`sum(increase(qianshao_second_reviews_total{$s, outcome="confirmed"}[$__range])) / (sum(increase(qianshao_second_reviews_total{$s}[$__range])) > 0)`, "confirmed"}}})

	b.heading("Backlog")
	b.series(panel{title: "Waiting findings by state", about: "Relapsed findings were decided, disappeared and came back. Parked findings return to the queue by themselves.",
		queries: []query{{`sum by (state) (qianshao_queue_findings{$s})`, "{{state}}"}}})
	b.series(panel{title: "Age of the oldest undecided finding", about: "A line that rises steadily means that nobody is dealing with the oldest findings.", unit: "s", red: 14 * day,
		queries: []query{{`max by (instance) (qianshao_queue_oldest_seconds{$s})`, "{{instance}}"}}})

	b.heading("Decisions")
	b.series(panel{title: "First decisions per hour, by level", about: "Each finding of a batch counts. Decisions made by a campaign's policy are left out.", stacked: true,
		queries: []query{{`sum by (level) (increase(qianshao_verdict_seconds_count{$s}[1h]))`, "{{level}}"}}})
	b.series(panel{title: "Time to the first decision", about: "For the decisions of the last day, measured from when the finding was first seen. Half of the decisions were faster than the median, 95% were faster than p95.", unit: "s",
		queries: []query{
			{`histogram_quantile(0.5, sum by (le) (increase(qianshao_verdict_seconds_bucket{$s}[1d])))`, "median"},
			{`histogram_quantile(0.95, sum by (le) (increase(qianshao_verdict_seconds_bucket{$s}[1d])))`, "p95"},
		}})
	b.series(panel{title: "Second reviews per day", about: "Whether second reviews confirm the decision. Many dissents mean that your criteria for decisions are not clear.", stacked: true, daily: true,
		link: "/?list=review", linkTitle: "Open the findings waiting for a review", queries: []query{{`sum by (outcome) (increase(qianshao_second_reviews_total{$s}[1d]))`, "{{outcome}}"}}})
	b.series(lags())
	return b
}

// lags is a panel that two boards have.
func lags() panel {
	return panel{title: "Lag of the queue and the search", about: "Age of the oldest change that the queue or the search does not show yet. One or two seconds are normal.", unit: "s", orange: 120, red: 600,
		queries: []query{{`max(qianshao_campaigns_lag_seconds{$s})`, "queue"}, {`max(qianshao_index_lag_seconds{$s})`, "search"}}}
}

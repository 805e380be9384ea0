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
	b := newBoard("alert-volume", "Alert volume", "What is found: how much, of which kind, and what people make of it.",
		values("category", "Category", "qianshao_pages_flagged_total"))
	b.stat(panel{title: "Open findings", about: "Findings whose page still shows what was found.",
		queries: []query{{`sum(qianshao_findings{$s, state="open", category=~"$category"})`, "open"}}})
	b.stat(panel{title: "Hosts with open findings", about: "Of all categories.", queries: []query{{`sum(qianshao_flagged_hosts{$s})`, "hosts"}}})
	b.stat(panel{title: "New findings", about: "Made in the chosen range, and not known before.",
		queries: []query{{`clamp_min(sum(qianshao_findings{$s, category=~"$category"}) - min_over_time(sum(qianshao_findings{$s, category=~"$category"})[$__range:$__rate_interval]), 0)`, "new"}}})
	b.stat(panel{title: "Undecided", about: "Findings that nobody has decided on, open or gone. The board Review says how long they wait.",
		queries: []query{{`sum(qianshao_findings_answered{$s, answer="none", category=~"$category"})`, "undecided"}}})
	b.stat(panel{title: "Flagged of analysed", about: "Share of the analysed pages that were flagged, over the chosen range.", unit: "percentunit", decimals: 1,
		queries: []query{{`sum(increase(qianshao_pages_alerted_total{$s}[$__range])) / sum(increase(qianshao_pages_analysed_total{$s}[$__range]))`, "flagged"}}})
	b.stat(panel{title: "Held back", about: "Alerts that the overlay's allow-list has held back in the chosen range, every visit counted.",
		queries: []query{{`round(sum(increase(qianshao_findings_allowed_total{$s, category=~"$category"}[$__range])))`, "held back"}}})
	howMuch(b)

	b.heading("What people make of it")
	b.series(panel{title: "Findings by verdict", about: "All findings, open and gone. Those in review wait for a second, blind answer; until then nobody is told the first.", stacked: true,
		link: "/search?q=verdict:${__field.labels.answer}", linkTitle: "Search this verdict",
		queries: []query{{`sum by (answer) (qianshao_findings_answered{$s, category=~"$category"})`, "{{answer}}"}}})
	b.bars(panel{title: "Rejected of decided, by category", about: "Share of the decided findings that are said to be no crime. Where it is high, a rule fires too easily.",
		unit: "percentunit", decimals: 1, orange: .2, red: .5,
		queries: []query{{`sum by (category) (qianshao_findings_answered{$s, answer="not_crime", category=~"$category"}) / (sum by (category) (qianshao_findings_answered{$s, answer=~"crime|not_crime|unsure", category=~"$category"}) > 0)`, "{{category}}"}}})
	return b
}

func howMuch(b *Board) {
	b.heading("How much")
	const search, title = "/search?q=category:${__field.labels.category}", "Search this category"
	b.series(panel{title: "Open findings by category", about: "It falls when pages are cleaned.", stacked: true, link: search, linkTitle: title,
		queries: []query{{`sum by (category) (qianshao_findings{$s, state="open", category=~"$category"})`, "{{category}}"}}})
	b.series(panel{title: "Open findings by level", about: "Critical is the surest and gravest.", stacked: true,
		link: "/search?q=level:${__field.labels.level}", linkTitle: "Search this level",
		queries: []query{{`sum by (level) (qianshao_findings{$s, state="open", category=~"$category"})`, "{{level}}"}}})
	b.series(panel{title: "Flagged pages a day", about: "By category, every visit of a page counted.", stacked: true, daily: true, link: search, linkTitle: title,
		queries: []query{{`sum by (category) (increase(qianshao_pages_flagged_total{$s, category=~"$category"}[1d]))`, "{{category}}"}}})
	b.series(panel{title: "Flagged pages within an hour, and what is usual",
		about: "Usual is the same hour of last week. Three times as much raises QianshaoAlertBurst. Both are recorded by dashboards/prometheus/alerts.yml.",
		queries: []query{
			{`sum by (category) (job_instance_category:qianshao_pages_flagged:increase1h{$s, category=~"$category"})`, "{{category}}"},
			{`sum by (category) (job_instance_category:qianshao_pages_flagged:usual1h{$s, category=~"$category"})`, "{{category}}, usual"},
		}})
	b.series(panel{title: "Flagged share", about: "Flagged of analysed pages, within an hour. A jump means a campaign, or a rule that fires too easily.", unit: "percentunit",
		queries: []query{{`sum(increase(qianshao_pages_alerted_total{$s}[1h])) / sum(increase(qianshao_pages_analysed_total{$s}[1h]))`, "flagged share"}}})
	b.bars(panel{title: "Open findings by category and level", about: "The twenty most frequent.",
		queries: []query{{`topk(20, sum by (category, level) (qianshao_findings{$s, state="open", category=~"$category"}) > 0)`, "{{category}}, {{level}}"}}})
}

// review shows what is waiting for people.
func review() *Board {
	b := newBoard("review", "Review", "What waits for people, for how long, and whether they agree. No person is counted.")
	b.stat(panel{title: "Undecided", about: "Findings that wait for a decision. What is parked is left out.", link: "/", linkTitle: "The queue",
		queries: []query{{`sum(qianshao_queue_findings{$s, state="undecided"})`, "undecided"}}})
	b.stat(panel{title: "Overdue", about: "Of them, those that have waited for longer than their level may: a day for critical, 3 for high, 14 for medium, 30 for low.", red: 1,
		link: "/?list=overdue", linkTitle: "The overdue ones", queries: []query{{`sum(qianshao_queue_findings{$s, state="overdue"})`, "overdue"}}})
	b.stat(panel{title: "The oldest waits for", about: "Time since the undecided finding that waits for longest was first seen.", unit: "s", orange: 3 * day, red: 14 * day,
		queries: []query{{`max(qianshao_queue_oldest_seconds{$s})`, "oldest"}}})
	b.stat(panel{title: "Campaigns in the queue", about: "Rows of the queue: what belongs together is decided together.", queries: []query{{`sum(qianshao_queue_campaigns{$s})`, "campaigns"}}})
	b.stat(panel{title: "Decided", about: "First decisions in the chosen range.", queries: []query{{`round(sum(increase(qianshao_verdict_seconds_count{$s}[$__range])))`, "decided"}}})
	b.stat(panel{title: "Agreement", about: "Share of the second, blind reviews of the chosen range that confirm the decision.", unit: "percentunit", decimals: 1, below: true, orange: .9, red: .75,
		queries: []query{{`sum(increase(qianshao_second_reviews_total{$s, outcome="confirmed"}[$__range])) / (sum(increase(qianshao_second_reviews_total{$s}[$__range])) > 0)`, "confirmed"}}})

	b.heading("Backlog")
	b.series(panel{title: "Findings that wait, by state", about: "Relapsed ones were decided, were gone and came back. Parked ones come back by themselves.",
		queries: []query{{`sum by (state) (qianshao_queue_findings{$s})`, "{{state}}"}}})
	b.series(panel{title: "Age of the oldest undecided", about: "A line that rises with time: nobody comes to the oldest.", unit: "s", red: 14 * day,
		queries: []query{{`max by (instance) (qianshao_queue_oldest_seconds{$s})`, "{{instance}}"}}})

	b.heading("Decisions")
	b.series(panel{title: "First decisions an hour, by level", about: "A batch counts each of its findings. What a campaign's policy decides is left out.", stacked: true,
		queries: []query{{`sum by (level) (increase(qianshao_verdict_seconds_count{$s}[1h]))`, "{{level}}"}}})
	b.series(panel{title: "Time to the first decision", about: "Of the decisions of the last day, from when the finding was first seen: half were faster, and nineteen of twenty.", unit: "s",
		queries: []query{
			{`histogram_quantile(0.5, sum by (le) (increase(qianshao_verdict_seconds_bucket{$s}[1d])))`, "median"},
			{`histogram_quantile(0.95, sum by (le) (increase(qianshao_verdict_seconds_bucket{$s}[1d])))`, "p95"},
		}})
	b.series(panel{title: "Second reviews a day", about: "Whether they confirm the decision that they are about. With many dissents the rules of the house are not clear.", stacked: true, daily: true,
		link: "/?list=review", linkTitle: "What waits for a review", queries: []query{{`sum by (outcome) (increase(qianshao_second_reviews_total{$s}[1d]))`, "{{outcome}}"}}})
	b.series(lags())
	return b
}

// lags is a panel that two boards have.
func lags() panel {
	return panel{title: "Lag of grouping and search", about: "How old the first change is that queue and search do not show yet. A second or two is ordinary.", unit: "s", orange: 120, red: 600,
		queries: []query{{`max(qianshao_campaigns_lag_seconds{$s})`, "queue"}, {`max(qianshao_index_lag_seconds{$s})`, "search"}}}
}

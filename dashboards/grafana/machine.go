package grafana

// collectors shows what is monitored, and what is not.
func collectors() *Board {
	b := newBoard("collectors", "Collectors", "What is watched, what comes in, what does not and why; by authorisation.",
		values("authorisation", "Authorisation", "qianshao_authorisation_open_findings"))
	b.stat(panel{title: "Since the last page", about: "Time since a page was last saved. Long while hosts are due: the crawl stands still.", unit: "s", orange: 900, red: hour,
		queries: []query{{`time() - max(qianshao_last_page_timestamp_seconds{$s} > 0)`, "last page"}}})
	b.stat(panel{title: "Due hosts", about: "Hosts of which a URL may be visited now.", queries: []query{{`sum(qianshao_frontier_due_hosts{$s})`, "due"}}})
	b.stat(panel{title: "Lag", about: "For how long the first of them could have been visited.", unit: "s", orange: hour, red: 6 * hour,
		queries: []query{{`max(qianshao_frontier_lag_seconds{$s})`, "lag"}}})
	b.stat(panel{title: "Not monitored", about: "Hosts and authorisations from which no page comes, or soon none will: what has no findings there is not clean.", orange: 1,
		link: "/unmonitored", linkTitle: "Which, and what to do", queries: []query{{`sum(qianshao_unmonitored{$s})`, "not monitored"}}})
	b.stat(panel{title: "Authorisations in force", about: "Without one no request is made.", below: true, red: 1,
		link: "/authorisations", linkTitle: "The register", queries: []query{{`sum(qianshao_authorisations{$s, state="in_force"})`, "in force"}}})
	b.stat(panel{title: "Since cron's last crawl", about: "Of crawls that cron starts, by the file of crawl --metrics-file: time since one last visited all that was due. Empty where serve crawls.",
		unit: "s", orange: 26 * hour, red: 2 * day, queries: []query{{`time() - max(qianshao_crawl_last_success_timestamp_seconds{$s})`, "last success"}}})

	b.heading("What comes of visits")
	b.series(panel{title: "Visits a second by outcome", about: "Unchanged pages came in, too, and were not judged again. What is skipped by the scope is as it should be.", unit: "reqps",
		queries: []query{
			{`sum(rate(qianshao_pages_fetched_total{$s}[$__rate_interval]))`, "came in"},
			{`sum(rate(qianshao_pages_unchanged_total{$s}[$__rate_interval]))`, "unchanged"},
			{`sum(rate(qianshao_skips_total{$s}[$__rate_interval]))`, "skipped"},
			{`sum by (stage) (rate(qianshao_page_failures_total{$s}[$__rate_interval]))`, "failed in {{stage}}"},
		}})
	b.series(panel{title: "Skips by reason", about: "URLs that gave no page. docs/operations.md explains each reason.", unit: "reqps",
		queries: []query{{`sum by (reason) (rate(qianshao_skips_total{$s}[$__rate_interval])) > 0`, "{{reason}}"}}})
	b.series(panel{title: "Not monitored by reason", about: "The console lists them, with what to do.", link: "/unmonitored?reason=${__field.labels.reason}", linkTitle: "Which",
		queries: []query{{`sum by (reason) (qianshao_unmonitored{$s}) > 0`, "{{reason}}"}}})
	b.series(panel{title: "Other views by outcome", about: "Visits as a search visitor, as a search engine's crawler and in a browser, where an authorisation permits them.", unit: "reqps",
		queries: []query{{`sum by (view, outcome) (rate(qianshao_views_total{$s}[$__rate_interval]))`, "{{view}}, {{outcome}}"}}})
	b.series(panel{title: "Frontier", about: "URLs that the crawler knows; due are those of the waiting whose time has come, while hosts rest between two of them.",
		queries: []query{{`sum by (state) (qianshao_frontier_items{$s})`, "{{state}}"}, {`sum(qianshao_frontier_due_items{$s})`, "due"}}})
	b.series(panel{title: "Lag of visits", about: "For how long the host that waits for longest could have been visited.", unit: "s", red: 6 * hour,
		queries: []query{{`max by (instance) (qianshao_frontier_lag_seconds{$s})`, "{{instance}}"}}})
	byAuthorisation(b)
	return b
}

func byAuthorisation(b *Board) {
	b.heading("By authorisation")
	const to, title = "/authorisations/${__field.labels.authorisation}", "The authorisation"
	b.series(panel{title: "Pages an hour", about: "Pages that came in under each authorisation.", link: to, linkTitle: title,
		queries: []query{{`sum by (authorisation) (increase(qianshao_authorisation_pages_total{$s, authorisation=~"$authorisation"}[1h]))`, "{{authorisation}}"}}})
	b.series(panel{title: "Open findings", about: "Under each authorisation.", link: to, linkTitle: title,
		queries: []query{{`sum by (authorisation) (qianshao_authorisation_open_findings{$s, authorisation=~"$authorisation"})`, "{{authorisation}}"}}})
	b.bars(panel{title: "Since the last page", about: "Of hosts that were last asked under an authorisation; the twenty that are silent for longest. One that never gave a page is left out: see Not monitored.",
		unit: "s", orange: 7 * day, red: 30 * day, link: to, linkTitle: title,
		queries: []query{{`topk(20, time() - max by (authorisation) (qianshao_authorisation_last_page_timestamp_seconds{$s, authorisation=~"$authorisation"} > 0))`, "{{authorisation}}"}}})
	b.bars(panel{title: "Due hosts", about: "The twenty authorisations with the most.", link: to, linkTitle: title,
		queries: []query{{`topk(20, sum by (authorisation) (qianshao_authorisation_due_hosts{$s, authorisation=~"$authorisation"}))`, "{{authorisation}}"}}})
	b.stat(panel{title: "Left out", about: "Authorisations without these four panels: a register with more than 1,000 has none of them.", orange: 1,
		queries: []query{{`sum(qianshao_authorisations_left_out{$s})`, "left out"}}})
}

// pipeline shows whether the system is healthy.
func pipeline() *Board {
	b := newBoard("pipeline", "Pipeline", "The way of a page, and whether the machine is well: stages, memory, disk, messages, verification.")
	b.Time.From = "now-24h"
	b.stat(panel{title: "Up", about: "Processes that Prometheus reaches.", below: true, red: 1, queries: []query{{`sum(up{$s})`, "up"}}})
	b.stat(panel{title: "Rules in force", about: "0 means that nothing can be found.", below: true, red: 1, queries: []query{{`min(qianshao_rules_loaded{$s})`, "rules"}}})
	b.stat(panel{title: "Refused rule sets", about: "Reloads that failed in the last day; the old rules stay in force.", orange: 1,
		queries: []query{{`round(sum(increase(qianshao_rules_reload_failures_total{$s}[1d])))`, "refused"}}})
	b.stat(panel{title: "Disk free", about: "Of the disk that the data folder is on.", unit: "percentunit", decimals: 1, below: true, orange: .15, red: .05,
		queries: []query{{`min(qianshao_disk_free_bytes{$s} / qianshao_disk_size_bytes{$s})`, "free"}}})
	b.stat(panel{title: "Problems of the last verification", about: "Of the evidence archive and the trail of acts. Any is one too many.", red: 1, link: "/trail", linkTitle: "The trail",
		queries: []query{{`sum by (of) (qianshao_verification_problems{$s})`, "{{of}}"}}})
	b.stat(panel{title: "Since the last verification", about: "Cron makes them, with --keep: see docs/operations.md. Decades mean never.", unit: "s", orange: 8 * day, red: 10 * day,
		queries: []query{{`time() - min by (of) (qianshao_verification_timestamp_seconds{$s})`, "{{of}}"}}})
	wayOfAPage(b)

	b.heading("Machine")
	b.series(panel{title: "Memory", about: "Resident memory and the Go heap.", unit: "bytes",
		queries: []query{{`process_resident_memory_bytes{$s}`, "resident, {{instance}}"}, {`go_memstats_heap_inuse_bytes{$s}`, "heap, {{instance}}"}}})
	b.series(panel{title: "CPU and goroutines", about: "Cores in use; goroutines that only rise are a leak.",
		queries: []query{{`rate(process_cpu_seconds_total{$s}[$__rate_interval])`, "cores, {{instance}}"}, {`go_goroutines{$s}`, "goroutines, {{instance}}"}}})
	b.series(panel{title: "Data folder by part", about: "The index is derived, and can be built anew; the evidence only grows until retention lets go.", unit: "bytes", stacked: true,
		queries: []query{{`sum by (part) (qianshao_folder_bytes{$s})`, "{{part}}"}}})
	b.series(panel{title: "Disk free", about: "Of the disk that the data folder is on.", unit: "bytes",
		queries: []query{{`min by (instance) (qianshao_disk_free_bytes{$s})`, "{{instance}}"}}})

	b.heading("Messages to people")
	b.series(panel{title: "Attempts an hour by outcome", about: "Retried ones are tried again for a day; failed ones are given up.", stacked: true,
		queries: []query{{`sum by (kind, outcome) (increase(qianshao_deliveries_total{$s}[1h]))`, "{{kind}}, {{outcome}}"}}})
	b.series(panel{title: "Messages that have not arrived", about: "Pending ones are to be sent, or sent again. The console's log of deliveries has what the channel answered.",
		queries: []query{{`sum by (state) (qianshao_deliveries{$s})`, "{{state}}"}}})
	b.series(panel{title: "Age of the oldest message to be sent", about: "Longer than an hour raises QianshaoDeliveryStuck.", unit: "s", red: hour,
		queries: []query{{`max(qianshao_delivery_oldest_pending_seconds{$s})`, "oldest"}}})

	b.heading("What runs")
	b.stat(panel{title: "Pages can be rendered", about: "1 if there is a browser.", queries: []query{{`min(qianshao_browser_available{$s})`, "browser"}}})
	b.stat(panel{title: "Text in pictures is read", about: "1 if there is tesseract with Chinese.", queries: []query{{`min(qianshao_ocr_available{$s})`, "tesseract"}}})
	builds := b.add("table", gridWidth-2*statWidth, statHeigh, panel{title: "Builds", about: "What runs where.",
		queries: []query{{`max by (job, instance, version, revision, goversion) (qianshao_build_info{$s})`, ""}}})
	builds.Transform = []transform{{ID: "organize", Options: map[string]any{"excludeByName": map[string]bool{"Time": true, "Value": true}}}}
	return b
}

func wayOfAPage(b *Board) {
	b.heading("The way of a page")
	b.series(panel{title: "Pages a second", about: "Where those that came in differ from analysed and unchanged ones, pages are lost or waiting.", unit: "reqps",
		queries: []query{
			{`sum by (source) (rate(qianshao_pages_fetched_total{$s}[$__rate_interval]))`, "came in, {{source}}"},
			{`sum(rate(qianshao_pages_analysed_total{$s}[$__rate_interval]))`, "analysed"},
			{`sum(rate(qianshao_pages_unchanged_total{$s}[$__rate_interval]))`, "unchanged"},
		}})
	b.series(panel{title: "Failures by stage", about: "Pages on which a stage gave up with an error; they are tried again.", unit: "reqps",
		queries: []query{{`sum by (stage) (rate(qianshao_page_failures_total{$s}[$__rate_interval]))`, "{{stage}}"}}})
	quantile := func(q string) []query {
		return []query{{`histogram_quantile(` + q + `, sum by (le, stage) (rate(qianshao_page_duration_seconds_bucket{$s}[$__rate_interval])))`, "{{stage}}"}}
	}
	b.series(panel{title: "Stage time, median", about: "Half of the pages were faster.", unit: "s", queries: quantile("0.5")})
	b.series(panel{title: "Stage time, p95", about: "One page of twenty was slower. Saving for longer than a second raises QianshaoSlowSave.", unit: "s", queries: quantile("0.95")})
	b.series(panel{title: "Bytes a second", about: "Of pages, after content decoding; into the evidence archive, as compressed.", unit: "Bps",
		queries: []query{
			{`sum(rate(qianshao_fetch_bytes_total{$s}[$__rate_interval]))`, "pages"},
			{`sum(rate(qianshao_evidence_bytes_total{$s}[$__rate_interval]))`, "evidence"},
		}})
	b.series(lags())
}

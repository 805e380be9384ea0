package grafana

// collectors shows what is monitored, and what is not.
func collectors() *Board {
	b := newBoard("collectors", "Collectors", "Which pages come in from the monitored sites, which do not and why, in total and for each authorisation.",
		values("authorisation", "Authorisation", "qianshao_authorisation_open_findings"))
	b.stat(panel{title: "Since the last page", about: "Time since a page was last saved. If it is long while hosts are due, the crawl has stalled.", unit: "s", orange: 900, red: hour,
		queries: []query{{`time() - max(qianshao_last_page_timestamp_seconds{$s} > 0)`, "last page"}}})
	b.stat(panel{title: "Due hosts", about: "Hosts with a URL that may be visited now.", queries: []query{{`sum(qianshao_frontier_due_hosts{$s})`, "due"}}})
	b.stat(panel{title: "Lag", about: "How long the longest-waiting host has been due.", unit: "s", orange: hour, red: 6 * hour,
		queries: []query{{`max(qianshao_frontier_lag_seconds{$s})`, "lag"}}})
	b.stat(panel{title: "Not monitored", about: "Hosts and authorisations that yield no pages, or soon will not. If they have no findings, that does not mean that they are clean.", orange: 1,
		link: "/unmonitored", linkTitle: "Open the list, with what to do", queries: []query{{`sum(qianshao_unmonitored{$s})`, "not monitored"}}})
	b.stat(panel{title: "Authorisations in force", about: "Without one, no request is made.", below: true, red: 1,
		link: "/authorisations", linkTitle: "Open the register", queries: []query{{`sum(qianshao_authorisations{$s, state="in_force"})`, "in force"}}})
	b.stat(panel{title: "Since cron's last crawl", about: "For crawls started by cron with --metrics-file: time since the last one that visited everything that was due. Empty if serve does the crawling.",
		unit: "s", orange: 26 * hour, red: 2 * day, queries: []query{{`time() - max(qianshao_crawl_last_success_timestamp_seconds{$s})`, "last success"}}})

	b.heading("Results of visits")
	b.series(panel{title: "Visits per second by outcome", about: "Unchanged pages are also counted as received; they were not judged again. Skips of URLs outside the scope are normal.", unit: "reqps",
		queries: []query{
			{`sum(rate(qianshao_pages_fetched_total{$s}[$__rate_interval]))`, "received"},
			{`sum(rate(qianshao_pages_unchanged_total{$s}[$__rate_interval]))`, "unchanged"},
			{`sum(rate(qianshao_skips_total{$s}[$__rate_interval]))`, "skipped"},
			{`sum by (stage) (rate(qianshao_page_failures_total{$s}[$__rate_interval]))`, "failed in {{stage}}"},
		}})
	b.series(panel{title: "Skips by reason", about: "URLs that yielded no page. docs/operations.md explains each reason.", unit: "reqps",
		queries: []query{{`sum by (reason) (rate(qianshao_skips_total{$s}[$__rate_interval])) > 0`, "{{reason}}"}}})
	b.series(panel{title: "Not monitored by reason", about: "The console lists the hosts and authorisations, with what to do.", link: "/unmonitored?reason=${__field.labels.reason}", linkTitle: "Open the list",
		queries: []query{{`sum by (reason) (qianshao_unmonitored{$s}) > 0`, "{{reason}}"}}})
	b.series(panel{title: "Other views by outcome", about: "Visits as a visitor who comes from a search engine, as a search engine's crawler, and in a browser, where an authorisation permits them.", unit: "reqps",
		queries: []query{{`sum by (view, outcome) (rate(qianshao_views_total{$s}[$__rate_interval]))`, "{{view}}, {{outcome}}"}}})
	b.series(panel{title: "Frontier", about: "URLs that the crawler knows. Due URLs are the waiting ones whose time has come; each host still gets a pause between two visits.",
		queries: []query{{`sum by (state) (qianshao_frontier_items{$s})`, "{{state}}"}, {`sum(qianshao_frontier_due_items{$s})`, "due"}}})
	b.series(panel{title: "Lag of visits", about: "How long the longest-waiting host has been due. More than six hours raises QianshaoCollectorBehind.", unit: "s", red: 6 * hour,
		queries: []query{{`max by (instance) (qianshao_frontier_lag_seconds{$s})`, "{{instance}}"}}})
	byAuthorisation(b)
	return b
}

func byAuthorisation(b *Board) {
	b.heading("By authorisation")
	const to, title = "/authorisations/${__field.labels.authorisation}", "Open the authorisation"
	b.series(panel{title: "Pages per hour", about: "Pages received under each authorisation.", link: to, linkTitle: title,
		queries: []query{{`sum by (authorisation) (increase(qianshao_authorisation_pages_total{$s, authorisation=~"$authorisation"}[1h]))`, "{{authorisation}}"}}})
	b.series(panel{title: "Open findings", about: "Open findings under each authorisation.", link: to, linkTitle: title,
		queries: []query{{`sum by (authorisation) (qianshao_authorisation_open_findings{$s, authorisation=~"$authorisation"})`, "{{authorisation}}"}}})
	b.bars(panel{title: "Since the last page", about: "The twenty authorisations that have been without a page for longest. Those that have never yielded one are left out: see Not monitored.",
		unit: "s", orange: 7 * day, red: 30 * day, link: to, linkTitle: title,
		queries: []query{{`topk(20, time() - max by (authorisation) (qianshao_authorisation_last_page_timestamp_seconds{$s, authorisation=~"$authorisation"} > 0))`, "{{authorisation}}"}}})
	b.bars(panel{title: "Due hosts", about: "The twenty authorisations with the most due hosts.", link: to, linkTitle: title,
		queries: []query{{`topk(20, sum by (authorisation) (qianshao_authorisation_due_hosts{$s, authorisation=~"$authorisation"}))`, "{{authorisation}}"}}})
	b.stat(panel{title: "Left out", about: "Authorisations missing from the four panels above. If the register has more than 1,000 authorisations, all of them are left out.", orange: 1,
		queries: []query{{`sum(qianshao_authorisations_left_out{$s})`, "left out"}}})
}

// pipeline shows whether the system is healthy.
func pipeline() *Board {
	b := newBoard("pipeline", "Pipeline", "How pages pass through the stages, and whether the machine is healthy: memory, disk, messages, verification.")
	b.Time.From = "now-24h"
	b.stat(panel{title: "Up", about: "Processes that Prometheus can reach.", below: true, red: 1, queries: []query{{`sum(up{$s})`, "up"}}})
	b.stat(panel{title: "Rules in force", about: "0 means that nothing can be found.", below: true, red: 1, queries: []query{{`min(qianshao_rules_loaded{$s})`, "rules"}}})
	b.stat(panel{title: "Refused rule sets", about: "Reloads that failed in the last day. The old rules stay in force.", orange: 1,
		queries: []query{{`round(sum(increase(qianshao_rules_reload_failures_total{$s}[1d])))`, "refused"}}})
	b.stat(panel{title: "Disk free", about: "Free share of the data folder's disk.", unit: "percentunit", decimals: 1, below: true, orange: .15, red: .05,
		queries: []query{{`min(qianshao_disk_free_bytes{$s} / qianshao_disk_size_bytes{$s})`, "free"}}})
	b.stat(panel{title: "Verification problems", about: "Problems that the last verification of the evidence archive and of the trail of acts found. Even one is serious.", red: 1, link: "/trail", linkTitle: "Open the audit trail",
		queries: []query{{`sum by (of) (qianshao_verification_problems{$s})`, "{{of}}"}}})
	b.stat(panel{title: "Since the last verification", about: "Cron should run the verifications, with --keep: see docs/operations.md. Decades mean never.", unit: "s", orange: 8 * day, red: 10 * day,
		queries: []query{{`time() - min by (of) (qianshao_verification_timestamp_seconds{$s})`, "{{of}}"}}})
	wayOfAPage(b)

	b.heading("Machine")
	b.series(panel{title: "Memory", about: "Resident memory, and the Go heap in use.", unit: "bytes",
		queries: []query{{`process_resident_memory_bytes{$s}`, "resident, {{instance}}"}, {`go_memstats_heap_inuse_bytes{$s}`, "heap, {{instance}}"}}})
	b.series(panel{title: "CPU and goroutines", about: "CPU cores in use. A number of goroutines that only rises indicates a leak.",
		queries: []query{{`rate(process_cpu_seconds_total{$s}[$__rate_interval])`, "cores, {{instance}}"}, {`go_goroutines{$s}`, "goroutines, {{instance}}"}}})
	b.series(panel{title: "Data folder by part", about: "The index is derived and can be rebuilt. The evidence grows until it is pruned by the retention policy.", unit: "bytes", stacked: true,
		queries: []query{{`sum by (part) (qianshao_folder_bytes{$s})`, "{{part}}"}}})
	b.series(panel{title: "Disk free", about: "Free space on the data folder's disk.", unit: "bytes",
		queries: []query{{`min by (instance) (qianshao_disk_free_bytes{$s})`, "{{instance}}"}}})

	b.heading("Messages to people")
	b.series(panel{title: "Attempts per hour by outcome", about: "Retried messages are tried again for a day; failed ones have been given up.", stacked: true,
		queries: []query{{`sum by (kind, outcome) (increase(qianshao_deliveries_total{$s}[1h]))`, "{{kind}}, {{outcome}}"}}})
	b.series(panel{title: "Undelivered messages", about: "Pending messages are still to be sent, or sent again. The console shows the channel's answers under Notices, Deliveries.",
		queries: []query{{`sum by (state) (qianshao_deliveries{$s})`, "{{state}}"}}})
	b.series(panel{title: "Age of the oldest pending message", about: "More than an hour raises QianshaoDeliveryStuck.", unit: "s", red: hour,
		queries: []query{{`max(qianshao_delivery_oldest_pending_seconds{$s})`, "oldest"}}})

	b.heading("Software")
	b.stat(panel{title: "Browser available", about: "1 if there is a browser to render pages, otherwise 0.", queries: []query{{`min(qianshao_browser_available{$s})`, "browser"}}})
	b.stat(panel{title: "OCR available", about: "1 if there is tesseract with Chinese to read text in pictures, otherwise 0.", queries: []query{{`min(qianshao_ocr_available{$s})`, "tesseract"}}})
	builds := b.add("table", gridWidth-2*statWidth, statHeigh, panel{title: "Builds", about: "Which version runs where.",
		queries: []query{{`max by (job, instance, version, revision, goversion) (qianshao_build_info{$s})`, ""}}})
	builds.Transform = []transform{{ID: "organize", Options: map[string]any{"excludeByName": map[string]bool{"Time": true, "Value": true}}}}
	return b
}

func wayOfAPage(b *Board) {
	b.heading("Page processing")
	b.series(panel{title: "Pages per second", about: "If more pages are received than are analysed and unchanged together, pages are lost or waiting.", unit: "reqps",
		queries: []query{
			{`sum by (source) (rate(qianshao_pages_fetched_total{$s}[$__rate_interval]))`, "received, {{source}}"},
			{`sum(rate(qianshao_pages_analysed_total{$s}[$__rate_interval]))`, "analysed"},
			{`sum(rate(qianshao_pages_unchanged_total{$s}[$__rate_interval]))`, "unchanged"},
		}})
	b.series(panel{title: "Failures by stage", about: "Pages for which a stage failed with an error. They are tried again.", unit: "reqps",
		queries: []query{{`sum by (stage) (rate(qianshao_page_failures_total{$s}[$__rate_interval]))`, "{{stage}}"}}})
	quantile := func(q string) []query {
		return []query{{`histogram_quantile(` + q + `, sum by (le, stage) (rate(qianshao_page_duration_seconds_bucket{$s}[$__rate_interval])))`, "{{stage}}"}}
	}
	b.series(panel{title: "Stage time, median", about: "Half of the pages took less time.", unit: "s", queries: quantile("0.5")})
	b.series(panel{title: "Stage time, p95", about: "One page in twenty took longer. If saving takes more than a second, QianshaoSlowSave is raised.", unit: "s", queries: quantile("0.95")})
	b.series(panel{title: "Bytes per second", about: "Bytes of pages, after content decoding, and bytes written to the evidence archive, compressed.", unit: "Bps",
		queries: []query{
			{`sum(rate(qianshao_fetch_bytes_total{$s}[$__rate_interval]))`, "pages"},
			{`sum(rate(qianshao_evidence_bytes_total{$s}[$__rate_interval]))`, "evidence"},
		}})
	b.series(lags())
}

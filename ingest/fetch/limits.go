package fetch

import "time"

// Defaults of Limits.
const (
	// DefaultConnect suits distant and slow servers; a SYN is sent four times within it.
	DefaultConnect = 10 * time.Second
	// DefaultHeader is the wait for the first byte: a slow CMS takes that long to build a page.
	DefaultHeader = 20 * time.Second
	// DefaultBodyIdle is the longest pause within a body.
	DefaultBodyIdle = 15 * time.Second
	// DefaultTotal bounds one request, so that a server that drips bytes cannot block a worker.
	DefaultTotal = 60 * time.Second
	// DefaultScript bounds the request for a script. It is less than a page waits for all its
	// scripts, so that one that never ends is recognised, and the others are still fetched.
	DefaultScript = 10 * time.Second
	// DefaultMaxHeader bounds the response's header fields.
	DefaultMaxHeader = 256 << 10
	// DefaultMaxBody bounds a body, as sent and as decoded. The largest HTML
	// pages in the wild are lists of some 10 MB, which are cut off at the bound and marked: judging
	// a page takes twelve times its size in memory, and with larger pages a crawl would not stay
	// within 300 MB.
	DefaultMaxBody = 8 << 20
	// DefaultMaxSitemap is what sitemaps.org permits, uncompressed.
	DefaultMaxSitemap = 50 << 20
	// DefaultMaxStylesheet is twice the size of large frameworks' style sheets.
	DefaultMaxStylesheet = 256 << 10
	// DefaultMaxScript is enough for scripts that a site has of its own, and for the beginning of a
	// large application. A page is read together with its scripts each time it is judged.
	DefaultMaxScript = 256 << 10
	// DefaultMaxRedirects is half of what browsers follow; a longer chain is a loop.
	DefaultMaxRedirects = 10

	// MaxCrawlDelay caps the Crawl-delay of robots.txt: even if that is longer, a page is fetched
	// each minute, since the site's owner wants the site to be monitored.
	MaxCrawlDelay = time.Minute
	// MaxRetryAfter caps Retry-After, so that a wrong clock does not exclude a site for a year.
	MaxRetryAfter = 24 * time.Hour

	// MaxHostPause caps how long a Retry-After keeps us from the host's other
	// pages, so that one answer cannot hide a site for a day.
	MaxHostPause = time.Hour
	// maxWait is the longest wait for a host's turn. If it would take longer,
	// the caller gets an error and can turn to other hosts.
	maxWait = 2 * MaxCrawlDelay

	// maxRatio is the expansion above which a compressed body is a bomb. HTML
	// compresses 3 to 30 times, generated tables 100 times; gzip's bound is 1,032.
	maxRatio = 200
	// bombFloor is the decoded size up to which any ratio is accepted.
	bombFloor = 4 << 20
	// maxCodings bounds stacked content encodings.
	maxCodings = 3
	// maxZstdWindow is the size that a decoder must support, and need not exceed (RFC 9659).
	maxZstdWindow = 8 << 20
)

// Limits bound one fetch. A zero field takes the default with its name.
type Limits struct {
	Connect  time.Duration // dialling, and as much again for TLS
	Header   time.Duration // from the request's end to the header's
	BodyIdle time.Duration // longest pause in the body
	Total    time.Duration // one request, all in all
	Script   time.Duration // one request for a script, all in all

	MaxHeader     int64
	MaxBody       int64 // bytes, as sent and as decoded
	MaxSitemap    int64 // bytes decoded
	MaxStylesheet int64 // bytes decoded
	MaxScript     int64 // bytes decoded
	MaxRedirects  int
}

func (l Limits) withDefaults() Limits {
	orDuration := func(d *time.Duration, def time.Duration) {
		if *d <= 0 {
			*d = def
		}
	}
	orBytes := func(n *int64, def int64) {
		if *n <= 0 {
			*n = def
		}
	}
	orDuration(&l.Connect, DefaultConnect)
	orDuration(&l.Header, DefaultHeader)
	orDuration(&l.BodyIdle, DefaultBodyIdle)
	orDuration(&l.Total, DefaultTotal)
	orDuration(&l.Script, DefaultScript)
	orBytes(&l.MaxHeader, DefaultMaxHeader)
	orBytes(&l.MaxBody, DefaultMaxBody)
	orBytes(&l.MaxSitemap, DefaultMaxSitemap)
	orBytes(&l.MaxStylesheet, DefaultMaxStylesheet)
	orBytes(&l.MaxScript, DefaultMaxScript)
	if l.MaxRedirects <= 0 {
		l.MaxRedirects = DefaultMaxRedirects
	}
	return l
}

package qianshao

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"
)

// Source names what brought a page in.
type Source string

const (
	SourceCrawl  Source = "crawl"
	SourceFolder Source = "folder"
	SourceWARC   Source = "warc"
	SourceLines  Source = "lines" // JSON lines of {"text": …}
)

// PageKey returns what is kept of the URL of a page, flagged or not: the URL with its query
// replaced by the query's SHA-256 in hex, since queries hold names, numbers and session tokens.
// Whoever knows a URL can find its page by the key; the key alone does not reveal the query, unless
// it can be guessed.
//
// A path of more than maxKeyPath bytes is cut, and '#', which no page's URL contains, and the path's SHA-256
// are appended, because database indexes limit the length of their keys.
func PageKey(url string) string {
	path, query, has := strings.Cut(url, "?")
	if len(path) > maxKeyPath {
		end := maxKeyPath - len("#") - hex.EncodedLen(sha256.Size)
		for end > 0 && !utf8.RuneStart(path[end]) {
			end--
		}
		path = path[:end] + "#" + hashOf(path)
	}
	if !has {
		return path
	}
	return path + "?" + hashOf(query)
}

// maxKeyPath is longer than any link that is followed, and short enough for PostgreSQL, where an
// index row is limited to 2,704 bytes for the key and the other columns.
const maxKeyPath = 2100

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Form says what kind of text something is. A contact handle is bait in a message but ordinary on a
// page, so a rule may apply to one form only.
type Form string

const (
	// FormPage is a page of a site: everything that is not declared a message.
	FormPage Form = "page"
	// FormMessage is a single text: a chat message, a text message, a comment, a post.
	FormMessage Form = "message"
)

// Forms returns both forms.
func Forms() []Form { return []Form{FormMessage, FormPage} }

// Page is what was fetched or read, before it is parsed.
type Page struct {
	// URL is the page's canonical URL after redirects, or the file's path.
	URL string
	// RequestedURL is the URL that was requested; it differs from URL after a redirect.
	RequestedURL string
	// Authorisation is the id of the Authorisation under which the page was
	// fetched; empty for files that the operator already holds.
	Authorisation string
	Source        Source
	// As is the form in which the operator wants the page judged; empty if Source decides.
	As        Form
	FetchedAt time.Time
	// Status is the HTTP status; 0 where there was no HTTP.
	Status int
	// ContentType is the Content-Type as declared, charset included; may be empty or wrong.
	ContentType string
	// Body is the content after transfer and content decoding, in its own charset.
	Body []byte
	// Truncated says that Body was cut at the size cap.
	Truncated bool
	// Stylesheets are the external style sheets that came with the page, by
	// absolute URL. Without them, hidden text cannot be recognised.
	Stylesheets map[string][]byte
	// Scripts are the external scripts of the page's own site that came with it and contain text,
	// by absolute URL. Some pages are built by their scripts.
	Scripts map[string][]byte
	// Pictures are the page's pictures in which something was read.
	Pictures []Picture
	// View says what kind of visitor the request came from.
	View View
	// Others are the answers to other views of the same URL, where the authorisation permits them.
	// They have no Others themselves. One with a redirect's Status was redirected out of scope: its
	// URL is the target, which was never requested. Further visits as ViewVisitor show what differs
	// at every visit anyway.
	Others []Page
	// ETag and LastModified are the answer's validators, for the next visit.
	ETag         string
	LastModified string
	// RobotsTags are the values of X-Robots-Tag that address us, in order. Like meta robots, they
	// are only recorded for the reader of a finding.
	RobotsTags []string
	// RobotsWaiver is the authorisation's, if robots.txt was not consulted.
	RobotsWaiver string
	// Exchanges are the requests that led to the page and their answers,
	// redirects first; none for files.
	Exchanges []Exchange
	// Screenshot is a PNG of the page, from a browser's view only.
	Screenshot []byte
}

// Form returns what the page is judged as: lines of JSON are messages, all else is a page.
func (p *Page) Form() Form {
	switch {
	case p.As != "":
		return p.As
	case p.Source == SourceLines:
		return FormMessage
	}
	return FormPage
}

// NotModified says that the server confirmed the validators of the visit
// before and sent no body.
func (p *Page) NotModified() bool { return p.Status == http304 }

// LedAway says that the page is a redirect out of scope, to URL.
func (p *Page) LedAway() bool { return p.Status >= 300 && p.Status < 400 && !p.NotModified() }

const http304 = 304 // root imports no net/http

// View is a way to request a page. Comparing two views of one page reveals cloaking.
type View string

const (
	// ViewVisitor is somebody who types the address.
	ViewVisitor View = ""
	// ViewSearchVisitor comes from a search engine's result: the request's
	// Referer says so. Some hacked sites redirect only these visitors.
	ViewSearchVisitor View = "search_visitor"
	// ViewSearchCrawler says that it is a search engine's crawler. Only for
	// authorisations that permit it in writing.
	ViewSearchCrawler View = "search_crawler"
	// ViewBrowser is what a browser shows after the page's scripts have run.
	ViewBrowser View = "browser"
)

// Exchange is one request and its answer, for the evidence archive. Header
// blocks are written as HTTP/1.1 has them, whatever version was spoken.
type Exchange struct {
	URL string
	At  time.Time
	// Address is the server's IP address, without port.
	Address string
	// Protocol is the version spoken: "HTTP/1.1", "HTTP/2.0".
	Protocol string
	// Request is the request line and header, including the final blank line.
	Request []byte
	// ResponseHeader is the status line and header, including the final blank line.
	ResponseHeader []byte
	// Body is the answer's body after transfer decoding but before content decoding, so that the
	// archive holds what was sent.
	Body []byte
	// Truncated says that Body was cut at the size cap.
	Truncated bool
}

// Skip is a named reason why a URL was not fetched or a page not analysed. Each is a label of the
// metric qianshao_skips_total and is explained in docs/operations.md.
type Skip string

const (
	// SkipNotAuthorised: no authorisation covers the URL's host and path.
	SkipNotAuthorised Skip = "not_authorised"
	// SkipNotInForce: an authorisation covers the URL, but not at this time.
	SkipNotInForce Skip = "authorisation_not_in_force"
	// SkipPathExcluded: the covering authorisation excludes the path.
	SkipPathExcluded Skip = "path_excluded"
	// SkipQuery: the covering authorisation forbids URLs with a query.
	SkipQuery Skip = "query_not_permitted"
	// SkipRobots: robots.txt disallows the path.
	SkipRobots Skip = "robots_disallowed"
	// SkipRobotsUnavailable: robots.txt answered 5xx or not at all, which disallows everything (RFC 9309, 2.3.1.4).
	SkipRobotsUnavailable Skip = "robots_unavailable"
	// SkipAddress: the host resolves to an address that the authorisation does not permit.
	SkipAddress Skip = "address_blocked"
	// SkipBadURL: not a URL of scheme http or https.
	SkipBadURL Skip = "bad_url"
	// SkipRedirects: more redirects than permitted.
	SkipRedirects Skip = "too_many_redirects"
	// SkipTooLarge: the body as sent is larger than the cap and cannot be decoded in part.
	SkipTooLarge Skip = "too_large"
	// SkipBomb: the body expands further than any text does; it was cut there.
	SkipBomb Skip = "decompression_bomb"
	// SkipView: the authorisation does not permit the view.
	SkipView Skip = "view_not_permitted"
	// SkipType: neither HTML nor text.
	SkipType Skip = "unsupported_type"
	// SkipStatus: the server answered with an error status.
	SkipStatus Skip = "http_error"
	// SkipUnreachable: no connection, a time-out, or an answer that broke off.
	SkipUnreachable Skip = "unreachable"
	// SkipPaused: the host has asked us to come back later (Retry-After).
	SkipPaused Skip = "host_paused"
	// SkipDepth: more links away from the seed than permitted.
	SkipDepth Skip = "too_deep"
	// SkipHostBudget: the host has used up its budget of pages.
	SkipHostBudget Skip = "host_budget"
	// SkipLongURL: longer than URLs of pages are.
	SkipLongURL Skip = "url_too_long"
	// SkipRepeatedPath: the path repeats itself, as happens when relative links lead ever deeper.
	SkipRepeatedPath Skip = "repeated_path"
	// SkipCalendar: the URL names a date that a calendar makes up.
	SkipCalendar Skip = "endless_calendar"
	// SkipQueryVariants: the path has already been seen with the maximum number of different
	// queries.
	SkipQueryVariants Skip = "query_variants"
)

// Skips returns every reason, for tables, metrics and the documentation's test.
func Skips() []Skip {
	return []Skip{
		SkipNotAuthorised, SkipNotInForce, SkipPathExcluded, SkipQuery, SkipRobots, SkipRobotsUnavailable,
		SkipAddress, SkipBadURL, SkipRedirects, SkipTooLarge, SkipBomb, SkipView, SkipType, SkipStatus,
		SkipUnreachable, SkipPaused, SkipDepth, SkipHostBudget, SkipLongURL, SkipRepeatedPath, SkipCalendar, SkipQueryVariants,
	}
}

// Package store is the vocabulary of the store, which has the authoritative data: what is saved about a
// page, what is read back about a finding, and the errors that callers tell apart. store/sqlstore
// implements it; each consumer declares the methods it needs as an interface of its own, and the contract
// suite in store/storetest tests an implementation against all of them.
package store

import (
	"errors"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

// Sentinels to test for with errors.Is.
var (
	// ErrNotFound: no row with that key.
	ErrNotFound = locales.Errorf("store.not_found")
	// ErrCorrupt: the database is damaged, or not one of ours.
	ErrCorrupt = locales.Errorf("store.damaged")
	// ErrNewerSchema: a later version of the program has written the database.
	ErrNewerSchema = locales.Errorf("store.newer")
)

// Optional returns a pointer to what was read, or nil if there is none:
//
//	under, err := store.Optional(s.Authorisation(ctx, id))
func Optional[T any](v T, err error) (*T, error) {
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &v, nil
}

// MaxPageText bounds the text of one page that is kept for search, in bytes; it is cut at the end of a
// region. The source is kept whole. A page with more text than a thick book is data, and each of its
// findings is indexed with all of it: while writing, the index takes a hundred times the text.
const MaxPageText = 512 << 10

// Save is one analysed page.
type Save struct {
	// Page as fetched; FetchedAt must be set.
	Page       qianshao.Page
	Document   *qianshao.Document
	Assessment qianshao.Assessment
	// ViewsAsked says that the page's other views were requested at this visit, whether or not they were
	// received.
	ViewsAsked bool
	// Scripted says that the page has external scripts of its own site. They may change while the body
	// stays the same, so the assessment is valid for ScriptsHold only; see Confirm.
	Scripted bool
	// Rules names the rule set of the assessment; see Confirm.
	Rules string
	// Merged are open findings of the page, by id, that were merged into findings of the assessment, each
	// with the id of that finding.
	Merged map[string]string
}

// ScriptsHold is how long the assessment of a page with external scripts is valid while its body stays the
// same: as long as what is known of the scripts.
const ScriptsHold = 24 * time.Hour

// Saved is the result of saving a page.
type Saved struct {
	// Open says that a finding of the page is open.
	Open bool
	// Changed says that findings have changed, so that their consumers have work to do.
	Changed bool
}

// Finding is a finding with the capture that it was made on: the page as it was at the last visit that saw
// the finding. Later changes of the page do not affect it; they are in PageNow.
type Finding struct {
	qianshao.Finding
	// PageTitle is cut to MaxTitle bytes once the finding is gone.
	PageTitle string
	// Source is the decoded page, into which the evidence's spans point; empty if
	// the finding is gone.
	Source string
	// Charset is the IANA name of the source's original encoding.
	Charset string
	// Hash is the SHA-256 of the page's body, in hex; empty if it is not known because the finding was gone
	// before captures were kept.
	Hash string
	// FetchedAt is when the page was last fetched with the finding.
	FetchedAt    time.Time
	Status       int
	RequestedURL string
	// PageNow is what the last visit received at the page's URL. While the finding is open, it is the same
	// as the capture.
	PageNow PageState
	// FirstSeen and LastSeen are the first and last visit that saw the finding.
	FirstSeen time.Time
	LastSeen  time.Time
	// GoneAt is the first visit that saw the page without it; the zero time while it is open.
	GoneAt time.Time
	// Changes are the times at which it disappeared, came back, or moved to another category, oldest first.
	Changes []qianshao.Change
}

// PageState is what a visit received at a URL. It has no title: the title of a clean page is the text of an
// innocent page.
type PageState struct {
	// Hash is the SHA-256 of the body, in hex; empty if there was no page.
	Hash string
	// Status is the HTTP status; 0 if the URL redirected to another page, or was not fetched over HTTP.
	Status int
	At     time.Time
}

// MaxTitle bounds the title, in bytes, that is kept of a finding that is gone.
const MaxTitle = qianshao.MaxEvidenceText

// State says whether the finding is open or gone.
func (f *Finding) State() qianshao.State {
	if f.GoneAt.IsZero() {
		return qianshao.StateOpen
	}
	return qianshao.StateGone
}

// View is another view of a flagged page.
type View struct {
	View qianshao.View
	// URL is the URL of the view after redirects. If a redirect left the scope, it is the redirect's
	// target.
	URL       string
	Status    int
	FetchedAt time.Time
	// Hash is the SHA-256 of the view's body, in hex.
	Hash    string
	Charset string
	// Source is the decoded view, into which the spans of evidence point; "" if
	// there is only a picture.
	Source string
	// Screenshot is a PNG, from ViewBrowser only.
	Screenshot []byte
}

// ViewState is what the store knows of a page's other views.
type ViewState struct {
	// At is when they were last requested; the zero time if never.
	At time.Time
	// Hash is the SHA-256, in hex, of the body that the plain visitor received at that time.
	Hash string
	// Open are the views in which findings of the page have evidence: they must be requested again, or the
	// findings would seem to be gone.
	Open []qianshao.View
}

// OldFinding is what retention needs to know about a finding.
type OldFinding struct {
	ID, URL  string
	Category qianshao.Category
	LastSeen time.Time
}

// Deletion is a line of the log of deleted findings. It names no page.
type Deletion struct {
	Finding string // its id
	// Category is the finding's; it need not be set to delete a finding.
	Category qianshao.Category
	At       time.Time
	// Reason says, for people, who or what deleted it.
	Reason string
}

// FindingMark identifies a state of all findings, for whoever keeps a copy of them: it changes with every
// change of a finding's state and every visit that sees a finding.
type FindingMark struct {
	Findings int // open and gone
	Open     int
	// Newest is the last time a finding was seen; the zero time if there are none.
	Newest time.Time
}

// Equal says whether both marks are of the same state.
func (m FindingMark) Equal(other FindingMark) bool {
	return m.Findings == other.Findings && m.Open == other.Open && m.Newest.Equal(other.Newest)
}

// Counts are the numbers of rows in the store.
type Counts struct {
	Pages    int // pages seen
	Flagged  int // of them, flagged now
	Findings int // open and gone
	Open     int // findings whose page still shows them
	URLs     int // URLs in the frontier
	Waiting  int // of them, those to be visited, now or later
	// Skips counts the URLs whose last visit ended in a skip, by reason.
	Skips map[qianshao.Skip]int
}

// WaitingHost is a host with URLs that fail at present and are retried.
type WaitingHost struct {
	Host string
	// URLs is the number of those that fail.
	URLs int
	// Since is when the first of them began to fail.
	Since time.Time
	// Skip is why the last visit failed.
	Skip qianshao.Skip
	// Next is when the host is retried.
	Next time.Time
}

// SkippedHost is a host with URLs that were skipped for one reason, except those retried soon.
type SkippedHost struct {
	Host string
	Skip qianshao.Skip
	URLs int
}

// URLState is what is known about a URL: its page, and its place in the frontier.
type URLState struct {
	// Authorisation is the one of the page's last visit, FrontierAuthorisation the one for its next; "" if
	// there is none.
	Authorisation, FrontierAuthorisation string
	// Seen is when a page was last received, with Status; the zero time if never. Flagged says that it has
	// findings.
	Seen    time.Time
	Status  int
	Flagged bool
	// Skip is why the last visit brought no page; "" if it did, or if there was no visit yet.
	Skip qianshao.Skip
	// Waits says that the URL will be visited, at Due or later.
	Waits bool
	Due   time.Time
}

// FrontierRecord is a URL of the frontier with the result of its last visit.
type FrontierRecord struct {
	URL string
	// Skip is why the last visit brought no page; "" if it did, or if there was no visit yet.
	Skip qianshao.Skip
	// Waits says that the URL will be visited, now or later.
	Waits bool
}

// Report is a submission as it is handed in.
type Report struct {
	URL string // canonical
	// Suspected is the category that the reporter suspects; empty if they named none.
	Suspected qianshao.Category
	// Origin is as in qianshao.Submission.
	Origin string
	// By is the account that hands it in, or ByCommand: it is recorded in the trail of acts, not in the
	// report.
	By string
	At time.Time
}

// Bounds of the stored reports: flooding the portal must not fill the disk, and one sender must not use up
// everyone's room.
const (
	// MaxWaiting bounds the reports that wait for an authorisation. Nobody reads more than ten thousand.
	MaxWaiting = 10_000
	// MaxQueued bounds the reports whose pages are authorised but not yet visited: they take precedence
	// over all other pages of their hosts, and at one request a second ten thousand take three hours.
	MaxQueued = 10_000
	// MaxOfOrigin bounds the reports of one origin in each of the two states; an administrator may set a
	// lower bound, see SettingOpenReports.
	MaxOfOrigin = 2_000
	// MaxVisited bounds the reports whose pages have been visited: the oldest make room.
	MaxVisited = 50_000
	// ReportTerm is how long a report is kept after it was last handed in. If a quarter of a year brings no
	// authorisation, none will come for a report.
	ReportTerm = 90 * 24 * time.Hour
)

// Why a report is refused; to test for with errors.Is.
var (
	// ErrTooManyWaiting says that MaxWaiting reports wait for an authorisation already.
	ErrTooManyWaiting = locales.Errorf("store.too_many_waiting", MaxWaiting)
	// ErrTooManyQueued says that MaxQueued reports wait for a visit already.
	ErrTooManyQueued = locales.Errorf("store.too_many_queued", MaxQueued)
	// ErrTooManyOfOrigin says that the origin already has as many open reports as it may have.
	ErrTooManyOfOrigin = locales.Errorf("store.too_many_of_origin")
)

// Reader is who reads reports.
type Reader struct {
	Sight qianshao.Sight
	// Origin is that of the reader's own reports, if the reader does not see all.
	Origin string
}

// Everything reads all reports.
func Everything() Reader { return Reader{Sight: qianshao.SeeAll()} }

// Sees says whether a report may be read: while it waits for an authorisation, by its origin; after
// that, by those who see its authorisation.
func (r Reader) Sees(s qianshao.Submission) bool {
	if s.State == qianshao.SubmissionWaiting {
		return r.Sight.All || r.Origin != "" && r.Origin == s.Origin
	}
	return r.Sight.Sees(s.Authorisation)
}

// Receipt returns what a reader may know about a report just handed in. A reader who may not read
// the report learns neither whether it had been handed in before nor its result.
func (r Reader) Receipt(s qianshao.Submission) qianshao.Submission {
	if r.Sees(s) {
		return s
	}
	return qianshao.Submission{
		ID: s.ID, URL: s.URL, Reports: 1, Origin: r.Origin, First: s.Last, Last: s.Last,
		State: qianshao.SubmissionWaiting, Skip: qianshao.SkipNotAuthorised,
	}
}

// OriginCount counts an origin's open reports.
type OriginCount struct {
	Origin string
	// Waiting reports have no authorisation yet, Queued ones wait for their visit.
	Waiting, Queued int
}

// Range is a stretch of rows by their ids: those greater than After, up to Last.
type Range struct{ After, Last string }

// Package store is the vocabulary of the truth: what is saved of a page, what
// is read back of a finding, and the errors that callers tell apart. store/sqlstore
// implements it; each consumer names the part of it that it needs as an
// interface of its own, and the contract suite in store/storetest holds an
// implementation to all of them.
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

// MaxPageText bounds the text that is kept of one page for search, in bytes; it
// is cut at the end of a region. The source is kept whole. A page with more text
// than a thick book is data, and every finding on it is indexed with all of it:
// the index takes a hundred times the text while it writes.
const MaxPageText = 512 << 10

// Save is one analysed page.
type Save struct {
	// Page as fetched; FetchedAt must be set.
	Page       qianshao.Page
	Document   *qianshao.Document
	Assessment qianshao.Assessment
	// ViewsAsked says that the page's other views were asked for at this visit,
	// whether or not they came.
	ViewsAsked bool
	// Scripted says that the page has external scripts of its own site. They may change
	// while its body does not, so its assessment holds for ScriptsHold only; see Confirm.
	Scripted bool
	// Rules names the rule set of the assessment; see Confirm.
	Rules string
	// Merged are the open findings of the page, by id, that findings of the assessment
	// have taken in, each with the id of the one that did.
	Merged map[string]string
}

// ScriptsHold is how long the assessment of a page with external scripts holds while its
// body is as it was: as long as what is known of the scripts.
const ScriptsHold = 24 * time.Hour

// Saved is what became of a page's findings.
type Saved struct {
	// Open says that a finding of the page is open.
	Open bool
	// Changed says that findings have changed: their consumers have something to do.
	Changed bool
}

// Finding is a finding with the capture of the page that it was made on: the page
// as the last visit got it that saw the finding. What becomes of the page later
// changes nothing of it; PageNow tells that.
type Finding struct {
	qianshao.Finding
	// PageTitle is cut at MaxTitle bytes once the finding is gone.
	PageTitle string
	// Source is the decoded page, into which the evidence's spans point; empty if
	// the finding is gone.
	Source string
	// Charset is the IANA name of what the source was decoded from.
	Charset string
	// Hash is the SHA-256 of the page's body, in hex; empty where the finding was
	// gone before captures were kept, and it is not known.
	Hash string
	// FetchedAt is when the page was last fetched with the finding.
	FetchedAt    time.Time
	Status       int
	RequestedURL string
	// PageNow is what the last visit got at the page's URL. While the finding is
	// open, it is what was found.
	PageNow PageState
	// FirstSeen and LastSeen bound the time in which the finding was observed.
	FirstSeen time.Time
	LastSeen  time.Time
	// GoneAt is when the page was first seen without it; the zero time while it is open.
	GoneAt time.Time
	// Changes are the times at which it was gone, came back, or moved to another
	// category, oldest first.
	Changes []qianshao.Change
}

// PageState is what a visit got at a URL. It has no title: that of a clean page is
// text of an innocent page.
type PageState struct {
	// Hash is the SHA-256 of the body, in hex; empty if there was no page.
	Hash string
	// Status is the HTTP status; 0 if the URL led to another page, or without HTTP.
	Status int
	At     time.Time
}

// MaxTitle bounds the title, in bytes, that a finding keeps when it is gone.
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
	// URL is that of the view after redirects. If a redirect led out of the
	// scope, it is the redirect's target.
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
	// At is when they were last asked for; the zero time if never.
	At time.Time
	// Hash is the SHA-256, in hex, of what the plain visitor got at that time.
	Hash string
	// Open are the views in which findings of the page have evidence: they
	// must be asked for again, or the findings would seem to be gone.
	Open []qianshao.View
}

// OldFinding is what retention must know of a finding.
type OldFinding struct {
	ID, URL  string
	Category qianshao.Category
	LastSeen time.Time
}

// Deletion is a line of the log of findings that were deleted. It names no page.
type Deletion struct {
	Finding string // its id
	// Category is the finding's; it need not be set to delete one.
	Category qianshao.Category
	At       time.Time
	// Reason says who or what wanted it, for people.
	Reason string
}

// FindingMark tells two states of the findings from each other, for whoever keeps
// a copy of them: every change of a finding's state and every visit that sees a
// finding changes it.
type FindingMark struct {
	Findings int // open and gone
	Open     int
	// Newest is when a finding was last seen; the zero time if there are none.
	Newest time.Time
}

// Equal says whether both are the mark of the same findings.
func (m FindingMark) Equal(other FindingMark) bool {
	return m.Findings == other.Findings && m.Open == other.Open && m.Newest.Equal(other.Newest)
}

// Counts are the sizes of what the store holds.
type Counts struct {
	Pages    int // pages seen
	Flagged  int // of them, those that are flagged now
	Findings int // open and gone
	Open     int // findings whose page still shows them
	URLs     int // URLs in the frontier
	Waiting  int // of them, those to be visited, now or later
	// Skips counts the URLs whose last visit ended in a skip, by reason.
	Skips map[qianshao.Skip]int
}

// WaitingHost is a host with URLs that fail for now and are tried again.
type WaitingHost struct {
	Host string
	// URLs is the number of those that fail.
	URLs int
	// Since is when the first of them began to fail.
	Since time.Time
	// Skip is why the last visit failed.
	Skip qianshao.Skip
	// Next is when the host is tried again.
	Next time.Time
}

// SkippedHost is a host with URLs that were skipped for one reason, other than to be tried again soon.
type SkippedHost struct {
	Host string
	Skip qianshao.Skip
	URLs int
}

// URLState is what is known of a URL: of the page that it answered, and of its place in the
// frontier.
type URLState struct {
	// Authorisation is that of the page's last visit, FrontierAuthorisation the one under which
	// it is to be visited; "" where there is none.
	Authorisation, FrontierAuthorisation string
	// Seen is when a page was last there, with Status; zero if never. Flagged says that it has
	// findings.
	Seen    time.Time
	Status  int
	Flagged bool
	// Skip is why the last visit brought no page; "" if it did, or there was none yet.
	Skip qianshao.Skip
	// Waits says that the URL is to be visited, at Due or later.
	Waits bool
	Due   time.Time
}

// FrontierRecord is a URL of the frontier with what became of it.
type FrontierRecord struct {
	URL string
	// Skip is why the last visit brought no page; "" if it did, or there was none yet.
	Skip qianshao.Skip
	// Waits says that the URL is to be visited, now or later.
	Waits bool
}

// Report is a submission as it is handed in.
type Report struct {
	URL string // canonical
	// Suspected is what the reporter suspects; empty if they did not say.
	Suspected qianshao.Category
	// Origin is as in qianshao.Submission.
	Origin string
	// By is the account that hands it in, or ByCommand: the trail of acts names it, the report
	// does not.
	By string
	At time.Time
}

// Bounds of the reports that are kept: a portal that is flooded must not fill the
// disk, nor one sender the place of all others.
const (
	// MaxWaiting bounds the reports that wait for an authorisation. Nobody reads more
	// than ten thousand.
	MaxWaiting = 10_000
	// MaxQueued bounds the reports whose pages are authorised and not visited yet: they
	// come before all other pages of their hosts, and at one request a second ten
	// thousand are three hours.
	MaxQueued = 10_000
	// MaxOfOrigin bounds those of each kind that are of one origin; an administrator may set
	// less, see SettingOpenReports.
	MaxOfOrigin = 2_000
	// MaxVisited bounds the reports whose pages were visited: the oldest make room.
	MaxVisited = 50_000
	// ReportTerm is how long a report is kept after it was last handed in. An
	// authorisation that has not come in a quarter of a year does not come for a report.
	ReportTerm = 90 * 24 * time.Hour
)

// Why a report is not taken; to test for with errors.Is.
var (
	// ErrTooManyWaiting says that MaxWaiting reports wait for an authorisation already.
	ErrTooManyWaiting = locales.Errorf("store.too_many_waiting", MaxWaiting)
	// ErrTooManyQueued says that MaxQueued reports wait for a visit already.
	ErrTooManyQueued = locales.Errorf("store.too_many_queued", MaxQueued)
	// ErrTooManyOfOrigin says that as many as may be of one origin are.
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

// Sees says whether a report may be read: while it waits for an authorisation by who
// handed it in, then by who sees what is under its authorisation.
func (r Reader) Sees(s qianshao.Submission) bool {
	if s.State == qianshao.SubmissionWaiting {
		return r.Sight.All || r.Origin != "" && r.Origin == s.Origin
	}
	return r.Sight.Sees(s.Authorisation)
}

// Receipt returns what a reader is told of a report just handed in: of one that it may
// not read, not that there was one before, nor what came of it.
func (r Reader) Receipt(s qianshao.Submission) qianshao.Submission {
	if r.Sees(s) {
		return s
	}
	return qianshao.Submission{
		ID: s.ID, URL: s.URL, Reports: 1, Origin: r.Origin, First: s.Last, Last: s.Last,
		State: qianshao.SubmissionWaiting, Skip: qianshao.SkipNotAuthorised,
	}
}

// OriginCount counts the reports of an origin that are still to be seen to.
type OriginCount struct {
	Origin string
	// Waiting reports have no authorisation, Queued ones are to be visited.
	Waiting, Queued int
}

// Range is a stretch of rows by their ids: those greater than After, up to Last.
type Range struct{ After, Last string }

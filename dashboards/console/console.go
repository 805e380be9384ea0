// Package console has the pages of the search and of findings, in Chinese and English, and their
// help. It also writes the report of a finding, a document for people without access to the
// console; the report and the page of a finding show evidence in the same way.
//
// Everything that a crawled page says is treated as hostile: html/template shows it as text, its
// addresses are never links, and the console's pages permit no script but our own file.
package console

import (
	"context"
	"embed"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/decision"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/store"
)

//go:embed templates/*.html
var files embed.FS

// Store is what the pages read.
type Store interface {
	// VisibleFinding returns one finding that the sight shows, or store.ErrNotFound.
	VisibleFinding(ctx context.Context, sight qianshao.Sight, id string) (store.Finding, error)
	// Findings returns the findings with these ids, without their pages; unknown ids are left out.
	Findings(ctx context.Context, ids []string) (map[string]qianshao.Finding, error)
	// Views returns the other stored views of a finding's page, by name; for a finding that is
	// gone, only their pictures.
	Views(ctx context.Context, finding string) ([]store.View, error)
	// Records returns the acts on a subject that is not reviewed, the latest first, at most limit.
	Records(ctx context.Context, subject qianshao.Subject, limit int) ([]qianshao.Act, error)
	// Authorisation returns one authorisation, or store.ErrNotFound.
	Authorisation(ctx context.Context, id string) (qianshao.Authorisation, error)
}

// RuleTexts are a rule's explanations for the people who decide on findings.
type RuleTexts struct {
	Title, Description string
	// Laws are the provisions that the rule is based on, Mistaken its known mistakes.
	Laws, Mistaken []string
	// Off says that the operator has switched the rule off.
	Off bool
}

// Options of New. A field is required unless its comment says that it may be nil.
type Options struct {
	Store Store
	Index index.Index
	// Parser returns the parser for a query that is asked now.
	Parser func(ctx context.Context) index.Parser
	// Fold is the index's normalisation, for marking words; it may be nil.
	Fold func(string) string
	// Rule returns the explanations of a rule in force; ok is false for others.
	Rule func(id string) (r RuleTexts, ok bool)
	// RuleIDs returns the ids of the rules in force.
	RuleIDs func() []string
	// Understand parses a stored source again, as it was judged; if it is nil, no page is shown as
	// its visitors see it.
	Understand func(url, source string) *qianshao.Document
	// Whereabouts returns what is known about a URL; if it is nil, nothing is said about URLs
	// without hits.
	Whereabouts func(ctx context.Context, url string) (Whereabouts, error)
	// Desk, Decision and Campaigns are nil if nobody decides.
	Desk      *desk.Desk
	Decision  *decision.Decision
	Campaigns Campaigns
	// Unmonitored says how much is not monitored; "" if everything is.
	Unmonitored func(ctx context.Context, v *page.Layout) string
}

// Console serves the search and the findings.
type Console struct {
	*page.Room
	opts Options
}

// New returns the room.
func New(base *page.Base, opts Options) (*Console, error) {
	room, err := base.Room(files, decision.Parts())
	return &Console{Room: room, opts: opts}, err
}

// Route adds the routes of the pages.
func (c *Console) Route(mux page.Mux) {
	mux.HandleFunc("GET /search", c.serveSearch)
	mux.HandleFunc("GET /findings/{id}", c.serveFinding)
	mux.HandleFunc("GET /findings/{id}/screenshot", c.serveScreenshot)
	mux.HandleFunc("GET /help", c.serveHelp)
}

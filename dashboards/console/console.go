// Package console is the pages of search and of findings, in Chinese and English, with the
// help for them. It also writes the report of a finding, a document for those who have no
// console; report and finding's page show evidence in the same way.
//
// Everything that a crawled page says is hostile: it is shown as text through
// html/template, its addresses are never links, and no page of the console
// permits a script but the one file of our own.
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
	// Findings returns those of the findings that there are, by id, without their pages.
	Findings(ctx context.Context, ids []string) (map[string]qianshao.Finding, error)
	// Views returns the other views that are kept of a finding's page, by name; of
	// a finding that is gone its pictures alone.
	Views(ctx context.Context, finding string) ([]store.View, error)
	// Records returns the acts on something that is not reviewed, the latest first, at most limit.
	Records(ctx context.Context, subject qianshao.Subject, limit int) ([]qianshao.Act, error)
	// Authorisation returns one authorisation, or store.ErrNotFound.
	Authorisation(ctx context.Context, id string) (qianshao.Authorisation, error)
}

// RuleTexts are what a rule says of itself to those who decide.
type RuleTexts struct {
	Title, Description string
	// Laws are those that the rule stands on, Mistaken what it is known to be wrong about.
	Laws, Mistaken []string
	// Off says that the operator has switched the rule off.
	Off bool
}

// Options of New. The rest but Fold are required.
type Options struct {
	Store Store
	Index index.Index
	// Parser returns what reads the queries that are asked now.
	Parser func(ctx context.Context) index.Parser
	// Fold is the index's, to mark words; it may be nil.
	Fold func(string) string
	// Rule returns what a rule in force says of itself; ok is false for others.
	Rule func(id string) (r RuleTexts, ok bool)
	// RuleIDs are those of the rules in force.
	RuleIDs func() []string
	// Understand reads a source that is kept once more, as it was judged; nil shows no page
	// as its visitors see it.
	Understand func(url, source string) *qianshao.Document
	// Whereabouts returns what is known of a URL; nil says nothing of URLs without hits.
	Whereabouts func(ctx context.Context, url string) (Whereabouts, error)
	// Desk, Decision and Campaigns are nil where nobody decides.
	Desk      *desk.Desk
	Decision  *decision.Decision
	Campaigns Campaigns
	// Unmonitored says how much is not monitored; "" if nothing.
	Unmonitored func(ctx context.Context, v *page.Layout) string
}

// Console answers people who search, and look at what was found.
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

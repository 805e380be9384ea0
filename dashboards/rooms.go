package dashboards

import (
	"context"
	"errors"

	"github.com/qianshao/qianshao/dashboards/admin"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/campaigns"
	"github.com/qianshao/qianshao/dashboards/console"
	"github.com/qianshao/qianshao/dashboards/decision"
	"github.com/qianshao/qianshao/dashboards/downloads"
	"github.com/qianshao/qianshao/dashboards/entry"
	"github.com/qianshao/qianshao/dashboards/intake"
	"github.com/qianshao/qianshao/dashboards/notices"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/dashboards/review"
	"github.com/qianshao/qianshao/dashboards/selection"
	"github.com/qianshao/qianshao/dashboards/sites"
	"github.com/qianshao/qianshao/dashboards/statistics"
	"github.com/qianshao/qianshao/dashboards/views"
	"github.com/qianshao/qianshao/export"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/store"
)

// room is a part of the console with its own pages.
type room interface{ Route(mux page.Mux) }

// common is code that the pages and the API share.
type common struct {
	parser    func(context.Context) index.Parser
	selection selection.Selector
	views     *views.Views
	// intake is nil if no submissions are taken, and exporter if no exports are made.
	intake   *intake.Intake
	exporter *export.Exporter
}

func newCommon(o *Options, guard *auth.Guard) *common {
	c := &common{parser: o.parser}
	c.selection = selection.Selector{Index: o.Index, Parser: c.parser, Campaigns: o.Campaigns}
	c.views = views.New(views.Options{Store: o.Store, Index: o.Index, Parser: c.parser, Now: o.Now})
	if o.Submit != nil {
		c.intake = intake.New(o.Submit, o.Now, o.Log)
	}
	if o.Desk != nil && o.ExportFolder != "" {
		c.exporter = export.New(export.Options{
			Store: o.Store, Desk: o.Desk, Campaigns: o.Campaigns, Selection: c.selection, Evidence: o.Evidence, Law: o.RuleLaw,
			StillIn: func(ctx context.Context) (bool, error) {
				err := guard.StillIn(ctx)
				if errors.Is(err, store.ErrNotFound) {
					return false, nil
				}
				return true, err
			},
			Folder: o.ExportFolder, Zone: o.Zone, Now: o.Now,
		})
	}
	return c
}

// parser returns the parser for queries of the request's account.
func (o *Options) parser(ctx context.Context) index.Parser {
	account := auth.From(ctx)
	p := index.Parser{Now: o.Now(), Zone: o.Zone, Canonical: o.Canonical, Me: account.Name}
	if o.Campaigns != nil {
		p.Today = func(id string) string {
			d, err := o.Campaigns.Campaign(ctx, account.Sight, id)
			if err != nil {
				return id // the search will find nothing, or report the same error
			}
			return d.ID
		}
	}
	return p
}

// addPages makes the base of all pages, and the rooms.
func (s *site) addPages(c *common) (err error) {
	o := &s.opts
	frame := page.Options{
		Submissions: c.intake != nil, Unmonitored: o.Unmonitored != nil, Exports: c.exporter != nil, Register: o.Register != nil, Exists: s.exists,
		Zone: o.Zone, Version: o.Version, Now: o.Now, Log: o.Log, Styles: []string{statistics.Style()},
		Ending: func(ctx context.Context) (int, error) { return s.sites.Ending(ctx) },
	}
	if o.Notices != nil {
		frame.Notices = true
		frame.Undelivered = func(ctx context.Context) (int, error) { return s.notices.Undelivered(ctx) }
	}
	if o.Campaigns != nil {
		frame.Counts = func(ctx context.Context) (map[string]int, error) { return s.review.Counts(ctx) }
		frame.Look = func(ctx context.Context) (page.Look, error) { return s.review.Look(ctx) }
	}
	if s.pages, err = page.New(frame); err != nil {
		return err
	}
	return s.addRooms(c)
}

// addRooms makes the rooms; those that others depend on come first.
func (s *site) addRooms(c *common) error {
	o := &s.opts
	var failed []error
	add := func(r room, err error) {
		s.rooms, failed = append(s.rooms, r), append(failed, err)
	}
	add(entry.New(s.pages, s.guard))
	watched, err := sites.New(s.pages, sites.Options{
		Store: o.Store, Guard: s.guard, Intake: c.intake, Unmonitored: o.Unmonitored, Watch: o.Watch, Recheck: o.Recheck, Register: o.Register,
	})
	s.sites = watched
	add(watched, err)
	decisions, err := decision.New(s.pages, decision.Options{Store: o.Store, Desk: o.Desk, Guard: s.guard})
	add(decisions, err)
	of := console.Options{
		Store: o.Store, Index: o.Index, Parser: c.parser, Fold: o.Fold, Rule: o.Rule, RuleIDs: o.RuleIDs, Understand: o.Understand, Whereabouts: o.Whereabouts, Unmonitored: watched.UnmonitoredInWords,
	}
	if o.Desk != nil {
		of.Desk, of.Decision, of.Campaigns = o.Desk, decisions, o.Campaigns
	}
	findings, err := console.New(s.pages, of)
	add(findings, err)
	add(campaigns.New(s.pages, campaigns.Options{
		Store: o.Store, Desk: o.Desk, Campaigns: o.Campaigns, Decision: decisions, Guard: s.guard, Selection: c.selection,
	}))
	s.review, err = review.New(s.pages, review.Options{
		Decision: decisions, Console: findings, Campaigns: o.Campaigns, Looks: o.Store, Views: c.views, Index: o.Index, Parser: c.parser, Guard: s.guard, WhyNothing: watched.WhyNothing,
	})
	add(s.review, err)
	add(admin.New(s.pages, admin.Options{
		Store: o.Store, Accounts: o.Accounts, Guard: s.guard, Desk: o.Desk, Checks: o.Checks, Canonical: o.Canonical, Closing: o.Closing, RequireFactor: o.RequireFactor,
	}))
	if o.Notices != nil {
		s.notices, err = notices.New(s.pages, notices.Options{Store: o.Store, Engine: o.Notices, Views: c.views, Guard: s.guard, ConsoleURL: o.Accounts.ConsoleURL})
		add(s.notices, err)
	}
	if o.Reports != nil {
		add(statistics.New(s.pages, statistics.Options{Store: o.Store, Report: o.Reports, Desk: o.Desk, Closing: o.Closing}))
	}
	if c.exporter != nil {
		add(downloads.New(s.pages, c.exporter))
	}
	return errors.Join(failed...)
}

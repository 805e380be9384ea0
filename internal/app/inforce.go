package app

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule"
)

// InForce is what a process works with: which rules, and under which authorisations.
type InForce struct {
	// Version is the program's and Digest the rule set's. Pages are judged by both.
	Version, Digest string
	// Rules counts all rules of the set, Off those that the overlay has switched off.
	Rules, Off int
	// RulesDir has the rules that replace the shipped ones; empty if the shipped ones are used.
	RulesDir string
	// Overlay is the overlay's folder, or empty. Own counts its files, and Allowances the entries
	// of its allow-list that are in force.
	Overlay    string
	Own        rule.Own
	Allowances int
	// Expires is when the next entry of the overlay ends; the zero time if no entry does.
	Expires time.Time
	// Authorisations are those in force, the next to end first. EndingSoon is how many of them end
	// within endingSoon.
	Authorisations []qianshao.Authorisation
	EndingSoon     int
	// Registered counts all authorisations in the register, including ended and future ones.
	Registered int
}

// endingSoon is how long before its end an authorisation is reported: renewing a contract seldom
// takes less than a month.
const endingSoon = 30 * 24 * time.Hour

// inForce returns what the process works with now.
func (a *App) inForce(ctx context.Context, now time.Time) (InForce, error) {
	set := a.rules.Load().Rules()
	f := InForce{
		Version: a.opts.Version, Digest: set.Digest(), Rules: len(set.Rules()), Off: len(set.Rules()) - len(set.On()),
		RulesDir: a.opts.Rules.Dir, Overlay: a.opts.Rules.OverlayFolder(), Own: set.Own(), Allowances: set.Allowances(),
	}
	f.Expires, _ = set.Expires()
	register, err := a.Folder.Store.Authorisations(ctx)
	if err != nil {
		return f, err
	}
	f.Registered = len(register)
	for i := range register {
		if register[i].InForce(now) {
			f.Authorisations = append(f.Authorisations, register[i])
		}
	}
	slices.SortFunc(f.Authorisations, func(x, y qianshao.Authorisation) int {
		return cmp.Or(x.ValidUntil.Compare(y.ValidUntil), cmp.Compare(x.ID, y.ID))
	})
	for f.EndingSoon < len(f.Authorisations) && f.Authorisations[f.EndingSoon].ValidUntil.Sub(now) <= endingSoon {
		f.EndingSoon++
	}
	return f, nil
}

// noteRules records which rules are in force. If that fails, only the reports lack them, so the
// process continues.
func (a *App) noteRules(ctx context.Context) {
	if err := a.Folder.NoteRules(ctx, a.rules.Load().Rules(), a.opts.Version, time.Now()); err != nil {
		a.opts.Log.Error("the rules in force were not recorded", "error", err)
	}
}

// tellInForce calls Options.InForce.
func (a *App) tellInForce(ctx context.Context) {
	if a.opts.InForce == nil {
		return
	}
	f, err := a.inForce(ctx, time.Now())
	if err != nil {
		a.opts.Log.Error("the register of authorisations cannot be read", "error", err)
		return
	}
	a.opts.InForce(f)
}

package console

import (
	"context"
	"slices"

	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/spelling"
	"github.com/qianshao/qianshao/internal/untrusted"
)

// nearRules is how many rules are offered in place of one that does not exist.
const nearRules = 3

// unknown says that an id in a query does not exist, with searches that may have been meant.
type unknown struct {
	Text string
	Near []chip
}

// unknownIDs reports the rules and campaigns in a query without hits that do not exist. They are
// not a mistake in the query, since findings keep the names of removed rules.
func (c *Console) unknownIDs(ctx context.Context, v *searchPage, query index.Node) error {
	if v.Empty != "nohit" {
		return nil
	}
	for _, id := range index.ValuesOf(query, index.FieldRule) {
		if _, known := c.opts.Rule(id); !known {
			v.Unknown = append(v.Unknown, unknown{v.T("unknown.rule", untrusted.Plain(id)), v.near(id, c.opts.RuleIDs())})
		}
	}
	campaigns := index.ValuesOf(query, index.FieldCampaign)
	if c.opts.Campaigns == nil || len(campaigns) == 0 {
		return nil
	}
	sizes, err := c.opts.Campaigns.Sizes(ctx, auth.From(ctx).Sight, campaigns)
	for _, id := range campaigns {
		if sizes[id] == 0 {
			v.Unknown = append(v.Unknown, unknown{Text: v.T("unknown.campaign", untrusted.Plain(id))})
		}
	}
	return err
}

// near are searches for the rules with the most similar ids, the most similar first.
func (v *searchPage) near(id string, known []string) (near []chip) {
	known = slices.Clone(known)
	for range nearRules {
		best := spelling.Nearest(id, known)
		if best == "" {
			break
		}
		clause := page.Clause(string(index.FieldRule), best)
		near = append(near, chip{best, v.link(clause)})
		known = slices.DeleteFunc(known, func(k string) bool { return k == best })
	}
	return near
}

package export

import (
	"github.com/qianshao/qianshao/locales"
)

// Refusal is the error of an export that cannot be made as it was asked for. Code is stable.
type Refusal struct {
	Code string
	Args []any
}

// The codes of refusals.
const (
	RefusedSelection = "selection" // not exactly one thing was asked for
	RefusedFormat    = "format"
	RefusedNone      = "none"       // nothing that the account sees
	RefusedMany      = "many"       // more findings than a file of the format has
	RefusedLarge     = "large"      // more bytes than a file has
	RefusedArchive   = "unarchived" // nothing is archived for any of the findings
	RefusedSlow      = "slow"       // MaxTime is over
	RefusedBusy      = "busy"
	RefusedChanged   = "changed" // what the account may see has changed, or it has gone
)

func refuse(code string, args ...any) error { return &Refusal{code, args} }

func (r *Refusal) Error() string { return r.In(locales.English) }

// In says in a language what is refused, and what to do about it.
func (r *Refusal) In(l locales.Lang) string { return l.Text("export.refused."+r.Code, r.Args...) }

package export

import (
	"github.com/qianshao/qianshao/locales"
)

// Refusal is the error for an export that cannot be made as requested. Code is stable.
type Refusal struct {
	Code string
	Args []any
}

// The codes of refusals.
const (
	RefusedSelection = "selection" // not exactly one thing was requested
	RefusedFormat    = "format"
	RefusedNone      = "none"       // no findings that the account sees
	RefusedMany      = "many"       // more findings than the format allows
	RefusedLarge     = "large"      // more bytes than a file may have
	RefusedArchive   = "unarchived" // nothing is archived for any of the findings
	RefusedSlow      = "slow"       // it took longer than MaxTime
	RefusedBusy      = "busy"
	RefusedChanged   = "changed" // what the account may see has changed, or the account is gone
)

func refuse(code string, args ...any) error { return &Refusal{code, args} }

func (r *Refusal) Error() string { return r.In(locales.English) }

// In says in a language what is refused, and what to do about it.
func (r *Refusal) In(l locales.Lang) string { return l.Text("export.refused."+r.Code, r.Args...) }

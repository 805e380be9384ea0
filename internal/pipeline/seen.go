package pipeline

import (
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/desk"
)

// look sets what each finding of a page shows, which is what people's verdicts refer to. byRules
// says that the rules have changed since the page was last judged, and sameBody that its body has
// not.
//
// New rules may find other evidence on an unchanged page. People must not have to judge it again
// for that, so a finding then keeps its hash, and goes on to keep it as long as its evidence stays
// as the new rules found it.
func look(known []qianshao.FindingRecord, found []qianshao.Finding, byRules, sameBody bool) {
	for i := range found {
		f := &found[i]
		f.Seen = desk.Seen(f.Evidence, fold.String)
		at := slices.IndexFunc(known, func(r qianshao.FindingRecord) bool { return r.Finding.ID == f.ID })
		if at < 0 || known[at].Finding.Seen == "" {
			continue
		}
		was := &known[at].Finding
		if byRules && (sameBody || desk.Includes(was.Evidence, f.Evidence, fold.String)) || desk.Seen(was.Evidence, fold.String) == f.Seen {
			f.Seen = was.Seen
		}
	}
}

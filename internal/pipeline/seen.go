package pipeline

import (
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/desk"
)

// look says what each finding of a page shows, for people's verdicts to be about. byRules
// says that other rules judge the page than last time, and sameBody that its body is the same.
//
// New rules point at other places of a page that is as it was. That must not send what
// people have judged back to them, so a finding keeps its hash then, and also later, as
// long as its evidence stays as the new rules have found it.
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

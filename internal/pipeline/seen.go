package pipeline

import (
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/desk"
)

// look says what each finding of a page shows, for people's verdicts to be about. byRules
// says that other rules judge the page than last time, and sameBody that its body is the same.
func look(known []qianshao.FindingRecord, found []qianshao.Finding, byRules, sameBody bool) {
	for i := range found {
		f := &found[i]
		f.Seen = desk.Seen(f.Evidence, fold.String)
		if !byRules {
			continue
		}
		// New rules point at other places of a page that is as it was; that must not send
		// what people have judged back to them.
		was := slices.IndexFunc(known, func(r qianshao.FindingRecord) bool { return r.Finding.ID == f.ID })
		if was >= 0 && known[was].Finding.Seen != "" && (sameBody || desk.Includes(known[was].Finding.Evidence, f.Evidence, fold.String)) {
			f.Seen = known[was].Finding.Seen
		}
	}
}

package wording

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/locales"
)

// TestVocabularyNamed checks that the catalogue has a name for every code of the vocabulary.
func TestVocabularyNamed(t *testing.T) {
	want := func(key string) {
		t.Helper()
		if !locales.Has(key) {
			t.Errorf("no message for %q", key)
		}
	}
	named(want, qianshao.Categories(), "category.")
	named(want, qianshao.States(), "state.")
	named(want, qianshao.Answers(), "answer.")
	named(want, qianshao.Causes(), "cause.")
	named(want, qianshao.SubjectKinds(), "trail.subject.")
	named(want, qianshao.UnmonitoredReasons(), "unmonitored.reason.", "unmonitored.do.")
	named(want, qianshao.Skips(), "skip.", "remedy.")
	named(want, qianshao.SubmissionStates(), "report.", "reports.now.")
	named(want, qianshao.RegionKinds(), "region.")
	named(want, qianshao.IndicatorKinds(), "indicator.")
	named(want, []string{"bad_url", "bad_category", "too_many_reports", "too_many_waiting", "too_many_queued", "too_many_of_origin", "internal"}, "reports.error.")
	named(want, qianshao.ActKinds(), "trail.kind.")
	named(want, slices.DeleteFunc(qianshao.ActKinds(), qianshao.ActKind.Recorded), "decision.did.")
	named(want, qianshao.Verdicts(), "verdict.")
	for _, v := range qianshao.Verdicts() {
		named(want, v.Reasons(), "verdict.reason.")
	}
	for l := qianshao.LevelNone; l <= qianshao.LevelCritical; l++ {
		want("level." + l.String())
	}
	for bit := range 32 {
		for _, name := range fold.Step(1 << bit).Names() {
			want("step." + name)
		}
	}
	source, err := os.ReadFile("../../document.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`Hiding\w+\s+Hiding = "([a-z-]+)"`).FindAllStringSubmatch(string(source), -1) {
		want("hidden." + m[1])
	}
}

// named calls want for each code with each prefix.
func named[T ~string](want func(key string), codes []T, prefixes ...string) {
	for _, code := range codes {
		for _, prefix := range prefixes {
			want(prefix + string(code))
		}
	}
}

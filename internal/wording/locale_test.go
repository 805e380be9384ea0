package wording

import (
	"os"
	"regexp"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/locales"
)

// TestVocabularyNamed holds the catalogue to the vocabulary: every code has a name.
func TestVocabularyNamed(t *testing.T) {
	want := func(key string) {
		if !locales.Has(key) {
			t.Errorf("no message for %q", key)
		}
	}
	for _, c := range qianshao.Categories() {
		want("category." + string(c))
	}
	for _, s := range qianshao.States() {
		want("state." + string(s))
	}
	for _, a := range qianshao.Answers() {
		want("answer." + string(a))
	}
	for _, k := range qianshao.ActKinds() {
		if !k.Recorded() {
			want("decision.did." + string(k))
		}
	}
	for _, v := range qianshao.Verdicts() {
		for _, r := range v.Reasons() {
			want("verdict.reason." + string(r))
		}
	}
	for _, c := range qianshao.Causes() {
		want("cause." + string(c))
	}
	for l := qianshao.LevelNone; l <= qianshao.LevelCritical; l++ {
		want("level." + l.String())
	}
	for _, k := range qianshao.ActKinds() {
		want("trail.kind." + string(k))
	}
	for _, k := range qianshao.SubjectKinds() {
		want("trail.subject." + string(k))
	}
	for _, v := range qianshao.Verdicts() {
		want("verdict." + string(v))
		for _, reason := range v.Reasons() {
			want("verdict.reason." + string(reason))
		}
	}
	for _, reason := range qianshao.UnmonitoredReasons() {
		want("unmonitored.reason." + string(reason))
		want("unmonitored.do." + string(reason))
	}
	for _, v := range qianshao.Verdicts() {
		want("verdict." + string(v))
		for _, reason := range v.Reasons() {
			want("verdict.reason." + string(reason))
		}
	}
	for _, k := range qianshao.ActKinds() {
		if !k.Recorded() {
			want("decision.did." + string(k))
		}
	}
	for _, skip := range qianshao.Skips() {
		want("skip." + string(skip))
		want("remedy." + string(skip))
	}
	for _, state := range qianshao.SubmissionStates() {
		want("report." + string(state))
		want("reports.now." + string(state))
	}
	for _, code := range []string{"bad_url", "bad_category", "too_many_reports", "too_many_waiting", "too_many_queued", "too_many_of_origin", "internal"} {
		want("reports.error." + code)
	}
	for _, k := range qianshao.RegionKinds() {
		want("region." + string(k))
	}
	for _, k := range qianshao.IndicatorKinds() {
		want("indicator." + string(k))
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

package locale

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
)

var verb = regexp.MustCompile(`%[+\d.]*[a-zA-Z]`)

func TestMessages(t *testing.T) {
	for key, m := range messages() {
		if strings.TrimSpace(m.zh) == "" || strings.TrimSpace(m.en) == "" {
			t.Errorf("%s is missing in a language: %q, %q", key, m.zh, m.en)
		}
		if diff := cmp.Diff(verb.FindAllString(m.zh, -1), verb.FindAllString(m.en, -1)); diff != "" {
			t.Errorf("%s: the verbs differ: %s", key, diff)
		}
		if strings.Contains(m.zh, "个发现") {
			t.Errorf("%s counts findings otherwise than the others, which say 条: %q", key, m.zh)
		}
		if singular, ok := strings.CutSuffix(key, ".one"); ok && messages()[singular] == (message{}) && key != "evidence.one" {
			t.Errorf("%s has no plural", key)
		}
	}
}

// TestMessageKeys finds every key that a template or the code asks for, and
// every one that nobody asks for.
func TestMessageKeys(t *testing.T) {
	var all strings.Builder
	for _, pattern := range []string{"../*/templates/*.html", "../*/parts/templates/*.html", "../*/*.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %d files, error %v", pattern, len(names), err)
		}
		for _, name := range names {
			if strings.HasPrefix(filepath.Base(name), "messages") || strings.HasSuffix(name, "_test.go") {
				continue
			}
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(content)
		}
	}
	text := all.String()
	for _, m := range regexp.MustCompile(`\.(?:T|N|Text|Count) ?\(?"([a-z0-9._]*[a-z0-9])"[ )},]`).FindAllStringSubmatch(text, -1) {
		if _, ok := messages()[m[1]]; !ok {
			t.Errorf("no message for %q", m[1])
		}
	}
	// Keys that are put together from a prefix and a code.
	built := []string{
		"account.password.",
		"answer.",
		"auth.",
		"batch.skipped.",
		"batch.state.",
		"campaign.kind.",
		"category.",
		"choice.",
		"cause.",
		"crawl.",
		"decision.again.",
		"decision.answer.",
		"decision.ask.",
		"decision.batch.",
		"decision.conflict.",
		"decision.did.",
		"decision.pick.",
		"decision.wake.",
		"detail.",
		"error.",
		"export.",
		"field.",
		"figures.",
		"finding.back.",
		"facet.",
		"help.",
		"help.exit.",
		"hidden.",
		"hint.",
		"how.",
		"indicator.",
		"keys.",
		"level.",
		"message.",
		"nav.",
		"notices.done.",
		"notices.event.",
		"notices.help.",
		"notices.kind.",
		"notices.obstacle.",
		"notices.fault.",
		"notices.period.",
		"notices.state.",
		"origin.",
		"queue.empty.",
		"queue.list.",
		"queue.sort.",
		"reason.",
		"recheck.",
		"record.",
		"refusal.",
		"region.",
		"remedy.",
		"report.",
		"reports.error.",
		"reports.now.",
		"role.",
		"scope.",
		"sites.trouble.",
		"skip.",
		"sort.",
		"state.",
		"statistics.file.",
		"statistics.kind.",
		"statistics.mistake.",
		"step.",
		"verdict.",
		"view.",
		"who.",
	}
	for key := range messages() {
		asked := strings.Contains(text, `"`+strings.TrimSuffix(key, ".one")+`"`)
		for _, prefix := range append(built, "unmonitored.reason.", "unmonitored.do.", "admin.done.", "trail.kind.", "trail.exported.", "trail.subject.", "trail.event.", "trail.refused.", "trail.link.", "trail.setting.") {
			asked = asked || strings.HasPrefix(key, prefix)
		}
		if !asked {
			t.Errorf("nobody asks for %q", key)
		}
	}
}

// TestVocabularyNamed holds the catalogue to the vocabulary: every code has a name.
func TestVocabularyNamed(t *testing.T) {
	want := func(key string) {
		if _, ok := messages()[key]; !ok {
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

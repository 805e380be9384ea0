// Package docs_test holds the documentation to the code: links lead somewhere,
// and what the documentation promises to explain is explained.
package docs_test

import (
	"context"
	"encoding/json"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/packs"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
)

const root = ".."

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// anchors returns the ids that GitHub gives to a document's headings.
func anchors(text string) map[string]bool {
	ids := map[string]bool{}
	dropped := regexp.MustCompile(`[^\p{L}\p{N}\p{M}_ -]`)
	for _, heading := range regexp.MustCompile(`(?m)^#{1,6} +(.*)$`).FindAllStringSubmatch(outsideCode(text), -1) {
		id := dropped.ReplaceAllString(strings.ToLower(heading[1]), "")
		ids[strings.ReplaceAll(strings.TrimSpace(id), " ", "-")] = true
	}
	return ids
}

// outsideCode blanks comments and fenced code, where # begins a comment and [a](b) is no link.
func outsideCode(text string) string {
	return regexp.MustCompile("(?ms)^ *```.*?^ *```|<!--.*?-->").ReplaceAllString(text, "")
}

// TestLinks follows every relative link of every Markdown file, anchors included.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^()\s]+)\)`)
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == ".git") {
			return fs.SkipDir
		}
		if filepath.Ext(name) != ".md" {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, m := range link.FindAllStringSubmatch(outsideCode(string(text)), -1) {
			follow(t, name, m[1])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func follow(t *testing.T, from, link string) {
	t.Helper()
	if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
		return
	}
	file, anchor, _ := strings.Cut(link, "#")
	target := from
	if file != "" {
		target = filepath.Join(filepath.Dir(from), filepath.FromSlash(file))
	}
	content, err := os.ReadFile(target)
	if info, statErr := os.Stat(target); statErr == nil && info.IsDir() {
		return
	}
	if err != nil {
		t.Errorf("%s: the link to %s leads nowhere", from, link)
		return
	}
	if anchor != "" && !anchors(string(content))[anchor] {
		t.Errorf("%s: %s has no heading for #%s", from, target, anchor)
	}
}

// manuals are the manual in each language.
var manuals = []string{"docs/operations.md", "docs/operations.zh-CN.md"}

func TestEverySkipReasonIsExplained(t *testing.T) {
	for _, name := range manuals {
		have := anchors(read(t, name))
		for _, skip := range qianshao.Skips() {
			if !have[string(skip)] {
				t.Errorf("%s has no heading %q", name, skip)
			}
		}
	}
}

func TestEveryUnreadReasonIsExplained(t *testing.T) {
	text := read(t, "docs/operations.md")
	for _, reason := range qianshao.Unreads() {
		if !regexp.MustCompile("(?m)^\\|.*`" + string(reason) + "`.*\\|").MatchString(text) {
			t.Errorf("docs/operations.md has no row for %q", reason)
		}
	}
}

// TestEveryAlertIsExplained finds the runbook links of the alert rules, which lead to the manual in
// English, and the same headings in the other.
func TestEveryAlertIsExplained(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "dashboards/prometheus/*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`docs/operations\.md#([^\s"']+)`).FindAllStringSubmatch(string(content), -1) {
			for _, name := range manuals {
				if !anchors(read(t, name))[m[1]] {
					t.Errorf("%s points to docs/operations.md#%s, which is no heading in %s", file, m[1], name)
				}
			}
		}
	}
}

// TestEveryMetricIsExplained compares /metrics with the table.
func TestEveryMetricIsExplained(t *testing.T) {
	text := read(t, "docs/operations.md")
	m := metrics.New()
	m.WatchStore(time.Now(), func(context.Context) (store.Gauges, error) {
		return store.Gauges{Authorisations: []store.AuthorisationCount{{ID: "city"}}}, nil
	})
	m.WatchFolder(func(context.Context) (metrics.Folder, error) { return metrics.Folder{Size: 1}, nil })
	families, err := m.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if name := family.GetName(); strings.HasPrefix(name, "qianshao_") && !strings.Contains(text, "`"+name) {
			t.Errorf("docs/operations.md does not explain the metric %s", name)
		}
	}
}

// TestEveryTableIsAccountedFor: the database keeps nothing of which docs/law.md does not say how long, and why.
func TestEveryTableIsAccountedFor(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "store/postgres/migrations/*.sql"))
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string]bool{}
	for _, file := range files { // in the order of their numbers
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		up, _, _ := strings.Cut(string(content), "-- +goose Down")
		for _, m := range regexp.MustCompile(`(?m)^(CREATE|DROP) TABLE (?:IF (?:NOT )?EXISTS )?(\w+)`).FindAllStringSubmatch(up, -1) {
			tables[m[2]] = m[1] == "CREATE"
		}
	}
	if !tables["findings"] {
		t.Fatal("the migrations were not read")
	}
	for _, name := range []string{"docs/law.md", "docs/law.zh-CN.md"} {
		text := read(t, name)
		for table, kept := range tables {
			family, _, _ := strings.Cut(table, "_")
			if kept && !strings.Contains(text, "`"+table+"`") && !strings.Contains(text, "`"+family+"_…`") {
				t.Errorf("%s does not say what the table %s keeps", name, table)
			}
		}
	}
}

func TestEveryCategoryIsListed(t *testing.T) {
	text := read(t, "docs/rules.md")
	for _, c := range qianshao.Categories() {
		if !strings.Contains(text, "`"+string(c)+"`") {
			t.Errorf("docs/rules.md does not name the category %s", c)
		}
	}
}

// TestEveryDependencyHasItsNote asks each module that the code imports for a
// note that says why it is there.
func TestEveryDependencyHasItsNote(t *testing.T) {
	notes, err := filepath.Glob(filepath.Join(root, "docs/decisions/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, note := range notes {
		content, err := os.ReadFile(note)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(content)
	}
	imports := imported(t)
	version := regexp.MustCompile(`/v\d+$`)
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) v\S+( // indirect)?$`).FindAllStringSubmatch(read(t, "go.mod"), -1) {
		file := imports[m[1]]
		for path, name := range imports {
			if strings.HasPrefix(path, m[1]+"/") {
				file = name
			}
		}
		if file != "" && !strings.Contains(all.String(), version.ReplaceAllString(m[1], "")) {
			t.Errorf("%s imports %s, and no note in docs/decisions says why", file, m[1])
		}
	}
}

// imported returns every package that the module's files import, and a file that does.
func imported(t *testing.T) map[string]string {
	t.Helper()
	packages := map[string]string{}
	eachFile(t, func(name string, imports []string) {
		match, err := build.Default.MatchFile(filepath.Dir(name), filepath.Base(name))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range imports {
			if match {
				packages[path] = name
			}
		}
	})
	return packages
}

// eachFile hands out the Go files of the module, and what each imports.
func eachFile(t *testing.T, use func(name string, imports []string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".go" {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		var imports []string
		for _, spec := range file.Imports {
			imports = append(imports, strings.Trim(spec.Path.Value, `"`))
		}
		use(name, imports)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// examples returns the fenced YAML of a document whose first key is key, out-dented.
func examples(text, key string) []string { return fenced(text, "yaml", key+":") }

// fenced returns the fenced code of one language that begins with start, out-dented.
func fenced(text, language, start string) []string {
	var found []string
	for _, m := range regexp.MustCompile("(?ms)^( *)```"+language+"\n(.*?)^ *```").FindAllStringSubmatch(text, -1) {
		source := regexp.MustCompile("(?m)^"+m[1]).ReplaceAllString(m[2], "")
		if strings.HasPrefix(source, start) {
			found = append(found, source)
		}
	}
	return found
}

// TestExampleRules loads the rule, the pattern and the context that the documents show, and
// runs the tests inside them.
func TestExampleRules(t *testing.T) {
	for _, name := range []string{"docs/rules.md", "docs/rules.zh-CN.md"} {
		rules, named := examples(read(t, name), "title"), examples(read(t, name), "name")
		if len(rules) != 1 || len(named) != 2 {
			t.Fatalf("%s shows %d rules and %d patterns and contexts, want a rule, a pattern and a context", name, len(rules), len(named))
		}
		set, err := rule.Load(fstest.MapFS{
			"rules/forged-documents-example.yaml": {Data: []byte(rules[0])},
			"patterns/contact-account.yaml":       {Data: []byte(named[0])},
			"contexts/police_notice.yaml":         {Data: []byte(named[1])},
		}, rule.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		analyzer, err := analyze.New(set)
		if err != nil {
			t.Fatal(err)
		}
		count, failures := analyzer.TestRules()
		if count != 4 {
			t.Errorf("%s: %d tests in the examples, want 4", name, count)
		}
		for _, f := range failures {
			t.Errorf("%s: %s", name, f)
		}
	}
}

// TestExamplesAreFormatted: the rules, contexts and overlay files that the documents show
// look as "rules fmt" would lay them out.
func TestExamplesAreFormatted(t *testing.T) {
	for _, name := range []string{"docs/rules.md", "docs/rules.zh-CN.md"} {
		text := read(t, name)
		for _, key := range []string{"title", "name", "hosts", "rules"} {
			for _, example := range examples(text, key) {
				if got, err := syntax.Format([]byte(example)); err != nil || string(got) != example {
					t.Errorf("%s: the example that begins with %s: should be (%v)\n%s", name, key, err, got)
				}
			}
		}
	}
}

// TestExampleOverlay lays the overlay that the documents show, a file at a
// time, on the shipped rules: it has to fit them, with nothing said in vain.
func TestExampleOverlay(t *testing.T) {
	for _, name := range []string{"docs/rules.md", "docs/rules.zh-CN.md"} {
		text, own := read(t, name), fstest.MapFS{}
		for file, found := range map[string][]string{
			"allow.yaml":                          examples(text, "hosts"),
			"off.yaml":                            examples(text, "rules"),
			"lists/casino-strong.txt":             fenced(text, "text", "#"),
			"rules/forged-documents-example.yaml": examples(text, "title"),
		} {
			if len(found) != 1 {
				t.Fatalf("%s shows %d examples of %s, want one", name, len(found), file)
			}
			own[file] = &fstest.MapFile{Data: []byte(found[0])}
		}
		set, err := rule.Load(packs.FS(), rule.Options{Overlay: own, Now: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, w := range set.Warnings() {
			t.Errorf("%s: %s", name, w)
		}
		if r, ok := set.Rule("fraud-new-number"); !ok || r.Off == nil {
			t.Errorf("%s: the example switches nothing off", name)
		}
	}
}

// TestQuotedMistakes: each message in the last table of the rules' documents is one of the
// catalogue, in the document's language; … stands for what a message fills in.
func TestQuotedMistakes(t *testing.T) {
	quotedVerb := regexp.MustCompile(`%(?:\[\d\])?q`)
	for name, catalogue := range map[string]string{"docs/rules.md": "locales/en.json", "docs/rules.zh-CN.md": "locales/zh.json"} {
		texts := map[string]string{}
		if err := json.Unmarshal([]byte(read(t, catalogue)), &texts); err != nil {
			t.Fatal(err)
		}
		document := read(t, name)
		table := document[strings.LastIndex(document, "|---|---|\n"):]
		rows := regexp.MustCompile(`(?m)^\| (.*?) \| `).FindAllStringSubmatch(table, -1)
		if len(rows) < 10 {
			t.Errorf("%s has only %d rows of messages", name, len(rows))
		}
		for _, row := range rows {
			for quoted := range strings.SplitSeq(row[1], "<br>") {
				message := regexp.MustCompile(strings.ReplaceAll(regexp.QuoteMeta(quoted), "…", ".*"))
				isQuoted := func(key string) bool {
					return (strings.HasPrefix(key, "rule.") || strings.HasPrefix(key, "yaml.")) && message.MatchString(quotedVerb.ReplaceAllString(texts[key], `"…"`))
				}
				if !slices.ContainsFunc(slices.Collect(maps.Keys(texts)), isQuoted) {
					t.Errorf("%s: %s has no message %q", name, catalogue, quoted)
				}
			}
		}
	}
}

// TestExampleScopes reads the authorisations that the documents show.
func TestExampleScopes(t *testing.T) {
	for _, name := range []string{"README.md", "README.zh-CN.md", "docs/operations.md", "docs/operations.zh-CN.md"} {
		scopes := examples(read(t, name), "authorisations")
		if len(scopes) != 1 {
			t.Fatalf("%s shows %d scopes, want one", name, len(scopes))
		}
		if _, err := ingest.ParseScope(name, []byte(scopes[0])); err != nil {
			t.Error(err)
		}
	}
}

// TestTranslationsAgree: documents have the same headings in both languages, and what they say in
// code (commands, flags, keys, names of metrics and reasons) they say in both; the examples are the same but for their comments.
func TestTranslationsAgree(t *testing.T) {
	for _, name := range []string{"docs/detection", "docs/law", "docs/operations"} {
		english, chinese := name+".md", name+".zh-CN.md"
		if want, got := levels(read(t, english)), levels(read(t, chinese)); want != got {
			t.Errorf("the headings of %s have the levels\n%s\nthose of %s\n%s", english, want, chinese, got)
		}
		here, there := inCode(read(t, english)), inCode(read(t, chinese))
		for code := range here {
			if !there[code] {
				t.Errorf("%s has %q, which %s lacks", english, code, chinese)
			}
		}
		for code := range there {
			if !here[code] {
				t.Errorf("%s has %q, which %s lacks", chinese, code, english)
			}
		}
	}
}

// levels returns the levels of a document's headings, one after the other.
func levels(text string) string {
	var list []string
	for _, m := range regexp.MustCompile(`(?m)^(#{1,6}) `).FindAllStringSubmatch(outsideCode(text), -1) {
		list = append(list, strconv.Itoa(len(m[1])))
	}
	return strings.Join(list, " ")
}

// inCode returns the code within sentences, and the lines of fenced code without their comments.
func inCode(text string) map[string]bool {
	found := map[string]bool{}
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(outsideCode(text), -1) {
		found[strings.Join(strings.Fields(m[1]), " ")] = true
	}
	for _, m := range regexp.MustCompile("(?ms)^ *```\\w+\n(.*?)^ *```").FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(m[1]) {
			line, _, _ = strings.Cut(line, "#")
			found[strings.TrimSpace(line)] = true
		}
	}
	delete(found, "")
	return found
}

// TestFiguresAgree: the tables that tests write into docs/detection.md have the same figures in Chinese, and
// the ways of hiding the same names.
func TestFiguresAgree(t *testing.T) {
	number := regexp.MustCompile(`\d+(?:\.\d+)?`)
	section := regexp.MustCompile(`(?ms)^<!-- ([a-z-]+) -->\n(.*?)^<!-- /`)
	english, chinese := section.FindAllStringSubmatch(read(t, "docs/detection.md"), -1), section.FindAllStringSubmatch(read(t, "docs/detection.zh-CN.md"), -1)
	if len(english) == 0 || len(english) != len(chinese) {
		t.Fatalf("docs/detection.md has %d tables, docs/detection.zh-CN.md %d", len(english), len(chinese))
	}
	for i, here := range english {
		there := chinese[i]
		rows, translated := strings.Split(here[2], "\n"), strings.Split(there[2], "\n")
		if here[1] != there[1] || len(rows) != len(translated) {
			t.Errorf("table %s of docs/detection.md has %d lines, table %s of docs/detection.zh-CN.md %d", here[1], len(rows), there[1], len(translated))
			continue
		}
		for n, row := range rows {
			if want, got := number.FindAllString(row, -1), number.FindAllString(translated[n], -1); !slices.Equal(want, got) {
				t.Errorf("table %s, line %d: docs/detection.zh-CN.md has %q, want %q", here[1], n+1, got, want)
			}
			if here[1] == "ways-of-hiding" && n > 0 && row != "" && column(row, 2) != column(translated[n], 2) && column(row, 2) != "visible text" {
				t.Errorf("%s is found as %s; docs/detection.zh-CN.md has %q", column(row, 1), column(row, 2), translated[n])
			}
		}
	}
}

// column returns a cell of a table's row.
func column(row string, n int) string { return strings.TrimSpace(strings.Split(row, "|")[n]) }

// TestReadmesAgree holds the two READMEs to the same commands.
func TestReadmesAgree(t *testing.T) {
	command := regexp.MustCompile(`(?m)^ *(?:go|qianshao|CGO_ENABLED=0 go) .*$`)
	commands := func(name string) string {
		var list []string
		for _, line := range command.FindAllString(read(t, name), -1) {
			line, _, _ = strings.Cut(line, "  #")
			list = append(list, strings.TrimSpace(line))
		}
		return strings.Join(list, "\n")
	}
	english, chinese := commands("README.md"), commands("README.zh-CN.md")
	if english != chinese || english == "" {
		t.Errorf("README.md gives the commands\n%s\n\nREADME.zh-CN.md gives\n%s", english, chinese)
	}
}

// TestOneUnit: the manual had a unit for systemd of its own, without half of
// what shuts the process in.
func TestOneUnit(t *testing.T) {
	manual := read(t, "docs/operations.md")
	if strings.Contains(manual, "[Service]") {
		t.Error("docs/operations.md has a unit of its own; docs/qianshao.service is the one")
	}
	unit := read(t, "docs/qianshao.service")
	for _, name := range regexp.MustCompile(`(?m)^(?:EnvironmentFile|Environment=QIANSHAO_DATA|ExecStart)=(\S+)`).FindAllStringSubmatch(unit, -1) {
		if !strings.Contains(manual, strings.TrimSuffix(name[1], "/qianshao")) {
			t.Errorf("the unit's %s is not what docs/operations.md installs", name[1])
		}
	}
}

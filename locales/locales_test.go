package locales

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"

	"github.com/google/go-cmp/cmp"
)

// verb is one of fmt that messages use, with the number of its argument where that is written. A
// flag that is a space is not used: "100% sure" would have one.
var verb = regexp.MustCompile(`%(?:[-+#0]*)(?:\[(\d+)\])?[\d.]*(?:\[(\d+)\])?([sdqvf%])`)

// strayPercent is a percent sign that is not part of a figure.
var strayPercent = regexp.MustCompile(`(?:^|[^0-9])%`)

// verbs returns what a text takes: for each argument, counted from 1, its verbs.
func verbs(text string) map[int]string {
	taken, next := map[int]string{}, 1
	for _, m := range verb.FindAllStringSubmatch(text, -1) {
		if m[3] == "%" {
			continue
		}
		if n, err := strconv.Atoi(m[1] + m[2]); err == nil {
			next = n
		}
		kind := strings.ReplaceAll(m[3], "q", "s") // Chinese has quotes of its own
		if !strings.Contains(taken[next], kind) {
			taken[next] += kind
		}
		next++
	}
	return taken
}

// TestMessages holds each message of one language against that of the other.
func TestMessages(t *testing.T) {
	texts := catalogue()
	for key := range texts[Chinese] {
		if _, ok := texts[English][key]; !ok {
			t.Errorf("%s is in zh.json and not in en.json", key)
		}
	}
	for key, english := range texts[English] {
		chinese, ok := texts[Chinese][key]
		if !ok {
			t.Errorf("%s is in en.json and not in zh.json", key)
			continue
		}
		if strings.TrimSpace(chinese) == "" || strings.TrimSpace(english) == "" {
			t.Errorf("%s is empty in a language: %q, %q", key, chinese, english)
		}
		checkText(t, key, chinese, english)
		if diff := cmp.Diff(verbs(english), verbs(chinese)); diff != "" && !slices.Contains(shorter, key) {
			t.Errorf("%s takes other arguments in Chinese (+) than in English (-):\n%s", key, diff)
		}
		if strings.Contains(chinese, "个发现") {
			t.Errorf("%s counts findings otherwise than the others, which say 条: %q", key, chinese)
		}
		if plural, ok := strings.CutSuffix(key, ".one"); ok && key != "evidence.one" {
			if !Has(plural) {
				t.Errorf("%s has no plural", key)
			} else if most := len(verbs(texts[English][plural])); len(verbs(english)) > most {
				t.Errorf("%s takes more arguments than the plural, which takes %d", key, most)
			}
		}
	}
}

var (
	han       = regexp.MustCompile(`\p{Han}`)
	letters   = regexp.MustCompile(`\pL`)
	invisible = regexp.MustCompile(`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]`)
)

// checkText checks that each text is in its language, without stray signs.
func checkText(t *testing.T, key, chinese, english string) {
	if !han.MatchString(chinese) && letters.MatchString(verb.ReplaceAllString(chinese, "")) && !slices.Contains(untranslated, key) {
		t.Errorf("%s is not translated: %q", key, chinese)
	}
	if han.MatchString(english) && !slices.Contains(quoting, key) {
		t.Errorf("%s has Chinese characters in English: %q", key, english)
	}
	if strings.Count(chinese, "\n") != strings.Count(english, "\n") {
		t.Errorf("%s has other lines in Chinese than in English: %q, %q", key, chinese, english)
	}
	for _, text := range []string{chinese, english} {
		if sign := invisible.FindString(strings.ReplaceAll(text, "\n", "")); sign != "" {
			t.Errorf("%s has the character %+q: %q", key, sign, text)
		}
		if len(verbs(english)) > 0 && strings.Contains(verb.ReplaceAllString(text, ""), "%") {
			t.Errorf("%s has a %% that is no verb that messages use: %q", key, text)
		}
		if len(verbs(english)) == 0 && strayPercent.MatchString(text) {
			t.Errorf("%s takes no arguments, and has a %% that follows no digit: %q", key, text)
		}
	}
}

// untranslated are the messages that are without a Chinese character in Chinese, too: names and what is typed.
var untranslated = []string{"cli.rules.from.rules_dir", "cli.unmonitored.summary", "export.button.jsonl", "export.button.md", "figures.kappa", "finding.json",
	"hidden.display-none", "hidden.visibility-hidden", "indicator.qq", "indicator.telegram", "notices.kind.webhook", "oidc.secret", "trail.export.jsonl", "unread.pdf"}

// quoting are the messages that have Chinese characters in English, too: examples, and the program's name.
var quoting = []string{"cli.first.name", "cli.help", "cli.help.search.<query>", "notices.help.dingtalk.secret.where", "notices.help.feishu.secret.how",
	"rule.dictionary.parts", "rule.policy.article", "rule.policy.name", "rule.vouch.name", "rule.vouch.what", "search.placeholder"}

// shorter are the messages whose Chinese leaves an argument out: it is English, or the sentence has already said it.
var shorter = []string{"explain.needs", "store.failed.copy", "store.failed.lock", "store.failed.open", "store.failed.read", "store.failed.write"}

// TestFiles holds the files to one form: a key is there once, in order, so that a change shows what it changes.
func TestFiles(t *testing.T) {
	key := regexp.MustCompile(`(?m)^  "([^"]+)": "`)
	for _, l := range []Lang{Chinese, English} {
		name := l.Code() + ".json"
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, m := range key.FindAllStringSubmatch(string(content), -1) {
			keys = append(keys, m[1])
		}
		if !json.Valid(content) || len(keys) != len(catalogue()[l]) {
			t.Errorf("%s is not a line for each key: %d lines, %d keys", name, len(keys), len(catalogue()[l]))
		}
		for i := 1; i < len(keys); i++ {
			if keys[i-1] >= keys[i] {
				t.Errorf("%s: %s stands behind %s; keys are in order, each once", name, keys[i], keys[i-1])
			}
		}
	}
}

// asking are the functions whose first argument is a key: whether the message's arguments
// follow it, and whose they are where others have a function of that name, too.
var asking = map[string]struct {
	args bool
	of   string
}{
	"T": {args: true}, "N": {}, "Text": {args: true}, "Count": {},
	"M": {true, "locales"}, "Errorf": {true, "locales"}, "errorf": {true, "locales"}, "Counted": {false, "locales"},
	"print": {true, "env"}, "tell": {true, "env"}, // the command line's
}

// TestKeys finds every key that code or a template asks for and that the catalogue has not,
// one that is asked for with other arguments than it takes, and one that nobody asks for.
func TestKeys(t *testing.T) {
	written := map[string]bool{} // all texts in quotes
	var templates strings.Builder
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || len(d.Name()) > 2 && d.Name()[0] == '.'):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".html"):
			content, err := os.ReadFile(path)
			templates.Write(content)
			if err != nil {
				return err
			}
			return readTemplate(t, path, string(content))
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			return readCode(t, path, written)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"([a-z0-9._]+\.)(?:%[ds])?"`).FindAllStringSubmatch(templates.String(), -1) {
		written[m[1]] = true
	}
	var prefixes []string // of keys that are put together with a code
	for text := range written {
		prefix, _, _ := strings.Cut(text, "%")
		if regexp.MustCompile(`^[a-z0-9_]+\.([a-z0-9._]+\.)?$`).MatchString(prefix) {
			prefixes = append(prefixes, prefix)
		}
	}
	for key := range catalogue()[English] {
		asks := func(prefix string) bool { return strings.HasPrefix(key, prefix) }
		plain := strings.TrimSuffix(key, ".one")
		if !written[plain] && !strings.Contains(templates.String(), `"`+plain+`"`) && !slices.ContainsFunc(prefixes, asks) {
			t.Errorf("nobody asks for %q", key)
		}
	}
}

// readCode reads the texts of a file in quotes, and the calls that take a key.
func readCode(t *testing.T, path string, written map[string]bool) error {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
				written[text] = true
				if regexp.MustCompile(`^cli\.[a-z0-9_.]*[a-z0-9_]$`).MatchString(text) && !Has(text) {
					t.Errorf("%s names %q, which is not in the catalogue", files.Position(n.Pos()), text)
				}
			}
		case *ast.CallExpr:
			checkCall(t, files, n)
		}
		return true
	})
	return nil
}

// readTemplate checks the calls in a template that take a key.
func readTemplate(t *testing.T, path, content string) error {
	trees, tree := map[string]*parse.Tree{}, parse.New(path)
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(content, "", "", trees); err != nil {
		return err
	}
	for _, tree := range trees {
		eachCommand(tree.Root, func(command *parse.CommandNode, piped int) {
			name := command.Args[0].String()
			name = name[strings.LastIndex(name, ".")+1:]
			ask, ok := asking[name]
			if !ok || ask.of != "" || len(command.Args) < 2 {
				return
			}
			if key, ok := command.Args[1].(*parse.StringNode); ok {
				place, _ := tree.ErrorContext(command)
				checkKey(t, place, name, key.Text, len(command.Args)-2+piped)
			}
		})
	}
	return nil
}

// eachCommand calls visit for each command of a template; piped is 1 if it gets the value of the one before it.
func eachCommand(n parse.Node, visit func(command *parse.CommandNode, piped int)) {
	branch := func(b *parse.BranchNode) {
		eachCommand(b.Pipe, visit)
		eachCommand(b.List, visit)
		if b.ElseList != nil {
			eachCommand(b.ElseList, visit)
		}
	}
	switch n := n.(type) {
	case *parse.ListNode:
		for _, child := range n.Nodes {
			eachCommand(child, visit)
		}
	case *parse.IfNode:
		branch(&n.BranchNode)
	case *parse.RangeNode:
		branch(&n.BranchNode)
	case *parse.WithNode:
		branch(&n.BranchNode)
	case *parse.ActionNode:
		eachCommand(n.Pipe, visit)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			eachCommand(n.Pipe, visit)
		}
	case *parse.ChainNode:
		eachCommand(n.Node, visit)
	case *parse.PipeNode:
		for i, command := range n.Cmds {
			visit(command, min(i, 1))
			for _, arg := range command.Args {
				eachCommand(arg, visit)
			}
		}
	}
}

// cutUp are the messages that are asked for without their arguments, which are fields of a document.
var cutUp = []string{"figures.page"}

func checkCall(t *testing.T, files *token.FileSet, call *ast.CallExpr) {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	ask, ok := asking[selector.Sel.Name]
	x, isName := selector.X.(*ast.Ident)
	at := 0
	if strings.EqualFold(selector.Sel.Name, "errorf") && (!isName || x.Name != ask.of) {
		at = 1 // of a mistake in a rule, whose place comes first
	} else if ask.of != "" && (!isName || x.Name != ask.of) {
		return
	}
	if !ok || len(call.Args) <= at {
		return
	}
	lit, ok := call.Args[at].(*ast.BasicLit)
	if !ok {
		return
	}
	key, err := strconv.Unquote(lit.Value)
	if err != nil || at == 1 && !strings.HasPrefix(key, "rule.") {
		return
	}
	args := len(call.Args) - at - 1
	if call.Ellipsis.IsValid() {
		args = -1
	}
	checkKey(t, files.Position(call.Pos()).String(), selector.Sel.Name, key, args)
}

// checkKey checks one call of a function of asking; args is -1 if it is not known how many there are.
func checkKey(t *testing.T, where, function, key string, args int) {
	text, ok := catalogue()[English][key]
	if !ok {
		t.Errorf("%s asks for %q, which is not in the catalogue", where, key)
		return
	}
	if want := len(verbs(text)); asking[function].args && args >= 0 && args != want && !slices.Contains(cutUp, key) {
		t.Errorf("%s: %q takes %d arguments, and gets %d", where, key, want, args)
	}
	if counts := slices.Contains([]string{"N", "Count", "Counted"}, function); counts && !Has(key+".one") && !slices.Contains(invariable, key) {
		t.Errorf("%s counts by %q, which has no %q", where, key, key+".one")
	}
}

// invariable are the messages with a number that are the same for one thing.
var invariable = []string{"batch.again", "campaign.event.relapsed", "decision.history", "decision.now.more", "freeze.all", "notices.schedules.count"}

func TestError(t *testing.T) {
	inner := Errorf("yaml.open_quote", "“")
	hostile := Errorf("cli.account.unknown", inner.Error()) // somebody's text that is what another error says
	for _, test := range []struct {
		err     error
		chinese string
	}{
		{inner, "这一行的引号 “ 没有成对；用同样的半角引号结束"},
		{fmt.Errorf("a.yaml:3: %w", inner), "a.yaml:3: 这一行的引号 “ 没有成对；用同样的半角引号结束"},
		{errors.Join(fs.ErrNotExist, inner), "file does not exist\n这一行的引号 “ 没有成对；用同样的半角引号结束"},
		{errors.Join(hostile, inner), "没有账号“" + inner.Error() + "”；qianshao account list 列出全部账号\n这一行的引号 “ 没有成对；用同样的半角引号结束"},
		{Errorf("scope.mistake.csv", inner), "不是正确的 CSV：文本里的引号要写两个（这一行的引号 “ 没有成对；用同样的半角引号结束）"},
	} {
		if got := Chinese.Error(test.err); got != test.chinese {
			t.Errorf("%v in Chinese: %s, want %s", test.err, got, test.chinese)
		}
		if got := English.Error(test.err); got != test.err.Error() {
			t.Errorf("%v in English: %s", test.err, got)
		}
	}
	if !errors.Is(Errorf("scope.mistake.other", fs.ErrNotExist), fs.ErrNotExist) {
		t.Error("the error does not wrap its argument")
	}
}

// TestEscape: what others write can neither end a line nor turn it round.
func TestEscape(t *testing.T) {
	type name string
	const hostile, shown = "甲”\nqianshao: 94 rules\u202e\x1b👩\u200d🔧", `甲”\nqianshao: 94 rules\u202e\x1b👩` + "\u200d🔧"
	path := &fs.PathError{Op: "open", Path: hostile, Err: fs.ErrNotExist}
	for _, arg := range []any{hostile, name(hostile), List{hostile}, errors.New(hostile)} {
		if got, want := Chinese.Text("cli.account.unknown", arg), "没有账号“"+shown+"”；qianshao account list 列出全部账号"; got != want {
			t.Errorf("%T is said as %q, want %q", arg, got, want)
		}
	}
	for _, l := range []Lang{Chinese, English} {
		if got := l.Error(fmt.Errorf("%w: %q", path, "a")); got != "open "+shown+": file does not exist: \"a\"" {
			t.Errorf("a path is said as %q", got)
		}
		lines := errors.Join(Errorf("yaml.tab"), Errorf("yaml.dash"))
		if got := l.Text("data.restored_rules", lines); !strings.HasSuffix(got, "\n"+l.Text("yaml.tab")+"\n"+l.Text("yaml.dash")) {
			t.Errorf("two errors are said as %q", got)
		}
	}
	if got, want := English.Text("cli.account.unknown", hostile), strconv.Quote(hostile); !strings.Contains(got, want) {
		t.Errorf("said as %s, which does not have %s", got, want)
	}
	var plain any = "甲方 (2026)"
	if n := testing.AllocsPerRun(100, func() { Chinese.say(plain) }); n != 0 {
		t.Errorf("a text without such characters takes %v allocations", n)
	}
}

func TestOfEnvironment(t *testing.T) {
	for _, test := range []struct {
		env  map[string]string
		want Lang
	}{
		{nil, English},
		{map[string]string{"LANG": "zh_CN.UTF-8"}, Chinese},
		{map[string]string{"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, English},
		{map[string]string{"LANG": "en_GB.UTF-8", "LC_MESSAGES": "zh_TW"}, Chinese},
		{map[string]string{"LANG": "zha_CN"}, English}, // Zhuang
		{map[string]string{"LANG": "zh-Hans_CN.UTF-8"}, Chinese},
		{map[string]string{"LANG": "zh.UTF-8"}, Chinese},
	} {
		if got := OfEnvironment(func(name string) string { return test.env[name] }); got != test.want {
			t.Errorf("%v: %v, want %v", test.env, got, test.want)
		}
	}
}

package main

import (
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/locales"
)

// TestHelp: every command, flag and argument has its help, and there is no help for anything else.
func TestHelp(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&cli{}, kong.Vars{"roles": roles()})
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	explained := func(key string) {
		said[key] = true
		if !locales.Has(key) {
			t.Errorf("nothing is said of %s", key)
		}
	}
	var walk func(*kong.Node)
	walk = func(node *kong.Node) {
		explained(helpKey(node, ""))
		for _, flag := range node.Flags {
			if !flag.Hidden {
				explained(helpKey(node, "--"+flag.Name))
			}
			if flag.Group != nil {
				explained("cli.help.group." + flag.Group.Key)
			}
		}
		for _, arg := range node.Positional {
			explained(helpKey(node, "<"+arg.Name+">"))
		}
		for _, child := range node.Children {
			walk(child)
		}
	}
	walk(parser.Model.Node)
	for _, heading := range []string{"usage", "usage.command", "usage.flags", "env", "arguments", "commands", "flags", "more"} {
		explained("cli.help." + heading)
	}
	content, err := os.ReadFile("../../locales/en.json")
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]string
	if err := json.Unmarshal(content, &texts); err != nil {
		t.Fatal(err)
	}
	for key := range texts {
		if strings.HasPrefix(key, "cli.help") && !said[key] {
			t.Errorf("%s explains no command, flag or argument", key)
		}
	}
}

// TestHelpPages: no line of a help page is wider than a terminal, except for a single long word.
func TestHelpPages(t *testing.T) {
	t.Parallel()
	for _, lang := range []locales.Lang{locales.Chinese, locales.English} {
		var page strings.Builder
		for _, args := range [][]string{{"--help"}, {"scan", "--help"}, {"account", "add", "--help"}} {
			if code := run(append(args, "--lang", lang.Code()), strings.NewReader(""), &page, io.Discard); code != exitOK {
				t.Errorf("%v: exit code %d", args, code)
			}
		}
		for line := range strings.Lines(page.String()) {
			if line = strings.TrimSuffix(line, "\n"); terminal.Columns(line) > 80 && strings.Contains(strings.TrimLeft(line, " "), " ") {
				t.Errorf("a line of %d columns: %s", terminal.Columns(line), line)
			}
		}
	}
}

// TestStartedIn: the language of messages before the command line has been parsed.
func TestStartedIn(t *testing.T) {
	t.Parallel()
	env := func(pairs ...string) func(string) string {
		return func(name string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == name {
					return pairs[i+1]
				}
			}
			return ""
		}
	}
	for _, test := range []struct {
		args []string
		env  func(string) string
		want locales.Lang
	}{
		{nil, env(), locales.English},
		{nil, env("LANG", "zh_CN.UTF-8"), locales.Chinese},
		{nil, env("LANG", "zh_CN.UTF-8", "QIANSHAO_LANG", "en"), locales.English},
		{[]string{"scan", "--lang", "zh"}, env("QIANSHAO_LANG", "en"), locales.Chinese},
		{[]string{"--lang=zh", "scan"}, env(), locales.Chinese},
		{[]string{"--lang=de", "scan"}, env("LANG", "zh_CN"), locales.Chinese}, // an error, which is shown in Chinese
		{[]string{"scan", "--lang"}, env(), locales.English},
	} {
		if got := startedIn(test.args, test.env); got != test.want {
			t.Errorf("%v: %v, want %v", test.args, got, test.want)
		}
	}
}

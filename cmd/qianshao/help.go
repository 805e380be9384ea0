package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/locales"
)

// helpPage writes the output of --help. Its texts are in the catalogue under the path of
// the command, then --FLAG or <ARGUMENT>: cli.help.scope.add.<file>. A flag that several
// commands have is under the path that they share: cli.help.--contact.
type helpPage struct {
	w     io.Writer
	lang  locales.Lang
	width int
}

// maxLeft bounds the column of flags and arguments; a longer one has a line of its own.
const maxLeft = 30

// printHelp returns the page as a kong.HelpPrinter.
func printHelp(lang locales.Lang) kong.HelpPrinter {
	return func(_ kong.HelpOptions, ctx *kong.Context) error {
		var text strings.Builder
		h := helpPage{&text, lang, terminal.Width(ctx.Stdout)}
		node := ctx.Selected()
		if node == nil {
			node = ctx.Model.Node
		}
		h.print(ctx.Model.Name, node)
		_, err := io.WriteString(ctx.Stdout, text.String())
		return err
	}
}

func (h *helpPage) print(program string, node *kong.Node) {
	fmt.Fprintln(h.w, h.lang.Text("cli.help.usage", program+" "+h.summary(node)))
	h.paragraph("", h.lang.Text(helpKey(node, "")))
	if len(node.Positional) > 0 {
		var rows [][2]string
		for _, arg := range node.Positional {
			rows = append(rows, [2]string{arg.Summary(), h.lang.Text(helpKey(node, "<"+arg.Name+">"))})
		}
		h.columns("cli.help.arguments", rows)
	}
	h.flags(node)
	commands := node.Leaves(true)
	if len(commands) > 0 {
		fmt.Fprintf(h.w, "\n%s\n", h.lang.Text("cli.help.commands"))
	}
	for i, command := range commands {
		if i > 0 {
			fmt.Fprintln(h.w)
		}
		fmt.Fprintf(h.w, "  %s\n", h.summary(command))
		h.wrap("    ", h.lang.Text(helpKey(command, "")))
	}
	if len(commands) > 0 && node.Parent == nil {
		fmt.Fprintf(h.w, "\n%s\n", h.lang.Text("cli.help.more", program))
	}
}

// summary is a command as it is typed.
func (h *helpPage) summary(node *kong.Node) string {
	return strings.NewReplacer(
		"<command>", h.lang.Text("cli.help.usage.command"), "[flags]", h.lang.Text("cli.help.usage.flags"),
	).Replace(strings.TrimSpace(node.Summary()))
}

// flags writes the flags without a group, and then each group.
func (h *helpPage) flags(node *kong.Node) {
	rows := map[string][][2]string{}
	var groups []string
	for _, level := range node.AllFlags(true) {
		added := map[string]bool{}
		for _, flag := range level {
			group := "cli.help.flags"
			if flag.Group != nil {
				group = "cli.help.group." + flag.Group.Key
			}
			switch {
			case len(rows[group]) == 0:
				groups = append(groups, group)
			case !added[group]: // an empty line between the flags of all commands and those of this one
				rows[group] = append(rows[group], [2]string{})
			}
			added[group] = true
			rows[group] = append(rows[group], [2]string{flagAsTyped(flag), h.flag(node, flag)})
		}
	}
	for _, group := range groups {
		h.columns(group, rows[group])
	}
}

// flagAsTyped aligns flags that have a short form with those that have none.
func flagAsTyped(flag *kong.Flag) string {
	if flag.Short == 0 {
		return "    " + flag.String()
	}
	return flag.String()
}

// flag explains a flag, and names the variables of the environment that set it.
func (h *helpPage) flag(node *kong.Node, flag *kong.Flag) string {
	text := h.lang.Text(helpKey(node, "--"+flag.Name), flag.Enum)
	if len(flag.Envs) == 0 {
		return text
	}
	env := h.lang.Text("cli.help.env", strings.Join(flag.Envs, ", $"))
	for _, stop := range []string{".", "。"} {
		if short, ok := strings.CutSuffix(text, stop); ok {
			return short + env + stop
		}
	}
	return text + env
}

// helpKey returns the key of the help for a command, or for its flag or argument: the
// command's own key, or that of the nearest one above it.
func helpKey(node *kong.Node, of string) string {
	if of == "" {
		return strings.Join(append([]string{"cli.help"}, strings.Fields(node.Path())...), ".")
	}
	for ; node != nil; node = node.Parent {
		if key := helpKey(node, "") + "." + of; locales.Has(key) {
			return key
		}
	}
	return "cli.help." + strings.Replace(of, "--to-", "--", 1) // migrate has each server's flags twice
}

// columns writes a heading and rows of two columns.
func (h *helpPage) columns(heading string, rows [][2]string) {
	fmt.Fprintf(h.w, "\n%s\n", h.lang.Text(heading))
	left := 0
	for _, row := range rows {
		if n := terminal.Columns(row[0]); n < maxLeft {
			left = max(left, n)
		}
	}
	indent := strings.Repeat(" ", 2+left+4)
	for _, row := range rows {
		lines := terminal.Wrap(row[1], h.width-len(indent))
		first := "  " + row[0]
		if n := terminal.Columns(row[0]); n <= left && len(lines) > 0 {
			first += strings.Repeat(" ", left-n+4) + lines[0]
			lines = lines[1:]
		}
		fmt.Fprintln(h.w, strings.TrimRight(first, " "))
		for _, line := range lines {
			fmt.Fprintln(h.w, indent+line)
		}
	}
}

func (h *helpPage) paragraph(indent, text string) {
	fmt.Fprintln(h.w)
	h.wrap(indent, text)
}

func (h *helpPage) wrap(indent, text string) {
	for _, line := range terminal.Wrap(text, h.width-len(indent)) {
		fmt.Fprintln(h.w, indent+line)
	}
}

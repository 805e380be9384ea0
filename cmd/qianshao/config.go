package main

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"syscall"
	"unicode/utf8"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"

	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/internal/spelling"
	"github.com/qianshao/qianshao/internal/strictyaml"
	"github.com/qianshao/qianshao/locales"
)

// BeforeResolve reads the configuration file: it sets the flags that neither the command line
// nor the environment has set.
func (*cli) BeforeResolve(ctx *kong.Context) error {
	given := func(name string) string {
		return ctx.FlagValue(flagOf(ctx.Model.Node, name)).(string) //nolint:forcetypeassert // both flags are strings
	}
	name, data := given("config"), given("data")
	own := name == ""
	if own {
		if data == "" {
			return nil
		}
		name = filepath.Join(data, datafolder.ConfigName)
	}
	source, err := os.ReadFile(name)
	switch {
	case own && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENOTDIR)): // whoever opens the folder reports that
		return nil
	case err != nil:
		return &datafolder.InputError{Err: locales.Errorf("cli.config.unreadable", err)}
	}
	c := config{name: name, own: own, values: map[*kong.Flag]any{}}
	if err := c.parse(ctx.Model.Node, source); err != nil {
		return &datafolder.InputError{Err: err}
	}
	ctx.AddResolver(kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		for _, variable := range flag.Envs {
			if os.Getenv(variable) != "" {
				return nil, nil //nolint:nilnil // means to kong that there is no value
			}
		}
		return c.values[flag], nil
	}))
	return nil
}

// config is a configuration file: flags by their names. At the top a flag applies to every
// command that has it, below a command's name only to that command.
type config struct {
	name   string
	own    bool // it is the data folder's own file
	values map[*kong.Flag]any
}

// parse reads the file, and checks all of it whatever command is run.
func (c *config) parse(commands *kong.Node, source []byte) error {
	if !utf8.Valid(source) {
		return c.errorIn(0, strictyaml.NotUTF8())
	}
	root, rest, err := strictyaml.Parse(source)
	switch second, syntax := (*strictyaml.SecondDocumentError)(nil), (*strictyaml.SyntaxError)(nil); {
	case errors.Is(err, strictyaml.ErrEmpty):
		return nil
	case errors.As(err, &syntax) || errors.As(rest, &syntax):
		if len(syntax.Slips) > 0 {
			return c.slipped(&syntax.Slips[0])
		}
		return c.errorIn(syntax.Line, locales.M("cli.config.not_yaml", syntax.Message))
	case errors.As(rest, &second):
		return c.errorIn(second.Line, locales.M("cli.config.second"))
	}
	top := root.Content[0]
	if extra := strictyaml.FirstExtra(top); extra != nil {
		return c.errorAt(extra, "cli.config.extra")
	}
	return c.section(commands, top)
}

func (c *config) errorAt(n *yaml.Node, key string, args ...any) error {
	return c.errorIn(n.Line, locales.M(key, args...))
}

func (c *config) slipped(s *strictyaml.Slip) error { return c.errorIn(s.Line, s.Message) }

// errorIn returns an error at a line; 0 means the whole file.
func (c *config) errorIn(line int, message any) error {
	if line == 0 {
		return locales.Errorf("cli.config.file", c.name, message)
	}
	return locales.Errorf("cli.config.line", c.name, line, message)
}

// section reads the settings for a command and its subcommands. Those of subcommands are more specific, and
// are set last.
func (c *config) section(command *kong.Node, n *yaml.Node) (failed error) {
	if n.Kind != yaml.MappingNode {
		if slip := strictyaml.KeySlip(n); slip != nil {
			return c.slipped(slip)
		}
		return c.errorAt(n, "cli.config.lines")
	}
	type below struct {
		command *kong.Node
		section *yaml.Node
	}
	var later []below
	strictyaml.Fields(n, nil, func(key, value *yaml.Node) {
		flags := flagsNamed(command, key.Value)
		if at := commandOf(command, key.Value); at != nil && (value.Kind == yaml.MappingNode || len(flags) == 0) {
			later = append(later, below{at, value})
			return
		}
		failed = cmp.Or(failed, c.set(command, flags, key, value))
	}, func(p strictyaml.Problem) {
		if p.NotAWord {
			failed = cmp.Or(failed, c.errorAt(p.Key, "cli.config.not_key"))
		} else {
			failed = cmp.Or(failed, c.errorAt(p.Key, "cli.config.twice", p.Key.Value, p.FirstLine))
		}
	})
	for _, b := range later {
		failed = cmp.Or(failed, c.section(b.command, b.section))
	}
	return failed
}

// set sets the flags of one name.
func (c *config) set(command *kong.Node, flags []*kong.Flag, key, value *yaml.Node) error {
	switch slip := strictyaml.KeySlip(key); {
	case slip != nil:
		return c.slipped(slip)
	case len(flags) == 0 && command.Parent == nil:
		return c.errorAt(key, "cli.config.unknown", key.Value, nearest(command, key.Value))
	case len(flags) == 0:
		return c.errorAt(key, "cli.config.unknown_of", key.Value, command.FullPath(), nearest(command, key.Value))
	case key.Value == "config" || key.Value == "data" && c.own:
		return c.errorAt(key, "cli.config.itself", key.Value)
	}
	given, err := c.valueOf(value)
	if err != nil {
		return err
	}
	for _, flag := range flags {
		if err := check(flag, given); err != nil {
			return c.errorIn(value.Line, err)
		}
		c.values[flag] = given
	}
	return nil
}

// valueOf returns a value as kong reads one: a text, a list of texts, or texts by their names.
func (c *config) valueOf(n *yaml.Node) (any, error) {
	switch {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		return nil, c.errorAt(n, "cli.config.no_value")
	case n.Kind == yaml.ScalarNode:
		if slip := strictyaml.QuoteSlip(n); slip != nil {
			return nil, c.slipped(slip)
		}
		return n.Value, nil
	}
	texts := make([]any, 0, len(n.Content))
	for _, item := range n.Content {
		if item.Kind != yaml.ScalarNode {
			return nil, c.errorAt(item, "cli.config.value")
		}
		texts = append(texts, item.Value)
	}
	if n.Kind == yaml.SequenceNode {
		return texts, nil
	}
	named := map[string]any{}
	for pair := range slices.Chunk(texts, 2) {
		named[pair[0].(string)] = pair[1] //nolint:forcetypeassert // the keys are strings, as made above
	}
	return named, nil
}

// check says whether a flag can have a value.
func check(flag *kong.Flag, value any) error {
	_, isText := value.(string)
	_, isList := value.([]any)
	_, isNamed := value.(map[string]any)
	switch { // kong's own errors would name Go's types
	case flag.IsMap() && isList:
		return locales.Errorf("cli.config.named", flag.Name, flag.Name)
	case flag.IsSlice() && isNamed:
		return locales.Errorf("cli.config.list", flag.Name, flag.Name)
	case !isText && !flag.IsCumulative():
		return locales.Errorf("cli.config.one_value", flag.Name, flag.Name)
	}
	was := flag.Set
	defer func() { flag.Set = was }()
	into := reflect.New(flag.Target.Type()).Elem()
	if err := flag.Parse(kong.Scan().PushTyped(value, kong.FlagValueToken), into); err != nil {
		return parseError{error: err}
	}
	if text, ok := value.(string); ok && flag.Enum != "" && !flag.EnumMap()[text] {
		return locales.Errorf("cli.config.enum", flag.ShortSummary(), text, flag.Enum)
	}
	return nil
}

// flagsNamed returns the flags of that name of a command and its subcommands, or only the
// command's if it has one.
func flagsNamed(command *kong.Node, name string) (flags []*kong.Flag) {
	if flag := flagOf(command, name); flag != nil {
		return []*kong.Flag{flag}
	}
	for _, child := range command.Children {
		flags = append(flags, flagsNamed(child, name)...)
	}
	return flags
}

func flagOf(command *kong.Node, name string) *kong.Flag {
	for _, flag := range command.Flags {
		if flag.Name == name && !flag.Hidden && name != "help" {
			return flag
		}
	}
	return nil
}

func commandOf(parent *kong.Node, name string) *kong.Node {
	for _, child := range parent.Children {
		if child.Name == name {
			return child
		}
	}
	return nil
}

// nearest proposes what a mistyped name was meant to be, or "".
func nearest(command *kong.Node, name string) any {
	var known []string
	var collect func(*kong.Node)
	collect = func(n *kong.Node) {
		for _, flag := range n.Flags {
			if !flag.Hidden {
				known = append(known, flag.Name)
			}
		}
		for _, child := range n.Children {
			known = append(known, child.Name)
			collect(child)
		}
	}
	collect(command)
	if near := spelling.Nearest(name, known); near != "" {
		return locales.M("cli.config.meant", near)
	}
	return ""
}

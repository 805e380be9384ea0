package strictyaml

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/qianshao/qianshao/locales"
)

// Slip is a sign that a Chinese keyboard or a word processor has written where YAML needs another
// one.
type Slip struct {
	Line, Column int // from 1, Column in characters
	Message      locales.Message
}

// NotUTF8 is the message for a file in another encoding.
func NotUTF8() locales.Message { return locales.M("yaml.not_utf8") }

// slipOfLine is a pattern with the wrong sign as its first group.
type slipOfLine struct {
	pattern *regexp.Regexp
	key     string
}

var slipsOfLines = []slipOfLine{
	{regexp.MustCompile(`^ *(\t)[\s　]*\S`), "yaml.tab"},
	{regexp.MustCompile(`^ *([\x{3000}\x{a0}])[\s\x{3000}\x{a0}]*\S`), "yaml.blank"},
	{regexp.MustCompile(`^\s*([－—–])\s*\S`), "yaml.dash"},
	{regexp.MustCompile(`^\s*(?:- +)?[{\[]?\s*(?:[a-z_]+|\p{Han}{1,6})\s*(：)`), "yaml.colon"},
	{regexp.MustCompile(`[{,]\s*[a-z_]+\s*(：)`), "yaml.colon"},
	{regexp.MustCompile(`([，、；;])\s*[a-z_]+\s*[:：]`), "yaml.comma"},
	{regexp.MustCompile(`^\s*(?:- +)?\{?\s*[a-z_]+(:)[^\s/:]`), "yaml.colon_space"},
	{regexp.MustCompile(`^\s*(?:- +)?(?:[a-z_]+:)?\s*([【［〔｛])`), "yaml.bracket"},
	{regexp.MustCompile(`[\[{].*([】］〕｝])\s*$`), "yaml.bracket"},
	{regexp.MustCompile(`^\s*(?:- +)?[a-z_]+:\s+[^\s"'\[{|>#&*][^#]*?(:)(?:\s|$)`), "yaml.text_colon"},
	{regexp.MustCompile(`[{,]\s*[a-z_]+:\s+[^\s"'\[{][^,}#]*?(:)\s`), "yaml.text_colon"},
	{regexp.MustCompile(`^\s*(?:- +)?(?:[a-z_]+:\s+)?(\[)[^\]\[]*\]\s*[^\s#,:\]}]`), "yaml.text_begins"},
	{regexp.MustCompile(`^\s*(?:- +)?(?:[a-z_]+:\s+)?(?:\[(?:[^"']*,)?\s*)?([*%@\x60])\S`), "yaml.text_begins"},
}

// openQuote finds a quote at the beginning of a text.
var openQuote = regexp.MustCompile(`(?:^\s*|[:,\[{]\s*|-\s+)(["'])`)

// Slips searches the lines of a file that is not valid YAML for the likely reason. It returns at
// most one slip for each line.
func Slips(src []byte) (slips []Slip) {
	lines := strings.Split(string(src), "\n")
	blankTexts(lines)
	for i, line := range lines {
		for _, s := range slipsOfLines {
			if at := s.pattern.FindStringSubmatchIndex(line); at != nil {
				var args []any
				if s.key == "yaml.text_begins" {
					args = append(args, line[at[2]:at[3]])
				}
				slips = append(slips, Slip{i + 1, 1 + utf8.RuneCountInString(line[:at[2]]), locales.M(s.key, args...)})
				break
			}
		}
	}
	if len(slips) > 0 {
		return slips
	}
	for i, line := range lines { // text in quotes may go over several lines, so this sign is weaker
		at := openQuote.FindStringSubmatchIndex(line)
		if at == nil {
			continue
		}
		if quote := line[at[2]:at[3]]; strings.Count(line, quote)%2 == 1 {
			slips = append(slips, Slip{i + 1, 1 + utf8.RuneCountInString(line[:at[2]]), locales.M("yaml.open_quote", quote)})
		}
	}
	if len(slips) == 0 {
		slips = misaligned(lines)
	}
	return slips
}

// aKey finds the key of a line, which follows any dashes.
var aKey = regexp.MustCompile(`^[a-z_]+:(?:\s|$)`)

// misaligned finds the first line whose indentation lies between those of the lines above it, or
// that is indented below a value. The library reports the line at which the list or mapping began.
// Where a bracket or a quote goes over several lines, it finds nothing, since they may be indented
// as one likes.
func misaligned(lines []string) []Slip {
	var levels []int // the indentations that the line may have
	opened := true   // whether it may be deeper than all of them
	for i, line := range lines {
		line, _, _ = strings.Cut(strings.TrimRight(line, " \r"), " #")
		at := len(line) - len(strings.TrimLeft(line, " "))
		if at == len(line) {
			continue
		}
		if strings.Count(line, `"`)%2+strings.Count(line, "'")%2 > 0 || strings.Count(line, "[") != strings.Count(line, "]") || strings.Count(line, "{") != strings.Count(line, "}") {
			return nil
		}
		depth := len(levels)
		for len(levels) > 0 && levels[len(levels)-1] > at {
			levels = levels[:len(levels)-1]
		}
		inner := len(dashes.FindString(line))
		isKey := aKey.MatchString(line[inner:])
		if isDeeper := len(levels) == 0 || levels[len(levels)-1] < at; isDeeper {
			if len(levels) < depth || isKey && !opened {
				return []Slip{{i + 1, at + 1, locales.M("yaml.indent")}}
			}
			if !opened {
				continue // the text of the line above goes on
			}
			levels = append(levels, at)
		}
		if inner > at {
			levels = append(levels, inner)
		}
		opened = strings.HasSuffix(line, ":") || strings.HasSuffix(line, "-")
	}
	return nil
}

// beginsText finds a line that is followed by a text of several lines.
var beginsText = regexp.MustCompile(`[:-]\s+[|>][-+0-9]*\s*$`)

// dashes are what may stand before the key of a line.
var dashes = regexp.MustCompile(`^[ \t\x{3000}]*(?:-\s+)*`)

// blankTexts empties comment lines and the lines of texts after "|" or ">", in which tabs and
// Chinese punctuation are allowed.
func blankTexts(lines []string) {
	depth := -1 // of the key that the text belongs to
	for i, line := range lines {
		rest := strings.TrimLeft(line, " \t\u3000\r")
		switch indent := len(line) - len(rest); {
		case depth >= 0 && (indent > depth || rest == ""):
			lines[i] = ""
			continue
		case strings.HasPrefix(rest, "#"):
			lines[i] = ""
		}
		if depth = -1; beginsText.MatchString(line) {
			depth = len(dashes.FindString(line))
		}
	}
}

func isPlain(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
}

// slipIn returns a slip at a byte of a plain text.
func slipIn(n *yaml.Node, at int, key string, args ...any) *Slip {
	return &Slip{n.Line, n.Column + utf8.RuneCountInString(n.Value[:at]), locales.M(key, args...)}
}

// KeySlip finds a Chinese colon in a key, since "标题：线上" and "{text:线上}" are keys without a value,
// and a full-width space before a key. It returns nil if there is neither.
func KeySlip(key *yaml.Node) *Slip {
	if strings.HasPrefix(key.Value, "\u3000") || strings.HasPrefix(key.Value, "\u00a0") {
		return slipIn(key, 0, "yaml.blank")
	}
	if at := strings.IndexAny(key.Value, "：:"); isPlain(key) && at > 0 {
		return slipIn(key, at, "yaml.no_value", key.Value)
	}
	return nil
}

// chineseCommas separate entries for a Chinese reader, but not for YAML.
const chineseCommas = "，、；"

// CommaSlip finds a Chinese comma in an entry of a list: "[办证刻章，代办毕业证]" has only one entry. In an
// entry in quotes it is allowed. It returns nil if there is none.
func CommaSlip(item *yaml.Node) *Slip {
	at := strings.IndexAny(item.Value, chineseCommas)
	if at < 0 || !isPlain(item) {
		return nil
	}
	_, size := utf8.DecodeRuneInString(item.Value[at:])
	return slipIn(item, at, "yaml.entries", item.Value[at:at+size], item.Value)
}

// QuoteSlip finds full-width quotes around a plain text, which for YAML are part of the text. It
// returns nil if there are none.
func QuoteSlip(n *yaml.Node) *Slip {
	if first, _ := utf8.DecodeRuneInString(n.Value); isPlain(n) && strings.ContainsRune("“”‘’＂＇", first) {
		return slipIn(n, 0, "yaml.quotes")
	}
	return nil
}

// ValueSlip finds the next key of a mapping in braces inside the value before it: "{text:
// 甲，expect：fires}" has only one key. It returns nil if there is none.
func ValueSlip(mapping, value *yaml.Node, known []string) *Slip {
	if mapping.Style&yaml.FlowStyle == 0 || !isPlain(value) {
		return nil
	}
	for _, at := range keyWithin.FindAllStringSubmatchIndex(value.Value, -1) {
		if slices.Contains(known, value.Value[at[2]:at[3]]) {
			return slipIn(value, at[0], "yaml.comma")
		}
	}
	return nil
}

// keyWithin finds what may be a key after a Chinese comma.
var keyWithin = regexp.MustCompile(`[` + chineseCommas + `]\s*([a-z_]+)\s*[:：]`)

// halfWidth maps the signs of a Chinese keyboard to those with which numbers, dates and lists are
// written.
var halfWidth = strings.NewReplacer("０", "0", "１", "1", "２", "2", "３", "3", "４", "4", "５", "5", "６", "6", "７", "7", "８", "8", "９", "9",
	"．", ".", "－", "-", "：", ":")

// anyDay matches a day as people write it: 2026年1月5日, 2026/1/5, ２０２６－０１－０５.
var anyDay = regexp.MustCompile(`^(\d{4})[-年/.](\d{1,2})[-月/.](\d{1,2})日?$`)

// HalfWidth returns a remedy that says what to write instead of a number, a day or a time that was
// typed with full-width signs: "; write 12 …". It is empty if there is nothing to say.
func HalfWidth(value string) locales.Message {
	if day := anyDay.FindStringSubmatch(halfWidth.Replace(value)); day != nil {
		if half := fmt.Sprintf("%s-%02s-%02s", day[1], day[2], day[3]); half != value {
			return locales.M("yaml.write_day", half)
		}
	}
	if half := halfWidth.Replace(value); half != value {
		return locales.M("yaml.write_half", half)
	}
	return locales.Message{}
}

// ListRemedy returns a text as the list that it was meant to be: "【甲、乙】" as "[甲, 乙]".
func ListRemedy(value string) any {
	list := strings.Trim(value, "【】［］〔〕[] ")
	for _, comma := range chineseCommas {
		list = strings.ReplaceAll(list, string(comma), ", ")
	}
	if list != value {
		return locales.M("yaml.list", "["+list+"]")
	}
	return "[" + list + "]"
}

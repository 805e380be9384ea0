package rule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/fold"
	"go.yaml.in/yaml/v3"
)

// Limits of what a block may hold.
const (
	maxRegex     = 1000    // bytes; RE2 takes time by text × pattern
	maxTerm      = 64      // characters; a sentence is no term
	maxMin       = 1000    // weights a block may ask for
	maxChars     = 100_000 // characters; what is longer is no message
	maxWeight    = 100     // one term
	maxLowers    = 100     // points, the whole scale
	minTermRunes = 2       // one character stands in every page
	dateLayout   = "2006-01-02"
)

// These keep rules on crimes and off people and opinions. The closed list of
// categories does most of it; this catches titles and tags that say otherwise.
func personalTitles() []string {
	return []string{"领导人", "政治", "宗教", "信仰", "上访", "维权人士", "异见", "某某人", "先生", "女士", "同志"}
}

func personalTags() []string {
	return []string{"person", "persons", "people", "politician", "politics", "political", "religion", "religious", "ethnicity", "protest", "dissident"}
}

func ruleKeys() []string {
	return []string{"title", "id", "status", "description", "author", "date", "modified", "references", "tags",
		"category", "level", "legal_basis", "falsepositives", "detection", "tests"}
}

func statuses() []string {
	return []string{StatusStable, StatusTest, StatusExperimental, StatusDeprecated}
}

func levels() (out []string) {
	for l := qianshao.LevelInformational; l <= qianshao.LevelCritical; l++ {
		out = append(out, l.String())
	}
	return out
}

// rule reads a rule's file.
func (s *source) rule(src []byte) (*Rule, detectionSource) {
	r := &Rule{File: s.file}
	var d detectionSource
	root := s.document(src, "rule")
	if root == nil {
		return r, d
	}
	given := map[string]*yaml.Node{}
	s.mapping(root, "a rule", ruleKeys(), func(key, value *yaml.Node) {
		given[key.Value] = value
		if key.Value == "detection" {
			d = s.detection(value)
			return
		}
		s.ruleField(r, key.Value, value)
	})
	s.requireKeys(root, given, "title", "id", "status", "description", "date", "category", "level", "legal_basis", "falsepositives", "detection", "tests")
	s.lintDates(r, given["modified"])
	s.lintPersons(r, given)
	if n := given["tests"]; n != nil && n.Kind == yaml.SequenceNode {
		s.lintTests(r, n)
	}
	if n := given["detection"]; n != nil {
		s.lintBlocks(d)
	}
	r.Condition = d.condition.value
	for _, b := range d.blocks {
		r.Blocks = append(r.Blocks, b.name.value)
	}
	return r, d
}

func (s *source) ruleField(r *Rule, key string, n *yaml.Node) {
	switch key {
	case "title":
		r.Title = s.scalar(n, key).value
	case "id":
		r.ID = s.name(n, key, isID, "a-z, 0-9 and - between them")
	case "status":
		r.Status = s.oneOf(n, key, statuses())
	case "description":
		r.Description = s.scalar(n, key).value
	case "author":
		r.Author = s.scalar(n, key).value
	case "date":
		r.Date = s.date(n, key)
	case "modified":
		r.Modified = s.date(n, key)
	case "references":
		r.References = values(s.list(n, key))
	case "tags":
		r.Tags = values(s.list(n, key))
	case "category":
		r.Category = s.category(n)
	case "level":
		r.Level, _ = qianshao.ParseLevel(s.oneOf(n, key, levels()))
	case "legal_basis":
		r.LegalBasis = s.legalBasis(n)
	case "falsepositives":
		r.FalsePositives = values(s.list(n, key))
	case "tests":
		r.Tests = s.tests(n)
	}
}

// laws are those that a rule has to rest on. The Public Security Administration
// Punishments Law has new article numbers since 2026: a citation names the revision.
func laws() []string { return []string{"刑法", "反电信网络诈骗法", "治安管理处罚法"} }

// legalBasis reads the articles on which a rule rests: each entry names its
// article, and one of them is of the laws that make it a crime or an offence.
func (s *source) legalBasis(n *yaml.Node) []string {
	list, ofLaw := s.list(n, "legal_basis"), false
	for _, t := range list {
		if !namesArticle(t.value) {
			s.errorf(t.node, "legal_basis %q names no article; write it, as in 刑法第三百零三条（开设赌场罪）", t.value)
		}
		ofLaw = ofLaw || slices.ContainsFunc(laws(), func(law string) bool { return strings.Contains(t.value, law) })
	}
	if len(list) > 0 && !ofLaw {
		s.errorf(n, "legal_basis rests on none of %s; a rule watches for what one of them forbids", strings.Join(laws(), ", "))
	}
	return values(list)
}

// namesArticle looks for 第 … 条 with a number between.
func namesArticle(basis string) bool {
	for {
		_, rest, found := strings.Cut(basis, "第")
		if !found {
			return false
		}
		number, _, found := strings.Cut(rest, "条")
		number = strings.TrimSpace(number)
		if found && number != "" && strings.Trim(number, "零〇一二三四五六七八九十百0123456789") == "" {
			return true
		}
		basis = rest
	}
}

func values(list []text) (out []string) {
	for _, t := range list {
		out = append(out, t.value)
	}
	return out
}

func contextKeys() []string {
	return []string{"name", "title", "description", "detection", "lowers"}
}

// context reads an awareness context's file.
func (s *source) context(src []byte) (*context, detectionSource) {
	c := &context{file: s.file}
	var d detectionSource
	root := s.document(src, "context")
	if root == nil {
		return c, d
	}
	given := map[string]*yaml.Node{}
	s.mapping(root, "a context", contextKeys(), func(key, value *yaml.Node) {
		given[key.Value] = value
		switch key.Value {
		case "name":
			c.name = s.name(value, "name", isContextName, "a-z, 0-9 and _ between them")
		case "title":
			c.title = s.scalar(value, "title").value
		case "description":
			c.description = s.scalar(value, "description").value
		case "detection":
			d = s.detection(value)
		case "lowers":
			c.lowers = s.number(value, "lowers", 1, maxLowers)
		}
	})
	s.requireKeys(root, given, contextKeys()...)
	if given["detection"] != nil {
		s.lintBlocks(d)
	}
	return c, d
}

func (s *source) requireKeys(root *yaml.Node, given map[string]*yaml.Node, keys ...string) {
	for _, key := range keys {
		if given[key] == nil {
			s.errorf(root, "%s is missing", key)
		}
	}
}

// name reads an id, which has to be the file's name too.
func (s *source) name(n *yaml.Node, key string, form func(string) bool, inWords string) string {
	t := s.scalar(n, key)
	s.id = n
	switch {
	case t.value == "":
	case !form(t.value):
		s.errorf(n, "%s %q should be made of %s", key, t.value, inWords)
	case t.value != s.base():
		s.errorf(n, "%s %q differs from the file's name %q; make them one", key, t.value, s.base())
	}
	return t.value
}

func (s *source) category(n *yaml.Node) qianshao.Category {
	t := s.scalar(n, "category")
	if t.value == "" {
		return ""
	}
	category, err := qianshao.ParseCategory(t.value)
	if err != nil {
		var names []string
		for _, c := range qianshao.Categories() {
			names = append(names, string(c))
		}
		s.errorf(n, "%v%s", err, didYouMean(t.value, names))
	}
	return category
}

func (s *source) date(n *yaml.Node, key string) string {
	t := s.scalar(n, key)
	if t.value == "" {
		return ""
	}
	if _, err := time.Parse(dateLayout, t.value); err != nil {
		s.errorf(n, "%s %q should be a day written YYYY-MM-DD", key, t.value)
		return ""
	}
	return t.value
}

func (s *source) lintDates(r *Rule, modified *yaml.Node) {
	if modified != nil && r.Modified != "" && r.Date != "" && r.Modified < r.Date {
		s.errorf(modified, "modified %s is before date %s", r.Modified, r.Date)
	}
}

func (s *source) lintPersons(r *Rule, given map[string]*yaml.Node) {
	const refusal = "%s %q is about persons or opinions; rules are about crimes on pages"
	for _, word := range personalTitles() {
		if strings.Contains(r.Title, word) {
			s.errorf(given["title"], refusal, "title", r.Title)
			break
		}
	}
	for _, tag := range r.Tags {
		if slices.Contains(personalTags(), strings.ToLower(tag)) {
			s.errorf(given["tags"], refusal, "tag", tag)
		}
	}
}

func testKeys() []string { return []string{"text", "html", "expect", "why"} }

func (s *source) tests(n *yaml.Node) (out []Test) {
	if n.Kind != yaml.SequenceNode {
		s.errorf(n, "tests should be a list of {text: …, expect: %s}", ExpectFires)
		return nil
	}
	for _, item := range n.Content {
		t := Test{Line: item.Line}
		given := map[string]*yaml.Node{}
		s.mapping(item, "a test", testKeys(), func(key, value *yaml.Node) {
			given[key.Value] = value
			switch key.Value {
			case "text":
				t.Text = s.scalar(value, "text of a test").value
			case "html":
				t.HTML = s.scalar(value, "html of a test").value
			case "expect":
				t.Expect = s.oneOf(value, "expect", []string{ExpectFires, ExpectQuiet})
			case "why":
				t.Why = s.scalar(value, "why of a test").value
			}
		})
		if item.Kind != yaml.MappingNode {
			continue
		}
		if (given["text"] == nil) == (given["html"] == nil) {
			s.errorf(item, "a test has either text or html")
		}
		if given["expect"] == nil {
			s.errorf(item, "expect is missing in a test; write expect: %s or expect: %s", ExpectFires, ExpectQuiet)
		}
		out = append(out, t)
	}
	return out
}

// lintTests wants an example of both kinds: a rule that nobody saw fire, or
// stay quiet, is a guess.
func (s *source) lintTests(r *Rule, n *yaml.Node) {
	for _, expect := range []string{ExpectFires, ExpectQuiet} {
		if !slices.ContainsFunc(r.Tests, func(t Test) bool { return t.Expect == expect }) {
			s.errorf(n, "no test with expect: %s; give at least one of each kind", expect)
		}
	}
}

// lintBlocks checks what can be said of a detection without the word lists.
func (s *source) lintBlocks(d detectionSource) {
	if len(d.blocks) == 0 && d.at.Kind == yaml.MappingNode {
		s.errorf(d.at, "detection has no block; add one with lists, terms or regex")
	}
	for _, b := range d.blocks {
		s.lintBlock(b)
	}
	if d.condition.node == nil && d.at.Kind == yaml.MappingNode {
		s.errorf(d.at, "condition is missing in detection")
	}
}

func (s *source) lintBlock(b blockSource) {
	at, name := b.name.node, b.name.value
	if !isBlockName(name) {
		s.errorf(at, "block %q should be named with a-z, 0-9, _ and -, and not with a word of the condition (%s)", name, strings.Join(reservedWords(), ", "))
	}
	switch {
	case b.measuresOnly() && b.has("min", "within", "word", "plain", "except"):
		s.errorf(at, "block %q asks for a length alone, so min, within, word, plain and except have nothing to work on; give it lists, terms or regex, or remove them", name)
	case !b.has("lists", "terms", "regex") && !b.measuresOnly():
		s.errorf(at, "block %q has nothing to look for; give it lists, terms or regex", name)
	}
	if b.within > 0 && b.min < 2 {
		s.errorf(at, "block %q: within says where several terms reach min together; give it a min of 2 or more, or remove it", name)
	}
	if b.minChars > 0 && b.maxChars > 0 && b.minChars > b.maxChars {
		s.errorf(at, "block %q: no region has at least %d and at most %d characters; swap min_chars and max_chars", name, b.minChars, b.maxChars)
	}
	var kinds []string
	for _, k := range qianshao.RegionKinds() {
		kinds = append(kinds, string(k))
	}
	for _, region := range b.regions {
		if !slices.Contains(kinds, region.value) {
			s.errorf(region.node, "region %q is none of %s%s", region.value, strings.Join(kinds, ", "), didYouMean(region.value, kinds))
		}
	}
}

// weighted is a term with its weight.
type weighted struct {
	term string
	// key is the folded form with one space for each separator inside the
	// term: terms with one key are one term.
	key    string
	runes  int
	weight int32
	// Where a list has it.
	file         string
	line, column int32
}

// parseTerm reads "term" or "term | weight". The message is empty if all is well.
func (s *source) parseTerm(line string) (w weighted, message string) {
	word, weight, hasWeight := strings.Cut(strings.ReplaceAll(line, "｜", "|"), "|") // as a Chinese keyboard has it
	w = weighted{term: strings.TrimSpace(word), weight: 1}
	if hasWeight {
		n, err := strconv.Atoi(strings.TrimSpace(weight))
		if err != nil || n < 1 || n > maxWeight {
			return w, fmt.Sprintf("weight %q should be a number from 1 to %d", strings.TrimSpace(weight), maxWeight)
		}
		w.weight = int32(n)
	}
	s.fold(&w)
	switch {
	case w.term == "":
		return w, "an empty term"
	case w.runes == 0:
		return w, fmt.Sprintf("nothing is left of %q after folding; separators and symbols cannot be terms", w.term)
	case w.runes < minTermRunes:
		return w, fmt.Sprintf("%q is a term of a single character, which stands in every other page; make it longer", w.term)
	case w.runes > maxTerm:
		return w, fmt.Sprintf("a term of more than %d characters; take the words that matter", maxTerm)
	}
	return w, ""
}

// fold fills in key and runes. It works in the source's buffer, since lists have 100,000 terms.
func (s *source) fold(w *weighted) {
	s.folded.Fold(w.term)
	s.key = s.key[:0]
	for i, r := range s.folded.Runes {
		if i > 0 && s.folded.Gaps[i].Break != fold.BreakNone {
			s.key = append(s.key, ' ')
		}
		s.key = utf8.AppendRune(s.key, r)
	}
	w.key, w.runes = string(s.key), s.folded.Len()
}

// isID is true for words of a-z and 0-9 joined by single hyphens.
func isID(s string) bool { return isJoined(s, '-') }

// isContextName is isID with underscores: police_notice.
func isContextName(s string) bool { return isJoined(s, '_') }

func isJoined(s string, joint byte) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
		case c == joint && i > 0 && i < len(s)-1 && s[i-1] != joint:
		default:
			return false
		}
	}
	return s != ""
}

// isBlockName is true for names that a condition can hold.
func isBlockName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (i == 0 || (c < '0' || c > '9') && c != '_' && c != '-') {
			return false
		}
	}
	return s != "" && !slices.Contains(reservedWords(), s)
}

package syntax

import (
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
	"go.yaml.in/yaml/v3"
)

// maxLowers is the greatest number of points that a context may take off a score: the whole scale.
const maxLowers = 100

// Values of Rule.Status.
const (
	StatusStable       = "stable"
	StatusTest         = "test"
	StatusExperimental = "experimental"
	StatusDeprecated   = "deprecated"
)

func statuses() []string {
	return []string{StatusStable, StatusTest, StatusExperimental, StatusDeprecated}
}

// Values of Test.Expect.
const (
	ExpectFires = "fires"
	ExpectQuiet = "quiet"
)

// JudgesBoth is the value of Rule.Judges for messages and pages alike, and the default. The other
// values are those of qianshao.Form.
const JudgesBoth = "both"

func judged() (out []string) {
	for _, form := range qianshao.Forms() {
		out = append(out, string(form))
	}
	return append(out, JudgesBoth)
}

// Values of Context.Excuses.
const (
	// ExcusesArticle excuses what is within the context. It is the default.
	ExcusesArticle = "article"
	// ExcusesPage excuses everything on the page, for contexts that tell what kind of site it is.
	ExcusesPage = "page"
)

// Rule is a rule as written.
type Rule struct {
	ID, Title, Description, Author Text
	Status                         string
	Date, Modified                 Text // YYYY-MM-DD
	References, Tags               []Text
	Category                       qianshao.Category
	Level                          qianshao.Level
	Judges                         string // a qianshao.Form or JudgesBoth
	LegalBasis, FalsePositives     []Text
	Tests                          []Test
	Detection                      Detection

	given map[string]*yaml.Node
}

// PlaceOf returns where the value of a key is written, or the zero Place if the rule lacks the key.
func (r *Rule) PlaceOf(key string) Place {
	if n := r.given[key]; n != nil {
		return placeOf(n)
	}
	return Place{}
}

// Test is an example inside a rule, with either Text or HTML.
type Test struct {
	Text, HTML string
	// Expect is ExpectFires (a finding at qianshao.AlertLevel or above) or ExpectQuiet.
	Expect string
	Why    string
	// Line is the test's line in the rule's file.
	Line int
}

// Content returns the test's text or HTML.
func (t Test) Content() string {
	if t.HTML != "" {
		return t.HTML
	}
	return t.Text
}

// Context is an awareness context as written.
type Context struct {
	Name, Title, Description Text
	Lowers                   int
	Excuses                  string // ExcusesArticle or ExcusesPage
	Detection                Detection
}

func ruleKeys() []string {
	return []string{"title", "id", "status", "description", "author", "date", "modified", "references", "tags",
		"category", "level", "judges", "legal_basis", "falsepositives", "detection", "tests"}
}

func contextKeys() []string {
	return []string{"name", "title", "description", "detection", "lowers", "excuses"}
}

func testKeys() []string { return []string{"text", "html", "expect", "why"} }

func levels() (out []string) {
	for l := qianshao.LevelInformational; l <= qianshao.LevelCritical; l++ {
		out = append(out, l.String())
	}
	return out
}

// ParseRule reads a rule's file. The rule is complete only if f has no mistakes.
func (f *File) ParseRule(src []byte) *Rule {
	r := &Rule{Judges: JudgesBoth, given: map[string]*yaml.Node{}}
	root := f.mappingOf(src, locales.M("rule.what.rule"))
	if root == nil {
		return r
	}
	f.mapping(root, locales.M("rule.what.rule"), ruleKeys(), func(key, value *yaml.Node) {
		r.given[key.Value] = value
		f.ruleField(r, key.Value, value)
	})
	f.requireKeys(root, r.given, "title", "id", "status", "description", "date", "category", "level", "legal_basis", "falsepositives", "detection", "tests")
	if r.Modified.Value != "" && r.Date.Value != "" && r.Modified.Value < r.Date.Value {
		f.Errorf(r.Modified.Place, "rule.date_order", r.Modified.Value, r.Date.Value)
	}
	if n := r.given["tests"]; n != nil && n.Kind == yaml.SequenceNode {
		f.checkTests(r.Tests, n)
	}
	if r.given["detection"] != nil {
		f.checkDetection(r.Detection)
	}
	return r
}

func (f *File) ruleField(r *Rule, key string, n *yaml.Node) {
	switch key {
	case "title":
		r.Title = f.scalar(n, key)
	case "id":
		r.ID = f.name(n, key, isID, locales.M("rule.name.id"))
	case "status":
		r.Status = f.oneOf(n, key, statuses())
	case "description":
		r.Description = f.scalar(n, key)
	case "author":
		r.Author = f.scalar(n, key)
	case "date":
		r.Date = f.date(n, key)
	case "modified":
		r.Modified = f.date(n, key)
	case "references":
		r.References = f.list(n, key)
	case "tags":
		r.Tags = f.list(n, key)
	case "category":
		r.Category = f.category(n)
	case "level":
		r.Level, _ = qianshao.ParseLevel(f.oneOf(n, key, levels()))
	case "judges":
		r.Judges = f.oneOf(n, key, judged())
	case "legal_basis":
		r.LegalBasis = f.list(n, key)
	case "falsepositives":
		r.FalsePositives = f.list(n, key)
	case "detection":
		r.Detection = f.detection(n)
	case "tests":
		r.Tests = f.tests(n)
	}
}

// ParseContext reads an awareness context's file. The context is complete only if f has no mistakes.
func (f *File) ParseContext(src []byte) *Context {
	c := &Context{Excuses: ExcusesArticle}
	root := f.mappingOf(src, locales.M("rule.what.context"))
	if root == nil {
		return c
	}
	given := map[string]*yaml.Node{}
	f.mapping(root, locales.M("rule.what.context"), contextKeys(), func(key, value *yaml.Node) {
		given[key.Value] = value
		switch key.Value {
		case "name":
			c.Name = f.name(value, "name", isContextName, locales.M("rule.name.context"))
		case "title":
			c.Title = f.scalar(value, "title")
		case "description":
			c.Description = f.scalar(value, "description")
		case "detection":
			c.Detection = f.detection(value)
		case "excuses":
			c.Excuses = f.oneOf(value, "excuses", []string{ExcusesArticle, ExcusesPage})
		case "lowers":
			c.Lowers = f.number(value, "lowers", 1, maxLowers)
		}
	})
	f.requireKeys(root, given, "name", "title", "description", "detection", "lowers")
	if given["detection"] != nil {
		f.checkDetection(c.Detection)
	}
	return c
}

func (f *File) category(n *yaml.Node) qianshao.Category {
	t := f.scalar(n, "category")
	if t.Value == "" {
		return ""
	}
	category := qianshao.Category(t.Value)
	if problem := CheckCategory(category); problem.Key != "" {
		f.Add(t.Place, problem)
		return ""
	}
	return category
}

// CheckCategory reports a category that is not on the list of crimes; it returns the zero Message
// for one that is.
func CheckCategory(category qianshao.Category) locales.Message {
	list := qianshao.Categories()
	if slices.Contains(list, category) {
		return locales.Message{}
	}
	var names []string
	for _, c := range list {
		names = append(names, string(c))
	}
	return locales.M("rule.category", category, meant{"category.", names}, DidYouMean(string(category), names))
}

// meant lists the values that a key may have; in Chinese, with their meanings, which are in the
// catalogue under a prefix.
type meant struct {
	prefix string
	values []string
}

func (m meant) In(l locales.Lang) string {
	names := slices.Clone(m.values)
	for i, name := range names {
		if key := m.prefix + name; l == locales.Chinese && locales.Has(key) {
			names[i] += "（" + l.Text(key) + "）"
		}
	}
	return locales.List(names).In(l)
}

func (f *File) tests(n *yaml.Node) (out []Test) {
	if n.Kind != yaml.SequenceNode {
		f.errorf(n, "rule.test.list", ExpectFires)
		return nil
	}
	for _, item := range n.Content {
		t := Test{Line: item.Line}
		given := map[string]*yaml.Node{}
		f.mapping(item, locales.M("rule.what.test"), testKeys(), func(key, value *yaml.Node) {
			given[key.Value] = value
			switch key.Value {
			case "text":
				t.Text = f.scalar(value, locales.M("rule.what.of_test", "text")).Value
			case "html":
				t.HTML = f.scalar(value, locales.M("rule.what.of_test", "html")).Value
			case "expect":
				t.Expect = f.oneOf(value, "expect", []string{ExpectFires, ExpectQuiet})
			case "why":
				t.Why = f.scalar(value, locales.M("rule.what.of_test", "why")).Value
			}
		})
		if item.Kind != yaml.MappingNode {
			continue
		}
		if (given["text"] == nil) == (given["html"] == nil) {
			f.errorf(item, "rule.test.either")
		}
		if given["expect"] == nil {
			f.errorf(item, "rule.test.expect", ExpectFires, ExpectQuiet)
		}
		out = append(out, t)
	}
	return out
}

// checkTests requires an example of each kind: nobody knows what a rule does that was never seen to
// fire or to stay quiet.
func (f *File) checkTests(tests []Test, n *yaml.Node) {
	for _, expect := range []string{ExpectFires, ExpectQuiet} {
		if !slices.ContainsFunc(tests, func(t Test) bool { return t.Expect == expect }) {
			f.errorf(n, "rule.test.kinds", expect)
		}
	}
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

package console

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/index"
)

type registerPage struct {
	*layout
	List []registerEntry
}

// registerPage lists the authorisations: those in force first, the soonest to end at the top.
func (c *Console) serveRegister(w http.ResponseWriter, r *http.Request) {
	list, err := c.store.Authorisations(r.Context())
	if err != nil {
		c.failWith(w, r, err)
		return
	}
	v := &registerPage{layout: c.layout(w, r, "register.title")}
	sight := auth.From(r.Context()).Sight
	for _, a := range list {
		if sight.Sees(a.ID) {
			v.List = append(v.List, standing(a, c.now()))
		}
	}
	order := []string{"in_force", "not_yet", "expired"}
	slices.SortStableFunc(v.List, func(a, b registerEntry) int {
		return cmp.Or(
			cmp.Compare(slices.Index(order, a.Standing), slices.Index(order, b.Standing)),
			a.ValidUntil.Compare(b.ValidUntil),
			cmp.Compare(a.ID, b.ID),
		)
	})
	c.render(w, r, http.StatusOK, "authorisations", v)
}

// RateText writes requests a second without needless zeros.
func (a registerEntry) RateText() string { return strconv.FormatFloat(a.Rate, 'g', 4, 64) }

type helpPage struct {
	*layout
	Examples   []helpExample
	Fields     []helpField
	Categories []helpValue
	Levels     []helpLevel
	ExitCodes  []exitCode
}

type helpExample struct{ Query, URL, Meaning string }

// helpField is a field of the query language.
type helpField struct {
	Name    index.FieldName
	Chinese []string
	Meaning string
	Values  []helpValue
}

// helpValue is a value of a field, with the names that a query may use for it.
type helpValue struct {
	Code    string
	Chinese []string
}

type helpLevel struct {
	qianshao.Level
	Chinese []string
}

type exitCode struct {
	Code    int
	Meaning string
}

func (c *Console) serveHelp(w http.ResponseWriter, r *http.Request) {
	v := &helpPage{layout: c.layout(w, r, "help.title")}
	for _, e := range []struct{ query, meaning string }{
		{"注册送", "word"}, {`"注册 送 彩金"`, "phrase"},
		{"类别:赌博 级别:紧急,高", "list"}, {"score:80..90", "range"},
		{"hxxp://school[.]example/news/", "pasted"}, {"school.example", "name.host"}, {"@kaihu888", "handle"},
		{"(百家乐 OR 时时彩) level:high", "or"}, {"澳门 -新闻", "not"},
	} {
		v.Examples = append(v.Examples, helpExample{e.query, searchURL(e.query, 0), v.T("help." + e.meaning)})
	}
	for _, name := range index.FieldNames() {
		v.field(name)
	}
	for _, code := range []int{0, 1, 2, 3, 130} { // as cmd/qianshao defines them
		v.ExitCodes = append(v.ExitCodes, exitCode{code, v.T("help.exit." + strconv.Itoa(code))})
	}
	c.render(w, r, http.StatusOK, "help", v)
}

// field adds a field to the tables. Categories and levels have tables of their
// own, the most urgent level at the top.
func (v *helpPage) field(name index.FieldName) {
	f := helpField{Name: name, Chinese: name.Chinese()}
	if f.Meaning = v.T("help.field." + string(name)); name.IsIndicator() && name != index.FieldIndicator {
		f.Meaning = v.Indicator(qianshao.IndicatorKind(name))
	}
	for _, value := range name.Values() {
		shown := helpValue{value.Value, value.Chinese}
		switch name {
		case index.FieldCategory:
			v.Categories = append(v.Categories, shown)
		case index.FieldLevel:
			level, _ := qianshao.ParseLevel(value.Value) // the names are the levels' own
			v.Levels = slices.Insert(v.Levels, 0, helpLevel{level, value.Chinese})
		default:
			f.Values = append(f.Values, shown)
		}
	}
	v.Fields = append(v.Fields, f)
}

// CategoryName names a category's code.
func (v *helpPage) CategoryName(code string) string { return v.Category(qianshao.Category(code)) }

// hostname returns a URL's host, lower case and without port; empty for a file.
func hostname(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

package console

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/index"
)

type helpPage struct {
	*page.Layout
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

// helpValue is a value of a field, with the names that queries may use for it.
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
	v := &helpPage{Layout: c.Layout(w, r, "help.title")}
	for _, e := range []struct{ query, meaning string }{
		{"注册送", "word"}, {`"注册 送 彩金"`, "phrase"},
		{"类别:赌博 级别:紧急,高", "list"}, {"score:80..90", "range"},
		{"hxxp://school[.]example/news/", "pasted"}, {"school.example", "name.host"}, {"@kaihu888", "handle"},
		{"(百家乐 OR 时时彩) level:high", "or"}, {"澳门 -新闻", "not"},
	} {
		v.Examples = append(v.Examples, helpExample{e.query, page.SearchURL(e.query), v.T("help." + e.meaning)})
	}
	for _, name := range index.FieldNames() {
		v.field(name)
	}
	for _, code := range []int{0, 1, 2, 3, 130} { // those that cmd/qianshao defines
		v.ExitCodes = append(v.ExitCodes, exitCode{code, v.T("help.exit." + strconv.Itoa(code))})
	}
	c.Render(w, r, http.StatusOK, "help", v)
}

// field adds a field to the tables. Categories and levels have tables of their own, with the most
// urgent level at the top.
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
			level, _ := qianshao.ParseLevel(value.Value) // values of this field are always names of levels
			v.Levels = slices.Insert(v.Levels, 0, helpLevel{level, value.Chinese})
		default:
			f.Values = append(f.Values, shown)
		}
	}
	v.Fields = append(v.Fields, f)
}

// CategoryName names a category's code.
func (v *helpPage) CategoryName(code string) string { return v.Category(qianshao.Category(code)) }

package engine

import (
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule"
)

func TestForms(t *testing.T) {
	for _, test := range []struct {
		judges string
		form   qianshao.Form
		fires  bool
	}{
		{"", qianshao.FormMessage, true},
		{"", "", true},
		{"judges: both\n", qianshao.FormPage, true},
		{"judges: message\n", qianshao.FormMessage, true},
		{"judges: message\n", qianshao.FormPage, false},
		{"judges: message\n", "", false}, // a document without a form is a page
		{"judges: page\n", qianshao.FormMessage, false},
		{"judges: page\n", "", true},
	} {
		e := load(t, rule.Options{}, "rules/gambling/r.yaml", header+test.judges+"id: r\ndetection:\n  a: {terms: [带你上岸]}\n  condition: a\n")
		doc := texts("今晚带你上岸")
		doc.Form = test.form
		if got := fires(e, doc); got != test.fires {
			t.Errorf("%q judges a text of form %q: %v", test.judges, test.form, got)
		}
		x := e.Explain(doc, "r")
		if x.Holds != test.fires || (x.Judges == "") != test.fires || !test.fires && !strings.Contains(x.String(), "judges a "+x.Judges) {
			t.Errorf("%q explains a text of form %q: %s", test.judges, test.form, x)
		}
	}
}

package app

import (
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/store"
)

// TestWhereabouts: the console gets what the register and the store know about a URL,
// and the URL in the spelling of the index.
func TestWhereabouts(t *testing.T) {
	t.Parallel()
	a, err := New(t.Context(), Options{Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	}()
	now := time.Now()
	if err := a.Folder.Store.PutAuthorisations(t.Context(), store.Signed{By: store.ByCommand}, []qianshao.Authorisation{{
		ID: "school", Owner: "o", Basis: "b", Contact: "c", ValidFrom: now.AddDate(0, 0, -1), ValidUntil: now.AddDate(0, 0, 2), Hosts: []string{"school.example"}, Rate: 1,
	}}); err != nil {
		t.Fatal(err)
	}
	w, err := a.whereabouts(t.Context(), index.PastedURL("hxxp://OTHER[.]example:80/a?b=c")[0])
	if err != nil || w.URL != "http://other.example/a?b=c" || w.Permits != "" || w.Refused != qianshao.SkipNotAuthorised || w.Waits || !w.Seen.IsZero() {
		t.Errorf("for an unauthorised URL: %+v, %v", w, err)
	}
	if w, err = a.whereabouts(t.Context(), "http://school.example/a?b=c"); err != nil || w.Permits != "school" || w.Refused != "" {
		t.Errorf("for an authorised URL: %+v, %v", w, err)
	}
	if w, err = a.whereabouts(t.Context(), "http://%zz/"); err != nil || w.Refused != qianshao.SkipBadURL {
		t.Errorf("for something that is not a URL: %+v, %v", w, err)
	}
	const source = `<p>看得见</p><p style="display:none">看不见</p>`
	d := understand("http://school.example/", source)
	if d.Source != source || len(d.Regions) != 2 || d.Regions[0].Hidden != "" || d.Regions[1].Hidden != qianshao.HidingDisplayNone {
		t.Errorf("the source is read as %+v", d)
	}
	if texts, ok := a.ruleTexts("gambling-casino-promotion"); !ok || texts.Title == "" || texts.Description == "" || len(texts.Laws) == 0 {
		t.Errorf("a shipped rule has the texts %+v, %v", texts, ok)
	}
	if _, ok := a.ruleTexts("nosuch"); ok {
		t.Error("a rule that does not exist has texts")
	}
}

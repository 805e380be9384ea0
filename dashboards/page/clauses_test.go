package page

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/locales"
)

var testNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestClauses(t *testing.T) {
	for _, tc := range []struct{ query, clause, with string }{
		{"", "level:high", "level:high"},
		{"澳门", "level:high", "澳门 level:high"},
		{"a OR b", "level:high", "(a OR b) level:high"},
		{"a AND b", "level:high", "a b level:high"},
		{"-hidden:true", "hidden:true", "-hidden:true hidden:true"},
		{`"注册 送" (a OR b)`, "host:x.example", `"注册 送" (a OR b) host:x.example`},
	} {
		query, err := index.Parse(tc.query, testNow)
		if err != nil {
			t.Fatal(err)
		}
		got := WithClause(query, tc.clause)
		if got != tc.with {
			t.Errorf("WithClause(%q, %q) = %q, want %q", tc.query, tc.clause, got, tc.with)
		}
		narrowed, err := index.Parse(got, testNow)
		if err != nil {
			t.Fatalf("%q: %v", got, err)
		}
		back, err := index.Parse(WithoutClause(narrowed, tc.clause), testNow)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(query, back); diff != "" {
			t.Errorf("adding %q to %q and removing it is no round trip: %s", tc.clause, tc.query, diff)
		}
	}
	for value, want := range map[string]string{
		"school.example": "host:school.example", "a b": `host:"a b"`, `x"y\`: `host:"x\"y\\"`, "": `host:""`,
	} {
		if got := Clause("host", value); got != want {
			t.Errorf("Clause(%q) = %s, want %s", value, got, want)
		}
	}
}

// TestChips: each clause is shown in the reader's language, with a link to the query without it.
func TestChips(t *testing.T) {
	query, err := index.Parse("category:gambling (赌场 OR level:>=high)", testNow)
	if err != nil {
		t.Fatal(err)
	}
	for language, want := range map[locales.Lang][]Chip{
		locales.Chinese: {{"类别:网络赌博", "赌场 OR level:>=high"}, {"赌场 OR 级别:>=高", "category:gambling"}},
		locales.English: {{"category:gambling", "赌场 OR level:>=high"}, {"赌场 OR level:>=high", "category:gambling"}},
	} {
		v := &Layout{Language: language}
		if diff := cmp.Diff(want, v.Chips(query)); diff != "" {
			t.Errorf("%s: %s", v.Lang(), diff)
		}
	}
}

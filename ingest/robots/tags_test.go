package robots_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao/ingest/robots"
)

func TestTags(t *testing.T) {
	for _, tc := range []struct {
		name   string
		values []string
		want   []string
	}{
		{"none", nil, nil},
		{"for all", []string{"noindex, nofollow"}, []string{"noindex, nofollow"}},
		{"two values", []string{"noindex", "noarchive"}, []string{"noindex", "noarchive"}},
		{"for another", []string{"googlebot: noindex, nofollow"}, nil},
		{"for us", []string{"Qianshao: noindex,nofollow"}, []string{"noindex, nofollow"}},
		{"for a longer name", []string{"qianshao-news: noindex"}, nil},
		{"for all, named", []string{"*: noindex"}, []string{"noindex"}},
		{"joined by a proxy", []string{"noindex, googlebot: nofollow, qianshao: noarchive, nosnippet, otherbot: none"}, []string{"noindex, noarchive, nosnippet"}},
		{"a date", []string{"unavailable_after: Wednesday, 25-Nov-26 15:00:00 CST"}, []string{"unavailable_after: Wednesday, 25-Nov-26 15:00:00 CST"}},
		{"a date for us", []string{"qianshao: unavailable_after: 25 Nov 2026 15:00:00 CST"}, []string{"unavailable_after: 25 Nov 2026 15:00:00 CST"}},
		{"directives with values", []string{"max-snippet:-1, max-image-preview:large"}, []string{"max-snippet:-1, max-image-preview:large"}},
		{"empty", []string{"", " , ", "qianshao:"}, nil},
	} {
		if diff := cmp.Diff(tc.want, robots.Tags(tc.values, "qianshao")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
	many := robots.Tags(strings.Split(strings.Repeat("noindex "+strings.Repeat("中", 500)+"\n", 500), "\n"), "qianshao")
	if len(many) > 16 || len(many[0]) > 200 {
		t.Errorf("%d tags, the first of %d bytes", len(many), len(many[0]))
	}
}

// FuzzTags: a tag is never longer than its value, and an agent that is not
// named gets what everybody gets.
func FuzzTags(f *testing.F) {
	f.Add("noindex, googlebot: nofollow", "qianshao")
	f.Add("unavailable_after: 25 Nov 2026 15:00:00 CST", "a")
	f.Fuzz(func(t *testing.T, value, agent string) {
		for _, tag := range robots.Tags([]string{value}, agent) {
			if len(tag) > 200 || tag == "" {
				t.Errorf("%q for %q: %q", value, agent, tag)
			}
		}
		const nobody = "agent-of-no-name"
		named := strings.Contains(strings.ToLower(value), strings.ToLower(agent)) || strings.Contains(strings.ToLower(value), nobody)
		if ours, everybodys := robots.Tags([]string{value}, agent), robots.Tags([]string{value}, nobody); !named && !slices.Equal(ours, everybodys) {
			t.Errorf("%q says %q to %q and %q to everybody", value, ours, agent, everybodys)
		}
	})
}

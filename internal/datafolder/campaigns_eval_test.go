package datafolder_test

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/evaluate"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
)

// labelledPages is where labelled pages may be, beside a checkout. They are not part of this repository,
// and none of their text is printed.
const labelledPages = "../../../shared/eval/pages"

// casinoGroup is the beginning of the names of groups in the set of casino front-ends. The rest is
// the operator of each page.
const casinoGroup = "casino "

// TestCampaignsOfLabelledPages groups the real pages that people have labelled as crime. In
// whatever order they come, the groups are the same, and no group has pages of two casino
// operators. docs/performance.md has the figures that it prints.
func TestCampaignsOfLabelledPages(t *testing.T) {
	if _, err := os.Stat(labelledPages); err != nil {
		t.Skip("no labelled pages beside the checkout: ", labelledPages)
	}
	if testing.Short() {
		t.Skip("assesses hundreds of pages")
	}
	t.Parallel()
	analyzer, err := datafolder.RuleFolders{}.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	pages, saves := labelledCrime(t, analyzer)
	var first grouped
	for order := range uint64(3) {
		rand.New(rand.NewPCG(order, 3)).Shuffle(len(pages), func(i, k int) { pages[i], pages[k] = pages[k], pages[i] })
		f, err := datafolder.Open(t.Context(), datafolder.Options{Data: t.TempDir(), Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		saveAndGroup(t, f, saves, pages, 40)
		got := readGroups(t, f, pages)
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if order == 0 {
			first = got
		} else if diff := cmp.Diff(first.primary(), got.primary()); diff != "" {
			t.Errorf("order %d gives other campaigns than order 0:\n%s", order, diff)
		}
	}
	tellLabelled(t, len(pages), first)
}

// labelledCrime returns the flagged pages among those labelled as crime, and what the crawl would
// save for each. The group of a page is its site or its operator.
func labelledCrime(t *testing.T, analyzer *analyze.Analyzer) (pages []webPage, saves map[string]store.Save) {
	t.Helper()
	samples, err := evaluate.Pages(os.DirFS(labelledPages))
	if err != nil {
		t.Fatal(err)
	}
	saves = map[string]store.Save{}
	for i := range samples {
		s := &samples[i]
		if !s.Label.Crime() {
			continue
		}
		site := fmt.Sprintf("%x", sha256.Sum256([]byte(s.Site)))[:8] // so that no name is printed
		group := "site " + site
		if strings.HasPrefix(s.Page.URL, "casino/") {
			group = casinoGroup + site
		}
		s.Page.URL = fmt.Sprintf("http://s%s.example/%d", site, i)
		if save := judge(analyzer, s.Page); save.Assessment.Flagged() {
			saves[s.Page.URL] = save
			pages = append(pages, webPage{url: s.Page.URL, group: group})
		}
	}
	return pages, saves
}

// tellLabelled prints the figures, and fails if the pages of two operators are in one group.
func tellLabelled(t *testing.T, pages int, g grouped) {
	t.Helper()
	campaigns, alone, several, largest := map[string]int{}, 0, 0, 0
	largestOf, findingsOf, groupsOf := map[string]int{}, map[string]int{}, map[string]int{}
	for _, group := range g.groups {
		campaigns[string(group.kind)]++
		total, operators := 0, 0
		for name, n := range group.findings {
			total += n
			findingsOf[name] += n
			groupsOf[name]++
			largestOf[name] = max(largestOf[name], n)
			if strings.HasPrefix(name, casinoGroup) {
				operators++
			}
		}
		if operators > 1 {
			t.Errorf("one campaign has pages of several operators: %s", group)
		}
		if total == 1 {
			alone++
		}
		if len(group.findings) > 1 {
			several++
			t.Logf("of several sites: %s", group)
		}
		largest = max(largest, total)
	}
	t.Logf("%d flagged pages: %d campaigns (by block, destination, handle: %d, %d, %d), %d of one finding, %d of several sites, the largest of %d findings; %d keys shared by too many",
		pages, len(g.groups), campaigns["block"], campaigns["destination"], campaigns["handle"], alone, several, largest, len(g.shared))
	for name, n := range findingsOf {
		if strings.HasPrefix(name, casinoGroup) {
			t.Logf("%s: %d findings in %d campaigns, %d in the largest", name, n, groupsOf[name], largestOf[name])
		}
	}
}

package app_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/datafolder"
)

// TestCampaignsOfACrawl: a crawl's findings are grouped when it ends, and a reindex
// gives the same campaign.
func TestCampaignsOfACrawl(t *testing.T) {
	t.Parallel()
	a, data := apptest.Crawl(t, casinoPage)
	q := campaign.Query{List: campaign.ListOpen, Sight: qianshao.SeeAll()}
	before, err := a.Folder.Campaigns(t.Context(), q, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(before) != 1 || before[0].Undecided != 1 || before[0].Label == "" {
		t.Errorf("the campaigns are %+v, want one with one undecided finding", before)
	}
	for _, name := range []string{"qianshao_campaigns_pending_findings", "qianshao_campaigns_lag_seconds"} {
		if n := metric(t, a, name); n != "0" {
			t.Errorf("%s is %s, want 0", name, n)
		}
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := datafolder.Reindex(t.Context(), datafolder.Options{Data: data}, nil); err != nil {
		t.Fatal(err)
	}
	f, err := datafolder.Open(t.Context(), datafolder.Options{Data: data, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	after, err := f.Campaigns(t.Context(), q, 10)
	if diff := cmp.Diff(before, after); err != nil || diff != "" {
		t.Errorf("after a reindex (- before, + after): %v\n%s", err, diff)
	}
}

package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/cmd/qianshao/demoweb"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// kills is the number of kills in TestKill9 and TestLocalWeb, instead of the few
// that every change can wait for: "make soak" sets 50.
const kills = "QIANSHAO_KILLS"

// killsOr returns the number of kills asked for, or else few.
func killsOr(t *testing.T, few int) int {
	t.Helper()
	asked := os.Getenv(kills)
	if asked == "" {
		return few
	}
	n, err := strconv.Atoi(asked)
	if err != nil || n < 1 {
		t.Fatalf("%s=%s is not a number of kills", kills, asked)
	}
	return n
}

// endState is everything that a crawl leaves behind, except times.
type endState struct {
	Pages     []qianshao.PageRecord
	Findings  []qianshao.Finding
	Indexed   []string
	Archived  []string   // captures: the URL, the number of records, the fingerprint of bodies and findings
	Campaigns [][]string // the findings of each
	Acts      []string   // each act's kind and subject
	Frontier  []store.FrontierRecord
}

// TestKill9 re-executes the binary, kills it at random moments within the time of an undisturbed crawl,
// lets it finish, and expects the end state of the undisturbed crawl: every page once, every finding
// once, the index equal to the store.
func TestKill9(t *testing.T) {
	t.Parallel()
	web := startDemo(t)

	undisturbed := newDataFolder(t, web)
	start := time.Now()
	if output, err := crawlChild(web, undisturbed).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	duration := time.Since(start)
	want := readEndState(t, undisturbed)
	if len(want.Findings) == 0 || len(want.Pages) != pagesOf(web) {
		t.Fatalf("the undisturbed crawl left %d findings and %d pages of %d", len(want.Findings), len(want.Pages), pagesOf(web))
	}

	for i := range killsOr(t, 2) {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			folder := newDataFolder(t, web)
			after := time.Duration(rand.Int64N(int64(duration)))
			child := crawlChild(web, folder)
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(after)
			_ = child.Process.Kill() // it may have ended already
			_ = child.Wait()
			output, err := crawlChild(web, folder).CombinedOutput()
			if err != nil {
				t.Fatalf("killed after %s, the next crawl: %v\n%s", after, err, output)
			}
			if diff := cmp.Diff(want, readEndState(t, folder)); diff != "" {
				t.Errorf("killed after %s: the end differs (-undisturbed +killed):\n%s\nthe next crawl:\n%s", after, diff, output)
			}
		})
	}
}

// TestKilledWhileAsking: after a crawl was killed while it read a sitemap, the next one visits the host,
// and the pages that only the sitemap names.
func TestKilledWhileAsking(t *testing.T) {
	t.Parallel()
	web := startDemo(t)
	folder := newDataFolder(t, web)
	f, err := datafolder.Open(t.Context(), datafolder.Options{Data: folder})
	if err != nil {
		t.Fatal(err)
	}
	asking := ingest.Turn{Holder: f.Holder, Now: time.Now()}
	asking.Host, asking.For = "school.example", time.Hour
	booked, err := f.Store.Turn(t.Context(), asking)
	if err != nil || !booked.Ends {
		t.Fatalf("booked %+v, error %v", booked, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	output, err := crawlChild(web, folder).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if pages := readEndState(t, folder).Pages; len(pages) != pagesOf(web) {
		t.Errorf("%d pages of %d\n%s", len(pages), pagesOf(web), output)
	}
}

// pagesOf counts the pages that a crawl of the web must fetch.
func pagesOf(web *demoweb.Web) (n int) {
	for _, e := range web.Expected() {
		if e.Skip == "" {
			n++
		}
	}
	return n
}

// startDemo serves the demo's web until the test ends.
func startDemo(t *testing.T) *demoweb.Web {
	t.Helper()
	web, err := demoweb.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := web.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { web.Stop(context.Background()) })
	return web
}

// crawled returns a data folder into which the web has been crawled.
func crawled(t *testing.T, web *demoweb.Web) string {
	t.Helper()
	folder := newDataFolder(t, web)
	if output, err := crawlChild(web, folder).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return folder
}

func newDataFolder(t *testing.T, web *demoweb.Web) string {
	t.Helper()
	folder := t.TempDir()
	authorise(t, folder, web.Authorisations(time.Now())...)
	return folder
}

func crawlChild(web *demoweb.Web, folder string) *exec.Cmd {
	args := []string{"--data", folder, "crawl", "--browser", "off", "--contact", "https://qianshao.example/test"}
	return exec.Command("qianshao", append(args, resolve(web.Resolve())...)...) // testscript.Main has put the binary into PATH
}

// resolve returns the flags that direct a crawl to the addresses of hosts.
func resolve(addresses map[string]string) (flags []string) {
	for host, address := range addresses {
		flags = append(flags, "--resolve", host+"="+address)
	}
	return flags
}

// verifiedCaptures returns the captures, and expects the archive to verify.
func verifiedCaptures(t *testing.T, f *datafolder.Folder) (list []string) {
	t.Helper()
	if _, err := f.Evidence.Verify(t.Context(), evidence.Head{}, func(p evidence.Problem) { t.Error(p) }); err != nil {
		t.Error(err)
	}
	for after := int64(0); ; {
		captures, err := f.Store.EvidenceCaptures(t.Context(), "", after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(captures) == 0 {
			slices.Sort(list)
			return list
		}
		for _, c := range captures {
			list = append(list, fmt.Sprintf("%s %d %s", c.URL, c.Records, c.Fingerprint))
			after = c.ID
		}
	}
}

// grouped returns the findings of each campaign, and expects the campaigns' counts to be right.
func grouped(t *testing.T, f *datafolder.Folder) (campaigns [][]string) {
	t.Helper()
	if faults, err := f.Review.Campaigns.Verify(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("the campaigns do not add up: %v, %v", faults, err)
	}
	list, err := f.Campaigns(t.Context(), campaign.Query{List: campaign.ListAll, Sight: qianshao.SeeAll()}, math.MaxInt32)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		var members []string
		for after := ""; len(members) == 0 || after != ""; {
			page, err := f.Review.Campaigns.Members(t.Context(), qianshao.SeeAll(), c.ID, after, campaign.MaxLimit)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range page.List {
				members = append(members, m.Finding)
			}
			after = page.Next
		}
		slices.Sort(members)
		campaigns = append(campaigns, append([]string{string(c.Kind)}, members...))
	}
	slices.SortFunc(campaigns, slices.Compare)
	return campaigns
}

// done returns the acts of the trail, and expects the trail to verify.
func done(t *testing.T, f *datafolder.Folder) (list []string) {
	t.Helper()
	verified, err := f.Review.Verify(t.Context(), desk.Head{}, func(problem locales.Speaker) { t.Error(problem) })
	if err != nil || verified.Problems > 0 {
		t.Errorf("%+v, %v", verified, err)
	}
	for since := int64(0); ; {
		acts, err := f.Review.Acts(t.Context(), desk.ActsQuery{Sight: qianshao.SeeAll(), Records: true, Since: since, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		if len(acts) == 0 {
			slices.Sort(list)
			return list
		}
		for _, a := range acts {
			list = append(list, fmt.Sprintf("%s %s %s %s %s %s", a.By, a.Kind, a.Subject, a.Verdict, a.Reason, a.Seen))
			since = a.Seq
		}
	}
}

func readEndState(t *testing.T, folder string) endState {
	t.Helper()
	return endStateAt(t, datafolder.Options{Data: folder})
}

func endStateAt(t *testing.T, opts datafolder.Options) (state endState) {
	t.Helper()
	f := openAt(t, opts)
	defer f.Close()
	ix, err := f.OpenIndex(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer ix.Close()
	for record, err := range f.Store.AllPages(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		record.FirstSeen, record.LastSeen = time.Time{}, time.Time{}
		state.Pages = append(state.Pages, record)
	}
	for entry, err := range f.Store.AllFindings(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		state.Findings = append(state.Findings, entry.Finding)
	}
	for record, err := range f.Store.AllFrontier(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		state.Frontier = append(state.Frontier, record)
	}
	err = ix.IDs(t.Context(), func(id string) bool {
		state.Indexed = append(state.Indexed, id)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	state.Archived, state.Campaigns, state.Acts = verifiedCaptures(t, f), grouped(t, f), done(t, f)
	if len(state.Indexed) != len(state.Findings) {
		t.Errorf("%d findings are stored, %d indexed", len(state.Findings), len(state.Indexed))
	}
	return state
}

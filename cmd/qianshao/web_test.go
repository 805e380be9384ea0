package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/ingesttest"
	"github.com/qianshao/qianshao/internal/datafolder"
)

// fullWeb enables the web of 20,000 pages on 200 hosts, which takes minutes.
const fullWeb = "QIANSHAO_FULL_WEB"

// webSize is the size of a web and the number of kills of its crawl. The small
// web has a host of every kind.
type webSize struct {
	ingesttest.Options
	kills int
}

func sizeOfWeb(t *testing.T) webSize {
	t.Helper()
	switch {
	case os.Getenv(fullWeb) != "":
		return webSize{ingesttest.Options{Hosts: 200, Pages: 20_000, Seed: 1, Rate: 20, Campaigns: 5}, killsOr(t, 5)}
	case testing.Short(): // the race detector makes SQLite ten times slower
		return webSize{ingesttest.Options{Hosts: 44, Pages: 100, Seed: 1, Rate: 50, FlaggedEvery: 10, Campaigns: 5}, killsOr(t, 1)}
	}
	return webSize{ingesttest.Options{Hosts: 44, Pages: 300, Seed: 1, Rate: 50, FlaggedEvery: 10, Campaigns: 5}, killsOr(t, 3)}
}

// Bounds of a crawl of the web.
const (
	maxResident = 300 << 10 // kilobytes
	webWorkers  = 8
	// rateRun is how many requests are compared with the host's rate together, which reveals
	// faults below the precision of a single request's time.
	rateRun = 40
)

func startWeb(t *testing.T, opts ingesttest.Options) *ingesttest.Web {
	t.Helper()
	web := ingesttest.New(opts)
	if err := web.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = web.Stop(context.Background()) })
	return web
}

func authorise(t *testing.T, folder string, list ...qianshao.Authorisation) {
	t.Helper()
	authoriseAt(t, datafolder.Options{Data: folder}, list...)
}

func authoriseAt(t *testing.T, opts datafolder.Options, list ...qianshao.Authorisation) {
	t.Helper()
	f := openAt(t, opts)
	defer f.Close()
	if err := f.Store.PutAuthorisations(t.Context(), byCommand(), list); err != nil {
		t.Fatal(err)
	}
}

func openFolder(t *testing.T, data string) *datafolder.Folder {
	t.Helper()
	return openAt(t, datafolder.Options{Data: data})
}

func openAt(t *testing.T, opts datafolder.Options) *datafolder.Folder {
	t.Helper()
	f, err := datafolder.Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func crawlWeb(web *ingesttest.Web, folder string, flags ...string) *exec.Cmd {
	args := append(flags, "--data", folder, "crawl", "--contact", "https://qianshao.example/test", "--workers", fmt.Sprint(webWorkers))
	return exec.Command("qianshao", append(args, resolve(web.Resolve())...)...)
}

// checkWeb checks the requests that the servers got against scope and rate, and
// the process's memory.
func checkWeb(t *testing.T, web *ingesttest.Web, state *os.ProcessState) {
	t.Helper()
	if outside := web.Outside(); len(outside) > 0 {
		t.Errorf("%d requests out of the scope, among them %s", len(outside), outside[0])
	}
	for _, run := range []int{1, rateRun} {
		if hasty := web.Hasty(run); len(hasty) > 0 {
			t.Errorf("%d hosts saw more than their rate, among them %s", len(hasty), hasty[0])
		}
	}
	if state == nil {
		return
	}
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Fatal("no resource usage")
	}
	t.Logf("%d MB resident at most, %s of CPU", usage.Maxrss>>10, state.UserTime()+state.SystemTime())
	if usage.Maxrss > maxResident && !raceDetector {
		t.Errorf("%d MB were resident, at most %d are allowed", usage.Maxrss>>10, maxResident>>10)
	}
}

// TestLocalWeb crawls the web undisturbed, and then with kill -9 at random
// moments: both end in the same state, and the second repeats requests only for
// pages that were under way.
func TestLocalWeb(t *testing.T) {
	size := sizeOfWeb(t)
	calm, calmFolder := startWeb(t, size.Options), t.TempDir()
	authorise(t, calmFolder, calm.Authorisation(time.Now()))
	child := crawlWeb(calm, calmFolder)
	start := time.Now()
	output, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	took := time.Since(start)
	t.Logf("undisturbed: %s\n%s", took.Round(time.Second), output)
	checkWeb(t, calm, child.ProcessState)
	want := readEndState(t, calmFolder)
	if len(want.Findings) == 0 || len(want.Pages) < size.Pages {
		t.Fatalf("the undisturbed crawl left %d findings and %d pages of at least %d", len(want.Findings), len(want.Pages), size.Pages)
	}

	killed, folder := startWeb(t, size.Options), t.TempDir()
	authorise(t, folder, killed.Authorisation(time.Now()))
	// On average there is half of this time between two kills. Together they
	// take half as long again as the crawl, a good part of it for restarting.
	kills := killCrawls(t, killed, folder, size.kills, 3*took/time.Duration(size.kills))
	last := crawlWeb(killed, folder)
	if output, err := last.CombinedOutput(); err != nil {
		t.Fatalf("after %d kills: %v\n%s", kills, err, output)
	}
	checkWeb(t, killed, last.ProcessState)
	if diff := cmp.Diff(want, readEndState(t, folder)); diff != "" {
		t.Errorf("after %d kills the end differs (-undisturbed +killed):\n%.5000s", kills, diff)
	}
	again := askedAgain(calm.Requests(), killed.Requests())
	t.Logf("%d kills, %d requests made again", kills, again)
	if again > kills*webWorkers {
		t.Errorf("%d requests were made again after %d kills of %d workers", again, kills, webWorkers)
	}
}

// killCrawls starts crawls and kills them at random moments. It returns how
// many were killed before they ended by themselves.
func killCrawls(t *testing.T, web *ingesttest.Web, folder string, most int, between time.Duration) (kills int) {
	for kills < most {
		child := crawlWeb(web, folder)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- child.Wait() }()
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("after %d kills: %v", kills, err)
			}
			return kills
		case <-time.After(time.Duration(rand.Int64N(int64(between)))):
			_ = child.Process.Kill()
			if err := <-ended; err != nil { // else it had ended just before
				kills++
			}
		}
	}
	return kills
}

// askedAgain counts the requests of the killed crawl beyond those of the calm one. A host that drops
// connections is left out, as net/http itself repeats requests there.
func askedAgain(calm, killed map[string]int) (n int) {
	for url, times := range killed {
		if strings.HasSuffix(url, "/robots.txt") || strings.HasSuffix(url, "/sitemap.xml") ||
			strings.HasSuffix(url, "/never") || strings.HasSuffix(url, "/half") || strings.HasSuffix(url, "/second") {
			continue
		}
		n += max(0, times-calm[url])
	}
	return n
}

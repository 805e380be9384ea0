package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/ingest/ingesttest"
	"github.com/qianshao/qianshao/internal/backends"
	"github.com/qianshao/qianshao/internal/backends/backendstest"
	"github.com/qianshao/qianshao/internal/datafolder"
)

const (
	// machines is how many processes crawl the web together.
	machines = 3
	// machineRate is the rate of the web's hosts; its interval is far above the precision of
	// a request's time.
	machineRate = 5
)

// TestMachines crawls the web with one process on its data folder, and then with three that share
// PostgreSQL, OpenSearch and S3, while an analyst decides on the findings. One of the three is killed
// in the middle, and stays down until the others have done its work. Both crawls end in the same state,
// and by the web's own log no host got requests from two at once, or before its interval had
// passed.
func TestMachines(t *testing.T) {
	servers := backendstest.All(t)
	size := sizeOfWeb(t).Options
	size.Rate = machineRate
	calm, alone := startWeb(t, size), machine{data: t.TempDir()}
	alone.authorise(t, calm)
	began := time.Now()
	alone.start(t, calm).end(t)
	took := time.Since(began)
	alone.decideWhile(t)()
	want := endStateAt(t, alone.folder())
	checkManners(t, calm)
	if len(want.Findings) == 0 || len(want.Campaigns) < 2 || len(want.Pages) < size.Pages {
		t.Fatalf("the undisturbed crawl left %d findings in %d campaigns and %d pages of at least %d", len(want.Findings), len(want.Campaigns), len(want.Pages), size.Pages)
	}

	web, console := startWeb(t, size), machine{t.TempDir(), servers}
	console.authorise(t, web)
	decideRest := console.decideWhile(t)
	defer decideRest()
	began = time.Now()
	killed := machine{t.TempDir(), servers}.start(t, web)
	var others []*crawl
	for range machines - 1 {
		others = append(others, machine{t.TempDir(), servers}.start(t, web))
	}
	time.Sleep(took/8 + time.Duration(rand.Int64N(int64(took/4))))
	killed.kill(t)
	for _, c := range others {
		c.end(t)
	}
	t.Logf("one machine took %s, %d took %s, one of them killed", took.Round(time.Second), machines, time.Since(began).Round(time.Second))
	killed.start(t, web).end(t) // nothing is left to visit, but it cleans up after its death
	decideRest()
	if diff := cmp.Diff(want, endStateAt(t, console.folder())); diff != "" {
		t.Errorf("the end differs (-one machine +%d):\n%.5000s", machines, diff)
	}
	checkManners(t, web)
	if again := askedAgain(calm.Requests(), web.Requests()); again > webWorkers {
		t.Errorf("%d requests were made again after a kill of %d workers", again, webWorkers)
	}
}

// machine is what a process has for itself, and the servers that it shares with others.
type machine struct {
	data    string
	servers backends.Options
}

func (m machine) folder() datafolder.Options {
	return datafolder.Options{Data: m.data, Backends: m.servers}
}

func (m machine) authorise(t *testing.T, web *ingesttest.Web) {
	t.Helper()
	authoriseAt(t, m.folder(), web.Authorisation(time.Now()))
}

// crawl is a process that crawls.
type crawl struct {
	machine
	child  *exec.Cmd
	output bytes.Buffer
}

func (m machine) start(t *testing.T, web *ingesttest.Web) *crawl {
	t.Helper()
	c := &crawl{machine: m, child: crawlWeb(web, m.data, backendstest.Flags(m.servers)...)}
	c.child.Stdout, c.child.Stderr = &c.output, &c.output
	if err := c.child.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// end waits until the process has ended by itself.
func (c *crawl) end(t *testing.T) {
	t.Helper()
	if err := c.child.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, c.output.Bytes())
	}
}

func (c *crawl) kill(t *testing.T) {
	t.Helper()
	_ = c.child.Process.Kill()
	if err := c.child.Wait(); err == nil {
		t.Fatalf("the process that was to be killed had ended\n%s", c.output.Bytes())
	}
}

// decideWhile makes an analyst decide on each finding soon after it is found, until the returned
// function is called, which decides on the rest. The verdict depends only on the finding.
func (m machine) decideWhile(t *testing.T) (decideRest func()) {
	t.Helper()
	f := openAt(t, m.folder())
	d, err := desk.New(desk.Options{
		Store: f.Review, Mask: func(s string) string { return s }, Rules: func() string { return "r" },
		Account: func(context.Context, string) (qianshao.Account, error) { return qianshao.Account{}, desk.ErrNotFound },
	})
	if err != nil {
		t.Fatal(err)
	}
	end, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		decided := map[string]bool{}
		for last := false; ; {
			for record, err := range f.Store.AllFindings(t.Context()) {
				if err == nil && !decided[record.Finding.ID] {
					err = decide(t.Context(), d, &record.Finding)
					decided[record.Finding.ID] = true
				}
				if err != nil {
					ended <- err
					return
				}
			}
			if last {
				ended <- nil
				return
			}
			select {
			case <-end:
				last = true
			case <-time.After(time.Second):
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(end)
		if err := errors.Join(<-ended, f.Close()); err != nil {
			t.Error(err)
		}
	})
}

func decide(ctx context.Context, d *desk.Desk, f *qianshao.Finding) error {
	by := qianshao.Account{Name: "ann", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}
	subject := qianshao.Subject{Kind: qianshao.SubjectFinding, ID: f.ID}
	v, err := d.Look(ctx, by, subject)
	if err != nil {
		return err
	}
	draft := desk.Draft{Subject: subject, Kind: qianshao.ActDecide, Basis: v.Standing.Act, Seen: v.Seen, Verdict: qianshao.VerdictUnsure}
	if f.ID[0]%2 == 0 {
		draft.Verdict, draft.Reason = qianshao.VerdictCrime, qianshao.ReasonHacked
	}
	_, err = d.Do(ctx, by, draft)
	return err
}

// checkManners checks the requests that the web's servers got: within the scope, within the rate, and one
// at a time.
func checkManners(t *testing.T, web *ingesttest.Web) {
	t.Helper()
	checkWeb(t, web, nil)
	if together := web.Together(); len(together) > 0 {
		t.Errorf("%d hosts were asked by two at once, among them %s", len(together), together[0])
	}
}

// TestMachinesThroughput prints the cost of a page in a crawl with its data folder, and in
// one, two and three crawls that share servers, over the same pages without delay:
//
//	QIANSHAO_THROUGHPUT=1 QIANSHAO_PAGES=6000 .ci/backends figures
func TestMachinesThroughput(t *testing.T) {
	if os.Getenv(throughput) == "" {
		t.Skip("a measurement, not a test; set " + throughput)
	}
	addr, web := serveChild(t, "qianshao-test-web"), plainWeb("")
	pages := len(web.URLs())
	args := []string{"crawl", "--contact", "https://qianshao.example/test", "--workers", fmt.Sprint(webWorkers)}
	for host := range web.Resolve() {
		args = append(args, "--resolve", host+"="+addr)
	}
	crawlBy := func(machines int, servers backends.Options) {
		t.Helper()
		first := machine{t.TempDir(), servers}
		first.authorise(t, web)
		database := databaseTime(t, servers)
		costs := make([]cost, machines)
		var all sync.WaitGroup
		began := time.Now()
		for i := range machines {
			data := first.data
			if i > 0 {
				data = t.TempDir()
			}
			all.Go(func() {
				costs[i] = measure(t, exec.Command("qianshao", append(append(backendstest.Flags(servers), "--data", data), args...)...))
			})
		}
		all.Wait()
		wall := time.Since(began)
		database = databaseTime(t, servers) - database
		var spent time.Duration
		for _, c := range costs {
			spent += c.cpu
		}
		if seen := len(endStateAt(t, first.folder()).Pages); seen != pages {
			t.Errorf("%d machines have seen %d pages of %d", machines, seen, pages)
		}
		t.Logf("%d machines, servers: %v: %5.0f pages/s, %4.0f µs of CPU a page, and %4.0f µs of PostgreSQL's", machines, servers.Any(),
			float64(pages)/wall.Seconds(), float64(spent.Microseconds())/float64(pages), float64(database.Microseconds())/float64(pages))
	}
	crawlBy(1, backends.Options{})
	for n := range machines {
		crawlBy(n+1, backendstest.All(t))
	}
}

// databaseTime is the CPU time that PostgreSQL's processes have used, including those that have ended.
func databaseTime(t *testing.T, servers backends.Options) (spent time.Duration) {
	t.Helper()
	if !servers.Store.Elsewhere() {
		return 0
	}
	const tick = 10 * time.Millisecond // the unit in /proc, everywhere on Linux
	processes, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range processes {
		content, err := os.ReadFile(name)
		if err != nil || !strings.Contains(string(content), "(postgres)") {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(content), ") ")
		fields := strings.Fields(rest)
		for _, n := range fields[11:15] { // of itself, and of its children that have ended
			ticks, err := strconv.ParseInt(n, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			spent += time.Duration(ticks) * tick
		}
	}
	return spent
}

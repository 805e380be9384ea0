package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/qianshao/qianshao/ingest/ingesttest"
	"github.com/qianshao/qianshao/ingest/warc"
)

// throughput enables the comparison of a crawl with a bare loop of requests and with Colly, which is
// built in .ci/bench/crawl:
//
//	QIANSHAO_THROUGHPUT=1 go test -count 1 -run TestThroughput -v ./cmd/qianshao
//
// QIANSHAO_FLAGGED=3 puts findings on one page in three, and QIANSHAO_PAGES=5000 sets the number of
// pages.
const throughput = "QIANSHAO_THROUGHPUT"

// number reads a number from the environment.
func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// rounds is how often each is measured; the median counts.
const rounds = 5

// plainWeb is the web for measurements: ordinary hosts, and the highest rate, which with
// so many hosts delays nothing.
func plainWeb(listen string) *ingesttest.Web {
	return ingesttest.New(ingesttest.Options{
		Hosts: 200, Pages: number("QIANSHAO_PAGES", 20_000), FlaggedEvery: number("QIANSHAO_FLAGGED", 0), Seed: 3, Rate: 1000, Plain: true, Listen: listen,
	})
}

// serveWeb is the command qianshao-test-web: the web in a separate process, so
// that the measured process is only the client. It prints where it listens and
// ends with its standard input.
func serveWeb() {
	web := plainWeb("")
	if err := web.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(web.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// fetchBare is the command qianshao-test-bare: a loop of net/http over the
// same URLs, which reads every body and does nothing else. Its argument is the web's address.
func fetchBare() {
	dialer := &net.Dialer{}
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, os.Args[1])
		},
		MaxIdleConns: 200, MaxIdleConnsPerHost: 2,
	}}
	urls := make(chan string)
	var group sync.WaitGroup
	for range webWorkers {
		group.Go(func() {
			for u := range urls {
				response, err := client.Get(u)
				if err == nil {
					_, err = io.ReadAll(response.Body)
					_ = response.Body.Close()
				}
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
			}
		})
	}
	for _, u := range plainWeb("").URLs() {
		urls <- u
	}
	close(urls)
	group.Wait()
}

// cost is what a process used.
type cost struct {
	wall, cpu time.Duration
	resident  int64 // MB, the peak
}

func measure(t *testing.T, cmd *exec.Cmd) cost {
	t.Helper()
	start := time.Now()
	var output bytes.Buffer
	cmd.Stderr = &output
	if cmd.Stdout == nil {
		cmd.Stdout = &output
	}
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, output.Bytes())
	}
	c := cost{wall: time.Since(start), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.resident = usage.Maxrss >> 10
	}
	return c
}

// serveChild runs a web of the tests in a separate process until the test ends, and returns its address.
func serveChild(t *testing.T, name string) string {
	t.Helper()
	server := exec.Command(name)
	input, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = input.Close(), server.Wait() })
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(address)
}

// buildColly builds the crawl that somebody would write with Colly. It is a separate module, so that Colly
// is not a dependency of ours.
func buildColly(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "colly")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = filepath.Join("..", "..", ".ci", "bench", "crawl")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build Colly: %v\n%s", err, output)
	}
	return program
}

// TestThroughput prints the cost of a page in a bare loop, in a crawl with Colly and in ours,
// over the same pages and in turn, so that a busy machine affects all alike.
func TestThroughput(t *testing.T) {
	if os.Getenv(throughput) == "" {
		t.Skip("a measurement, not a test; set " + throughput)
	}
	addr, program := serveChild(t, "qianshao-test-web"), buildColly(t)
	web := plainWeb("")
	pages := len(web.URLs())
	seeds := web.Authorisation(time.Now()).Seeds
	args := []string{"crawl", "--contact", "https://qianshao.example/test", "--workers", fmt.Sprint(webWorkers)}
	for _, u := range seeds {
		parsed, err := url.Parse(u)
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, "--resolve", parsed.Host+"="+addr)
	}
	spent := map[string][]float64{} // CPU in µs a page
	note := func(name string, c cost) {
		cpu := float64(c.cpu.Microseconds()) / float64(pages)
		spent[name] = append(spent[name], cpu)
		t.Logf("%-5s %5.0f pages/s, %4.0f µs of CPU a page, %3d MB resident", name, float64(pages)/c.wall.Seconds(), cpu, c.resident)
	}
	for range rounds {
		note("bare", measure(t, exec.Command("qianshao-test-bare", addr)))
		peer := exec.Command(program, addr)
		peer.Stdin = strings.NewReader(strings.Join(seeds, "\n"))
		var fetched strings.Builder
		peer.Stdout = &fetched
		note("colly", measure(t, peer))
		// Two of its workers may reach a link at once, and then both request the page.
		seen, err := strconv.Atoi(strings.TrimSpace(fetched.String()))
		if err != nil || seen < pages || seen > pages+pages/100 {
			t.Fatalf("Colly has seen %q pages of %d", fetched.String(), pages)
		}
		folder := t.TempDir()
		authorise(t, folder, web.Authorisation(time.Now()))
		note("crawl", measure(t, exec.Command("qianshao", append([]string{"--data", folder}, args...)...)))
		if again := readEndState(t, folder); len(again.Pages) != pages {
			t.Fatalf("the crawl has seen %d pages of %d", len(again.Pages), pages)
		}
	}
	for _, list := range spent {
		slices.Sort(list)
	}
	crawl, bare, colly := spent["crawl"][rounds/2], spent["bare"][rounds/2], spent["colly"][rounds/2]
	t.Logf("medians: the crawl spends %.0f µs of CPU a page, %.1f times the bare loop's %.0f and %.1f times Colly's %.0f",
		crawl, crawl/bare, bare, crawl/colly, colly)
}

// TestScanThroughput prints the cost of a page in a scan of the same pages as
// one archive, and checks that memory does not grow with the archive.
func TestScanThroughput(t *testing.T) {
	if os.Getenv(throughput) == "" {
		t.Skip("a measurement, not a test; set " + throughput)
	}
	for _, pages := range []int{2_000, 20_000} {
		archive := filepath.Join(t.TempDir(), "web.warc.gz")
		writeArchive(t, archive, ingesttest.New(ingesttest.Options{Hosts: 200, Pages: pages, Seed: 3, Plain: true}))
		c := measure(t, exec.Command("qianshao", "scan", "--format", "jsonl", archive))
		t.Logf("scan of %5d pages: %5.0f pages/s, %4.0f µs of CPU a page, %3d MB resident", pages, float64(pages)/c.wall.Seconds(),
			float64(c.cpu.Microseconds())/float64(pages), c.resident)
	}
}

func writeArchive(t *testing.T, name string, web *ingesttest.Web) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w := warc.NewWriter(f)
	header := []byte("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n")
	at := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	web.Pages(func(url, html string) bool {
		_, err = w.Write(warc.ResponseDraft(url, at, header, []byte(html)))
		return err == nil
	})
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

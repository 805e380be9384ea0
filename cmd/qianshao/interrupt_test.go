package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/qianshao/qianshao/cmd/qianshao/demoweb"
)

// interrupt sends a signal and returns the exit code; a process that does not
// answer within a minute fails the test.
func interrupt(t *testing.T, process *exec.Cmd, signal os.Signal) int {
	t.Helper()
	if err := process.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	deadline := time.AfterFunc(time.Minute, func() { _ = process.Process.Kill() })
	defer deadline.Stop()
	var exit *exec.ExitError
	if err := process.Wait(); errors.As(err, &exit) {
		return exit.ExitCode() // -1 if it was killed
	}
	return 0
}

// TestInterruptedCrawl: a crawl that is told to stop says what it did, also in
// its metrics file, and the next one finds everything in order.
func TestInterruptedCrawl(t *testing.T) {
	t.Parallel()
	web := startDemo(t)
	data, file := newDataFolder(t, web), filepath.Join(t.TempDir(), "qianshao.prom")
	start := func() *exec.Cmd {
		child := crawlChild(web, data)
		child.Args = append(child.Args, "--metrics-file", file)
		return child
	}
	fetched := 0.0
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		var out, errOut bytes.Buffer
		child := start()
		child.Stdout, child.Stderr = &out, &errOut
		before := requests(web)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		await(t, "requests", func() bool { return requests(web) > before+3 })
		if code := interrupt(t, child, signal); code != exitInterrupted {
			t.Errorf("%v: exit code %d, want %d\n%s", signal, code, exitInterrupted, errOut.String())
		}
		if !regexp.MustCompile(`(?m)^\d+ pages? fetched; `).MatchString(out.String()) {
			t.Errorf("%v: no summary: %s", signal, out.String())
		}
		if want := "qianshao: interrupted: the next crawl visits what is still due\n"; !strings.HasSuffix(errOut.String(), want) || strings.Contains(errOut.String(), "canceled") {
			t.Errorf("%v: it says %q, want %q at the end", signal, errOut.String(), want)
		}
		if fileMetric(t, file, "qianshao_crawl_last_run_succeeded") != 0 || fileMetric(t, file, "qianshao_crawl_last_success_timestamp_seconds") != 0 {
			t.Errorf("%v: the metrics call it a success", signal)
		}
		earlier := fetched
		if fetched = fileMetric(t, file, `qianshao_pages_fetched_total{source="crawl"}`); fetched < earlier {
			t.Errorf("%v: %v pages by the metrics, %v before", signal, fetched, earlier)
		}
	}
	if output, err := start().CombinedOutput(); err != nil {
		t.Errorf("the next crawl: %v\n%s", err, output)
	}
	if fileMetric(t, file, `qianshao_pages_fetched_total{source="crawl"}`) <= fetched || fileMetric(t, file, "qianshao_crawl_last_run_succeeded") != 1 || fileMetric(t, file, "qianshao_crawl_last_success_timestamp_seconds") == 0 {
		t.Error("the metrics do not show the success")
	}
}

// fileMetric returns the value of a series of a metrics file.
func fileMetric(t *testing.T, file, name string) float64 {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindSubmatch(content)
	if m == nil {
		t.Fatalf("%s has no %s", file, name)
	}
	value, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func requests(web *demoweb.Web) (n int) {
	for _, count := range web.Requests() {
		n += count
	}
	return n
}

// TestInterruptedScan: a scan that waits to open a pipe or to read from it
// reacts to signals.
func TestInterruptedScan(t *testing.T) {
	t.Parallel()
	for _, waits := range []string{"to open", "to read"} {
		t.Run(waits, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			first, second := filepath.Join(folder, "first"), filepath.Join(folder, "second")
			for _, name := range []string{first, second} {
				if err := syscall.Mkfifo(name, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var errOut bytes.Buffer
			scan := exec.Command("qianshao", "scan", first, second)
			scan.Stderr = &errOut
			if err := scan.Start(); err != nil {
				t.Fatal(err)
			}
			pipe, err := os.OpenFile(first, os.O_WRONLY, 0) // waits until the scan opens it
			if err != nil {
				t.Fatal(err)
			}
			defer pipe.Close()
			if waits == "to open" {
				_ = pipe.Close() // now the scan goes on to the second one
			}
			if code := interrupt(t, scan, os.Interrupt); code != exitInterrupted {
				t.Errorf("exit code %d, want %d\n%s", code, exitInterrupted, errOut.String())
			}
			if said := errOut.String(); !regexp.MustCompile(`(?m)^\d inputs?, `).MatchString(said) || !strings.Contains(said, "interrupted: what comes after ") {
				t.Errorf("it says %s", said)
			}
		})
	}
}

package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/qianshao/qianshao/.ci/bench/made"
)

// atRest is how long a server is left alone before its memory is read.
const atRest = 10 * time.Second

// start builds the binary as "make build" does, and prints the cost of scanning one file, the
// memory of an idle server, and the binary's size.
func start([]string) error {
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	binary, page := filepath.Join(folder, "qianshao"), filepath.Join(folder, "page.html")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "./cmd/qianshao")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if _, err := spend(build); err != nil {
		return err
	}
	if err := os.WriteFile(page, made.Article(50_000), 0o600); err != nil {
		return err
	}
	commands := []struct {
		work      string
		arguments []string
	}{{"`scan` of one page of 50 kB", []string{"scan", page}}, {"`rules list`", []string{"rules", "list"}}, {"`version`", []string{"version"}}}
	var sides []func() (usage, error)
	for _, c := range commands {
		sides = append(sides, func() (usage, error) { return spend(exec.Command(binary, c.arguments...)) })
	}
	results, err := takeTurns(sides)
	if err != nil {
		return err
	}
	for i, c := range commands {
		cpu := spreadOf(results[i], func(u usage) float64 { return u.cpu.Seconds() })
		wall := spreadOf(results[i], func(u usage) float64 { return u.wall.Seconds() })
		fmt.Printf("| %s | | %.2f s of CPU (%.2f–%.2f), %.2f s by the clock, %.0f MB |\n", c.work, cpu.median, cpu.least, cpu.most, wall.median, spreadOf(results[i], usage.megabytes).median)
	}
	info, err := os.Stat(binary)
	if err != nil {
		return err
	}
	resident, err := serveAtRest(binary, filepath.Join(folder, "data"))
	if err != nil {
		return err
	}
	fmt.Printf("| `serve` at rest · binary | | %d MB · %.0f MB |\n", resident>>20, float64(info.Size())/(1<<20))
	return nil
}

// serveAtRest returns the resident bytes of a server on an empty data folder, which may make no
// requests, some seconds after it began to listen.
func serveAtRest(binary, data string) (resident int64, err error) {
	server := exec.Command(binary, "--data", data, "serve", "--listen", "127.0.0.1:0", "--contact", "https://example.org/bot", "--browser", "off")
	said, err := server.StderrPipe()
	if err != nil {
		return 0, err
	}
	if err := server.Start(); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, server.Process.Signal(syscall.SIGTERM), server.Wait()) }()
	lines := bufio.NewScanner(said)
	for last := ""; !strings.HasPrefix(last, "the console is at "); last = lines.Text() {
		if !lines.Scan() {
			return 0, fmt.Errorf("the server listens nowhere; it said: %s", last)
		}
	}
	go func() {
		for lines.Scan() { // later output must not block it
		}
	}()
	time.Sleep(atRest)
	return residentOf(server.Process.Pid)
}

// residentOf reads VmRSS from Linux's /proc.
func residentOf(pid int) (int64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, found := strings.Cut(string(content), "VmRSS:")
	var kilobytes int64
	if _, err := fmt.Sscan(rest, &kilobytes); err != nil || !found {
		return 0, fmt.Errorf("no VmRSS in the status of process %d", pid)
	}
	return kilobytes << 10, nil
}

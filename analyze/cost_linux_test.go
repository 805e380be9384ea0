//go:build !race

package analyze_test

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The inputs of the table of costs, made of one unit each, or built.
func costlyPages(size int) map[string]func() string {
	repeat := func(unit string) func() string {
		return func() string { return "<p>" + strings.Repeat(unit, size/len(unit)) }
	}
	return map[string]func() string{
		"one letter":        repeat("w"),
		"one character":     repeat("牌"),
		"one reference":     func() string { return "<p>&#" + strings.Repeat("0", size) + "65;" },
		"references":        repeat("&#65;"),
		"resident IDs":      repeat("110101194912310024 "),
		"numbers":           repeat("13800138001 "),
		"a casino's phrase": repeat("澳门线上赌场官网开户注册送彩金真人百家乐"),
		"contacts":          repeat("加微信 wx13800138000 QQ 12345678 电话13912345678 "),
		"needles":           repeat("送88加微"),
		"zero widths":       repeat("\u200b"),
		"nested elements":   repeat("<b>"),
		"turned text":       repeat("<p>\u202e乐家百"),
		"nested Base64":     func() string { return nestedBase64(size) },
	}
}

// nestedBase64 is a script that writes a script that writes a script.
func nestedBase64(size int) string {
	page := strings.Repeat("真人百家乐", size/4/len("真人百家乐"))
	for range 3 {
		page = `<script>document.write(atob("` + base64.StdEncoding.EncodeToString([]byte(page)) + `"))</script>`
	}
	return page
}

// costOf names the page that a child process assesses; costSize is its size in MB, and makes
// the test a table of pages of this size.
const (
	costOf   = "QIANSHAO_COST_OF"
	costSize = "QIANSHAO_COST_MB"
)

// Bounds of what a page costs. The CPU is twice what is promised, since a busy machine
// counts more.
const (
	maxMemory = 500 // MB
	maxCPU    = 2 * time.Second
)

// TestCost assesses pages that are all of one kind, each in a process of its own, and
// bounds CPU and memory. QIANSHAO_COST_MB=8 go test -run TestCost -v ./analyze prints
// the table of all; without it, one page of 1 MB is assessed.
func TestCost(t *testing.T) {
	size := 1
	if s := os.Getenv(costSize); s != "" {
		size, _ = strconv.Atoi(s)
	} else if testing.Short() {
		t.Skip("starts processes")
	}
	pages := costlyPages(size << 20)
	if name := os.Getenv(costOf); name != "" {
		a := shipped(t)
		if err := a.Engine().Prepare(); err != nil {
			t.Fatal(err)
		}
		a.Assess(html("<p>送88加微，真人百家乐，加微信 wx13800138000")) // loads the dictionary
		page := html(pages[name]())
		var before, after syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
		a.Assess(page)
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
		fmt.Printf("cost %d %d\n", cpuOf(&after)-cpuOf(&before), peakMemory(t))
		return
	}
	if os.Getenv(costSize) == "" { // starting a process takes seconds
		maps.DeleteFunc(pages, func(name string, _ func() string) bool { return name != "contacts" })
	}
	for _, name := range slices.SortedFunc(maps.Keys(pages), func(a, b string) int { return cmp.Compare(a, b) }) {
		child := exec.Command(os.Args[0], "-test.run=^TestCost$", "-test.count=1")
		child.Env = append(os.Environ(), costOf+"="+name, costSize+"="+strconv.Itoa(size), "GOMEMLIMIT=off")
		out, err := child.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		var cpu time.Duration
		var memory int
		if _, err := fmt.Sscanf(string(out), "cost %d %d", &cpu, &memory); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		t.Logf("%-18s %d MB  %6.2f s of CPU a MB  %5d MB resident at most", name, size, cpu.Seconds()/float64(size), memory)
		if cpu > time.Duration(size)*maxCPU && os.Getenv(costSize) != "" { // the time of a busy machine is no measure
			t.Errorf("%s: %s of CPU for %d MB", name, cpu, size)
		}
		if memory > maxMemory {
			t.Errorf("%s: %d MB are resident for %d MB", name, memory, size)
		}
	}
}

func cpuOf(u *syscall.Rusage) time.Duration {
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakMemory is what was resident at most since this process has run its own
// program, in MB. (Rusage counts what its parent held when it started it.)
func peakMemory(t *testing.T) (megabytes int) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(status), "VmHWM:")
	var kilobytes int
	if _, err := fmt.Sscan(line, &kilobytes); err != nil {
		t.Fatal(err)
	}
	return kilobytes >> 10
}

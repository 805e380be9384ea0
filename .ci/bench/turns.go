package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// rounds is the number of rounds of a comparison. A ratio is the median of the rounds' ratios.
const rounds = 5

// usage is what a process used, including its children.
type usage struct {
	cpu, wall time.Duration
	resident  int64 // bytes, the peak
	output    []byte
}

func spend(cmd *exec.Cmd) (usage, error) {
	var said bytes.Buffer
	cmd.Stderr = &said
	begin := time.Now()
	output, err := cmd.Output()
	if err != nil {
		return usage{}, fmt.Errorf("%s: %w\n%s", cmd, err, said.Bytes())
	}
	u := usage{wall: time.Since(begin), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), output: output}
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.resident = r.Maxrss << 10
	}
	return u, nil
}

// takeTurns runs the sides one after the other, rounds times, and returns the rounds of each
// side. Every second round is in reverse order.
func takeTurns[T any](sides []func() (T, error)) ([][]T, error) {
	results := make([][]T, len(sides))
	for round := range rounds {
		for i := range sides {
			if round%2 == 1 {
				i = len(sides) - 1 - i
			}
			result, err := sides[i]()
			if err != nil {
				return nil, err
			}
			results[i] = append(results[i], result)
		}
	}
	return results, nil
}

// spread is a median, with the least and the greatest value.
type spread struct{ least, median, most float64 }

func spreadOf[T any](list []T, value func(T) float64) spread {
	var values []float64
	for _, x := range list {
		values = append(values, value(x))
	}
	slices.Sort(values)
	return spread{values[0], values[len(values)/2], values[len(values)-1]}
}

// ratios returns a over b, round by round.
func ratios[T any](a, b []T, value func(T) float64) spread {
	var list []float64
	for i := range a {
		list = append(list, value(a[i])/value(b[i]))
	}
	return spreadOf(list, func(x float64) float64 { return x })
}

func (s spread) times() string { return fmt.Sprintf("%.3g× (%.3g–%.3g)", s.median, s.least, s.most) }

// turnsOf compares any shell commands.
func turnsOf(commands []string) error {
	if len(commands) < 2 {
		return errors.New("turns needs two commands or more, each as one argument")
	}
	var sides []func() (usage, error)
	for _, command := range commands {
		sides = append(sides, func() (usage, error) { return spend(exec.Command("sh", "-c", command)) })
	}
	results, err := takeTurns(sides)
	if err != nil {
		return err
	}
	cpu := func(u usage) float64 { return u.cpu.Seconds() }
	fmt.Println("| command | CPU, s | of the last one's | resident, MB |\n|---|---|---|---|")
	for i, command := range commands {
		spent := spreadOf(results[i], cpu)
		fmt.Printf("| `%s` | %.3f (%.3f–%.3f) | %s | %.0f |\n", command, spent.median, spent.least, spent.most,
			ratios(results[i], results[len(results)-1], cpu).times(), spreadOf(results[i], usage.megabytes).median)
	}
	return nil
}

func (u usage) megabytes() float64 { return float64(u.resident) / (1 << 20) }

// cpuTime returns the CPU time that this process has used.
func cpuTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err) // cannot happen
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// cpuOf repeats do until it has used at least the CPU time least, and returns the time of one
// repetition.
func cpuOf(least time.Duration, do func() error) (time.Duration, error) {
	times, begin := 0, cpuTime()
	for {
		if err := do(); err != nil {
			return 0, err
		}
		times++
		if spent := cpuTime() - begin; spent >= least {
			return spent / time.Duration(times), nil
		}
	}
}

// load returns the machine's load according to Linux.
func load() string {
	content, _ := os.ReadFile("/proc/loadavg")
	var one string
	_, _ = fmt.Sscan(string(content), &one)
	return cmp.Or(one, "unknown")
}

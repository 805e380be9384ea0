// Instructions counts the machine instructions of ten fixed inputs with valgrind's callgrind, which
// do not depend on the machine's load, and compares them with counts.json in the same folder. It
// fails if an input takes more than 5 % more:
//
//	go run ./.ci/instructions             # compares
//	go run ./.ci/instructions --update    # writes counts.json again
//
// Other versions of Go and other kinds of processors have other counts. Then it compares nothing,
// says so, and exits with code 3.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"

	"golang.org/x/sys/cpu"
)

// notComparable is the exit code if the counts cannot be compared.
const notComparable = 3

// countsFile is the path of the counts from the top of a checkout.
const countsFile = ".ci/instructions/counts.json"

func main() {
	if len(os.Args) == 2 && os.Args[1] == "measure" { // the child, under callgrind
		exitOn(measure())
		return
	}
	update := flag.Bool("update", false, "write "+countsFile+" anew")
	flag.Parse()
	exitOn(run(*update))
}

func exitOn(err error) {
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "instructions:", err)
	if errors.Is(err, errNotComparable) {
		os.Exit(notComparable)
	}
	os.Exit(1)
}

func run(update bool) error {
	before, err := readCounts(countsFile)
	if err != nil && !update {
		return fmt.Errorf("%w; --update writes it", err)
	}
	here := counts{Go: runtime.Version(), Machine: machine()}
	if !update {
		if err := before.comparable(here); err != nil {
			return err
		}
	}
	if here.Instructions, err = count(); err != nil {
		return err
	}
	if update {
		fmt.Print(before.table(here))
		return here.write(countsFile)
	}
	fmt.Print(before.table(here))
	return before.compare(here)
}

// machine says which instructions the program uses under valgrind: some functions work differently
// with AVX2.
func machine() string {
	name := runtime.GOOS + "/" + runtime.GOARCH
	if cpu.X86.HasAVX2 {
		name += " with AVX2"
	}
	return name
}

// count runs the program under callgrind. Nothing is counted until the child asks for it, so
// start-up costs little. Garbage collection and preemption by a timer are switched off, as they
// would come at a different place each time.
func count() (map[string]int, error) {
	if runtime.GOARCH != "amd64" {
		return nil, fmt.Errorf("%w: the requests to callgrind are written for amd64, this is %s", errNotComparable, runtime.GOARCH)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "instructions")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	cmd := exec.Command("valgrind", "--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file="+filepath.Join(folder, "out"), self, "measure")
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "GOGC=off", "GOMEMLIMIT=off", "GODEBUG=asyncpreemptoff=1")
	if output, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, output)
	}
	return readDumps(folder)
}

var (
	dumpName  = regexp.MustCompile(`(?m)^desc: Trigger: Client Request: (.+)$`)
	dumpTotal = regexp.MustCompile(`(?m)^totals: (\d+)$`)
)

// readDumps returns the counts in callgrind's files out.1, out.2 …, each of which has a name and a
// total.
func readDumps(folder string) (map[string]int, error) {
	files, err := filepath.Glob(filepath.Join(folder, "out.*"))
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		name, total := dumpName.FindSubmatch(content), dumpTotal.FindSubmatch(content)
		if name == nil || total == nil {
			return nil, fmt.Errorf("%s has no name or no total", file)
		}
		if counts[string(name[1])], err = strconv.Atoi(string(total[1])); err != nil {
			return nil, err
		}
	}
	return counts, nil
}

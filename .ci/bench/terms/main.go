// Command terms writes the inputs of the benchmark in this folder and runs our side of it. The
// script run calls it.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/analyze/match"
	"github.com/qianshao/qianshao/internal/headlines"
)

const usage = "usage: terms write FOLDER [COUNT …], or terms scan TERMS TEXT"

// enough is how long a search is measured, in processor time.
const enough = 500 * time.Millisecond

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "terms:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) > 1 && args[0] == "write":
		return write(args[1], args[2:])
	case len(args) == 3 && args[0] == "scan":
		return scan(args[1], args[2])
	}
	return errors.New(usage)
}

// write makes text.txt, and names-N.txt and dense-N.txt for each number of terms.
func write(folder string, counts []string) error {
	words, err := headlines.Open("analyze/token/dictionary.txt.gz")
	if err != nil {
		return fmt.Errorf("run it at the root of the repository: %w", err)
	}
	save := func(name, text string) error { return os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644) }
	if err := save("text.txt", words.Text(1, 4<<20)); err != nil {
		return err
	}
	for _, count := range counts {
		n, err := strconv.Atoi(count)
		if err != nil {
			return err
		}
		if err := save("names-"+count+".txt", strings.Join(words.Names(n), "\n")+"\n"); err != nil {
			return err
		}
		if err := save("dense-"+count+".txt", strings.Join(words.Terms(n), "\n")+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// scan prints our megabytes per second of processor time, and the hits: for matching folded text,
// with all disguises, and for folding and matching. The text is read in pages, as in production.
func scan(termsFile, textFile string) error {
	list, err := os.ReadFile(termsFile)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(textFile)
	if err != nil {
		return err
	}
	m, err := match.Compile(strings.Split(strings.TrimSpace(string(list)), "\n"))
	if err != nil {
		return err
	}
	pages := pagesOf(string(text))
	var folded fold.Text
	var folding, matching time.Duration
	hits, runs := 0, 0
	for folding+matching < enough || runs < 4 {
		hits = 0
		for _, page := range pages {
			start := processorTime()
			folded.Fold(page)
			middle := processorTime()
			m.Scan(&folded, func(match.Hit) { hits++ })
			folding, matching = folding+middle-start, matching+processorTime()-middle
		}
		if runs++; runs == 1 { // the first fills the caches
			folding, matching = 0, 0
		}
	}
	speed := func(took time.Duration) float64 { return float64((runs-1)*len(text)) / 1e6 / took.Seconds() }
	fmt.Printf("qianshao %.1f %d\nqianshao+fold %.1f %d\n", speed(matching), hits, speed(folding+matching), hits)
	return nil
}

// pageSize is about the size of a page's text, in bytes.
const pageSize = 32 << 10

// pagesOf splits a text at line ends.
func pagesOf(text string) (pages []string) {
	for len(text) > pageSize {
		end := pageSize + strings.IndexByte(text[pageSize:], '\n') + 1
		if end == pageSize {
			break
		}
		pages, text = append(pages, text[:end]), text[end:]
	}
	return append(pages, text)
}

// processorTime returns the processor time that this process has used.
func processorTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

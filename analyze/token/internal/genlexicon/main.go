// Genlexicon writes lexicon.bin, by which the program cuts words, out of what gse reads in
// dictionary.txt.gz and supplement.txt. It works in the folder it is started in: run
// "go generate ./analyze/token" after a change of either.
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

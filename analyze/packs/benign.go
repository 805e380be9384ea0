package packs

import (
	"embed"
	"strings"
)

// benign stands apart from files, so that a program that never uses the sample does not
// contain it.
//
//go:embed benign/*.txt
var benign embed.FS

// Benign returns the benign sample: ordinary Chinese texts of ten to a hundred
// characters each, none of which promotes a crime, though many speak of one
// (police notices, statutes, state lotteries, card games, banks' loans). The
// linter measures on it how often a term occurs in honest text; tests count
// false alarms on it.
//
// The texts stand in the files of benign/, one file for each kind, one text on each line, in
// the order of the files' names; lines that start with # are comments. All were written for
// this project.
func Benign() []string {
	var texts []string
	entries, err := benign.ReadDir("benign")
	if err != nil {
		return nil // the folder is embedded at build time, TestBenign counts its texts
	}
	for _, entry := range entries {
		content, err := benign.ReadFile("benign/" + entry.Name())
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(content)) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				texts = append(texts, line)
			}
		}
	}
	return texts
}

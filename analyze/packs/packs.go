// Package packs holds the rules, word lists and awareness contexts that are
// shipped with the program. They are files, not code: an operator reads and
// corrects them without knowing Go.
//
//	rules/<category>/<id>.yaml   one rule a file
//	lists/<topic>.txt            one term a line, "# comment", optional "| weight"
//	patterns/<name>.yaml         what the blocks of several rules look for, under a name
//	words.txt                    words that look like a person's name and are none
//	ordinary.tsv                 on how many ordinary sites each term stands
//	contexts/<name>.yaml         kinds of text that speak about crime without promoting it
//
// All texts in them, tests included, were written for this project.
package packs

import (
	"embed"
	"io/fs"
)

//go:embed rules lists patterns contexts words.txt ordinary.tsv
var files embed.FS

// FS returns the shipped pack: a read-only tree with rules/, lists/, patterns/,
// contexts/, words.txt and ordinary.tsv at its root.
func FS() fs.FS { return files }

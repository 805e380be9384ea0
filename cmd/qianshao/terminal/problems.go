package terminal

import (
	"fmt"
	"io"

	"github.com/qianshao/qianshao/locales"
)

// maxProblems bounds how many lines a check prints; if an archive's file lost its first
// byte, there would be one for each of its records.
const maxProblems = 100

// Problems writes what a check finds wrong, one problem on each line.
type Problems struct {
	w     io.Writer
	lang  locales.Lang
	found int
}

// NewProblems returns a writer of problems in a language.
func NewProblems(w io.Writer, lang locales.Lang) *Problems { return &Problems{w: w, lang: lang} }

// Print writes a problem, or counts it when there have been enough lines.
func (p *Problems) Print(problem locales.Speaker) {
	if p.found++; p.found <= maxProblems {
		fmt.Fprintln(p.w, Printable(problem.In(p.lang)))
	}
}

// Finish says how many problems were not written.
func (p *Problems) Finish() {
	if p.found > maxProblems {
		fmt.Fprintln(p.w, p.lang.Text("cli.problems.more", p.found-maxProblems))
	}
}

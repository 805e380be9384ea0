// Bench compares Qianshao with what a user would use instead, and measures how its cost grows with
// its work. All times are CPU time of the process, user and system, so that a busy machine affects
// them little. Compared programs run in turns.
//
//	go run ./.ci/bench compare             # the rows of docs/performance.md that need no peer of another language's compiler
//	go run ./.ci/bench pages FOLDER…       # whole pages: ours, html.Parse, Python
//	go run ./.ci/bench worst FOLDER…       # nanoseconds a byte of each page
//	go run ./.ci/bench start               # start-up, memory at rest, the binary
//	go run ./.ci/bench turns 'A' 'B' …     # any commands, in turns
//	go run ./.ci/bench slopes [--write]    # cost against work: table and plot
//	go run ./.ci/bench terms               # prints the terms of the shipped rules, for peers
package main

import (
	"fmt"
	"os"
)

func main() {
	commands := map[string]func(arguments []string) error{
		"compare": compare, "pages": comparePages, "worst": worstPages, "start": start,
		"turns": turnsOf, "slopes": slopes, "terms": printTerms, "side": side,
	}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: go run ./.ci/bench compare | pages FOLDER… | worst FOLDER… | start | turns 'COMMAND' 'COMMAND' … | slopes [--write] | terms")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

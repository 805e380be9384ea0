package store

import "time"

// RuleSet is a rule set that was put in force.
type RuleSet struct {
	At time.Time
	// Digest names the set, Version the program that has put it in force.
	Digest, Version string
	// Rules are the fingerprints of its rules, by their ids. Nothing of their text is kept.
	Rules map[string]string
}

package store

import "time"

// RuleSet is a rule set and when it came into force.
type RuleSet struct {
	At time.Time
	// Digest identifies the set, Version the program that put it in force.
	Digest, Version string
	// Rules are the fingerprints of its rules, by id. Their text is not kept.
	Rules map[string]string
}

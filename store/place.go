package store

// Part is a part of the outpost that is kept beside the store.
type Part string

// The parts.
const (
	PartIndex    Part = "index"
	PartEvidence Part = "evidence"
)

package store

// Part is a part of the outpost that is kept beside the store.
type Part string

// The parts.
const (
	PartIndex    Part = "index"
	PartEvidence Part = "evidence"

	// PartMigration stands there while a store is copied from another one, and is not yet whole.
	PartMigration Part = "migration"
)

package store

// Part is a part of the outpost that is kept beside the store.
type Part string

// The parts.
const (
	PartIndex    Part = "index"
	PartEvidence Part = "evidence"

	// PartStore is the store itself: what stands there is its id, by which indices and buckets on servers
	// know whose they are. A restored copy has the same.
	PartStore Part = "store"

	// PartCluster is the address by which an index on a cluster was opened last, without a user. It is told to whoever names none.
	PartCluster Part = "cluster"

	// PartMigration stands there while a store is copied from another one, and is not yet whole.
	PartMigration Part = "migration"
)

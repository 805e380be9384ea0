package store

// Part is a part of the outpost that is stored outside the store.
type Part string

// The parts.
const (
	PartIndex    Part = "index"
	PartEvidence Part = "evidence"

	// PartStore is the store itself: its value is the store's id, by which indices and buckets on servers
	// know which store they belong to. A restored copy has the same id.
	PartStore Part = "store"

	// PartCluster is the address of the cluster whose index was last opened, without a user. It is shown to
	// people who name no address.
	PartCluster Part = "cluster"

	// PartMigration is set while a store is being copied from another one and is not yet complete.
	PartMigration Part = "migration"
)

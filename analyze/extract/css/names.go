package css

// Names is a Bloom filter of tags, ids and classes, with one bit a name. Most
// selectors that end in "a" are ruled out by it, as ".footer a" is for every
// link outside of a footer (the idea is WebKit's ancestor filter).
type Names [2]uint64

// Add puts a name in, unless it is empty.
func (n *Names) Add(name string) {
	if name == "" {
		return
	}
	h := uint32(2166136261) // FNV-1a
	for i := range len(name) {
		h = (h ^ uint32(name[i])) * 16777619
	}
	h ^= h >> 15
	n[h>>6&1] |= 1 << (h & 63)
}

// Lacks says that some of want are certainly not in n.
func (n *Names) Lacks(want *Names) bool { return want[0]&^n[0] != 0 || want[1]&^n[1] != 0 }

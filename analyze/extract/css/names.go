package css

// Names is a Bloom filter of tags, ids and classes, with one bit for each name. It rules out most
// selectors quickly: ".footer a" for every link outside a footer. The idea is taken from WebKit's
// ancestor filter.
type Names [2]uint64

// Add adds a name, unless it is empty.
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

// Lacks reports whether n certainly lacks one of the names in want.
func (n *Names) Lacks(want *Names) bool { return want[0]&^n[0] != 0 || want[1]&^n[1] != 0 }

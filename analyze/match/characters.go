package match

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"math"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// The tables of characters; see NOTICE and internal/gencharacters.
var (
	//go:embed characters.txt.gz
	characterTable []byte
	//go:embed lookalikes.txt
	ownLookAlikes string
	//go:embed letters.txt
	foreignLetters string
	//go:embed initials.txt
	initialLetters string
)

// character is what the matcher knows about a character.
type character struct {
	r      rune
	common uint8     // 0 rare … 3 everyday
	sure   uint8     // how many of like are certain, because the project's own list has them
	sounds [3]uint16 // syllables without tone, the commonest first; 0 for none
	like   []rune    // common characters that it looks like, the most similar first
	// bySound is the cost of this character in place of another with the same commonest sound.
	// alike has a bit, chosen by the last six bits, for each character for which that cost may not
	// hold: those that it looks like. All bits are set if it is a financial numeral or has no
	// sound.
	bySound uint8
	alike   uint64
}

// split is a character that can be written as its two halves.
type split struct{ left, right, whole rune }

// characters are all tables, read-only once loaded.
type characters struct {
	list      []character
	index     map[rune]int32    // into list, for characters outside the array
	basic     []uint16          // into list plus one, by r-basicFirst
	syllables map[string]uint16 // every syllable's number, from 1
	trie      []syllableNode    // the same as a trie of letters; 0 is the root
	splits    map[rune][]split  // by the whole
	imitators imitators         // character → the list's entries that look like it
	bySound   [][]int32         // syllable → entries that have it as any reading
	polyphone []int32           // entries with several readings
	letters   map[rune]rune     // foreign letter → Latin letter or digit
	initials  ['z' + 1][]uint16 // letter → syllables it is an abbreviation of
	spare     []rune            // memory for the like of the next entries
}

// The approximate size of the table, so that memory is allocated once.
const (
	tableBytes   = 1 << 20
	tableEntries = 32 << 10
	tableAbove   = 8 << 10 // entries outside the array
	tableLikes   = 16 << 10
)

// everyday is the commonness of the most frequent characters.
const everyday = 3

const (
	basicFirst = 0x3400
	basicLast  = 0x9fff
)

// loadCharacters reads the embedded tables on first use (about 20 ms).
var loadCharacters = sync.OnceValue(readCharacters)

func readCharacters() *characters {
	c := &characters{list: make([]character, 0, tableEntries), index: make(map[rune]int32, tableAbove), basic: make([]uint16, basicLast-basicFirst+1),
		splits: map[rune][]split{}, syllables: map[string]uint16{}, letters: map[rune]rune{}}
	// An error here would be that of a broken table, which the generator writes and tests read.
	// Without the table the matcher would find no disguises.
	if zip, err := gzip.NewReader(bytes.NewReader(characterTable)); err == nil {
		var text strings.Builder
		text.Grow(tableBytes)
		if _, err := io.Copy(&text, zip); err == nil {
			for line := range strings.Lines(text.String()) {
				c.addLine(strings.TrimSuffix(line, "\n"))
			}
		}
	}
	c.addOwnTables()
	c.invert()
	return c
}

// invert lists, for each character and syllable, the characters that may be written in its place.
// Everyday characters are listed only if the project's own list has them: they mostly mean
// themselves, and every edge at one makes all plain texts slower.
func (c *characters) invert() {
	c.buildTrie()
	c.imitators = newImitators(c.list)
	c.bySound = make([][]int32, len(c.syllables)+1)
	for i := range c.list {
		entry := &c.list[i]
		entry.price()
		if entry.common == everyday {
			continue
		}
		for _, s := range entry.sounds {
			if s != 0 {
				c.bySound[s] = append(c.bySound[s], int32(i))
			}
		}
		if entry.sounds[1] != 0 {
			c.polyphone = append(c.polyphone, int32(i))
		}
	}
}

// price fills in bySound and alike.
func (c *character) price() {
	c.bySound = uint8(changeCosts(c.common).sound)
	for _, r := range c.like {
		c.alike |= 1 << (r & 63)
	}
	if isFinancial(c.r) || c.sounds[0] == 0 {
		c.alike = math.MaxUint64
	}
}

// lookAlikes returns the characters that an entry may imitate.
func (c *character) lookAlikes() []rune {
	if c.common == everyday {
		return c.like[:c.sure]
	}
	return c.like
}

// imitators lists, for each character, the entries that look like it. Those of the basic plane,
// nearly all, are in one array.
type imitators struct {
	ends    []int32 // where each character's entries end; they begin where those of the character before end
	entries []int32
	above   map[rune][]int32
}

func newImitators(list []character) imitators {
	x := imitators{ends: make([]int32, 1<<16), above: map[rune][]int32{}}
	for i := range list {
		for _, r := range list[i].lookAlikes() {
			if int(r) < len(x.ends) {
				x.ends[r]++
			}
		}
	}
	sum := int32(0)
	for r, n := range x.ends {
		x.ends[r] = sum // for now, where the entries begin
		sum += n
	}
	x.entries = make([]int32, sum)
	for i := range list {
		for _, r := range list[i].lookAlikes() {
			if int(r) >= len(x.ends) {
				x.above[r] = append(x.above[r], int32(i))
				continue
			}
			x.entries[x.ends[r]] = int32(i)
			x.ends[r]++
		}
	}
	return x
}

// of returns the entries that look like a character, in the order of the list.
func (x *imitators) of(r rune) []int32 {
	if int(r) >= len(x.ends) {
		return x.above[r]
	}
	from := int32(0)
	if r > 0 {
		from = x.ends[r-1]
	}
	return x.entries[from:x.ends[r]]
}

// addOwnTables reads the project's own small tables.
func (c *characters) addOwnTables() {
	for line := range strings.Lines(ownLookAlikes) {
		if from, to, ok := strings.Cut(strings.TrimSpace(line), " "); ok && from != "#" {
			c.addOwn([]rune(from)[0], []rune(to))
		}
	}
	for line := range strings.Lines(foreignLetters) {
		for _, pair := range strings.Fields(line) {
			if r := []rune(pair); len(r) == 2 && r[0] >= utf8.RuneSelf {
				c.letters[r[0]] = r[1]
			}
		}
	}
	for line := range strings.Lines(initialLetters) {
		if fields := strings.Fields(line); len(fields) > 1 && len(fields[0]) == 1 && line[0] >= 'a' {
			for _, syllable := range fields[1:] {
				c.initials[line[0]] = append(c.initials[line[0]], c.syllable(syllable))
			}
		}
	}
}

func (c *characters) addLine(line string) {
	if rest, ok := strings.CutPrefix(line, "+"); ok {
		if r := []rune(rest); len(r) == 3 {
			c.splits[r[2]] = append(c.splits[r[2]], split{r[0], r[1], r[2]})
		}
		return
	}
	of, rest, _ := strings.Cut(line, "\t")
	commonness, rest, _ := strings.Cut(rest, "\t")
	sounds, like, ok := strings.Cut(rest, "\t")
	if !ok {
		return
	}
	r, _ := utf8.DecodeRuneInString(of)
	common, _ := strconv.Atoi(commonness)
	entry := character{r: r, common: uint8(common), like: c.likeOf(like)}
	i := 0
	for sound := range strings.FieldsSeq(sounds) {
		if i == len(entry.sounds) {
			break
		}
		entry.sounds[i] = c.syllable(sound)
		i++
	}
	c.add(entry)
}

// likeOf returns the characters of text in memory that all entries share: allocated one by one,
// they would take twice as much.
func (c *characters) likeOf(text string) []rune {
	if len(text) > cap(c.spare)-len(c.spare) {
		c.spare = make([]rune, 0, max(tableLikes, len(text)))
	}
	from := len(c.spare)
	for _, r := range text {
		c.spare = append(c.spare, r)
	}
	return c.spare[from:len(c.spare):len(c.spare)]
}

func (c *characters) add(entry character) {
	c.list = append(c.list, entry)
	if entry.r >= basicFirst && entry.r <= basicLast {
		c.basic[entry.r-basicFirst] = uint16(len(c.list))
	} else {
		c.index[entry.r] = int32(len(c.list) - 1)
	}
}

func (c *characters) syllable(s string) uint16 {
	id, ok := c.syllables[s]
	if !ok {
		id = uint16(len(c.syllables) + 1)
		c.syllables[strings.Clone(s)] = id // a part of the table would keep all of it in memory
	}
	return id
}

func (c *characters) addOwn(from rune, to []rune) {
	entry := c.of(from)
	if entry == nil {
		c.add(character{r: from})
		entry = &c.list[len(c.list)-1]
	}
	entry.like = append(append([]rune(nil), to...), entry.like...)
	entry.sure = uint8(len(to))
}

// of returns the entry of r, or nil.
func (c *characters) of(r rune) *character {
	if r >= basicFirst && r <= basicLast {
		if at := c.basic[r-basicFirst]; at != 0 {
			return &c.list[at-1]
		}
		return nil
	}
	if at, ok := c.index[r]; ok {
		return &c.list[at]
	}
	return nil
}

// soundCost returns the cost of got in place of want, if the two have the same commonest sound. It
// returns 0 if only changeCost can tell.
func (c *characters) soundCost(got, want rune) int {
	if got < basicFirst || got > basicLast {
		return 0
	}
	at := c.basic[got-basicFirst]
	if at == 0 {
		return 0
	}
	entry := &c.list[at-1]
	if entry.alike>>(want&63)&1 == 0 || entry.alike != math.MaxUint64 && !entry.isLike(want) {
		return int(entry.bySound)
	}
	return 0
}

// syllableNode is a node in the trie of syllables.
type syllableNode struct {
	next [26]int16 // by letter; 0 for none
	id   uint16    // the syllable that ends here; 0 for none
}

func (c *characters) buildTrie() {
	c.trie = make([]syllableNode, 1, 1024)
	for s, id := range c.syllables {
		at := int16(0)
		for i := range len(s) {
			next := c.trie[at].next[s[i]-'a']
			if next == 0 {
				next = int16(len(c.trie))
				c.trie = append(c.trie, syllableNode{})
				c.trie[at].next[s[i]-'a'] = next
			}
			at = next
		}
		c.trie[at].id = id
	}
}

// isLike reports whether c looks like r.
func (c *character) isLike(r rune) bool {
	for _, l := range c.like {
		if l == r {
			return true
		}
	}
	return false
}

// isSurelyLike is isLike for the project's own list only.
func (c *character) isSurelyLike(r rune) bool {
	for _, l := range c.like[:c.sure] {
		if l == r {
			return true
		}
	}
	return false
}

// soundsLike reports whether a and b share a reading.
func (c *character) soundsLike(d *character) bool {
	for _, s := range c.sounds {
		if s != 0 && (s == d.sounds[0] || s == d.sounds[1] || s == d.sounds[2]) {
			return true
		}
	}
	return false
}

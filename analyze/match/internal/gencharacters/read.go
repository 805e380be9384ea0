package main

import (
	"bufio"
	"compress/bzip2"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

type inputs struct{ pinyin, unihan, decomposition, words, traditional string }

// data is what the inputs say about each character.
type data struct {
	readings   map[rune][]string // without tone, the commonest first
	strokes    map[rune]int
	variants   map[rune][]rune     // the same word, or easily confused
	parts      map[string][]string // decomposition, by the character or by the number of an unnamed part
	across     map[rune]bool       // the parts stand side by side
	repeats    map[rune]bool       // the same part two or three times
	commonness map[rune]int        // 0 rare … 3 everyday
	simplified map[rune]rune
}

// Of the 42,711 characters of Extension B, only those are kept that imitate a common character with
// the same sound.
const (
	lastBasic      = 0xffff
	lastExtensionB = 0x2a6df
)

// everyday is the commonness of the most frequent characters.
const everyday = 3

// Ranks by frequency that separate everyday from common, uncommon and rare characters. The general
// lists of China's standard have 3,500 and 6,500.
var commonnessRanks = [...]int{2200, 3500, 5500}

func read(in inputs) (*data, error) {
	d := &data{
		readings: map[rune][]string{}, strokes: map[rune]int{}, variants: map[rune][]rune{}, parts: map[string][]string{},
		across: map[rune]bool{}, repeats: map[rune]bool{}, commonness: map[rune]int{}, simplified: map[rune]rune{},
	}
	steps := []func() error{
		func() error { return d.readTraditional(in.traditional) },
		func() error { return d.readWords(in.words) }, // before readPinyin, which needs the commonness
		func() error { return d.readPinyin(in.pinyin) },
		func() error { return d.readUnihan(in.unihan) },
		func() error { return d.readDecomposition(in.decomposition) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (d *data) known() map[rune]bool {
	known := map[rune]bool{}
	for c := range d.readings {
		known[c] = unicode.Is(unicode.Han, c)
	}
	for name := range d.parts {
		if c, n := utf8.DecodeRuneInString(name); n == len(name) && unicode.Is(unicode.Han, c) {
			known[c] = true
		}
	}
	for c := range known {
		if !known[c] {
			delete(known, c)
		}
	}
	return known
}

// sameSound reports whether a and b share a reading.
func (d *data) sameSound(a, b rune) bool {
	return slices.ContainsFunc(d.readings[a], func(p string) bool { return slices.Contains(d.readings[b], p) })
}

func (d *data) readTraditional(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var from rune
	for _, r := range string(text) {
		switch {
		case r == '\n':
		case from == 0:
			from = r
		default:
			d.simplified[from], from = r, 0
		}
	}
	return nil
}

var pinyinEntry = regexp.MustCompile(`0x([0-9A-F]+): "([^"]+)"`)

func (d *data) readPinyin(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	for _, m := range pinyinEntry.FindAllSubmatch(text, -1) {
		code, err := strconv.ParseInt(string(m[1]), 16, 32)
		if err != nil {
			return fmt.Errorf("%s: %q: %w", name, m[0], err)
		}
		// The first reading is the commonest. For an everyday character, the others count only if
		// they occur in a corpus of running text (see addFrequencies). Otherwise it would be read
		// in ways that nobody thinks of.
		for i, p := range strings.Split(string(m[2]), ",") {
			if i == 0 || d.commonness[rune(code)] < everyday {
				d.addReading(rune(code), toneless(p))
			}
		}
	}
	return nil
}

func (d *data) addReading(c rune, p string) {
	if p != "" && !slices.Contains(d.readings[c], p) {
		d.readings[c] = append(d.readings[c], p)
	}
}

// toneless drops the tone mark, and writes ü as v.
func toneless(p string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ReplaceAll(strings.ReplaceAll(norm.NFC.String(p), "ê", "e"), "ü", "v")) {
		switch {
		case r == 0x308: // the diaeresis of a ü with a tone
			s := strings.TrimSuffix(b.String(), "u")
			b.Reset()
			b.WriteString(s + "v")
		case r >= 'a' && r <= 'z':
			b.WriteRune(r)
		}
	}
	return b.String()
}

// secondShare is the smallest share in running text at which a further reading counts.
const secondShare = 0.05

var pinluEntry = regexp.MustCompile(`([^ (]+)\((\d+)\)`)

func (d *data) readUnihan(folder string) error {
	kinds := map[string]func(c rune, value string){
		"kTotalStrokes": func(c rune, v string) {
			d.strokes[c], _ = strconv.Atoi(strings.Fields(v)[0])
		},
		"kHanyuPinlu": d.addFrequencies,
		"kMandarin": func(c rune, v string) {
			for _, p := range strings.Fields(v) {
				d.addReading(c, toneless(p))
			}
		},
		"kSpoofingVariant": d.addVariants,
		"kSemanticVariant": d.addVariants,
		"kZVariant":        d.addVariants,
	}
	for _, name := range []string{"Unihan_IRGSources", "Unihan_Readings", "Unihan_Variants"} {
		file, err := os.Open(filepath.Join(folder, name+".txt.bz2"))
		if err != nil {
			return err
		}
		for lines := newScanner(bzip2.NewReader(file)); lines.Scan(); {
			fields := strings.Split(lines.Text(), "\t")
			if len(fields) != 3 || kinds[fields[1]] == nil {
				continue
			}
			kinds[fields[1]](codepoint(fields[0]), fields[2])
		}
		file.Close()
	}
	return nil
}

func newScanner(r io.Reader) *bufio.Scanner {
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	return s
}

func codepoint(s string) rune {
	code, _ := strconv.ParseInt(strings.TrimPrefix(s, "U+"), 16, 32)
	return rune(code)
}

// addFrequencies puts the readings that occur in running text first.
func (d *data) addFrequencies(c rune, value string) {
	counts, total := map[string]int{}, 0
	var order []string
	for _, m := range pinluEntry.FindAllStringSubmatch(value, -1) {
		n, _ := strconv.Atoi(m[2])
		p := toneless(m[1])
		if counts[p] == 0 {
			order = append(order, p)
		}
		counts[p] += n
		total += n
	}
	order = slices.DeleteFunc(order, func(p string) bool { return float64(counts[p]) < secondShare*float64(total) })
	slices.SortStableFunc(order, func(a, b string) int { return counts[b] - counts[a] })
	// In running text 卜 occurs mostly in 萝卜 (bo), so the dictionary's reading stays, too.
	for _, p := range d.readings[c] {
		if !slices.Contains(order, p) {
			order = append(order, p)
		}
	}
	d.readings[c] = order
}

func (d *data) addVariants(c rune, value string) {
	for _, v := range strings.Fields(value) {
		code, _, _ := strings.Cut(v, "<")
		to := codepoint(code)
		d.variants[c] = append(d.variants[c], to)
		d.variants[to] = append(d.variants[to], c)
	}
}

var decompositionEntry = regexp.MustCompile(`([^\s:` + "`" + `]+):([^(]+)\(([^)]*)\)`)

func (d *data) readDecomposition(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	for _, m := range decompositionEntry.FindAllSubmatch(text, -1) {
		whole, kind := string(m[1]), string(m[2])
		if len(m[3]) == 0 {
			continue
		}
		d.parts[whole] = strings.Split(string(m[3]), ",")
		if c, n := utf8.DecodeRuneInString(whole); n == len(whole) {
			d.across[c] = kind == "a" && len(d.parts[whole]) == 2
			d.repeats[c] = strings.HasPrefix(kind, "r")
		}
	}
	return nil
}

// readWords ranks the characters by how often they occur in words.
func (d *data) readWords(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	counts := map[rune]int{}
	for lines := newScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 {
			continue
		}
		n, _ := strconv.Atoi(fields[1])
		for _, c := range fields[0] {
			if unicode.Is(unicode.Han, c) {
				counts[c] += n
			}
		}
	}
	order := make([]rune, 0, len(counts))
	for c := range counts {
		order = append(order, c)
	}
	slices.SortFunc(order, func(a, b rune) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return int(a - b)
	})
	for rank, c := range order {
		for i, limit := range commonnessRanks {
			if rank < limit {
				d.commonness[c] = len(commonnessRanks) - i
				break
			}
		}
	}
	return nil
}

package campaigns

import (
	"cmp"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/sergi/go-diff/diffmatchpatch"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/untrusted"
)

const (
	// shownEvidence is how many pieces of evidence of a finding are shown: one shows what it is,
	// three show whether it resembles the next one.
	shownEvidence = 3
	// shownText bounds the match, and the text before and after it, each in characters.
	shownText = 120
)

// example is a finding with its evidence.
type example struct {
	ID, URL, Host string
	Category      qianshao.Category
	Level         qianshao.Level
	Score         int
	Evidence      [][]untrusted.Piece
	// More is the number of pieces that are not shown.
	More int
}

func newExample(f *qianshao.Finding) example {
	e := example{ID: f.ID, URL: f.URL, Host: f.Host(), Category: f.Category, Level: f.Level, Score: f.Score}
	if e.Host == "" { // a local file
		e.Host = f.URL
	}
	best, ok := f.Primary()
	if !ok {
		return e
	}
	list := []qianshao.Evidence{best}
	seen := map[string]bool{blockLine(&best): true}
	for i := range f.Evidence {
		if line := blockLine(&f.Evidence[i]); !seen[line] {
			seen[line] = true
			list = append(list, f.Evidence[i])
		}
	}
	for i := range list[:min(len(list), shownEvidence)] {
		e.Evidence = append(e.Evidence, pieces(&list[i]))
	}
	e.More = len(list) - len(e.Evidence)
	return e
}

// pieces is a piece of evidence with the text around it, the match marked.
func pieces(e *qianshao.Evidence) []untrusted.Piece {
	before := []rune(e.Before)
	if len(before) > shownText {
		before = before[len(before)-shownText:]
	}
	text := html.UnescapeString(e.Text)
	return slices.Concat(untrusted.Reveal(string(before), ""), untrusted.Reveal(untrusted.First(text, shownText), "mark"), untrusted.Reveal(untrusted.First(e.After, shownText), ""))
}

// blockLine is a piece of evidence, with the text around it, as campaigns compare it.
func blockLine(e *qianshao.Evidence) string {
	return strings.Join(strings.Fields(e.Before+html.UnescapeString(e.Text)+e.After), " ")
}

const (
	// maxBlock bounds a block that is compared, in characters: some printed pages. More would not
	// help a reader to compare.
	maxBlock = 4000
	// maxCompare bounds the time of a comparison. Two blocks of maxBlock characters with nothing in
	// common take that long, and are then reported as different as a whole.
	maxCompare = 200 * time.Millisecond
)

// block is all evidence of a finding with the text around it, one piece a line, in the order of the
// page; cut says that there is more.
func block(f *qianshao.Finding) (text string, cut bool) {
	list := slices.Clone(f.Evidence)
	slices.SortStableFunc(list, func(a, b qianshao.Evidence) int {
		return cmp.Or(cmp.Compare(a.View, b.View), cmp.Compare(a.Span.Start, b.Span.Start))
	})
	var lines []string
	for i := range list {
		if line := blockLine(&list[i]); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	whole := strings.ToValidUTF8(strings.Join(lines, "\n"), "\uFFFD")
	text = untrusted.First(whole, maxBlock)
	return text, text != whole
}

// change is a stretch of text that both blocks have, or only one of them.
type change struct {
	// Op is "" for both blocks, "del" for the first only, "ins" for the second only.
	Op     string
	Pieces []untrusted.Piece
}

// compare returns the changes that turn the first block into the second.
func compare(first, second string) (list []change) {
	d := diffmatchpatch.New()
	d.DiffTimeout = maxCompare
	for _, part := range d.DiffCleanupSemantic(d.DiffMainRunes([]rune(first), []rune(second), false)) {
		op := ""
		switch part.Type {
		case diffmatchpatch.DiffDelete:
			op = "del"
		case diffmatchpatch.DiffInsert:
			op = "ins"
		}
		list = append(list, change{op, untrusted.Reveal(part.Text, "")})
	}
	return list
}

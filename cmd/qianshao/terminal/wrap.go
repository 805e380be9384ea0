package terminal

import (
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"
)

// defaultWidth is the width if the output is not a terminal.
const defaultWidth = 80

// Width returns the number of columns that a line may have: COLUMNS, or the terminal's.
func Width(w io.Writer) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if file, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(file.Fd())); err == nil && n > 0 {
			return n
		}
	}
	return defaultWidth
}

// Characters that must not begin a line, and that must not end one, in Chinese.
const (
	neverFirst = "，。、；：？！）”’》】…"
	neverLast  = "（“‘《【"
)

// Wrap breaks a text into lines of at most limit columns: at spaces, and around Chinese characters.
func Wrap(text string, limit int) (lines []string) {
	limit = max(limit, 20) // a narrower terminal wraps by itself
	begin, fits, used := 0, 0, 0
	var before rune
	for i, r := range text {
		if i > begin && mayBreak(before, r) {
			fits = i
		}
		if used += runeColumns(r); used > limit && fits > begin && r != ' ' {
			lines = append(lines, strings.TrimRight(text[begin:fits], " "))
			begin = fits
			used = Columns(text[begin:i]) + runeColumns(r)
		}
		before = r
	}
	if begin < len(text) {
		lines = append(lines, text[begin:])
	}
	return lines
}

// mayBreak says whether a line may end between two characters.
func mayBreak(before, after rune) bool {
	if before == ' ' || after == ' ' {
		return after != ' '
	}
	wide := runeColumns(before) == 2 || runeColumns(after) == 2
	return wide && !strings.ContainsRune(neverFirst, after) && !strings.ContainsRune(neverLast, before)
}

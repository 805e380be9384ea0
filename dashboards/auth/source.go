package auth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"unicode"
)

// ReadPassword returns the password in a file. exposed says that everybody on this
// machine can read the file. One that everybody can write is refused: whoever writes
// it decides who enters.
func ReadPassword(name string) (password string, exposed bool, err error) {
	const othersRead, othersWrite fs.FileMode = 0o004, 0o002
	info, err := os.Stat(name)
	if err != nil {
		return "", false, err
	}
	isUnix := runtime.GOOS != "windows" // where the mode says nothing of others
	if isUnix && info.Mode().Perm()&othersWrite != 0 {
		return "", false, fmt.Errorf("everybody can write %s and so change the console's password; run \"chmod 600 %[1]s\"", name)
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return "", false, err
	}
	if password = strings.TrimSpace(string(content)); password == "" {
		return "", false, fmt.Errorf("%s is empty; put the console's password into it", name)
	}
	return password, isUnix && info.Mode().Perm()&othersRead != 0, nil
}

// minSurprises is how many characters of a password must not follow from those before
// them. "passwordpassword" has seven.
const minSurprises = 8

// keyboard are rows of neighbours.
var keyboard = []string{"qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890"}

// checkStrength refuses a password whose length is made of repetition: one letter, a
// word twice, the row of a keyboard, the alphabet. It knows no dictionary: tries are
// few, see triesEvery.
func checkStrength(password string) error {
	runes := []rune(strings.ToLower(password))
	surprises, pairs := 0, map[[2]rune]bool{}
	for i, r := range runes {
		if i == 0 {
			surprises++
			continue
		}
		pair := [2]rune{runes[i-1], r}
		if step := r - runes[i-1]; (step < -1 || step > 1) && !pairs[pair] && !areNeighbours(pair) && !unicode.IsSpace(r) {
			surprises++
		}
		pairs[pair] = true
	}
	if surprises < minSurprises {
		return errors.New("the console's password repeats itself, or is a row of letters or keys; use several words, or twelve random characters")
	}
	return nil
}

func areNeighbours(pair [2]rune) bool {
	for _, row := range keyboard {
		if strings.Contains(row, string(pair[:])) || strings.Contains(row, string([]rune{pair[1], pair[0]})) {
			return true
		}
	}
	return false
}

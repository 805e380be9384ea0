package mask

import "time"

// The lengths of a resident identity number: 17 digits and a check character since 1999, 15 digits
// with a two-digit year before.
const (
	length    = 18
	oldLength = 15
)

// weights and checks are given by the standard: the weighted sum of the first 17 digits, modulo 11,
// selects the 18th character.
var weights = [length - 1]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

const checks = "10X98765432"

// character is a digit, or the X that may end a number, with its place.
type character struct {
	value      byte // '0' to '9' or 'X'
	start, end int
	first      bool // a separator or nothing stands before it
}

// numberAt returns the length of the number that a run begins with, or 0. A number ends only where
// a group of digits ends.
func numberAt(run []character) int {
	for _, n := range [...]int{length, oldLength} {
		if len(run) < n || len(run) > n && !run[n].first {
			continue
		}
		if n == length && isNumber(run[:n]) || n == oldLength && isOldNumber(run[:n]) {
			return n
		}
	}
	return 0
}

// isNumber reports whether 18 characters have a date of birth and the right check character.
func isNumber(number []character) bool {
	var digits [length]byte
	sum := 0
	for i, c := range number {
		digits[i] = c.value
		if i == length-1 {
			break
		}
		if c.value == 'X' {
			return false
		}
		sum += weights[i] * int(c.value-'0')
	}
	return checks[sum%len(checks)] == digits[length-1] && isDate(string(digits[6:14]))
}

// isOldNumber reports whether 15 digits are a place, a date of birth in the 20th century and a
// serial number. Such numbers have no check digit, and about one in 180 random numbers looks like
// one. So they must be written in one piece, or in these three.
func isOldNumber(number []character) bool {
	var digits [oldLength]byte
	for i, c := range number {
		if c.value == 'X' || c.first && i != 0 && i != 6 && i != 12 {
			return false
		}
		digits[i] = c.value
	}
	return isPlace(string(digits[:6])) && string(digits[12:]) != "000" && isDate("19"+string(digits[6:12]))
}

// isDate reports whether eight digits are a day on which the holder of a number may have been born.
func isDate(digits string) bool {
	_, err := time.Parse("20060102", digits)
	return err == nil && "1800" <= digits[:4] && digits[:4] < "2100"
}

// isPlace reports whether six digits may be a county by GB/T 2260: a province, a prefecture in it
// (90 for counties without one), and a county.
func isPlace(digits string) bool {
	const provinces = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 "
	known := false
	for at := 0; at < len(provinces) && !known; at += 3 {
		known = provinces[at:at+2] == digits[:2]
	}
	prefecture, county := digits[2:4], digits[4:]
	return known && ("01" <= prefecture && prefecture <= "53" || prefecture == "90") && "01" <= county && county <= "89"
}

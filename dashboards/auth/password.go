package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"github.com/qianshao/qianshao/locales"
)

// MinPassword is the fewest characters of a password. As tries are limited, twelve are beyond
// guessing.
const MinPassword = 12

// maxPassword bounds the work of hashing what a stranger sends, in bytes.
const maxPassword = 1024

// Memory and passes of argon2id, above the minimum of OWASP's password storage cheat sheet (46 MiB
// and one pass).
const (
	argonMemory = 64 << 10 // KiB
	argonPasses = 2
)

// Bounds on concurrent hashing, and how long further requests wait for their turn. Each hash takes
// 64 MiB, which an attacker could otherwise multiply.
const (
	hashesAtOnce = 2
	hashWait     = 3 * time.Second
)

var errBusy = errors.New("too many passwords are being checked")

// passwords hashes passwords and compares them, a few at a time. Use newPasswords: the zero value
// is not usable.
type passwords struct {
	turns  chan struct{}
	wait   time.Duration
	params argon2id.Params
	// stranger is the hash that a password is compared with if there is no account, so that the
	// answer takes just as long.
	stranger string
}

func newPasswords() *passwords {
	return &passwords{
		turns: make(chan struct{}, hashesAtOnce), wait: hashWait,
		params: argon2id.Params{Memory: argonMemory, Iterations: argonPasses, Parallelism: 1, SaltLength: 16, KeyLength: 32},
		// A salt and a key of zeros, which no password has, with the parameters above.
		stranger: fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=1$%s$%s", argonMemory, argonPasses, strings.Repeat("A", 22), strings.Repeat("A", 43)),
	}
}

// hash checks the password against CheckPassword and returns its hash.
func (p *passwords) hash(ctx context.Context, password string) (hash string, err error) {
	if err := CheckPassword(password); err != nil {
		return "", err
	}
	err = p.inTurn(ctx, func() error {
		hash, err = argon2id.CreateHash(password, &p.params)
		return err
	})
	return hash, err
}

// matches compares a password with a hash. Without a hash it takes the same time and returns false.
func (p *passwords) matches(ctx context.Context, password, hash string) (ok bool, err error) {
	if len(password) > maxPassword {
		password = password[:maxPassword] // too long to match any; it still costs a try
		hash = ""
	}
	against := hash
	if hash == "" {
		against = p.stranger
	}
	err = p.inTurn(ctx, func() error {
		ok, err = argon2id.ComparePasswordAndHash(password, against)
		return err
	})
	return ok && hash != "", err
}

func (p *passwords) inTurn(ctx context.Context, work func() error) error {
	patience := time.NewTimer(p.wait)
	defer patience.Stop()
	select {
	case p.turns <- struct{}{}:
	case <-patience.C:
		return errBusy
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.turns }()
	return work()
}

// PasswordError says what is wrong with a new password. Code is stable: "short", "long" or "weak".
type PasswordError struct {
	Code string
	locales.Message
}

func (e *PasswordError) Error() string { return e.String() }

// CheckPassword refuses a password that is too short or too long, or that is long only by
// repetition. The error is a *PasswordError.
func CheckPassword(password string) error {
	if n := utf8.RuneCountInString(password); n < MinPassword {
		return &PasswordError{"short", locales.M("account.mistake.password_short", n, MinPassword)}
	}
	if len(password) > maxPassword {
		return &PasswordError{"long", locales.M("account.mistake.password_long", len(password), maxPassword)}
	}
	return checkStrength(password)
}

// minSurprises is how many characters of a password must not follow from those before them.
// "passwordpassword" has seven.
const minSurprises = 8

// checkStrength refuses a password that is long only by repetition: one letter, a word twice, a row
// of the keyboard, the alphabet. It needs no dictionary, because tries are few; see tries.
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
		return &PasswordError{"weak", locales.M("account.mistake.password_weak", MinPassword)}
	}
	return nil
}

func areNeighbours(pair [2]rune) bool {
	for _, row := range [...]string{"qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890"} { // of a keyboard
		if strings.Contains(row, string(pair[:])) || strings.Contains(row, string([]rune{pair[1], pair[0]})) {
			return true
		}
	}
	return false
}

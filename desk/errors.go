package desk

import (
	"errors"
	"fmt"

	"github.com/qianshao/qianshao"
)

// Errors to test for with errors.Is.
var (
	// ErrNotFound says that there is no such subject, act or batch, or none that the account may see.
	ErrNotFound = errors.New("not found, or not visible to your account")
	// ErrForbidden says that the account's role lacks a power. The error that wraps it says which.
	ErrForbidden = errors.New("your role does not permit this")
	// ErrConflict says that the subject is not as the author saw it; see Conflict.
	ErrConflict = errors.New("it has changed since you saw it")
)

// Why says what is not as the author saw it.
type Why string

// Why there is a conflict.
const (
	WhyBasis   Why = "basis"   // somebody has decided, or undone, meanwhile
	WhySeen    Why = "seen"    // other content was found meanwhile
	WhyDecided Why = "decided" // another person's verdict stands: accept it, or dispute it
	WhyClaimed Why = "claimed" // another person's claim holds
	WhyKey     Why = "key"     // the key was used for another act
)

// Conflict is the error of an act whose subject is not as its author saw it. Nothing was
// written. It carries both answers.
type Conflict struct {
	Why Why
	// Draft is what the author wanted.
	Draft Draft
	// Standing is the present standing. If the first answer is hidden from the author, it has only Act.
	Standing Standing
	// Seen is Finding.Seen as it is now.
	Seen string
	// Claim is the other person's, for WhyClaimed.
	Claim Claim
}

func (c *Conflict) Error() string {
	switch c.Why {
	case WhySeen:
		return fmt.Sprintf("the content of %s has changed since you saw it: look at it again", c.Draft.Subject)
	case WhyDecided:
		if c.Standing.By == "" {
			return fmt.Sprintf("a decision on %s waits for a second review: review it without knowing the first answer", c.Draft.Subject)
		}
		return fmt.Sprintf("%s has decided on %s already: accept the verdict %q, or dispute it for a lead to adjudicate", c.Standing.By, c.Draft.Subject, c.Standing.Verdict)
	case WhyClaimed:
		return fmt.Sprintf("%s is working on %s until %s: take another one; a lead can take it over", c.Claim.By, c.Draft.Subject, formatTime(c.Claim.Until))
	case WhyKey:
		return fmt.Sprintf("the key %q was used for another act: use a new key for each act", c.Draft.Key)
	}
	if c.Draft.Kind == qianshao.ActUndo {
		return fmt.Sprintf("the act %d on %s is no longer in force: meanwhile somebody has decided again, or undone it", c.Draft.Reverts, c.Draft.Subject)
	}
	return fmt.Sprintf("somebody acted on %s before you: its last deciding act is %d, and you saw %d", c.Draft.Subject, c.Standing.Act, c.Draft.Basis)
}

// Is makes errors.Is(err, ErrConflict) true.
func (c *Conflict) Is(target error) bool { return target == ErrConflict }

// Refusal is the error of an act that is invalid whoever does it. Code is stable, for programs and for
// translations.
type Refusal struct {
	Code string
	// Field is the field of the draft that is wrong.
	Field string
	Text  string
}

func (r *Refusal) Error() string { return r.Text }

func refuse(code, field, format string, args ...any) error {
	return &Refusal{Code: code, Field: field, Text: fmt.Sprintf(format, args...)}
}

func forbidden(p qianshao.Power, format string, args ...any) error {
	return fmt.Errorf("%w: %s (it needs the power %q)", ErrForbidden, fmt.Sprintf(format, args...), p)
}

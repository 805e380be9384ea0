package evaluate

import "crypto/sha256"

// Half names one of the two halves into which the labelled texts are split.
type Half string

const (
	// Tuning is the half that authors of rules may read.
	Tuning Half = "tuning"
	// Checking is the half that nobody reads. It yields figures and never texts, so it shows how
	// the rules do on sites that their authors do not know.
	Checking Half = "checking"
)

// halfOf returns the half of a key, which is the name of a site, or a text. It is the lowest bit of
// the first byte of the key's SHA-256, so it never changes, whatever else is in the set.
func halfOf(key string) Half {
	if sha256.Sum256([]byte(key))[0]%2 == 0 {
		return Tuning
	}
	return Checking
}

// Halves holds a figure for each half and for both together.
type Halves[T any] struct {
	Tuning   T `json:"tuning"`
	Checking T `json:"checking"`
	Whole    T `json:"whole"`
}

// halves computes a figure for each half of the outcomes and for all.
func halves[T any](all []Outcome, figure func([]Outcome) T) Halves[T] {
	return Halves[T]{
		Tuning:   figure(filter(all, func(o *Outcome) bool { return o.Sample.Half == Tuning })),
		Checking: figure(filter(all, func(o *Outcome) bool { return o.Sample.Half == Checking })),
		Whole:    figure(all),
	}
}

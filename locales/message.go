package locales

import "strings"

// Speaker is what can be said in each language.
type Speaker interface{ In(Lang) string }

// Message is a message of the catalogue before it is known in which language it is said.
type Message struct {
	Key  string
	Args []any
}

// M returns a message.
func M(key string, args ...any) Message { return Message{key, args} }

// In returns the message in a language.
func (m Message) In(l Lang) string { return l.Text(m.Key, m.Args...) }

// Or returns the message, or another one instead of the zero Message, which says nothing.
func (m Message) Or(other Message) Message {
	if m.Key == "" {
		return other
	}
	return m
}

// String returns it in English, for a log.
func (m Message) String() string { return m.In(English) }

// List is names as a message lists them.
type List []string

// In joins the names by what stands between them in the language.
func (list List) In(l Lang) string { return Escape(strings.Join(list, l.Text("list"))) }

// Counted is a message for a number of things, as Lang.Count says it.
func Counted(key string, n int) Speaker { return counted{key, n} }

type counted struct {
	key string
	n   int
}

func (c counted) In(l Lang) string { return l.Count(c.key, c.n) }

// Error is a message that says what went wrong. It wraps those of its args that are errors.
type Error struct{ Message }

// Errorf returns an error whose message has a key.
func Errorf(key string, args ...any) error { return &Error{Message{key, args}} }

// Error returns it in English, for a log.
func (e *Error) Error() string { return e.In(English) }

// Unwrap returns the errors among the args.
func (e *Error) Unwrap() (wrapped []error) {
	for _, arg := range e.Args {
		if err, ok := arg.(error); ok {
			wrapped = append(wrapped, err)
		}
	}
	return wrapped
}

// Error writes an error in the language. Of one that is not in the catalogue, such as
// the system's, the parts that are in it are said in the language, and the rest as it stands,
// except that its characters are shown as by Escape: a path may be part of it.
func (l Lang) Error(err error) string {
	if s, ok := err.(Speaker); ok { //nolint:errorlint // one that is wrapped is said within what wraps it
		return s.In(l)
	}
	text := err.Error()
	var within []error
	switch e := err.(type) { //nolint:errorlint // its own Unwrap is asked
	case interface{ Unwrap() error }:
		within = append(within, e.Unwrap())
	case interface{ Unwrap() []error }:
		within = e.Unwrap()
	}
	said := ""
	for _, part := range within {
		if part == nil {
			continue
		}
		if before, after, ok := strings.Cut(text, part.Error()); ok {
			said, text = said+between(before)+l.Error(part), after // what is said is not searched for the next
		}
	}
	return said + between(text)
}

// between returns the text between the parts of an error; joined errors have a line each.
func between(text string) string {
	if text == "\n" {
		return text
	}
	return Escape(text)
}

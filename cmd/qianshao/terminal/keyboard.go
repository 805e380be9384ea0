package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/qianshao/qianshao/locales"
)

// Keyboard asks a person at a terminal. A signal, which ends the context, ends the
// wait for an answer.
type Keyboard struct {
	in    *os.File
	lines *bufio.Reader // of in
	say   io.Writer
	lang  locales.Lang
}

// NewKeyboard returns the keyboard of a terminal, whose questions are written to say in
// a language; false if in is not a terminal.
func NewKeyboard(in io.Reader, say io.Writer, lang locales.Lang) (*Keyboard, bool) {
	file, ok := in.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil, false
	}
	return &Keyboard{file, bufio.NewReader(file), say, lang}, true
}

// Line asks for a line, and returns it without the space around it.
func (k *Keyboard) Line(ctx context.Context, prompt locales.Message) (string, error) {
	fmt.Fprint(k.say, prompt.In(k.lang), " ")
	line, err := k.typed(ctx, func() (string, error) { return k.lines.ReadString('\n') })
	return strings.TrimSpace(line), err
}

// NewPassword asks twice for a password, until it passes the check.
func (k *Keyboard) NewPassword(ctx context.Context, prompt locales.Message, check func(string) error) (string, error) {
	for {
		password, err := k.hidden(ctx, prompt)
		if err != nil {
			return "", err
		}
		if err := check(password); err != nil {
			fmt.Fprintln(k.say, k.lang.Error(err))
			continue
		}
		again, err := k.hidden(ctx, locales.M("cli.first.again"))
		if err != nil || again == password {
			return password, err
		}
		fmt.Fprintln(k.say, k.lang.Text("cli.first.differ"))
	}
}

// hidden asks for text that the terminal does not show.
func (k *Keyboard) hidden(ctx context.Context, prompt locales.Message) (string, error) {
	fmt.Fprint(k.say, prompt.In(k.lang), " ")
	text, err := k.typed(ctx, func() (string, error) {
		text, err := term.ReadPassword(int(k.in.Fd()))
		return string(text), err
	})
	fmt.Fprintln(k.say)
	if err != nil {
		return "", locales.Errorf("cli.first.ask_password", err)
	}
	return text, nil
}

// typed returns what read reads from the terminal. When the context ends, it leaves
// the terminal as it was.
func (k *Keyboard) typed(ctx context.Context, read func() (string, error)) (string, error) {
	before, err := term.GetState(int(k.in.Fd()))
	if err != nil {
		return "", err
	}
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := read()
		answers <- answer{text, err}
	}()
	select {
	case a := <-answers:
		return a.text, a.err
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), term.Restore(int(k.in.Fd()), before))
	}
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestFirstAccountAtTerminal: at a terminal, serve asks for the administrator. Each answer
// is checked before the next question, and no password is shown.
func TestFirstAccountAtTerminal(t *testing.T) {
	t.Parallel()
	keyboard, screen := terminalPair(t)
	const password = "correct horse battery"
	for _, line := range []string{"王 芳", "wang", "short", "aaaaaaaaaaaaaa", password, "another horse battery", password, password} {
		fmt.Fprintln(keyboard, line)
	}
	server := serveOnly("qianshao", filepath.Join(t.TempDir(), "data"))
	server.Stdin = screen
	said := &heard{}
	startListening(t, server, said)
	said.mu.Lock()
	text := said.text.String()
	said.mu.Unlock()
	for _, want := range []string{"There is no account yet", `not "王 芳"`, "the password has 5 characters", "repeats itself", "The two differ."} {
		if strings.Count(text, want) != 1 {
			t.Errorf("%q is not said once:\n%s", want, text)
		}
	}
	if strings.Count(text, "Name to sign in with") != 2 || strings.Count(text, "Once more: ") != 2 || strings.Contains(text, password) {
		t.Errorf("it says:\n%s", text)
	}
}

// terminalPair opens a pseudo-terminal: terminal is the program's end, typed is the person's.
func terminalPair(t *testing.T) (typed, terminal *os.File) {
	t.Helper()
	typed, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("this machine gives no terminals: %v", err)
	}
	t.Cleanup(func() { typed.Close() })
	if err := unix.IoctlSetPointerInt(int(typed.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(typed.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("this machine gives no terminals: %v", err)
	}
	t.Cleanup(func() { terminal.Close() })
	return typed, terminal
}

package document

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/confined"
)

// bounds are the limits of the child process that reads one PDF.
type bounds struct {
	time   time.Duration // wall-clock time, and processor time
	memory uint64        // address space
	text   int           // bytes of its output
}

const (
	// maxTime and maxMemory are many times what a book of a thousand pages takes.
	maxTime   = 30 * time.Second
	maxMemory = 512 << 20
)

// PDF returns the text of a PDF, in UTF-8 and in the order in which it is read.
//
// A PDF is in effect a program for a large reader written in C++, so the
// reader, Debian's pdftotext, runs in a confined process of its own.
func PDF(body []byte) (text []byte, err error) {
	return bounds{time: maxTime, memory: maxMemory, text: MaxText}.pdf(body)
}

func (b bounds) pdf(body []byte) (text []byte, err error) {
	path, err := exec.LookPath("pdftotext")
	if err != nil {
		return nil, qianshao.UnreadNoPdftotext
	}
	said := &complaints{}
	text, err = confined.Program{
		Path: path, Args: []string{"-enc", "UTF-8", "-eol", "unix", "-", "-"}, Env: []string{"LC_ALL=C"},
		Time: b.time, Memory: b.memory, Output: b.text,
	}.Run(context.Background(), body, said)
	switch {
	case errors.Is(err, confined.ErrOutput):
		err = qianshao.UnreadTruncated
	case errors.Is(err, confined.ErrTime):
		err = qianshao.UnreadTooCostly
	default:
		err = said.reason(err)
	}
	if err == nil && len(bytes.TrimSpace(text)) == 0 {
		err = qianshao.UnreadNoText
	}
	return text, err
}

// complaints searches what the child writes to standard error; a hostile
// document can make it write any amount.
type complaints struct {
	tail []byte
	said []qianshao.Unread
}

// meanings are messages of pdftotext, and what they mean.
var meanings = []struct {
	words  string
	unread qianshao.Unread
}{
	{"Incorrect password", qianshao.UnreadEncrypted},
	{"Missing language pack", qianshao.UnreadNoPopplerData},
	{"Out of memory", qianshao.UnreadTooCostly},
	{"std::bad_alloc", qianshao.UnreadTooCostly},
}

func (c *complaints) Write(p []byte) (int, error) {
	const longest = 32 // longer than any message in meanings
	c.tail = append(c.tail, p...)
	for _, m := range meanings {
		if bytes.Contains(c.tail, []byte(m.words)) && !slices.Contains(c.said, m.unread) {
			c.said = append(c.said, m.unread)
		}
	}
	c.tail = append(c.tail[:0], c.tail[max(len(c.tail)-longest, 0):]...)
	return len(p), nil
}

// reason says why the child ended.
func (c *complaints) reason(err error) error {
	for _, m := range meanings {
		if slices.Contains(c.said, m.unread) {
			return m.unread
		}
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && (status.Signal() == syscall.SIGXCPU || status.Signal() == syscall.SIGKILL) {
		return qianshao.UnreadTooCostly
	}
	return qianshao.UnreadDamaged
}

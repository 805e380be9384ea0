package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/qianshao/qianshao"
)

// bounds are those of the child that reads one PDF.
type bounds struct {
	time   time.Duration // by the clock, and of the processor
	memory uint64        // address space
	text   int           // bytes of what it writes
}

const (
	// maxTime and maxMemory are many times what a book of a thousand pages takes.
	maxTime   = 30 * time.Second
	maxMemory = 512 << 20
)

// PDF returns the text of a PDF, in UTF-8 and in the order in which it is read.
//
// A PDF is a program for a large reader that is written in C++, so that reader
// gets a process of its own: Debian's pdftotext. It is handed the bytes on its
// standard input when its limits are in force, and nothing else: no environment,
// no file that it may write, and no network where the kernel lets a process give
// it up. It dies with us.
func PDF(body []byte) (text []byte, err error) {
	return bounds{time: maxTime, memory: maxMemory, text: MaxText}.pdf(body)
}

func (b bounds) pdf(body []byte) (text []byte, err error) {
	program, err := exec.LookPath("pdftotext")
	if err != nil {
		return nil, qianshao.UnreadNoPdftotext
	}
	ctx, cancel := context.WithTimeout(context.Background(), b.time)
	defer cancel()
	out, said := &capped{most: b.text, full: cancel}, &complaints{}
	child, err := b.start(ctx, program, out, said)
	if err != nil {
		return nil, err
	}
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		_, _ = child.stdin.Write(body) // what it does not take, it has no use for
		child.stdin.Close()
	}()
	err = child.Wait()
	child.unlock()
	<-fed
	switch {
	case out.isFull:
		err = qianshao.UnreadTruncated
	case ctx.Err() != nil:
		err = qianshao.UnreadTooCostly
	default:
		err = said.reason(err)
	}
	if err == nil && len(bytes.TrimSpace(out.text)) == 0 {
		err = qianshao.UnreadNoText
	}
	return out.text, err
}

// running is a started child; unlock is called when it has ended.
type running struct {
	*exec.Cmd
	stdin  io.WriteCloser
	unlock func()
}

// start starts the child without a network if the kernel allows that (containers
// and some distributions do not), and else with one: pdftotext has no use for it.
func (b bounds) start(ctx context.Context, program string, out, said io.Writer) (*running, error) {
	child, err := b.startIn(ctx, syscall.CLONE_NEWUSER|syscall.CLONE_NEWNET, program, out, said)
	if err != nil {
		child, err = b.startIn(ctx, 0, program, out, said)
	}
	return child, err
}

func (b bounds) startIn(ctx context.Context, namespaces uintptr, program string, out, said io.Writer) (*running, error) {
	cmd := exec.CommandContext(ctx, program, "-enc", "UTF-8", "-eol", "unix", "-", "-")
	cmd.Dir, cmd.Env = "/", []string{"LC_ALL=C"}
	cmd.Stdout, cmd.Stderr = out, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Cloneflags: namespaces}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // its whole group
	cmd.WaitDelay = time.Second
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	// Pdeathsig is sent when the thread ends that has started the child.
	runtime.LockOSThread()
	child := &running{cmd, stdin, runtime.UnlockOSThread}
	if err := cmd.Start(); err != nil {
		child.unlock()
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	if err := b.limit(cmd.Process.Pid); err != nil {
		_ = cmd.Cancel()
		_ = cmd.Wait()
		child.unlock()
		return nil, fmt.Errorf("limit %s: %w", program, err)
	}
	return child, nil
}

// limit bounds the child, which has not been given a byte yet.
func (b bounds) limit(pid int) error {
	const files = 64 // its libraries, fonts and tables
	for _, l := range []struct {
		resource int
		most     uint64
	}{
		{unix.RLIMIT_AS, b.memory},
		{unix.RLIMIT_CPU, uint64(max(b.time/time.Second, 1))},
		{unix.RLIMIT_FSIZE, 0},
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_NOFILE, files},
	} {
		if err := unix.Prlimit(pid, l.resource, &unix.Rlimit{Cur: l.most, Max: l.most}, nil); err != nil {
			return err
		}
	}
	return nil
}

// capped keeps the first bytes that are written, and calls full at one more.
type capped struct {
	text   []byte
	most   int
	full   func()
	isFull bool
}

func (c *capped) Write(p []byte) (int, error) {
	room := c.most - len(c.text)
	c.text = append(c.text, p[:min(len(p), room)]...)
	if len(p) > room {
		c.isFull = true
		c.full()
	}
	return len(p), nil
}

// complaints looks through what the child says on standard error, of which a
// hostile document can make any amount.
type complaints struct {
	tail []byte
	said []qianshao.Unread
}

// meanings are what pdftotext says, and what it means.
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
	const longest = 32 // more than the words of any meaning
	c.tail = append(c.tail, p...)
	for _, m := range meanings {
		if bytes.Contains(c.tail, []byte(m.words)) && !slices.Contains(c.said, m.unread) {
			c.said = append(c.said, m.unread)
		}
	}
	c.tail = append(c.tail[:0], c.tail[max(len(c.tail)-longest, 0):]...)
	return len(p), nil
}

// reason says what the child's end means.
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

package confined

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Run runs the program and returns what it wrote, even if there is an error. Its standard error
// goes to said.
//
// The program gets the input on its standard input once its bounds are in force, and gets nothing
// else: no file that it may write, and no network if the kernel lets a process give it up. It dies
// with us.
func (p Program) Run(ctx context.Context, input []byte, said io.Writer) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, p.Time)
	defer cancel()
	out := &capped{most: p.Output, full: cancel}
	child, err := p.start(ctx, out, said)
	if err != nil {
		return nil, err
	}
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		_, _ = child.stdin.Write(input) // if it does not read all of it, it does not need the rest
		child.stdin.Close()
	}()
	err = child.Wait()
	child.unlock()
	<-fed
	switch {
	case out.isFull:
		err = ErrOutput
	case ctx.Err() != nil:
		err = ErrTime
	}
	return out.text, err
}

// running is a started child; unlock is called when it has ended.
type running struct {
	*exec.Cmd
	stdin  io.WriteCloser
	unlock func()
}

// start starts the child without a network if the kernel allows that (containers and some
// distributions do not). Otherwise it has one, but has no use for it.
func (p Program) start(ctx context.Context, out, said io.Writer) (*running, error) {
	child, err := p.startIn(ctx, syscall.CLONE_NEWUSER|syscall.CLONE_NEWNET, out, said)
	if err != nil {
		child, err = p.startIn(ctx, 0, out, said)
	}
	return child, err
}

func (p Program) startIn(ctx context.Context, namespaces uintptr, out, said io.Writer) (*running, error) {
	cmd := exec.CommandContext(ctx, p.Path, p.Args...)
	cmd.Dir, cmd.Env = "/", p.Env
	cmd.Stdout, cmd.Stderr = out, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Cloneflags: namespaces}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // kills its whole group
	cmd.WaitDelay = time.Second
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	// Pdeathsig is sent when the thread that has started the child ends.
	runtime.LockOSThread()
	child := &running{cmd, stdin, runtime.UnlockOSThread}
	if err := cmd.Start(); err != nil {
		child.unlock()
		return nil, fmt.Errorf("start %s: %w", p.Path, err)
	}
	if err := p.limit(cmd.Process.Pid); err != nil {
		_ = cmd.Cancel()
		_ = cmd.Wait()
		child.unlock()
		return nil, fmt.Errorf("limit %s: %w", p.Path, err)
	}
	return child, nil
}

// limit bounds the child before it reads its first byte.
func (p Program) limit(pid int) error {
	const files = 64 // enough for its libraries, fonts and tables
	for _, l := range []struct {
		resource int
		most     uint64
	}{
		{unix.RLIMIT_AS, p.Memory},
		{unix.RLIMIT_CPU, uint64(max(p.Time/time.Second, 1))},
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

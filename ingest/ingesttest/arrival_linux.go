package ingesttest

import (
	"errors"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// tick returns the length of the kernel's clock tick, the unit in which it reports times.
var tick = sync.OnceValue(func() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGetres(unix.CLOCK_MONOTONIC_COARSE, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
})

// lastReceived returns how long ago the last bytes came in over a connection, as the kernel reports it.
func lastReceived(c any) (ago, precision time.Duration) {
	info, err := state(c)
	if err != nil { // the connection is closed: nothing is known
		return 0, time.Minute
	}
	return time.Duration(info.Last_data_recv) * time.Millisecond, tick() + time.Millisecond
}

func hungUp(c any) bool {
	info, err := state(c)
	return err != nil || info.State != established
}

// established is TCP_ESTABLISHED of the kernel's tcp_states.h.
const established = 1

func state(c any) (info *unix.TCPInfo, err error) {
	conn, ok := c.(syscall.Conn)
	if !ok {
		return nil, errors.New("no connection of the kernel's")
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	failed := raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	return info, errors.Join(failed, err)
}

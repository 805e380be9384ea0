package ingesttest

import (
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// tick returns the kernel's, by which it tells times.
var tick = sync.OnceValue(func() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGetres(unix.CLOCK_MONOTONIC_COARSE, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
})

// lastReceived returns how long ago the last bytes came in over a connection, by the kernel.
func lastReceived(c any) (ago, precision time.Duration) {
	conn, ok := c.(syscall.Conn)
	if !ok {
		panic("ingesttest: Arrived without WithArrivals")
	}
	raw, err := conn.SyscallConn()
	if err == nil {
		var info *unix.TCPInfo
		failed := raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
		if failed == nil && err == nil {
			return time.Duration(info.Last_data_recv) * time.Millisecond, tick() + time.Millisecond
		}
	}
	return 0, time.Minute // the connection is over: nothing can be said
}

package dashboards

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/qianshao/qianshao/dashboards/auth"
)

// CheckListen refuses an address that others can reach while no password is
// set, and one that cannot be read. addr is host:port as for net.Listen.
func CheckListen(addr string, hasPassword bool) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("listen address %q: %w; write it as host:port, such as 127.0.0.1:8740", addr, err)
	}
	if hasPassword || auth.IsLoopback(host) {
		return nil
	}
	if host == "" {
		host = "every interface"
	}
	return fmt.Errorf("listen address %q: %s can be reached from other machines and no password is set; "+
		"set one (QIANSHAO_PASSWORD or --password-file), or listen on 127.0.0.1", addr, host)
}

// NewServer returns a server with time-outs: a client that sends or reads
// slowly does not hold a connection for ever.
func NewServer(addr string, handler http.Handler) *http.Server {
	return &http.Server{
		Addr: addr, Handler: handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      requestTime + 40*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
}

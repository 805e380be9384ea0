package dashboards

import (
	"net"
	"net/http"
	"time"

	"github.com/qianshao/qianshao/locales"
)

// CheckListen refuses an address that is not host:port, as net.Listen takes it.
func CheckListen(addr string) error {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return locales.Errorf("start.listen_address", addr)
	}
	return nil
}

// NewServer returns a server with timeouts, so that a slow client does not hold a connection for
// ever.
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

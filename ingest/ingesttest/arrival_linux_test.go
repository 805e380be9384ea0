package ingesttest_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/qianshao/qianshao/ingest/ingesttest"
)

// TestArrived: the time when a request arrived, and whether its client is gone, do not depend on when
// they are asked for.
func TestArrived(t *testing.T) {
	t.Parallel()
	const late = time.Second
	asked, gone := make(chan struct{}), make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		soon := ingesttest.Arrived(r)
		time.Sleep(late)
		if apart := ingesttest.Arrived(r).SinceAtMost(soon); apart < 0 || apart > late*9/10 {
			t.Errorf("asked for %s later, the same arrival is up to %s later", late, apart)
		}
		if ingesttest.HungUp(r.Context()) {
			t.Error("the client is there")
		}
		asked <- struct{}{}
		<-gone
		for begin := time.Now(); !ingesttest.HungUp(r.Context()); time.Sleep(time.Millisecond) {
			if time.Since(begin) > 10*late {
				t.Error("the client is gone")
				break
			}
		}
		close(asked)
	}))
	ingesttest.WithArrivals(server.Config)
	server.Start()
	t.Cleanup(server.Close)
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	<-asked
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	close(gone)
	<-asked
}

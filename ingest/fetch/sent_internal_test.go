package fetch

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/ingesttest"
)

// paced returns a fetcher without robots.txt that makes one request to a host per interval.
func paced(t *testing.T, opts Options, interval time.Duration) *Fetcher {
	t.Helper()
	a := &qianshao.Authorisation{ID: "a", AllowPrivate: true, RobotsWaiver: "test", Rate: float64(time.Second) / float64(interval)}
	opts.UserAgent, opts.Permit = "test", func(*url.URL) (*qianshao.Authorisation, qianshao.Skip) { return a, "" }
	f, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

func getAll(t *testing.T, f *Fetcher, base string, n int) {
	t.Helper()
	for range n {
		if _, err := f.Get(t.Context(), Request{URL: base}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestConnectionLate: a connection that takes longer than the interval does not bring two requests closer
// together.
func TestConnectionLate(t *testing.T) {
	t.Parallel()
	const interval = 200 * time.Millisecond
	var arrived []ingesttest.Arrival
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived = append(arrived, ingesttest.Arrived(r))
		w.Header().Set("Content-Type", "text/html")
	}))
	ingesttest.WithArrivals(server.Config)
	server.Start()
	t.Cleanup(server.Close)
	f := paced(t, Options{}, interval)
	dial := f.private.DialContext
	f.private.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		time.Sleep(2 * interval)
		return dial(ctx, network, address)
	}
	getAll(t, f, server.URL, 3)
	for i := 1; i < len(arrived); i++ {
		if gap := arrived[i].SinceAtMost(arrived[i-1]); gap < interval {
			t.Errorf("asked again after %s at most", gap)
		}
	}
}

// TestAnswerLate: a host rests from when the request was sent; if its answer takes longer than the
// rest, the rest is over.
func TestAnswerLate(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*httptest.Server){
		"http": (*httptest.Server).Start, "https": (*httptest.Server).StartTLS,
		"http2": func(s *httptest.Server) { s.EnableHTTP2 = true; s.StartTLS() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const interval = 200 * time.Millisecond
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.ProtoAtLeast(2, 0) != (name == "http2") {
					t.Errorf("asked by %s", r.Proto)
				}
				time.Sleep(interval + 50*time.Millisecond)
				w.Header().Set("Content-Type", "text/html")
			}))
			start(server)
			t.Cleanup(server.Close)
			opts := Options{}
			if name != "http" {
				opts.RootCAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
			}
			f := paced(t, opts, interval)
			getAll(t, f, server.URL, 2)
			if pause := f.HostPause("127.0.0.1"); pause > 0 {
				t.Errorf("rests for another %s", pause)
			}
		})
	}
}

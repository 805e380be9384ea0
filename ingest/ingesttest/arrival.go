package ingesttest

import (
	"context"
	"net"
	"net/http"
	"time"
)

// Arrival is when a request arrived, as far as the server's machine knows. The time when a handler
// is called depends on how busy that machine is, not on the client: of two requests, the first may
// wait long for a processor, and the second not at all.
type Arrival struct{ Earliest, Latest time.Time }

// SinceAtMost returns the longest time that can have passed since an earlier arrival.
func (a Arrival) SinceAtMost(before Arrival) time.Duration { return a.Latest.Sub(before.Earliest) }

// arrivalKey is the key of a connection in its requests' contexts.
type arrivalKey struct{}

// WithArrivals makes a server know when its requests arrive.
func WithArrivals(s *http.Server) {
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, arrivalKey{}, c)
	}
}

// Arrived returns when a request of a server WithArrivals arrived. It is called before the body is read.
func Arrived(r *http.Request) Arrival {
	before := time.Now()
	ago, precision := lastReceived(connectionOf(r.Context()))
	after := time.Now()
	a := Arrival{before.Add(-ago - precision), after.Add(-ago + precision)}
	if a.Latest.After(after) {
		a.Latest = after
	}
	return a
}

// HungUp says whether the client of a request to a server WithArrivals has closed the connection, as far
// as the machine knows.
func HungUp(request context.Context) bool { return hungUp(connectionOf(request)) }

func connectionOf(request context.Context) any {
	c := request.Value(arrivalKey{})
	if c == nil {
		panic("ingesttest: a server without WithArrivals")
	}
	return c
}

package app_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/qianshao/qianshao/notify"
)

// hookToken is the secret part of the receiver's address.
const hookToken = "t0ken-of-the-receiver-93b1"

// answering is how a receiver answers a message.
type answering string

// taking is the answer after which the message need not be sent again.
const (
	taking   answering = "200"
	failing  answering = "500"
	busy     answering = "429"
	hanging  answering = "hangs"
	breaking answering = "breaks off"
)

// received is a message as it arrived.
type received struct {
	key, alert string
	at         time.Time // when the message was composed
	items      []struct {
		Finding  string
		Event    notify.Event
		Occurred time.Time
	}
	// more is how many findings the message counts without naming them, because they are in too
	// many campaigns, as before they were grouped, or too many in one.
	more   int
	answer answering
}

// named returns how many findings the message names.
func (m *received) named() int {
	seen := map[string]bool{}
	for _, it := range m.items {
		seen[it.Finding] = true
	}
	return len(seen)
}

// fickle is a receiver of webhooks that fails, hangs, accepts messages without an answer, and
// is down for a while, until it recovers.
type fickle struct {
	t       *testing.T
	address string
	key     []byte
	late    atomic.Int64 // findings that were undone too late

	mu        sync.Mutex
	server    *http.Server
	down      bool
	recovered bool
	restarts  int
	messages  []*received
	arrived   chan struct{} // closed when a message arrives after others; nil if nobody waits
	others    int
}

func newFickle(t *testing.T, secret string) *fickle {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	r := &fickle{t: t, key: key, address: "127.0.0.1:0"}
	r.serve()
	t.Cleanup(func() { _ = r.server.Close() })
	return r
}

// serve serves at the same port as before. r.mu is held, or nobody else is using r.
func (r *fickle) serve() {
	r.t.Helper()
	l, err := net.Listen("tcp", r.address)
	for tries := 0; err != nil && tries < 100; tries++ {
		time.Sleep(20 * time.Millisecond)
		l, err = net.Listen("tcp", r.address)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	server := &http.Server{Handler: r, ReadHeaderTimeout: time.Minute}
	r.address, r.server, r.down = l.Addr().String(), server, false
	go func() { _ = server.Serve(l) }()
}

// fail may take the receiver down, or bring it up again.
func (r *fickle) fail() {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.down && rand.IntN(15) == 0:
		r.serve()
	case !r.down && rand.IntN(60) == 0:
		_ = r.server.Close()
		r.down = true
		r.restarts++
	}
}

// recover makes the receiver accept everything from now on.
func (r *fickle) recover() {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.recovered = true; r.down {
		r.serve()
	}
}

// arrivalIn returns a channel that is closed when, after a number of others, a message has arrived,
// before it is answered.
func (r *fickle) arrivalIn(others int) chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.arrived, r.others = make(chan struct{}), others
	return r.arrived
}

// ServeHTTP takes a message.
func (r *fickle) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return // the sender was killed
	}
	m := r.read(q, body)
	r.mu.Lock()
	m.answer = r.choose()
	r.messages = append(r.messages, m)
	if r.others--; r.others < 0 && r.arrived != nil {
		close(r.arrived)
		r.arrived = nil
	}
	r.mu.Unlock()
	switch m.answer {
	case failing:
		w.WriteHeader(http.StatusInternalServerError)
	case busy:
		w.Header().Set("Retry-After", "45")
		w.WriteHeader(http.StatusTooManyRequests)
	case hanging:
		<-q.Context().Done()
	case breaking:
		panic(http.ErrAbortHandler)
	}
}

func (r *fickle) choose() answering {
	n := rand.IntN(100)
	switch {
	case r.recovered || n < 45:
		return taking
	case n < 60:
		return failing
	case n < 72:
		return busy
	case n < 84:
		return hanging
	}
	return breaking
}

// read reads a message, whose signature must be right.
func (r *fickle) read(q *http.Request, body []byte) *received {
	var content struct {
		Timestamp time.Time
		Data      struct {
			Alert  string
			More   int
			Groups []struct {
				Findings int
				Items    []struct {
					Finding  string
					Event    notify.Event
					Occurred time.Time
				}
			}
		}
	}
	if err := json.Unmarshal(body, &content); err != nil {
		r.t.Errorf("a body cannot be read: %v", err)
	}
	m := &received{key: q.Header.Get("Webhook-Id"), alert: content.Data.Alert, at: content.Timestamp, more: content.Data.More}
	all := m.more
	for _, g := range content.Data.Groups {
		m.items = append(m.items, g.Items...)
		all += g.Findings
	}
	m.more = all - m.named()
	mac := hmac.New(sha256.New, r.key)
	fmt.Fprintf(mac, "%s.%s.%s", m.key, q.Header.Get("Webhook-Timestamp"), body)
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); q.Header.Get("Webhook-Signature") != want || m.key == "" || q.URL.Path != "/"+hookToken+"/"+m.alert {
		r.t.Errorf("%s %v is signed wrongly", q.URL, q.Header)
	}
	if len(m.items) == 0 {
		r.t.Errorf("%s has no content", m.key)
	}
	return m
}

// lastTaken returns the last accepted message with a key; nil if there is none.
func (r *fickle) lastTaken(key string) (last *received) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.messages {
		if m.key == key && m.answer == taking {
			last = m
		}
	}
	return last
}

func (r *fickle) summary() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys, items := map[string]bool{}, 0
	answers := map[answering]int{}
	for _, m := range r.messages {
		keys[m.key] = true
		answers[m.answer]++
		items += len(m.items)
	}
	return fmt.Sprintf("%d messages, %d repetitions, %d findings told; the receiver was down %d times and answered %v; %d undone too late for the test",
		len(keys), len(r.messages)-len(keys), items, r.restarts, answers, r.late.Load())
}

// Package dialtest has a DNS server for tests, with answers that change.
package dialtest

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// NameServer is a DNS server on loopback. To each question about a name it gives the next of the
// name's answers, and repeats the last one. Each answer is a list of addresses.
type NameServer struct {
	// Address is the address at which it listens.
	Address string

	ttl uint32

	mu      sync.Mutex
	answers map[string][]string // "203.0.113.1 127.0.0.1"
	asked   map[string]int      // number of questions of type A and AAAA, by name
}

// NewNameServer returns a server with answers that are valid for ttl seconds.
func NewNameServer(t testing.TB, ttl uint32, answers map[string][]string) *NameServer {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &NameServer{Address: conn.LocalAddr().String(), ttl: ttl, answers: answers, asked: map[string]int{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		packet := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			if reply := s.reply(packet[:n]); reply != nil {
				_, _ = conn.WriteTo(reply, from)
			}
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return s
}

func (s *NameServer) reply(packet []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(packet) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	reply := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true}, Questions: m.Questions}
	for _, ip := range s.next(strings.TrimSuffix(q.Name.String(), "."), q.Type) {
		header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: dnsmessage.ClassINET, TTL: s.ttl}
		switch {
		case ip.Is4() && q.Type == dnsmessage.TypeA:
			reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: ip.As4()}})
		case ip.Is6() && q.Type == dnsmessage.TypeAAAA:
			reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: ip.As16()}})
		}
	}
	out, err := reply.Pack()
	if err != nil {
		return nil
	}
	return out
}

// next advances with each question of type A, of which there is one for each look-up.
func (s *NameServer) next(name string, kind dnsmessage.Type) (ips []netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.answers[name]
	if len(list) == 0 {
		return nil
	}
	at := min(s.asked[name], len(list)-1)
	if kind == dnsmessage.TypeA {
		s.asked[name]++
	}
	for field := range strings.FieldsSeq(list[at]) {
		ips = append(ips, netip.MustParseAddr(field))
	}
	return ips
}

// Count returns how often a name was looked up.
func (s *NameServer) Count(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[name]
}

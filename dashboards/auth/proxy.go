package auth

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/qianshao/qianshao/locales"
)

// Proxies are the addresses of the proxies in front of the console. Only they are believed about
// where a request comes from and whether it used TLS.
type Proxies []netip.Prefix

// ParseProxies reads addresses and networks, such as 127.0.0.1 and 10.0.0.0/8.
func ParseProxies(list []string) (Proxies, error) {
	var proxies Proxies
	for _, text := range list {
		if ip, err := netip.ParseAddr(text); err == nil {
			proxies = append(proxies, netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, locales.Errorf("start.trusted_proxy", text)
		}
		proxies = append(proxies, prefix.Masked())
	}
	return proxies, nil
}

func (p Proxies) trust(ip netip.Addr) bool {
	return slices.ContainsFunc(p, func(prefix netip.Prefix) bool { return prefix.Contains(ip) })
}

type tlsKey struct{}

// IsTLS says whether the browser uses TLS, to us or to a trusted proxy in front of us.
func IsTLS(r *http.Request) bool {
	outside, _ := r.Context().Value(tlsKey{}).(bool)
	return r.TLS != nil || outside
}

// Handler replaces the address of requests that come through a trusted proxy with the client's. It
// must wrap everything that reads RemoteAddr or calls IsTLS.
func (p Proxies) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil || !p.trust(peer.Addr().Unmap()) {
			next.ServeHTTP(w, r)
			return
		}
		said, saidX := forwarded(r.Header), xForwarded(r.Header)
		client, clientX := p.client(said), p.client(saidX)
		switch {
		case len(said.hops) > 0 && len(saidX.hops) > 0 && client != clientX:
			// A proxy sets one of the two headers, and passes the other on as a stranger wrote it.
		case client.IsValid():
			r.RemoteAddr = net.JoinHostPort(client.String(), "0")
		case clientX.IsValid():
			r.RemoteAddr = net.JoinHostPort(clientX.String(), "0")
		}
		outside := strings.EqualFold(said.proto, "https") || strings.EqualFold(saidX.proto, "https")
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), tlsKey{}, outside)))
	})
}

// way is the path of a request according to its headers: the addresses, the first client first, and
// the scheme at the last proxy.
type way struct {
	hops  []string
	proto string
}

// client returns the right-most address that is not a trusted proxy: those to its left could be
// forged. It is invalid if the nearest proxy names none.
func (p Proxies) client(w way) (client netip.Addr) {
	for _, hop := range slices.Backward(w.hops) {
		ip, ok := parseHop(hop)
		if !ok {
			break
		}
		if client = ip; !p.trust(ip) {
			break
		}
	}
	return client
}

// forwarded reads Forwarded (RFC 7239). An element without for= is an unknown hop.
func forwarded(h http.Header) (w way) {
	lines := h.Values("Forwarded")
	if len(lines) == 0 {
		return w
	}
	for element := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		hop := ""
		w.proto = ""
		for pair := range strings.SplitSeq(element, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			switch strings.ToLower(name) {
			case "for":
				hop = strings.Trim(value, `"`)
			case "proto":
				w.proto = strings.Trim(value, `"`)
			}
		}
		w.hops = append(w.hops, hop)
	}
	return w
}

// xForwarded reads X-Forwarded-For and X-Forwarded-Proto.
func xForwarded(h http.Header) (w way) {
	if lines := h.Values("X-Forwarded-For"); len(lines) > 0 {
		w.hops = strings.Split(strings.Join(lines, ","), ",")
	}
	protos := strings.Split(strings.Join(h.Values("X-Forwarded-Proto"), ","), ",")
	w.proto = strings.TrimSpace(protos[len(protos)-1])
	return w
}

// parseHop reads an address with or without port: 192.0.2.1, 192.0.2.1:80, [2001:db8::1]:80.
func parseHop(hop string) (netip.Addr, bool) {
	hop = strings.TrimSpace(hop)
	if with, err := netip.ParseAddrPort(hop); err == nil {
		return with.Addr().Unmap(), true
	}
	ip, err := netip.ParseAddr(strings.Trim(hop, "[]"))
	return ip.Unmap(), err == nil
}

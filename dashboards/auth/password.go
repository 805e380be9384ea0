// Package auth decides who may enter the console: whoever knows its password,
// or, where it has none, whoever is on this machine.
package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/time/rate"
)

// Parameters of argon2id: OWASP's password storage cheat sheet, 19 MiB and two passes.
const (
	argonTime    = 2
	argonMemory  = 19 << 10 // KiB
	argonThreads = 1
	argonKey     = 32
	argonSalt    = 16
	// What a hash that somebody gives us may demand at most.
	argonMaxTime   = 16
	argonMaxMemory = 1 << 20 // KiB
)

// MinPassword is the fewest characters of a password in clear. With tries
// limited to one in ten seconds, twelve are out of reach of guessing.
const MinPassword = 12

// maxPassword bounds the work of hashing what a stranger sends, in bytes.
const maxPassword = 1024

// Sessions end after a working day, whatever is done in them.
const (
	sessionCookie = "qianshao_session"
	sessionTime   = 12 * time.Hour
	maxSessions   = 1000
)

// Tries: five at once, then one in ten seconds, for each address.
const (
	triesAtOnce = 5
	triesEvery  = 10 * time.Second
	maxTriers   = 4096
)

// HashPassword returns the argon2id hash of a password in the PHC string
// format, for configuration files that should not hold it in clear.
func HashPassword(password string) string {
	salt := make([]byte, argonSalt)
	rand.Read(salt) // never fails, see crypto/rand
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

// argonHash is a parsed PHC string.
type argonHash struct {
	memory, time uint32
	threads      uint8
	salt, key    []byte
}

var errHash = errors.New("the password's argon2id hash cannot be read; it looks like $argon2id$v=19$m=19456,t=2,p=1$SALT$KEY")

func parseHash(s string) (h argonHash, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.time, &h.threads); err != nil {
		return h, errHash
	}
	if h.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return h, errHash
	}
	if h.key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return h, errHash
	}
	if h.time < 1 || h.time > argonMaxTime || h.memory < 1 || h.memory > argonMaxMemory || h.threads < 1 ||
		len(h.salt) < 8 || len(h.key) < 16 || len(h.key) > 64 {
		return h, errHash
	}
	return h, nil
}

func (h argonHash) matches(password string) bool {
	key := argon2.IDKey([]byte(password), h.salt, h.time, h.memory, h.threads, uint32(len(h.key)))
	return subtle.ConstantTimeCompare(key, h.key) == 1
}

// Gate knows the password, the sessions of those who gave it, and how often an
// address has tried. It is safe for concurrent use.
type Gate struct {
	hash argonHash
	now  func() time.Time
	// key and known remember, as an HMAC, the password that argon2id has
	// accepted, so that a scraper with HTTP Basic costs 19 MiB only once.
	key     [32]byte
	working sync.Mutex // one argon2id at a time: its memory is what an attacker would multiply

	mu       sync.Mutex
	known    []byte
	sessions map[[sha256.Size]byte]time.Time // SHA-256 of the token → end
	triers   map[netip.Prefix]*rate.Limiter
}

// New returns the gate of a password, in clear or as HashPassword writes it.
func New(password string, now func() time.Time) (*Gate, error) {
	if !strings.HasPrefix(password, "$argon2id$") {
		if n := utf8.RuneCountInString(password); n < MinPassword {
			return nil, fmt.Errorf("the console's password has %d characters; use at least %d", n, MinPassword)
		}
		if len(password) > maxPassword {
			return nil, fmt.Errorf("the console's password has %d bytes; use at most %d", len(password), maxPassword)
		}
		if err := checkStrength(password); err != nil {
			return nil, err
		}
		password = HashPassword(password)
	}
	hash, err := parseHash(password)
	if err != nil {
		return nil, err
	}
	g := &Gate{
		hash: hash, now: now,
		sessions: map[[sha256.Size]byte]time.Time{}, triers: map[netip.Prefix]*rate.Limiter{},
	}
	rand.Read(g.key[:])
	return g, nil
}

// Result is what came of a try.
type Result uint8

// The results.
const (
	Rejected Result = iota
	Accepted
	TooMany
)

// Try checks a password; with TooMany it says how long to wait.
func (g *Gate) Try(r *http.Request, password string) (Result, time.Duration) {
	if len(password) > maxPassword {
		return Rejected, 0
	}
	mac := hmac.New(sha256.New, g.key[:])
	mac.Write([]byte(password))
	sum := mac.Sum(nil)
	if g.isKnown(sum) {
		return Accepted, 0
	}
	if wait := g.wait(r); wait > 0 {
		return TooMany, wait
	}
	g.working.Lock()
	defer g.working.Unlock()
	if !g.hash.matches(password) {
		return Rejected, 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.known = sum
	return Accepted, 0
}

func (g *Gate) isKnown(sum []byte) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return hmac.Equal(sum, g.known)
}

// wait takes one try from the address's allowance, or says when there is one again.
func (g *Gate) wait(r *http.Request) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	from, now := network(r.RemoteAddr), g.now()
	limiter := g.triers[from]
	if limiter == nil {
		if len(g.triers) >= maxTriers {
			g.forgetTriers(now)
		}
		limiter = rate.NewLimiter(rate.Every(triesEvery), triesAtOnce)
		g.triers[from] = limiter
	}
	if limiter.AllowN(now, 1) {
		return 0
	}
	missing := 1 - limiter.TokensAt(now)
	return time.Duration(missing*float64(triesEvery)).Truncate(time.Second) + time.Second
}

// forgetTriers drops the addresses that have their whole allowance back. If
// there are none, it drops all: an attacker with thousands of addresses gains
// five tries each, and pays for them with a queue for the one argon2id.
func (g *Gate) forgetTriers(now time.Time) {
	for from, limiter := range g.triers {
		if limiter.TokensAt(now) >= triesAtOnce {
			delete(g.triers, from)
		}
	}
	if len(g.triers) >= maxTriers {
		clear(g.triers)
	}
}

// network is the address that tries are counted by: one IPv4 address, or the
// /64 that one IPv6 customer commonly has.
func network(remote string) netip.Prefix {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	ip = ip.Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}

// Begin opens a session and returns its cookie. The token is 128 random bits
// or more and known to the browser alone: a signature would add nothing.
func (g *Gate) Begin(r *http.Request) *http.Cookie {
	token := rand.Text()
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	for id, end := range g.sessions {
		if !now.Before(end) || len(g.sessions) >= maxSessions {
			delete(g.sessions, id)
		}
	}
	g.sessions[sha256.Sum256([]byte(token))] = now.Add(sessionTime)
	return &http.Cookie{
		Name: sessionCookie, Value: token, Path: "/", MaxAge: int(sessionTime.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: IsTLS(r),
	}
}

// HasSession says whether the request has the cookie of a session that has not ended.
func (g *Gate) HasSession(r *http.Request) bool {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now().Before(g.sessions[sha256.Sum256([]byte(c.Value))])
}

// End ends the request's session, if it has one, and returns the cookie that
// removes the session's from the browser.
func (g *Gate) End(r *http.Request) *http.Cookie {
	if c, err := r.Cookie(sessionCookie); err == nil {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.sessions, sha256.Sum256([]byte(c.Value)))
	}
	return &http.Cookie{
		Name: sessionCookie, Path: "/", MaxAge: -1,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: IsTLS(r),
	}
}

package auth

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

const goodPassword = "correct horse 电池 staple"

func TestCheckPassword(t *testing.T) {
	for _, bad := range []string{
		"aaaaaaaaaaaa", "abcabcabcabc", "abcdefghijklm", "123456789012", "qwertyuiop12", "passwordpassword", "            ", "AaAaAaAaAaAa", "密码密码密码密码密码密码",
		"", "short", "十一个字的口令不够长啊", strings.Repeat("x", maxPassword+1),
	} {
		var refused *PasswordError
		if err := CheckPassword(bad); !errors.As(err, &refused) {
			t.Errorf("%.40q: %v", bad, err)
		}
	}
	for _, good := range []string{goodPassword, "4tQ9-xZb2kLm", "春眠不觉晓处处闻啼鸟夜来", "a-long-password-of-your-own", "0f8e4c1d9ab2"} {
		if err := CheckPassword(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

// TestStranger: checking an unknown name takes as long as checking a known one, and never succeeds.
func TestStranger(t *testing.T) {
	p := newPasswords()
	hash, err := p.hash(t.Context(), goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	known, _, _, err := argon2id.DecodeHash(hash)
	if err != nil {
		t.Fatal(err)
	}
	stranger, _, _, err := argon2id.DecodeHash(p.stranger)
	if diff := cmp.Diff(known, stranger); err != nil || diff != "" {
		t.Errorf("the work differs (%v):\n%s", err, diff)
	}
	if known.Memory != 64<<10 {
		t.Errorf("%d KiB", known.Memory)
	}
	for _, tc := range []struct {
		password, hash string
		want           bool
	}{{goodPassword, hash, true}, {"wrong", hash, false}, {goodPassword, "", false}, {strings.Repeat("x", 2000), hash, false}} {
		if ok, err := p.matches(t.Context(), tc.password, tc.hash); ok != tc.want || err != nil {
			t.Errorf("%.20q: %v, %v", tc.password, ok, err)
		}
	}
}

// TestBusy: a sign-in that waits too long for its turn is told so, and takes no memory.
func TestBusy(t *testing.T) {
	p := newPasswords()
	p.wait = 0
	for range hashesAtOnce {
		p.turns <- struct{}{}
	}
	if _, err := p.matches(t.Context(), goodPassword, ""); !errors.Is(err, errBusy) {
		t.Errorf("%v", err)
	}
	p.wait = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.matches(ctx, goodPassword, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestProxies(t *testing.T) {
	proxies, err := ParseProxies([]string{"127.0.0.1", "10.0.0.0/8", "2001:db8::/32"})
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "nginx", "10.0.0.0/33", "10.0.0.1:80"} {
		if _, err := ParseProxies([]string{bad}); err == nil {
			t.Errorf("%q is taken for a network", bad)
		}
	}
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Add(pairs[i], pairs[i+1])
		}
		return h
	}
	const x, std, proto = "X-Forwarded-For", "Forwarded", "X-Forwarded-Proto"
	for _, tc := range []struct {
		peer   string
		header http.Header
		want   string
		tls    bool
	}{
		{"198.51.100.1:7", header(x, "9.9.9.9", proto, "https"), "198.51.100.1:7", false},
		{"127.0.0.1:7", header(), "127.0.0.1:7", false},
		{"127.0.0.1:7", header(x, "9.9.9.9", proto, "https"), "9.9.9.9:0", true},
		{"[::ffff:127.0.0.1]:7", header(x, "9.9.9.9"), "9.9.9.9:0", false},
		{"127.0.0.1:7", header(x, "1.1.1.1, 9.9.9.9, 10.1.2.3"), "9.9.9.9:0", false},
		{"127.0.0.1:7", header(x, "1.1.1.1", x, "9.9.9.9"), "9.9.9.9:0", false},
		{"127.0.0.1:7", header(x, "9.9.9.9, unknown"), "127.0.0.1:7", false},
		{"127.0.0.1:7", header(x, "10.1.2.3"), "10.1.2.3:0", false},
		{"127.0.0.1:7", header(x, "[2001:db9::1]:80"), "[2001:db9::1]:0", false},
		{"127.0.0.1:7", header(std, `for=1.1.1.1;proto=http, for="[2001:db9::1]:80";proto=https`), "[2001:db9::1]:0", true},
		{"127.0.0.1:7", header(std, `for=1.1.1.1, proto=https`), "127.0.0.1:7", true},
		// One of the two headers was set by a stranger and passed on.
		{"127.0.0.1:7", header(std, "for=1.1.1.1", x, "9.9.9.9"), "127.0.0.1:7", false},
		{"127.0.0.1:7", header(std, "for=9.9.9.9", x, "9.9.9.9"), "9.9.9.9:0", false},
		{"127.0.0.1:7", header(x, "9.9.9.9", proto, "http, https"), "9.9.9.9:0", true},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr, r.Header = tc.peer, tc.header
		proxies.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.RemoteAddr != tc.want || IsTLS(r) != tc.tls {
				t.Errorf("%s %v: from %s, TLS %v", tc.peer, tc.header, r.RemoteAddr, IsTLS(r))
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
	}
}

// TestTriesForget: the number of remembered counts is bounded, and the count of an account over all
// addresses is the last to be dropped.
func TestTriesForget(t *testing.T) {
	now := time.Unix(0, 0)
	tries := newTries(func() time.Time { return now })
	for range 30 {
		tries.take("wang", "[2001:db8::1]:1", "")
		now = now.Add(100 * time.Millisecond)
	}
	for range 25 { // from other addresses, until the account is exhausted
		tries.take("wang", "192.0.2."+string(rune('1'+len(tries.each)%9))+":1", "")
	}
	for i := range maxTriers {
		tries.take("name", "10."+strings.Join([]string{strconv.Itoa(i >> 16), strconv.Itoa(i >> 8 & 255), strconv.Itoa(i & 255)}, ".")+":1", "")
	}
	if len(tries.each) > maxTriers {
		t.Errorf("%d are remembered", len(tries.each))
	}
	if _, ok := tries.each[trier{kind: accountTries, account: "wang"}]; !ok {
		t.Error("the account's own count is forgotten")
	}
}

// brokenTokens is a store that cannot list tokens.
type brokenTokens struct {
	Store
	err error
}

func (brokenTokens) Account(context.Context, string) (store.AccountRecord, error) {
	return store.AccountRecord{Account: qianshao.Account{Name: "wang", Role: qianshao.RoleAnalyst}}, nil
}

func (brokenTokens) Setting(context.Context, store.Setting) (string, error) {
	return "", store.ErrNotFound
}

func (b brokenTokens) Tokens(context.Context, string) ([]store.Token, error) { return nil, b.err }

// TestNewTokenStoreFails: a failure of the store is not reported as too many tokens; the console
// and the API would then answer with 422 and the error's text.
func TestNewTokenStoreFails(t *testing.T) {
	broken := errors.New("disk I/O error")
	accounts := NewAccounts(brokenTokens{err: broken}, nil)
	_, _, err := accounts.NewToken(t.Context(), "wang", "wang", "weekly report", []qianshao.Scope{qianshao.ScopeRead}, 24*time.Hour)
	if !errors.Is(err, broken) || errors.Is(err, ErrTooManyTokens) {
		t.Errorf("%v", err)
	}
}

// TestUseCode: the test vector of RFC 6238, cut to six digits, is accepted; wrong and used codes
// are refused.
func TestUseCode(t *testing.T) {
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // "12345678901234567890"
	f := store.SecondFactor{Secret: secret, Confirmed: true, Recovery: []string{hashKey("ABCDEFGHIJKLMNOP")}}
	at := time.Unix(1111111109, 0)
	for _, bad := range []string{"", "000000", "0818044", "81804", "abcd-efgh-ijkl-mnoo"} {
		if err := useCode(&f, bad, at); !errors.Is(err, errCode) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if err := useCode(&f, "081 804", at.Add(30*time.Second)); err != nil {
		t.Errorf("a code of the period before: %v", err)
	}
	if err := useCode(&f, "081804", at); !errors.Is(err, errCode) {
		t.Errorf("a code again: %v", err)
	}
	if err := useCode(&f, "abcd-efgh-ijkl-mnop", at); err != nil || len(f.Recovery) != 0 {
		t.Errorf("a recovery code: %v", err)
	}
	if err := useCode(&store.SecondFactor{}, "328482", at); !errors.Is(err, errCode) {
		t.Errorf("without a secret: %v", err)
	}
}

// TestConsoleURL: the console's own address must be a plain address, since links begin with it.
func TestConsoleURL(t *testing.T) {
	for address, good := range map[string]bool{
		"https://console.example": true, "http://10.0.0.7:8080": true, "https://h.example/qianshao": true, "http://[::1]:80": true, "": true,
		"console.example": false, "ftp://h.example": false, "https://": false, "https://:80": false, "https://u:p@h.example": false, "https://h.example?a": false,
		"https://h.example/#x": false, "https://h.example/a b": false, "https://h.example/\n": true, "javascript:alert(1)": false, "https:h.example": false,
		"https://控制台.example": false, "https://h.example/" + strings.Repeat("a", 200): false, `https://h.example/"`: false,
	} {
		if is := isConsoleURL(strings.TrimRight(strings.TrimSpace(address), "/")) || address == ""; is != good {
			t.Errorf("%q: %v", address, is)
		}
	}
}

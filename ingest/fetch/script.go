package fetch

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/qianshao/qianshao"
)

const (
	// scriptFresh is how long a host's scripts are kept: each is requested once a day.
	scriptFresh = 24 * time.Hour
	// maxHostScripts bounds the scripts requested from a host in that time. A site has
	// about twenty, but one that names a new script on every page has endlessly many.
	maxHostScripts = 64
	// maxScriptHosts bounds the hosts that are remembered; most of their scripts do
	// not matter and take 100 bytes.
	maxScriptHosts = 4096
	// maxHeldScripts bounds the memory, in bytes, of scripts that matter. The scripts of
	// a host that was dropped are requested again when a page needs them.
	maxHeldScripts = 16 << 20
)

// ErrOtherSite is returned for a script that is covered by another authorisation than the page's.
var ErrOtherSite = errors.New("the script belongs to another site than the page")

// errTooManyScripts is returned for scripts beyond maxHostScripts.
var errTooManyScripts = errors.New("enough scripts of this host for one day")

// scriptCache keeps the results for the scripts of each host.
type scriptCache struct {
	now func() time.Time

	mu    sync.Mutex
	hosts map[string]*hostScripts
	held  int
}

type hostScripts struct {
	until   time.Time
	scripts map[string]fetchedScript
	held    int // bytes
}

type fetchedScript struct {
	code  []byte // nil if it does not matter
	err   error
	again time.Time // when to ask again after a temporary failure; else zero
}

func newScriptCache(now func() time.Time) *scriptCache {
	return &scriptCache{now: now, hosts: map[string]*hostScripts{}}
}

// get returns what is known about a script; known is false if it has to be requested.
func (c *scriptCache) get(host, key string) (s fetchedScript, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.hosts[host]
	if h == nil || !c.now().Before(h.until) {
		return s, false
	}
	s, known = h.scripts[key]
	if !known && len(h.scripts) >= maxHostScripts {
		return fetchedScript{err: errTooManyScripts}, true
	}
	return s, known && (s.again.IsZero() || c.now().Before(s.again))
}

func (c *scriptCache) put(host, key string, s fetchedScript) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.hosts[host]
	if h != nil && !c.now().Before(h.until) {
		c.drop(host)
		h = nil
	}
	if h == nil {
		h = &hostScripts{until: c.now().Add(scriptFresh), scripts: map[string]fetchedScript{}}
	}
	for victim := range c.hosts {
		if len(c.hosts) < maxScriptHosts && c.held+len(s.code) <= maxHeldScripts {
			break
		}
		if victim != host {
			c.drop(victim)
		}
	}
	c.hosts[host] = h
	added := len(s.code) - len(h.scripts[key].code)
	h.scripts[key] = s
	h.held += added
	c.held += added
}

func (c *scriptCache) drop(host string) {
	c.held -= c.hosts[host].held
	delete(c.hosts, host)
}

// Script fetches the script at rawURL of a page that was fetched under the authorisation with the
// id. The rules are the same as for the page (scope, robots.txt, address guard, pace), and at every
// hop the authorisation has to be the page's. The script is cut at Limits.MaxScript. matters says
// whether its code is of any use; code that is not is returned as nil, and not kept. Each script is
// requested once a day, and after a temporary failure again in half an hour. The caller must not
// change the bytes.
func (f *Fetcher) Script(ctx context.Context, rawURL, authorisation string, matters func(code []byte) bool) ([]byte, error) {
	key, err := Exact(rawURL)
	if err != nil {
		return nil, &SkipError{Skip: qianshao.SkipBadURL, URL: rawURL, Err: err}
	}
	u, a, err := f.permitted(key) // looked up each time: an authorisation may end
	if err != nil {
		return nil, err
	}
	if a.ID != authorisation {
		return nil, ErrOtherSite
	}
	if s, known := f.scripts.get(u.Host, key); known {
		return s.code, s.err
	}
	code, err := f.fetchScript(ctx, key, authorisation)
	if err == nil && !matters(code) {
		code = nil
	}
	if ctx.Err() == nil {
		fetched := fetchedScript{code: code, err: err}
		if skip := (*SkipError)(nil); errors.As(err, &skip) && skip.Temporary() {
			fetched.again = f.opts.Now().Add(sheetFresh)
		}
		f.scripts.put(u.Host, key, fetched)
	}
	return code, err
}

func (f *Fetcher) fetchScript(ctx context.Context, key, authorisation string) ([]byte, error) {
	own := func(a *qianshao.Authorisation) error {
		if a.ID != authorisation {
			return ErrOtherSite
		}
		return nil
	}
	a, err := f.follow(ctx, key, want{accept: "*/*", isType: isScriptOrUnknown, maxBody: f.limits.MaxScript, total: f.limits.Script, mayAsk: own})
	if err != nil {
		return nil, err
	}
	defer a.close()
	code, _, err := a.read(f.limits.MaxScript)
	if err != nil {
		return nil, f.readError(ctx, a.url, err)
	}
	return code, nil
}

// isScriptOrUnknown also accepts text/plain: that is how a script without a type is
// sniffed.
func isScriptOrUnknown(mediaType string) bool {
	switch mediaType {
	case "text/javascript", "application/javascript", "application/x-javascript", "application/ecmascript", "text/ecmascript", "text/plain":
		return true
	}
	return false
}

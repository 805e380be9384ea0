package ingest

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/locales"
)

// Canonical returns the canonical spelling of an absolute http or https URL;
// see fetch.Canonical for the details.
func Canonical(raw string) (string, error) { return fetch.Canonical(raw) }

// Scope decides which URLs may be requested. It is immutable, and safe for concurrent use; a
// changed register makes a new Scope. The zero value permits nothing.
type Scope struct {
	list []qianshao.Authorisation
	// exact and below find candidates by host name without port: those with
	// that name, and those with "*." in front of it.
	exact map[string][]entry
	below map[string][]entry
}

// entry is a host pattern of the authorisation at an index of Scope.list.
type entry struct {
	at      int
	pattern string
}

// NewScope checks authorisations and brings their hosts, paths and seeds into
// canonical form. Every problem is in the error.
func NewScope(authorisations []qianshao.Authorisation) (*Scope, error) {
	s := &Scope{exact: map[string][]entry{}, below: map[string][]entry{}}
	var problems []error
	ids := map[string]bool{}
	for i := range authorisations {
		a, found := normalise(authorisations[i])
		if ids[a.ID] {
			found = append(found, problem{"id", -1, bad("id_twice", a.ID)})
		}
		ids[a.ID] = true
		for _, p := range found {
			problems = append(problems, fmt.Errorf("authorisation %q: %w", a.ID, &locales.Error{Message: *p.Message}))
		}
		s.list = append(s.list, a)
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("scope: %w", errors.Join(problems...))
	}
	for i := range s.list {
		for _, pattern := range s.list[i].Hosts {
			name, _ := splitPort(pattern)
			if suffix, ok := strings.CutPrefix(name, "*."); ok {
				s.below[suffix] = append(s.below[suffix], entry{i, pattern})
			} else {
				name = strings.Trim(name, "[]")
				s.exact[name] = append(s.exact[name], entry{i, pattern})
			}
		}
	}
	return s, nil
}

// Authorisations returns the register, in canonical form. The caller must not change it.
func (s *Scope) Authorisations() []qianshao.Authorisation { return s.list }

// Decide returns the authorisation that permits a request to the canonical URL
// u at now, the first in the register if there are several, and "". Otherwise it
// returns the reason that is nearest to a permission (not in force, then path
// excluded or query forbidden, then not authorised) and, for all but the last, the
// authorisation that gives this reason; one in force is preferred.
func (s *Scope) Decide(u *url.URL, now time.Time) (*qianshao.Authorisation, qianshao.Skip) {
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, qianshao.SkipBadURL
	}
	var nearest *qianshao.Authorisation
	reason := qianshao.SkipNotAuthorised
	better := func(a *qianshao.Authorisation, skip qianshao.Skip) bool {
		if rank(skip) != rank(reason) {
			return rank(skip) > rank(reason)
		}
		return rank(skip) == 1 && !nearest.InForce(now) && a.InForce(now)
	}
	best := -1
	s.candidates(u.Hostname(), func(e entry) {
		a := &s.list[e.at]
		switch skip := a.CoversBy(e.pattern, u, now); {
		case skip == "":
			if best < 0 || e.at < best {
				best = e.at
			}
		case better(a, skip):
			nearest, reason = a, skip
		}
	})
	if best >= 0 {
		return &s.list[best], ""
	}
	return nearest, reason
}

// rank orders the reasons by how near they are to a permission.
func rank(skip qianshao.Skip) int {
	switch skip {
	case qianshao.SkipNotInForce:
		return 2
	case qianshao.SkipPathExcluded, qianshao.SkipQuery:
		return 1
	}
	return 0
}

// candidates calls yield with every entry that names host or a wildcard above it.
func (s *Scope) candidates(host string, yield func(entry)) {
	for _, e := range s.exact[host] {
		yield(e)
	}
	for {
		_, parent, ok := strings.Cut(host, ".")
		if !ok {
			return
		}
		for _, e := range s.below[parent] {
			yield(e)
		}
		host = parent
	}
}

// splitPort cuts a host pattern into name and port; "[::1]" has no port.
func splitPort(pattern string) (name, port string) {
	if i := strings.LastIndexByte(pattern, ':'); i > strings.LastIndexByte(pattern, ']') {
		return pattern[:i], pattern[i+1:]
	}
	return pattern, ""
}

// Package campaign says which findings belong together: by a block that was injected
// into many pages, a destination to which they lead, or a handle through which they
// want to be contacted. It is pure; the store joins findings by the keys found here.
package campaign

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"hash/fnv"
	"net/netip"
	"slices"
	"strings"

	"github.com/qianshao/qianshao"
)

// Version changes whenever the same finding gets other traits, so that stored findings
// are grouped anew.
const Version = 1

// Kind says what the findings of a campaign have in common.
type Kind string

// The kinds, in the order in which they make a finding's primary campaign.
const (
	// KindBlock is for a text with its surroundings, injected or copied into many pages.
	KindBlock Kind = "block"
	// KindDestination is for a registered domain to which they lead.
	KindDestination Kind = "destination"
	// KindHandle is for an account, address or number.
	KindHandle Kind = "handle"
)

// Kinds returns all kinds.
func Kinds() []Kind { return []Kind{KindBlock, KindDestination, KindHandle} }

// Valid says whether it is one of Kinds.
func (k Kind) Valid() bool { return slices.Contains(Kinds(), k) }

// Key is a destination or a handle that findings share.
type Key struct {
	Kind Kind
	// Name is the registered domain, or the handle after its kind: "qq:123456".
	Name string
}

// Hash is the hash by which the key is looked up.
func (k Key) Hash() uint64 { return hash(string(k.Kind) + "\x00" + k.Name) }

// A key that more owners than this have in common connects unrelated sites, and is not used for grouping. An
// owner is a site's registered domain.
const (
	// capSite is for keys that a web agency may put on all its customers' sites: the account of a
	// statistics script, a registration number. One operator seldom runs more sites.
	capSite = 10
	// capHandle is for accounts and addresses of those who promote a crime. One that is on more
	// sites is a hotline, or the sample in a warning.
	capHandle = 50
	// capDestination is for domains. One on more sites is a search engine, a platform or a CDN; a
	// campaign that large is recognised by its block.
	capDestination = 50
)

// Cap is the largest number of owners that may share the key.
func (k Key) Cap() int {
	switch {
	case k.Kind == KindDestination:
		return capDestination
	case strings.HasPrefix(k.Name, string(qianshao.IndicatorStatistics)+":"), strings.HasPrefix(k.Name, string(qianshao.IndicatorICP)+":"):
		return capSite
	}
	return capHandle
}

// Traits are the properties by which a finding is grouped.
type Traits struct {
	// Shape names the block: it is equal for findings whose blocks only differ in
	// numbers, tokens and domains.
	Shape uint64
	// Sketch is the block's SimHash; see Alike.
	Sketch uint64
	// Bands are the keys of the block. Two blocks that share any of them belong together.
	Bands []uint64
	// Keys are its destinations, then its handles, the most informative first.
	Keys []Key
	// Owner is whose site the finding is on: the registered domain of its page.
	Owner string
	// Label is the text or handle by which a person recognises the finding.
	Label string
}

// Limits of the keys of a finding. A page of hidden links names hundreds of domains.
const (
	maxDestinations = 8
	maxHandles      = 8
)

// Options are functions that the package needs from others.
type Options struct {
	// Fold undoes disguises and case, and writes a space for separators.
	Fold func(string) string
	// Registered returns the registered domain of a host, or the host.
	Registered func(host string) string
}

// Of returns the traits of a finding. They depend on nothing but the finding.
func Of(f *qianshao.Finding, opts Options) Traits {
	t := Traits{Owner: registered(f.Host(), opts), Label: Label(f)}
	t.setBlock(f, opts)
	t.Keys = append(destinations(f, t.Owner, opts), handles(f)...)
	return t
}

// Label is the text by which a person recognises a finding: its most informative evidence.
func Label(f *qianshao.Finding) string {
	e, ok := f.Primary()
	if !ok {
		return f.Title
	}
	return strings.Join(strings.Fields(e.Before+e.Text+e.After), " ")
}

func registered(host string, opts Options) string {
	if _, err := netip.ParseAddr(host); err == nil || opts.Registered == nil {
		return host
	}
	return opts.Registered(host)
}

// destinations are the sites to which the finding leads, named beside its evidence,
// which may be the header of a redirect.
func destinations(f *qianshao.Finding, own string, opts Options) []Key {
	var keys []Key
	add := func(host string) {
		if domain := registered(host, opts); domain != "" && domain != own {
			keys = append(keys, Key{KindDestination, domain})
		}
	}
	for i := range f.Indicators {
		if f.Indicators[i].Kind == qianshao.IndicatorDomain {
			add(f.Indicators[i].Value)
		}
	}
	return sample(keys, maxDestinations)
}

// handles are the accounts, addresses and numbers beside the evidence. URLs are covered
// by their domains, and platforms' URLs by the handles in them.
func handles(f *qianshao.Finding) []Key {
	var strong, weak []Key
	for i := range f.Indicators {
		indicator := &f.Indicators[i]
		key := Key{KindHandle, string(indicator.Kind) + ":" + indicator.Value}
		switch indicator.Kind {
		case qianshao.IndicatorDomain, qianshao.IndicatorURL:
		case qianshao.IndicatorStatistics, qianshao.IndicatorICP:
			weak = append(weak, key)
		default:
			strong = append(strong, key)
		}
	}
	return append(sample(strong, maxHandles), sample(weak, maxHandles)...)
}

// sample returns at most n of the keys, each once: those with the least hashes, so that
// two pages with many keys keep the same ones of those that they share.
func sample(keys []Key, n int) []Key {
	slices.SortFunc(keys, func(a, b Key) int {
		return cmp.Or(cmp.Compare(a.Hash(), b.Hash()), strings.Compare(a.Name, b.Name))
	})
	keys = slices.Compact(keys)
	return keys[:min(n, len(keys))]
}

// ID returns a campaign's id: 16 hex digits. of is the id of its oldest finding, or the text that
// Key.ID passes. The salt is a secret of the data folder: without it, somebody who may not see the
// oldest finding could guess its page and verify the guess by the id.
func ID(salt, of string) string {
	sum := sha256.Sum256([]byte("campaign\x00" + salt + "\x00" + of))
	return hex.EncodeToString(sum[:8])
}

// ID returns the id of the key's campaign.
func (k Key) ID(salt string) string { return ID(salt, string(k.Kind)+"\x00"+k.Name) }

// Candidate is a campaign that a finding is in, with what decides on the primary one.
type Candidate struct {
	Members int
	// Shared says that more owners have its key than Key.Cap allows.
	Shared bool
}

// Primary returns which of a finding's campaigns is its primary one: the first that has other members,
// too. The first candidate is the campaign of its block, the others are those of Traits.Keys, in that
// order. If no campaign has other members, that of the block is the primary one.
func Primary(candidates []Candidate) int {
	for i, c := range candidates {
		if c.Members > 1 && !c.Shared {
			return i
		}
	}
	return 0
}

func hash(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s))
	return mix(h.Sum64())
}

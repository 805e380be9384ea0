// Package campaign says by what findings belong together: one block that was injected
// into many pages, one destination to which they lead, one handle by which they want to
// be reached. It is pure; who stores campaigns joins findings by the keys found here.
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

// Version changes whenever the same finding gets other traits, so that what is stored is
// grouped anew.
const Version = 1

// Kind says by what the findings of a campaign belong together.
type Kind string

// The kinds, in the order in which they make a finding's primary campaign.
const (
	// KindBlock is for one text with its surroundings, injected or copied into many pages.
	KindBlock Kind = "block"
	// KindDestination is for one registered domain to which they lead.
	KindDestination Kind = "destination"
	// KindHandle is for one account, address or number.
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

// Hash is what the key is looked up by.
func (k Key) Hash() uint64 { return hash(string(k.Kind) + "\x00" + k.Name) }

// A key that more owners than this have in common connects unrelated sites, and groups nothing. An owner is a
// site's registered domain.
const (
	// capSite is for what a site's builder puts on the sites of all customers: the account
	// of a statistics script, a registration number. One operator seldom runs more sites.
	capSite = 10
	// capHandle is for accounts and addresses of those who promote a crime. Beyond it they
	// are a hotline, or the sample in a warning.
	capHandle = 50
	// capDestination is for domains. Beyond it they are a search engine, a platform, a CDN;
	// a campaign that is so large has one block.
	capDestination = 50
)

// Cap is the most owners that may share the key.
func (k Key) Cap() int {
	switch {
	case k.Kind == KindDestination:
		return capDestination
	case strings.HasPrefix(k.Name, string(qianshao.IndicatorStatistics)+":"), strings.HasPrefix(k.Name, string(qianshao.IndicatorICP)+":"):
		return capSite
	}
	return capHandle
}

// Traits are what a finding is grouped by.
type Traits struct {
	// Shape names the block: equal for findings whose blocks are the same but for
	// numbers, tokens and domains.
	Shape uint64
	// Sketch is the block's SimHash; see Alike.
	Sketch uint64
	// Bands are the keys of the block. Two blocks of which any is equal belong together.
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

// Options are what the package cannot know by itself.
type Options struct {
	// Fold undoes disguises and case, with a space for what separates.
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

// destinations are the sites to which the finding leads: those that stand beside its
// evidence, which may be the header of a redirect.
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
// by their domains, and platforms' URLs by what they hold.
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
// two pages that share some of very many keys keep the same ones.
func sample(keys []Key, n int) []Key {
	slices.SortFunc(keys, func(a, b Key) int {
		return cmp.Or(cmp.Compare(a.Hash(), b.Hash()), strings.Compare(a.Name, b.Name))
	})
	keys = slices.Compact(keys)
	return keys[:min(n, len(keys))]
}

// ID returns a campaign's id: 16 hex digits. of is the id of its oldest finding, or what
// Key.ID gives. The salt is a secret of the data folder: without it, who may not see the
// oldest finding could guess its page and recognise it.
func ID(salt, of string) string {
	sum := sha256.Sum256([]byte("campaign\x00" + salt + "\x00" + of))
	return hex.EncodeToString(sum[:8])
}

// ID returns the id of the key's campaign.
func (k Key) ID(salt string) string { return ID(salt, string(k.Kind)+"\x00"+k.Name) }

// Candidate is a campaign that a finding is in, as far as its primary one is chosen by that.
type Candidate struct {
	Members int
	// Shared says that more owners have its key than Key.Cap allows.
	Shared bool
}

// Primary returns which of the campaigns of a finding is its primary one: the first that
// has other members, too. The first candidate is that of its block, the others are those
// of Traits.Keys, in that order. A finding alone is the primary one of its block.
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

package campaigns

import (
	"cmp"
	"slices"
	"strings"
	"unique"

	"github.com/qianshao/qianshao/desk/campaign"
)

// grouping groups all findings at once, in memory: 700 bytes a finding if every four have the same
// content, 1,500 if all differ. The result is the same as from work.group for one finding after
// another, if no act has merged or split anything.
type grouping struct {
	salt      string
	findings  []loose
	blocks    map[int64]*block  // by shape
	keyed     map[uint64]*fresh // by the hash of the key
	campaigns []*fresh          // those with members; settle makes the list
}

// loose is a finding with its block and keys, not yet grouped.
type loose struct {
	counted
	block *block
	keyed []*fresh // for its keys, in their order
}

// block is the block of all findings with one shape.
type block struct {
	shape, sketch int64
	bands         []uint64
	members       int
	in            *block // another one with a common band, itself if none
	campaign      *fresh // of the connected blocks; see root

	oldest sighting
	label  string // of the oldest finding
}

// fresh is a new campaign.
type fresh struct {
	number  int64
	key     campaign.Key // the zero value for blocks
	hash    uint64       // of the key
	members []int32      // indexes of findings
	owners  []owner
	sites   int // distinct owners
	shared  bool
	oldest  sighting
	label   string
}

// owner is a row of campaign_owners.
type owner struct {
	name, authorisation string
	members             int
}

// sighting is what findings are ordered by from old to new.
type sighting struct {
	at      int64
	finding string
}

func (s sighting) compare(o sighting) int {
	return cmp.Or(cmp.Compare(s.at, o.at), strings.Compare(s.finding, o.finding))
}

func newGrouping(salt string) *grouping {
	return &grouping{salt: salt, blocks: map[int64]*block{}, keyed: map[uint64]*fresh{}}
}

// add adds a finding. Texts that many findings share are stored once.
func (g *grouping) add(c counted, t *campaign.Traits) {
	for _, text := range []*string{&c.owner, &c.authorisation, &c.category, &c.decider} {
		*text = unique.Make(*text).Value()
	}
	b := g.blocks[c.shape]
	if b == nil {
		b = &block{shape: c.shape, sketch: int64(t.Sketch), bands: t.Bands}
		b.in = b
		g.blocks[c.shape] = b
	}
	b.members++
	if s := (sighting{c.firstSeen, c.finding}); b.members == 1 || s.compare(b.oldest) < 0 {
		b.oldest, b.label = s, t.Label
	}
	f := loose{counted: c, block: b}
	for _, key := range t.Keys {
		hash := key.Hash()
		if g.keyed[hash] == nil {
			g.keyed[hash] = &fresh{key: key, hash: hash, label: key.Name}
		}
		if !slices.Contains(f.keyed, g.keyed[hash]) {
			f.keyed = append(f.keyed, g.keyed[hash])
		}
	}
	g.findings = append(g.findings, f)
}

// places returns the campaigns of a finding: that of its block, then those of its keys.
func (f *loose) places() []*fresh { return append([]*fresh{f.block.root().campaign}, f.keyed...) }

// settle makes the campaigns once all findings are added, numbers them from first on, and returns the
// bands, by number.
func (g *grouping) settle(first int64) []band {
	slices.SortFunc(g.findings, func(a, b loose) int { return strings.Compare(a.finding, b.finding) })
	bands := g.joinBlocks()
	for i := range g.findings {
		for _, p := range g.findings[i].places() {
			if len(p.members) == 0 {
				p.number = first + int64(len(g.campaigns))
				g.campaigns = append(g.campaigns, p)
			}
			p.members = append(p.members, int32(i))
		}
	}
	for _, p := range g.campaigns {
		g.count(p)
	}
	for i := range g.findings {
		f := &g.findings[i]
		places := f.places()
		candidates := make([]campaign.Candidate, len(places))
		for k, p := range places {
			candidates[k] = campaign.Candidate{Members: len(p.members), Shared: p.shared}
		}
		f.counted.block, f.campaign = places[0].number, places[campaign.Primary(candidates)].number
	}
	return bands
}

// band is a band with its block.
type band struct {
	number int64
	block  *block
}

// joinBlocks unites blocks with a common band into one campaign.
func (g *grouping) joinBlocks() []band {
	count := 0
	for _, b := range g.blocks {
		count += len(b.bands)
	}
	bands := make([]band, 0, count)
	for _, b := range g.blocks {
		for _, number := range b.bands {
			bands = append(bands, band{int64(number), b})
		}
	}
	slices.SortFunc(bands, func(a, b band) int { return cmp.Compare(a.number, b.number) })
	for i := 1; i < len(bands); i++ {
		if bands[i].number == bands[i-1].number {
			bands[i].block.root().in = bands[i-1].block.root()
		}
	}
	for _, b := range g.blocks {
		root := b.root()
		if root.campaign == nil {
			root.campaign = &fresh{oldest: b.oldest, label: b.label}
		}
		if b.oldest.compare(root.campaign.oldest) < 0 {
			root.campaign.oldest, root.campaign.label = b.oldest, b.label
		}
	}
	return bands
}

// root returns the block that represents all connected ones.
func (b *block) root() *block {
	for b.in != b {
		b.in = b.in.in
		b = b.in
	}
	return b
}

// count counts the members of a campaign by their owners.
func (g *grouping) count(p *fresh) {
	of := func(i int32) *counted { return &g.findings[i].counted }
	p.oldest = sighting{of(p.members[0]).firstSeen, of(p.members[0]).finding}
	list := slices.Clone(p.members)
	slices.SortFunc(list, func(a, b int32) int {
		return cmp.Or(strings.Compare(of(a).owner, of(b).owner), strings.Compare(of(a).authorisation, of(b).authorisation))
	})
	for i, m := range list {
		f := of(m)
		if s := (sighting{f.firstSeen, f.finding}); s.compare(p.oldest) < 0 {
			p.oldest = s
		}
		if i == 0 || f.owner != of(list[i-1]).owner {
			p.sites++
		}
		if n := len(p.owners); n == 0 || p.owners[n-1].name != f.owner || p.owners[n-1].authorisation != f.authorisation {
			p.owners = append(p.owners, owner{f.owner, f.authorisation, 0})
		}
		p.owners[len(p.owners)-1].members++
	}
	p.shared = p.hash != 0 && p.sites > p.key.Cap()
}

func (p *fresh) id(salt string) string {
	if p.hash == 0 {
		return campaign.ID(salt, p.oldest.finding)
	}
	return p.key.ID(salt)
}

// put writes all campaigns into empty tables, with rows in the order of their keys where that is known.
func (g *grouping) put(w *work, bands []band) error {
	for _, table := range []func(*work) error{
		g.putCampaigns, g.putBlocks, func(w *work) error { return putBands(w, bands) }, g.putFindings, g.putMembers,
	} {
		if err := table(w); err != nil {
			return err
		}
	}
	return nil
}

func (g *grouping) putCampaigns(w *work) error {
	campaigns := w.inserter(`campaigns (campaign, id, kind, key_hash, key_name, cap, label, oldest, members, owners, shared)`)
	keys := w.inserter(`campaign_keys (key_hash, campaign)`)
	owners := w.inserter(`campaign_owners (campaign, owner, authorisation, members)`)
	for _, p := range g.campaigns {
		kind, most := campaign.KindBlock, 0
		if p.hash != 0 {
			kind, most = p.key.Kind, p.key.Cap()
			keys.row(int64(p.hash), p.number)
		}
		campaigns.row(p.number, p.id(g.salt), string(kind), int64(p.hash), p.key.Name, most, p.label, p.oldest.finding, len(p.members), p.sites, p.shared)
		for _, o := range p.owners {
			owners.row(p.number, o.name, o.authorisation, o.members)
		}
	}
	return cmp.Or(campaigns.flush(), keys.flush(), owners.flush())
}

func (g *grouping) putBlocks(w *work) error {
	rows := w.inserter(`campaign_shapes (campaign, shape, split, sketch, bands, members)`)
	for _, b := range g.blocks {
		rows.row(b.root().campaign.number, b.shape, 0, b.sketch, campaign.PackBands(b.bands), b.members)
	}
	return rows.flush()
}

func putBands(w *work, bands []band) error {
	rows := w.inserter(`campaign_bands (band, campaign)`)
	for i, b := range bands {
		if i == 0 || b.number != bands[i-1].number {
			rows.row(b.number, b.block.root().campaign.number)
		}
	}
	return rows.flush()
}

func (g *grouping) putFindings(w *work) error {
	rows := w.inserter(`campaign_findings (` + countedColumns + `)`)
	for i := range g.findings {
		rows.row(g.findings[i].values()...)
	}
	return rows.flush()
}

func (g *grouping) putMembers(w *work) error {
	rows := w.inserter(`campaign_members (finding, campaign, place, key_hash, authorisation, first_seen)`)
	for i := range g.findings {
		f := &g.findings[i]
		for place, p := range f.places() {
			rows.row(f.finding, p.number, place, int64(p.hash), f.authorisation, f.firstSeen)
		}
	}
	return rows.flush()
}

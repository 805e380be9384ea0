package bleveindex

import (
	"fmt"
	"strconv"
	"sync"

	segmentapi "github.com/blevesearch/scorch_segment_api/v2"

	"github.com/blevesearch/bleve/v2/index/scorch"
)

// maxColumnDocs bounds the documents whose columns are kept in memory: some 50 bytes each, 200 MB in all.
// Columns of further segments are built anew for each search.
const maxColumnDocs = 4 << 20

// columnCache keeps the columns of the index's segments. A segment never changes, and its number is not
// reused while the index is open.
type columnCache struct {
	mu sync.Mutex
	of map[uint64]*columns
}

// get returns the columns of a snapshot's segments, and drops those of segments that have been merged into
// others. It keeps columns of at most limit documents.
func (c *columnCache) get(snapshot *scorch.IndexSnapshot, limit uint64) []*columns {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept, docs := map[uint64]*columns{}, uint64(0)
	var list []*columns
	for _, s := range snapshot.Segments() {
		one := c.of[s.Id()]
		if one == nil {
			one = &columns{}
		}
		if docs += s.Segment().Count(); docs <= limit {
			kept[s.Id()] = one
		}
		list = append(list, one)
	}
	c.of = kept
	return list
}

// columns are the values of a segment's documents, in arrays, for facets, sorting and periods. Each is
// built when it is first used.
type columns struct {
	mu     sync.Mutex
	values map[string]*column
	times  map[string][]int64
	scores []int64 // for each node of the column of scores
}

// column has the values of a segment's documents in one field. Each document has a node: 0 if it has no
// value, else one with a value and the node of its other values, which is mostly 0. Documents with the same
// values share a node, so counting takes one step per document.
type column struct {
	terms []string
	nodes []node
	of    []uint32 // the node of each document
}

type node struct{ parent, term uint32 }

// values returns a column, building it if necessary.
func (p *part) values(field string) (*column, error) {
	p.columns.mu.Lock()
	defer p.columns.mu.Unlock()
	return p.valuesLocked(field)
}

func (p *part) valuesLocked(field string) (*column, error) {
	c := p.columns.values[field]
	if c != nil {
		return c, nil
	}
	c, err := p.buildColumn(field)
	if err != nil {
		return nil, err
	}
	if p.columns.values == nil {
		p.columns.values = map[string]*column{}
	}
	p.columns.values[field] = c
	return c, nil
}

// buildColumn reads the documents of each of the field's terms.
func (p *part) buildColumn(field string) (*column, error) {
	c := &column{nodes: make([]node, 1), of: make([]uint32, p.snapshot.Segment().Count())}
	return c, p.eachTerm(field, nil, nil, c.add)
}

// add adds a term to its documents.
func (c *column) add(term string, docs segmentapi.PostingsIterator) error {
	t := uint32(len(c.terms))
	c.terms = append(c.terms, term)
	made := map[uint32]uint32{} // the node with this term, by the node of the document's other terms
	parent, n := uint32(0), uint32(0)
	for {
		doc, err := docs.Next()
		if err != nil || doc == nil {
			return err
		}
		at := &c.of[doc.Number()]
		if *at != parent || n == 0 {
			parent = *at
			if n = made[parent]; n == 0 {
				n = uint32(len(c.nodes))
				c.nodes = append(c.nodes, node{parent, t})
				made[parent] = n
			}
		}
		*at = n
	}
}

// count returns how many of the documents have each term.
func (c *column) count(docs []uint32) (counts []int) {
	if len(c.terms) == 0 {
		return nil
	}
	n := make([]int, len(c.nodes))
	for _, doc := range docs {
		n[c.of[doc]]++
	}
	counts = make([]int, len(c.terms))
	for i := len(n) - 1; i > 0; i-- { // a node comes after its parent
		counts[c.nodes[i].term] += n[i]
		n[c.nodes[i].parent] += n[i]
	}
	return counts
}

// numbers returns a function that reads the number by which a field sorts a document.
func (p *part) numbers(field string) (func(doc uint32) int64, error) {
	p.columns.mu.Lock()
	defer p.columns.mu.Unlock()
	if field != fieldScore {
		times, err := p.timesLocked(field)
		return func(doc uint32) int64 { return times[doc] }, err
	}
	c, err := p.valuesLocked(fieldScore)
	if err != nil {
		return nil, err
	}
	if p.columns.scores == nil {
		scores := make([]int64, len(c.nodes))
		for i := 1; i < len(scores); i++ {
			if scores[i], err = strconv.ParseInt(c.terms[c.nodes[i].term], 10, 64); err != nil {
				return nil, err
			}
		}
		p.columns.scores = scores
	}
	scores := p.columns.scores
	return func(doc uint32) int64 { return scores[c.of[doc]] }, nil
}

// times returns the documents' times in milliseconds, reading them if necessary.
func (p *part) times(field string) ([]int64, error) {
	p.columns.mu.Lock()
	defer p.columns.mu.Unlock()
	return p.timesLocked(field)
}

func (p *part) timesLocked(field string) ([]int64, error) {
	times := p.columns.times[field]
	if times != nil {
		return times, nil
	}
	docs, ok := p.snapshot.Segment().(segmentapi.DocValueVisitable)
	if !ok {
		return nil, fmt.Errorf("a segment of type %T has no document values", p.snapshot.Segment())
	}
	times = make([]int64, p.snapshot.Segment().Count())
	var state segmentapi.DocVisitState
	var failed error
	for doc := range times {
		visit := func(_ string, term []byte) {
			at, err := parseTime(term)
			if err != nil {
				failed = err
			}
			times[doc] = at
		}
		var err error
		if state, err = docs.VisitDocValues(uint64(doc), []string{field}, visit, state); err != nil {
			return nil, err
		}
	}
	if failed != nil {
		return nil, failed
	}
	if p.columns.times == nil {
		p.columns.times = map[string][]int64{}
	}
	p.columns.times[field] = times
	return times, nil
}

package bleveindex

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/locales"
)

// Search returns one page of hits in the order of req, with facets over all hits.
//
// Bleve's own search takes one document after another through query, facets and sorting, and reads the
// values of each from the disk. Here each segment finds all its documents at once, as a bitmap, counts them
// by its columns, and keeps the few that the page shows.
func (x *Index) Search(ctx context.Context, req index.Request) (index.Results, error) {
	page, err := req.Window()
	if err != nil {
		return index.Results{}, locales.Errorf("because", locales.M("index.searching"), err)
	}
	asked, err := x.clause(req.Query)
	if err != nil {
		return index.Results{}, locales.Errorf("because", locales.M("index.searching"), err)
	}
	if !req.Sight.All {
		asked = all([]clause{anyOf(fieldAuthorisation, req.Sight.Authorisations...), asked})
	}
	if req.IDs != nil {
		asked = all([]clause{anyOf(fieldID, req.IDs...), asked})
	}
	start := time.Now()
	var res index.Results
	err = guard(locales.M("index.reading"), func() (err error) {
		res, err = x.search(ctx, req, asked, window(page))
		return err
	})
	if err != nil {
		return index.Results{}, locales.Errorf("because", locales.M("index.searching"), err)
	}
	marker := index.NewMarker(req.Query, x.fold)
	for i := range res.Hits {
		res.Hits[i].Snippet = marker.Snippet(res.Hits[i].Title, res.Hits[i].Evidence)
	}
	res.Took = time.Since(start)
	return res, nil
}

// facetFields are the fields that facets count: the newest days come first, and for the others the most
// frequent values.
func facetFields() []string {
	return []string{fieldCategory, fieldLevel, fieldState, fieldVerdict, fieldHost, fieldRule, fieldDay}
}

// found is the result from one segment.
type found struct {
	total  int
	before int // hits before the page's cursor
	page   []candidate
	counts []counts // in the order of facetFields
}

// counts has the number of a segment's documents for each term of a field.
type counts struct {
	terms []string
	n     []int
}

func (x *Index) search(ctx context.Context, req index.Request, asked clause, w window) (res index.Results, err error) {
	snapshot, err := x.snapshot()
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, snapshot.Close()) }()
	parts := x.parts(snapshot)
	list := make([]found, len(parts))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, p := range parts {
		group.Go(func() error {
			return guard(locales.M("index.reading"), func() (err error) { // each goroutine has panics of its own
				list[i], err = p.find(ctx, req, asked, w)
				return err
			})
		})
	}
	if err := group.Wait(); err != nil {
		return res, err
	}
	if !req.NoFacets {
		res.Facets = facets(list)
	}
	err = x.page(&res, req, w, list)
	return res, err
}

// find searches one segment.
func (p *part) find(ctx context.Context, req index.Request, asked clause, w window) (f found, err error) {
	if err := ctx.Err(); err != nil {
		return f, err
	}
	matched, err := asked.match(ctx, p, p.live())
	if err != nil {
		return f, err
	}
	f.total = int(matched.GetCardinality())
	wantsPage := w.Size > 0 || w.At != nil
	if f.total == 0 || req.NoFacets && !wantsPage {
		return f, nil
	}
	docs := matched.ToArray()
	if !req.NoFacets {
		for _, name := range facetFields() {
			c, err := p.values(name)
			if err != nil {
				return f, err
			}
			f.counts = append(f.counts, counts{c.terms, c.count(docs)})
		}
	}
	if wantsPage {
		f.page, f.before, err = p.first(docs, req.Sort, w)
	}
	return f, err
}

// facets adds up the counts of the segments.
func facets(list []found) map[string][]index.FacetCount {
	out := map[string][]index.FacetCount{}
	for i, name := range facetFields() {
		sum := map[string]int{}
		for _, f := range list {
			if f.counts == nil {
				continue
			}
			for t, n := range f.counts[i].n {
				if n > 0 {
					sum[f.counts[i].terms[t]] += n
				}
			}
		}
		if name == fieldVerdict {
			addUndecided(sum, list)
		}
		size, order := index.FacetSize, mostFrequent
		if name == fieldDay {
			size, order = index.FacetDays, newestDay
		}
		first := newTop(size, order)
		for value, n := range sum {
			first.offer(index.FacetCount{Value: value, Count: n})
		}
		out[name] = first.sorted()
	}
	return out
}

// addUndecided counts the hits without a term of fieldVerdict.
func addUndecided(sum map[string]int, list []found) {
	none := 0
	for _, f := range list {
		none += f.total
	}
	for _, n := range sum {
		none -= n
	}
	if none > 0 {
		sum[string(qianshao.AnswerNone)] = none
	}
}

func mostFrequent(a, b *index.FacetCount) int {
	return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
}

func newestDay(a, b *index.FacetCount) int { return strings.Compare(b.Value, a.Value) }

// ids returns all ids in ascending order; a million take 32 MB.
func (x *Index) ids(ctx context.Context) (ids []string, err error) {
	reader, err := x.snapshot()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	all, err := reader.DocIDReaderAll()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, all.Close()) }()
	for {
		internal, err := all.Next()
		if err != nil {
			return nil, err
		}
		if internal == nil {
			break
		}
		id, err := reader.ExternalID(internal)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
		if len(ids)%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	slices.Sort(ids)
	return ids, nil
}

package opensearchindex

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/locales"
)

// Search returns one page of hits in the order of req, with facets over all hits.
func (x *Index) Search(ctx context.Context, req index.Request) (index.Results, error) {
	start := time.Now()
	res, err := x.search(ctx, &req)
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

func (x *Index) search(ctx context.Context, req *index.Request) (res index.Results, err error) {
	w, err := req.Window()
	if err != nil {
		return res, err
	}
	query, err := x.asked(req)
	if err != nil {
		return res, err
	}
	body := object{
		"query": query, "from": w.Skip, "size": w.Size, "track_total_hits": true,
		"sort": sorting(req.Sort, w.Backward),
	}
	aggregations := object{}
	if w.At != nil {
		body["search_after"] = []any{w.At.First, w.At.Seen, w.At.ID}
		aggregations[before] = object{"filter": inFront(req.Sort, w.At, !w.Backward)}
	}
	body["aggs"] = aggregations
	found, err := x.find(ctx, body, aggregations, !req.NoFacets)
	if err != nil {
		return res, err
	}
	found.page(&res, w)
	if !req.NoFacets {
		res.Facets = found.facets()
	}
	res.Link(req.Sort)
	return res, nil
}

// find runs the search of a page. Facets are cheap if the index has one shard, as the last answer said;
// another process may have rebuilt it with more since.
func (x *Index) find(ctx context.Context, body, aggregations object, facets bool) (found answer, err error) {
	for {
		isWhole := x.isWhole.Load()
		if facets {
			maps.Copy(aggregations, facetRequests(isWhole))
		}
		found = answer{}
		if err := x.ask(ctx, body, &found); err != nil {
			return found, err
		}
		x.isWhole.Store(found.Shards.Total == 1)
		if !facets || !isWhole || found.Shards.Total == 1 {
			return found, nil
		}
	}
}

// ask runs a search. It fails if a part of the index does not answer: a page without that part's findings
// would look complete.
func (x *Index) ask(ctx context.Context, body object, into any) error {
	if x.closed.Load() {
		return errClosed
	}
	err := x.do(ctx, call{
		method: http.MethodPost, path: "/" + x.target + "/_search?allow_partial_search_results=false&request_cache=true", // cached until something changes
		body: body, into: into, patience: readPatience,
	})
	return x.explain(err)
}

// answer is the cluster's answer to a search.
type answer struct {
	Shards struct {
		Total int `json:"total"`
	} `json:"_shards"`
	Hits struct {
		Total struct {
			Value int `json:"value"`
		} `json:"total"`
		Hits []struct {
			Source struct {
				Hit index.Hit `json:"hit"`
			} `json:"_source"`
		} `json:"hits"`
	} `json:"hits"`
	Aggregations map[string]aggregation `json:"aggregations"`
}

type aggregation struct {
	Count   int `json:"doc_count"`
	Buckets []struct {
		Key   string `json:"key"`
		Count int    `json:"doc_count"`
	} `json:"buckets"`
}

// page fills in the hits.
func (a *answer) page(res *index.Results, w index.Window) {
	res.Total = a.Hits.Total.Value
	res.Hits = make([]index.Hit, 0, len(a.Hits.Hits))
	for i := range a.Hits.Hits {
		res.Hits = append(res.Hits, a.Hits.Hits[i].Source.Hit)
	}
	res.From = min(w.Skip, res.Total)
	if w.At != nil {
		res.From = a.Aggregations[before].Count
	}
	if w.Backward {
		slices.Reverse(res.Hits)
		res.From -= len(res.Hits)
	}
}

// before counts the hits before a page's cursor. No facet has this name.
const before = "before"

// maxHosts is how many hosts of its hits each shard reports, if an index has several shards: if a shard has
// more, the counts of the facet of hosts may be too low. It is most of the cost of a search there.
const maxHosts = 100_000

// facetRequests request the facets: the newest days first, and for the others the most frequent values, of
// equally frequent ones the lesser.
func facetRequests(isWhole bool) object {
	most := maxHosts
	if isWhole { // nothing has to be added up
		most = index.FacetSize
	}
	list := object{}
	for _, name := range []string{"category", "level", "state", "verdict", "host", "rule"} {
		list[name] = object{"terms": object{"field": name, "size": index.FacetSize, "shard_size": most}}
	}
	list["day"] = object{"terms": object{"field": "day", "size": index.FacetDays, "order": object{"_key": "desc"}}}
	return list
}

func (a *answer) facets() map[string][]index.FacetCount {
	out := map[string][]index.FacetCount{}
	for name, found := range a.Aggregations {
		if name == before {
			continue
		}
		list := make([]index.FacetCount, 0, len(found.Buckets))
		for _, b := range found.Buckets {
			list = append(list, index.FacetCount{Value: b.Key, Count: b.Count})
		}
		out[name] = list
	}
	return out
}

// idsAtATime are read with one request.
const idsAtATime = 10_000

// IDs calls yield with every id, in ascending order.
func (x *Index) IDs(ctx context.Context, yield func(string) bool) error {
	body := object{"size": idsAtATime, "sort": []object{{"id": "asc"}}, "_source": false, "track_total_hits": false}
	for {
		var found struct {
			Hits struct {
				Hits []struct {
					Sort []string `json:"sort"`
				} `json:"hits"`
			} `json:"hits"`
		}
		if err := x.ask(ctx, body, &found); err != nil {
			return locales.Errorf("because", locales.M("index.reading"), err)
		}
		for _, h := range found.Hits.Hits {
			if !yield(h.Sort[0]) {
				return nil
			}
			body["search_after"] = h.Sort
		}
		if len(found.Hits.Hits) < idsAtATime {
			return nil
		}
	}
}

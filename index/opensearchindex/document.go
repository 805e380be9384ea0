package opensearchindex

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
)

// document is the indexed form of a finding. The cluster stores only Hit itself, and for the rest what it
// needs to find it.
type document struct {
	ID            string    `json:"id"`
	Title         string    `json:"title"` // the title's tokens, for title:
	Text          string    `json:"text"`  // the tokens of title, terms of disguised evidence and page text
	Category      string    `json:"category,omitempty"`
	Level         string    `json:"level"` // its name
	State         string    `json:"state"`
	Host          string    `json:"host,omitempty"`
	SubdomainOf   []string  `json:"subdomain_of,omitempty"` // each host that this one is a subdomain of
	Rule          []string  `json:"rule,omitempty"`
	URL           string    `json:"url,omitempty"`
	Authorisation string    `json:"authorisation,omitempty"`
	Hidden        bool      `json:"hidden"`
	Score         int       `json:"score"`
	Indicator     []string  `json:"indicator,omitempty"`
	Verdict       string    `json:"verdict"`
	Assignee      string    `json:"assignee"` // index.Nobody for nobody
	DecidedBy     string    `json:"decided_by,omitempty"`
	Parked        bool      `json:"parked"`
	Campaign      []string  `json:"campaign,omitempty"`
	Seen          int64     `json:"seen"` // milliseconds since 1970
	New           int64     `json:"new"`
	Day           string    `json:"day"` // of Seen, in the index's zone
	Hit           index.Hit `json:"hit"`
}

// maxID bounds an id in bytes; the cluster accepts no longer ones.
const maxID = 512

func (x *Index) document(e *qianshao.FindingRecord) (d *document, err error) {
	f := &e.Finding
	defer func() {
		if r := recover(); r != nil { // over some hostile page
			err = fmt.Errorf("indexing finding %q: Options.Fold panicked over its text", f.ID)
		}
	}()
	if f.ID == "" {
		return nil, errors.New("indexing a finding without id")
	}
	if len(f.ID) > maxID || !utf8.ValidString(f.ID) {
		return nil, fmt.Errorf("indexing finding %.40q: its id is not UTF-8 of at most %d bytes", f.ID, maxID)
	}
	title, text := index.Texts(e)
	d = &document{
		ID: f.ID, Title: encode(title, x.fold), Text: encode(text, x.fold),
		Category: index.Keyword(string(f.Category)), Level: f.Level.String(), State: string(e.State()),
		Host: index.Keyword(e.Host), SubdomainOf: keywords(index.ParentHosts(e.Host)), Rule: keywords(f.Rules()), URL: index.Keyword(f.URL),
		Hidden: f.Hidden, Score: min(max(f.Score, 0), qianshao.MaxScore), Indicator: keywords(index.IndicatorKeys(f)),
		Verdict: string(cmp.Or(e.Review.Answer, qianshao.AnswerNone)), Assignee: index.Keyword(cmp.Or(e.Review.Assignee, index.Nobody)),
		DecidedBy: index.Keyword(e.Review.DecidedBy), Parked: e.Review.Parked, Campaign: keywords(e.Review.Campaigns),
		Seen: e.LastSeen.UnixMilli(), New: e.FirstSeen.UnixMilli(), Day: e.LastSeen.In(x.zone).Format(time.DateOnly),
		Hit: index.HitOf(e),
	}
	if index.IsWhole(f.Authorisation) {
		d.Authorisation = f.Authorisation
	}
	return d, nil
}

// keywords returns the nonempty values in the form that an index compares.
func keywords(values []string) (list []string) {
	for _, v := range values {
		if v = index.Keyword(v); v != "" {
			list = append(list, v)
		}
	}
	return list
}

// The cluster splits a text at blanks and counts positions one by one. So tokens are sent with a blank
// between them and a gap sign for each position without a token; the cluster drops the sign and keeps the
// position. No token contains either character.
const (
	gap = "_"
	// maxToken is the length, in bytes, up to which a token is sent as it is; longer ones are replaced by a
	// hash.
	maxToken = 200
)

// encode encodes a text's tokens for the cluster.
func encode(text string, fold func(string) string) string {
	var b strings.Builder
	b.Grow(3 * len(text))
	next := 0
	index.Tokens(text, fold, func(token string, position int) {
		for ; next < position; next++ {
			b.WriteString(gap + " ")
		}
		if len(token) > maxToken {
			sum := sha256.Sum256([]byte(token))
			token = "#" + hex.EncodeToString(sum[:])
		}
		b.WriteString(token)
		b.WriteByte(' ')
		next++
	})
	return b.String()
}

// analyzer is the name of the cluster's tokeniser.
const analyzer = "tokens"

// definition is the definition with which an index is created.
func (o Options) definition() object {
	keyword, column := object{"type": "keyword"}, object{"type": "keyword", "doc_values": false}
	number, flag := object{"type": "long"}, object{"type": "boolean"}
	text := object{"type": "text", "analyzer": analyzer, "norms": false}
	return object{
		"settings": object{"index": object{
			"number_of_shards": cmp.Or(o.Shards, defaultShards),
			"analysis": object{
				"filter":   object{"gaps": object{"type": "stop", "stopwords": []string{gap}}},
				"analyzer": object{analyzer: object{"type": "custom", "tokenizer": "whitespace", "filter": []string{"gaps"}}},
			},
			"auto_expand_replicas": o.copies(),
			"max_result_window":    index.MaxWindow,
			// How long a deletion's version, which refuses older writes, is remembered.
			"gc_deletes": "1h",
			// Purge rewrites every segment that contains deleted documents.
			"merge.policy.expunge_deletes_allowed": 0,
			// How long deleted documents are kept for a copy that is away; after that it is copied from
			// scratch.
			"soft_deletes.retention_lease.period": "10m",
		}},
		"mappings": object{
			"dynamic": "strict",
			"_meta":   object{"signature": o.signature(), "store": o.Store},
			"_source": object{"includes": []string{"hit"}},
			"properties": object{
				"id": keyword, "title": text, "text": text, "category": keyword, "level": keyword, "state": keyword,
				"host": keyword, "subdomain_of": column, "rule": keyword, "url": column, "authorisation": column, "hidden": flag,
				"score": number, "indicator": column, "verdict": keyword, "assignee": column, "decided_by": column, "parked": flag,
				"campaign": column, "seen": number, "new": number, "day": keyword, "hit": object{"type": "object", "enabled": false},
			},
		},
	}
}

// object is a JSON object.
type object map[string]any

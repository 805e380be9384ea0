package bleveindex

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	segmentapi "github.com/blevesearch/scorch_segment_api/v2"
)

// errClosed says that the index was closed before or during the call.
var errClosed = errors.New("the search index is closed")

// snapshot returns the present state of the index. The caller closes it.
func (x *Index) snapshot() (*scorch.IndexSnapshot, error) {
	reader, err := x.raw.Reader()
	if err != nil {
		return nil, err
	}
	snapshot, ok := reader.(*scorch.IndexSnapshot)
	if !ok {
		return nil, fmt.Errorf("the search index is read by a %T", reader)
	}
	if snapshot == nil {
		return nil, errClosed
	}
	return snapshot, nil
}

// part is one segment of the index during one search.
type part struct {
	snapshot *scorch.SegmentSnapshot
	columns  *columns // shared with other searches
	dicts    map[string]segmentapi.TermDictionary
}

// parts returns the segments of a snapshot, largest first, so that the last ones searched take little time.
func (x *Index) parts(snapshot *scorch.IndexSnapshot) []*part {
	columns := x.columns.get(snapshot, maxColumnDocs)
	var list []*part
	for i, s := range snapshot.Segments() {
		list = append(list, &part{snapshot: s, columns: columns[i]})
	}
	slices.SortStableFunc(list, func(a, b *part) int { return cmp.Compare(b.snapshot.FullSize(), a.snapshot.FullSize()) })
	return list
}

func (p *part) dictionary(field string) (segmentapi.TermDictionary, error) {
	dict := p.dicts[field]
	if dict != nil {
		return dict, nil
	}
	dict, err := p.snapshot.Segment().Dictionary(field)
	if err != nil {
		return nil, err
	}
	if p.dicts == nil {
		p.dicts = map[string]segmentapi.TermDictionary{}
	}
	p.dicts[field] = dict
	return dict, nil
}

// live returns the documents that were not deleted or replaced.
func (p *part) live() *roaring.Bitmap { return p.snapshot.DocNumbersLive() }

// id returns the id of a document's finding.
func (p *part) id(doc uint32) (string, error) {
	id, err := p.snapshot.DocID(uint64(doc))
	return string(id), err
}

// stored returns the stored text of a document for the list of hits.
func (p *part) stored(doc uint32) (text []byte, err error) {
	err = p.snapshot.VisitDocument(uint64(doc), func(field string, _ byte, value []byte, _ []uint64) bool {
		if field == fieldHit {
			text = append(text, value...)
		}
		return text == nil
	})
	return text, err
}

// docsOf returns the documents of a list of postings, deleted ones included. The bitmap may be part of the
// segment's file: it must not be changed.
func docsOf(list segmentapi.PostingsList) (*roaring.Bitmap, error) {
	postings, ok := list.Iterator(false, false, false, nil).(segmentapi.OptimizablePostingsIterator)
	if !ok {
		return nil, fmt.Errorf("postings of type %T have no bitmap", list)
	}
	if docs := postings.ActualBitmap(); docs != nil {
		return docs, nil
	}
	if doc, ok := postings.DocNum1Hit(); ok {
		return roaring.BitmapOf(uint32(doc)), nil
	}
	return roaring.New(), nil
}

// withTerm returns the documents that have a term.
func (p *part) withTerm(field, term string) (*roaring.Bitmap, error) {
	dict, err := p.dictionary(field)
	if err != nil {
		return nil, err
	}
	list, err := dict.PostingsList([]byte(term), nil, nil)
	if err != nil {
		return nil, err
	}
	return docsOf(list)
}

// withPrefix returns the documents with a term that has the prefix.
func (p *part) withPrefix(field, prefix string) (*roaring.Bitmap, error) {
	behind := []byte(prefix) // the text is UTF-8, so its last byte can be incremented
	behind[len(behind)-1]++
	var docs []uint32
	err := p.eachTerm(field, []byte(prefix), behind, func(_ string, postings segmentapi.PostingsIterator) error {
		for {
			doc, err := postings.Next()
			if err != nil || doc == nil {
				return err
			}
			docs = append(docs, uint32(doc.Number()))
		}
	})
	slices.Sort(docs)
	return roaring.BitmapOf(docs...), err
}

// eachTerm visits the terms of a field in a range, whose ends may be nil, with the documents of each,
// deleted ones included.
func (p *part) eachTerm(field string, from, until []byte, visit func(term string, docs segmentapi.PostingsIterator) error) error {
	dict, err := p.dictionary(field)
	if err != nil {
		return err
	}
	var list segmentapi.PostingsList // it and its iterator are reused for each term
	var docs segmentapi.PostingsIterator
	for terms := termsOf(dict, from, until); ; {
		entry, err := terms.Next()
		if err != nil || entry == nil {
			return err
		}
		if list, err = dict.PostingsList([]byte(entry.Term), nil, list); err != nil {
			return err
		}
		docs = list.Iterator(false, false, false, docs)
		if err := visit(entry.Term, docs); err != nil {
			return err
		}
	}
}

// termsOf returns a dictionary's terms, without counting the documents of each if the segment's format
// allows that.
func termsOf(dict segmentapi.TermDictionary, from, until []byte) segmentapi.DictionaryIterator {
	if d, ok := dict.(interface {
		AutomatonIteratorOmitCount(a segmentapi.Automaton, from, until []byte) segmentapi.DictionaryIterator
	}); ok {
		return d.AutomatonIteratorOmitCount(nil, from, until)
	}
	return dict.AutomatonIterator(nil, from, until)
}

package opensearchindex

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/locales"
)

// bulkBytes is the maximum size of a request, unless a single finding is larger.
const bulkBytes = 4 << 20

// operation puts or deletes one finding.
type operation struct {
	id    string
	lines []byte // in the format of a bulk request
}

// Put adds or replaces records; when it returns, they are on the disks of all copies of the shards, and can
// be found.
func (x *Index) Put(ctx context.Context, records []qianshao.FindingRecord, seq int64) error {
	last := make(map[string]int, len(records)) // of records with the same id, the last counts
	for i := range records {
		last[records[i].Finding.ID] = i
	}
	var list []operation
	size := 0
	for i := range records {
		if last[records[i].Finding.ID] != i {
			continue
		}
		d, err := x.document(&records[i])
		if err != nil {
			return err
		}
		source, err := json.Marshal(d)
		if err != nil {
			return fmt.Errorf("indexing finding %q: %w", d.ID, err)
		}
		if size > 0 && size+len(source) > bulkBytes {
			if err := x.write(ctx, list); err != nil {
				return err
			}
			list, size = nil, 0
		}
		list, size = append(list, operation{d.ID, append(action("index", d.ID, seq), append(source, '\n')...)}), size+len(source)
	}
	if err := x.write(ctx, list); err != nil {
		return err
	}
	return x.refresh(ctx)
}

// Delete removes records. Their text may stay on the disks; see Purge.
func (x *Index) Delete(ctx context.Context, ids []string, seq int64) error {
	var list []operation
	for _, id := range ids {
		if id != "" && len(id) <= maxID && utf8.ValidString(id) { // the index contains no other ids
			list = append(list, operation{id, action("delete", id, seq)})
		}
	}
	if len(list) == 0 {
		return x.mayWrite(ctx)
	}
	// A deletion with a version would create an index of this name if there is none.
	if err := x.do(ctx, call{method: http.MethodHead, path: "/_alias/" + x.target, patience: writePatience}); err != nil {
		return locales.Errorf("because", locales.M("index.writing"), x.explain(err))
	}
	if err := x.write(ctx, list); err != nil {
		return err
	}
	return x.refresh(ctx)
}

// action is the line of a bulk request with the operation on a finding. A version written with a greater
// seq stays.
func action(verb, id string, seq int64) []byte {
	line, err := json.Marshal(object{verb: object{"_id": id, "version": seq, "version_type": "external_gte"}})
	if err != nil {
		panic(err) // all of it can be encoded
	}
	return append(line, '\n')
}

// mayWrite returns an error if the index is closed or ctx has ended.
func (x *Index) mayWrite(ctx context.Context) error {
	if x.closed.Load() {
		return errClosed
	}
	return ctx.Err()
}

// write carries out operations, and repeats those for which the cluster had no room. The error is of the
// first one that it refuses.
func (x *Index) write(ctx context.Context, list []operation) error {
	if err := x.mayWrite(ctx); err != nil || len(list) == 0 {
		return err
	}
	started, pause := time.Now(), firstPause
	var refused error
	for {
		again, err := x.bulk(ctx, list)
		if err != nil && again == nil {
			return locales.Errorf("because", locales.M("index.writing"), x.explain(err))
		}
		if refused == nil {
			refused = err
		}
		switch {
		case len(again) == 0:
			return refused
		case time.Since(started) >= writePatience:
			return locales.Errorf("because", locales.M("index.writing"), locales.Errorf("cluster.no_room", index.ErrUnavailable, len(again)))
		}
		if err := rest(ctx, pause); err != nil {
			return err
		}
		list, pause = again, min(2*pause, lastPause)
	}
}

// outcome is the cluster's answer to an operation.
type outcome struct {
	Status int `json:"status"`
	Error  struct {
		Type string `json:"type"`
	} `json:"error"`
}

// bulk makes one request. It returns the operations to repeat, which are not nil if the cluster has
// answered, and the error of the first one that it refuses.
func (x *Index) bulk(ctx context.Context, list []operation) (again []operation, err error) {
	var body bytes.Buffer
	for _, o := range list {
		body.Write(o.lines)
	}
	var answer struct {
		Items []map[string]outcome `json:"items"`
	}
	err = x.do(ctx, call{
		method: http.MethodPost, path: "/" + x.target + "/_bulk?require_alias=true&timeout=5s&filter_path=items.*.status,items.*.error.type",
		body: body.Bytes(), into: &answer, patience: writePatience,
	})
	if err == nil && len(answer.Items) != len(list) {
		err = locales.Errorf("cluster.answer.partial", len(answer.Items), len(list))
	}
	if err != nil {
		return nil, err
	}
	again = []operation{}
	for i, item := range answer.Items {
		for _, o := range item {
			switch {
			case o.Status < http.StatusBadRequest, o.Status == http.StatusConflict: // it has something newer
			case o.Status == http.StatusNotFound && o.Error.Type == "": // there was nothing to delete
			case o.Status == http.StatusTooManyRequests, o.Status >= http.StatusInternalServerError:
				again = append(again, list[i])
			case err == nil:
				// The cluster's own message would quote the page.
				err = locales.Errorf("cluster.writing_finding", list[i].id, x.explain(&answerError{Status: o.Status, Type: o.Error.Type}))
			}
		}
	}
	return again, err
}

// refresh makes written findings searchable, on all copies.
func (x *Index) refresh(ctx context.Context) error {
	if x.isFilling {
		return nil
	}
	if err := x.everywhere(ctx, "/"+x.target+"/_refresh", answerTimeout); err != nil {
		return locales.Errorf("because", locales.M("index.writing"), x.explain(err))
	}
	return nil
}

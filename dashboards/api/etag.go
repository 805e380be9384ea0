package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
)

// IfChanged has the parameters of an operation that returns a single thing.
type IfChanged struct {
	Known string `header:"If-None-Match" doc:"ETags of the answers that you have; if one of them is still current, the answer is 304 without a body."`
}

// single is an answer with a single thing.
type single[T any] struct {
	Status int
	ETag   string `header:"ETag"`
	Body   *T
}

// answer returns a thing with its ETag; 304 without a body if the client already has that ETag.
func answer[T any](known IfChanged, v T) (*single[T], error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	out := &single[T]{Status: http.StatusOK, ETag: `"` + hex.EncodeToString(sum[:16]) + `"`}
	if known.has(out.ETag) {
		out.Status = http.StatusNotModified
		return out, nil
	}
	out.Body = &v
	return out, nil
}

// has says whether tag is among the client's ETags, compared weakly, as RFC 9110 requires for
// If-None-Match. "*" matches any.
func (known IfChanged) has(tag string) bool {
	for one := range strings.SplitSeq(known.Known, ",") {
		if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
			return true
		}
	}
	return false
}

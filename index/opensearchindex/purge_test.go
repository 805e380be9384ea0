package opensearchindex

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
)

// TestCopyFails: if one copy of the index fails that is an error, although the cluster answers 200.
func TestCopyFails(t *testing.T) {
	t.Parallel()
	f := newFake(t, false)
	x := open(t, Options{Nodes: []string{f.URL}})
	for _, failed := range []int{0, 1} {
		f.failed = failed
		putting, purging := x.Put(t.Context(), []qianshao.FindingRecord{finding("a")}, 1), x.Purge(t.Context(), nil)
		for what, err := range map[string]error{"Put": putting, "Purge": purging} {
			if failed == 0 && err != nil || failed > 0 && (!errors.Is(err, index.ErrUnavailable) || !strings.Contains(err.Error(), "1 of the copies")) {
				t.Errorf("%s with %d failures: %v", what, failed, err)
			}
		}
	}
}

// TestHaveAgreed: texts only count as gone if each shard has a copy that answers, and none keeps them for
// another copy.
func TestHaveAgreed(t *testing.T) {
	t.Parallel()
	read := func(said string) (shards map[string][]shard) {
		if err := json.Unmarshal([]byte(said), &shards); err != nil {
			t.Fatal(err)
		}
		return shards
	}
	earlier := read(`{"0":[{"seq_no":{"max_seq_no":7}},{"seq_no":{"max_seq_no":6}}],"1":[{"seq_no":{"max_seq_no":-1}}]}`)
	const empty = `"1":[{"retention_leases":{"leases":[{"retaining_seq_no":0}]}}]`
	for now, want := range map[string]bool{
		`{"0":[{"retention_leases":{"leases":[{"retaining_seq_no":8},{"retaining_seq_no":9}]}}],` + empty + `}`: true,
		`{"0":[{"retention_leases":{"leases":[{"retaining_seq_no":8},{"retaining_seq_no":7}]}}],` + empty + `}`: false,
		`{"0":[],` + empty + `}`: false,
		`{` + empty + `}`:        false,
	} {
		if got := haveAgreed(read(now), earlier); got != want {
			t.Errorf("%s: %v, want %v", now, got, want)
		}
	}
}

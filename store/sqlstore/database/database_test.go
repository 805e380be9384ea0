package database

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

// Findings that encoding/json could read, which older versions used, can still be read.
func TestDecodeFinding(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"id":"a","url":"x"}`:              "a",
		"{\"id\":\"a\xff\"}":                "a\ufffd",
		`{"id":"a\ud800"}`:                  "a\ufffd",
		`{"id":"b","id":"a"}`:               "a",
		`{"id":"a","gone":{"k":1,"k":"2"}}`: "a",
	} {
		var old qianshao.Finding
		if err := json.Unmarshal([]byte(text), &old); err != nil || old.ID != want {
			t.Errorf("encoding/json reads %q as %q, %v", text, old.ID, err)
		}
		if f, err := DecodeFinding(text); err != nil || f.ID != want {
			t.Errorf("%q is read as %q, %v; want %q", text, f.ID, err, want)
		}
	}
	for _, text := range []string{"", "{", `{"id":"a"`, `{"id":"a"}x`, `{"also":{}}`, `{"score":"1"}`} {
		if _, err := DecodeFinding(text); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("%q: %v; want store.ErrCorrupt", text, err)
		}
	}
}

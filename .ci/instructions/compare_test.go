package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	before := counts{Go: "go1.26.8", Machine: "linux/amd64", Instructions: map[string]int{"article": 1000, "words": 2000}}
	for name, test := range map[string]struct {
		now   map[string]int
		error string // a part of the error, empty if there is none
		table string
	}{
		"the same":               {map[string]int{"article": 1000, "words": 2000}, "", "+0.0 %\n"},
		"within what is allowed": {map[string]int{"article": 1049, "words": 1901}, "", "+4.9 %\n"},
		"more":                   {map[string]int{"article": 1051, "words": 2000}, "counts.json says: article.", "+5.1 %  MORE\n"},
		"both more":              {map[string]int{"article": 2000, "words": 4000}, "counts.json says: article, words.", "+100.0 %  MORE\n"},
		"one less, one more":     {map[string]int{"article": 900, "words": 2200}, "counts.json says: words.", "-10.0 %  less\n"},
		"less":                   {map[string]int{"article": 500, "words": 2000}, "", "-50.0 %  less\n"},
		"an input is gone":       {map[string]int{"article": 1000}, "measured: words;", "–\n"},
		"an input is new":        {map[string]int{"article": 1000, "words": 2000, "tables": 1}, "measured: tables;", "–\n"},
	} {
		now := counts{Go: before.Go, Machine: before.Machine, Instructions: test.now}
		err := before.compare(now)
		if (err == nil) != (test.error == "") || err != nil && !strings.Contains(err.Error(), test.error) {
			t.Errorf("%s: error %v, want %q", name, err, test.error)
		}
		if table := before.table(now); !strings.Contains(table, test.table) {
			t.Errorf("%s: no %q in\n%s", name, test.table, table)
		}
	}
}

func TestComparable(t *testing.T) {
	here := counts{Go: "go1.26.8", Machine: "linux/amd64"}
	if err := here.comparable(here); err != nil {
		t.Error(err)
	}
	for _, other := range []counts{{Go: "go1.27", Machine: "linux/amd64"}, {Go: "go1.26.8", Machine: "linux/arm64"}} {
		if err := here.comparable(other); !errors.Is(err, errNotComparable) {
			t.Errorf("%+v: error %v", other, err)
		}
	}
}

// TestCounts: counts that are written are read back, and the committed file has the ten inputs.
func TestCounts(t *testing.T) {
	committed, err := readCounts("counts.json")
	if err != nil || len(committed.Instructions) != 10 || committed.Go == "" || committed.Machine == "" {
		t.Fatalf("%+v, error %v", committed, err)
	}
	name := filepath.Join(t.TempDir(), "counts.json")
	if err := committed.write(name); err != nil {
		t.Fatal(err)
	}
	again, err := readCounts(name)
	if err != nil || again.table(committed) != committed.table(committed) || again.comparable(committed) != nil {
		t.Errorf("%+v, error %v", again, err)
	}
}

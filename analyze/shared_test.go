package analyze_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/qianshao/qianshao/analyze/evaluate"
)

// TestSharedPages holds the analyzer against real pages, where a checkout has
// labelled ones beside it: casino front ends, and articles in three charsets.
func TestSharedPages(t *testing.T) {
	folder := filepath.Join("..", "..", "shared", "eval", "pages")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("no labelled pages beside the checkout: ", err)
	}
	report, err := evaluate.Run(os.DirFS(folder), shipped(t))
	if err != nil {
		t.Fatal(err)
	}
	const recall = 0.98
	for _, set := range report.Sets {
		if set.FalseAlarms > 0 {
			t.Errorf("%s: %d false alarms on %d innocent pages", set.Set, set.FalseAlarms, set.Innocent)
		}
		for _, label := range set.Labels {
			if label.Recall < recall {
				t.Errorf("%s: recall %.3f of %s, want %.2f", set.Set, label.Recall, label.Label, recall)
			}
		}
	}
}

package ingest

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
)

// TestScopeSchema checks docs/schemas/scope.schema.json against the parser: its keys, and which
// of them are required.
func TestScopeSchema(t *testing.T) {
	var schema struct {
		Properties struct {
			Authorisations struct {
				Items struct {
					Properties map[string]struct {
						MaxLength        int
						Minimum, Maximum float64
						Items            struct{ Enum []qianshao.View }
					}
					Required []string
				}
			}
		}
	}
	content, err := os.ReadFile("../docs/schemas/scope.schema.json")
	if err == nil {
		err = json.Unmarshal(content, &schema)
	}
	if err != nil {
		t.Fatal(err)
	}
	entry := schema.Properties.Authorisations.Items
	if diff := cmp.Diff(slices.Sorted(slices.Values(authorisationKeys())), slices.Sorted(maps.Keys(entry.Properties))); diff != "" {
		t.Errorf("keys (- parser, + schema):\n%s", diff)
	}
	if diff := cmp.Diff([]qianshao.View{qianshao.ViewSearchVisitor, qianshao.ViewSearchCrawler}, entry.Properties["views"].Items.Enum); diff != "" {
		t.Errorf("views (- parser, + schema):\n%s", diff)
	}
	if got := entry.Properties["id"].MaxLength; got != maxAuthorisationID {
		t.Errorf("an id has at most %d characters in the schema, %d for the parser", got, maxAuthorisationID)
	}
	if got := entry.Properties["rate"]; got.Minimum != MinRate || got.Maximum != MaxRate {
		t.Errorf("the rate is from %v to %v in the schema, from %v to %v for the parser", got.Minimum, got.Maximum, MinRate, MaxRate)
	}
	_, found := normalise(qianshao.Authorisation{})
	var missed []string
	for _, p := range found {
		if p.field != "rate" { // has a default
			missed = append(missed, p.field)
		}
	}
	slices.Sort(missed)
	if diff := cmp.Diff(missed, slices.Sorted(slices.Values(entry.Required))); diff != "" {
		t.Errorf("required (- parser, + schema):\n%s", diff)
	}
}

package analyze_test

import (
	"fmt"
	"os"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/qianshao/qianshao"
)

// kindOfFault is one entry of testdata/kinds.yaml.
type kindOfFault struct {
	Kind   string `yaml:"kind"`
	Fault  string `yaml:"fault"`
	Expect string `yaml:"expect"`
	Pages  []struct {
		HTML  string `yaml:"html"`
		Known string `yaml:"known"`
	} `yaml:"pages"`
}

// TestKindsOfFaults: a correction made for one real page also holds on three other pages of the
// same kind.
func TestKindsOfFaults(t *testing.T) {
	t.Parallel()
	a := shipped(t)
	for _, kind := range kindsOfFaults(t) {
		if len(kind.Pages) < 3 {
			t.Errorf("%s: %d pages; a kind has three or more", kind.Kind, len(kind.Pages))
		}
		for i, page := range kind.Pages {
			_, assessment := a.Assess(html(`<!doctype html><html lang="zh-CN"><body>` + page.HTML))
			fault := faultOf(assessment.Findings, kind.Expect)
			switch {
			case fault != "" && page.Known == "":
				t.Errorf("%s, page %d: %s", kind.Kind, i+1, fault)
			case fault == "" && page.Known != "":
				t.Errorf("%s, page %d comes out right: delete its line known", kind.Kind, i+1)
			}
		}
	}
}

func kindsOfFaults(t *testing.T) (kinds []kindOfFault) {
	t.Helper()
	file, err := os.Open("testdata/kinds.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	if err := decoder.Decode(&kinds); err != nil {
		t.Fatal(err)
	}
	for _, kind := range kinds {
		if _, err := qianshao.ParseCategory(kind.Expect); err != nil && kind.Expect != "none" {
			t.Fatalf("%s: expect is neither none nor a category: %v", kind.Kind, err)
		}
	}
	return kinds
}

// faultOf says how the findings differ from the expected verdict, or "".
func faultOf(findings []qianshao.Finding, expect string) (fault string) {
	if expect != "none" {
		fault = "no " + expect
	}
	for _, finding := range findings {
		if finding.Level < qianshao.AlertLevel {
			continue
		}
		if string(finding.Category) == expect {
			return ""
		}
		fault += fmt.Sprintf(" flagged as %s by %s: %s", finding.Category, finding.Rule, evidenceTexts(finding))
	}
	return fault
}

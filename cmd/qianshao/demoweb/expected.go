package demoweb

import (
	"fmt"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/strictyaml"
)

// Expectation is the expected outcome for one page of the demo, and why it is right.
type Expectation struct {
	URL string
	// Category is the primary category that must be found; "" if the page
	// must not be flagged.
	Category qianshao.Category
	// MinLevel is the lowest level that the page must reach; LevelNone if Category is "".
	MinLevel qianshao.Level
	// Hidden says that some evidence must have been concealed from visitors.
	Hidden bool
	// View is the view of the page that must have the evidence; "" for the
	// plain visitor's.
	View qianshao.View
	// Skip is the reason why no page may be fetched at this URL; "" if one must be fetched.
	Skip qianshao.Skip
	// WhyZH and WhyEN say in one line each why this is the right answer.
	WhyZH string
	WhyEN string
}

// definition is the content of web.yaml.
type definition struct {
	Hosts     []host            `yaml:"hosts"`
	External  []string          `yaml:"external"`
	Redirects map[string]string `yaml:"redirects"`
	// SearchRedirects are the redirects for visitors from a search engine.
	SearchRedirects map[string]string `yaml:"search_redirects"`
}

type host struct {
	Name  string `yaml:"name"`
	Owner string `yaml:"owner"`
	Basis string `yaml:"basis"`
	// Encoding is that of the bytes served; "" means UTF-8, declared.
	Encoding string   `yaml:"encoding"`
	Exclude  []string `yaml:"exclude"`
	// Views are the permitted views besides the plain visitor's.
	Views []qianshao.View `yaml:"views"`
	// Outside says that the host is served but not authorised.
	Outside bool `yaml:"outside"`
}

func (h host) shortName() string { return strings.TrimSuffix(h.Name, ".example") }

// expectedRow is one entry of expected.yaml.
type expectedRow struct {
	URL      string `yaml:"url"`
	Category string `yaml:"category"`
	Level    string `yaml:"level"`
	Hidden   bool   `yaml:"hidden"`
	View     string `yaml:"view"`
	Skip     string `yaml:"skip"`
	ZH       string `yaml:"zh"`
	EN       string `yaml:"en"`
}

func loadExpected() ([]Expectation, error) {
	var rows []expectedRow
	if err := decodeYAML("expected.yaml", &rows); err != nil {
		return nil, err
	}
	all := make([]Expectation, 0, len(rows))
	for _, row := range rows {
		e, err := row.expectation()
		if err != nil {
			return nil, fmt.Errorf("expected.yaml: %s: %w", row.URL, err)
		}
		all = append(all, e)
	}
	return all, nil
}

func (r expectedRow) expectation() (Expectation, error) {
	e := Expectation{URL: r.URL, Hidden: r.Hidden, View: qianshao.View(r.View), Skip: qianshao.Skip(r.Skip), WhyZH: r.ZH, WhyEN: r.EN}
	if r.Category == "" {
		return e, nil
	}
	var err error
	if e.Category, err = qianshao.ParseCategory(r.Category); err != nil {
		return e, err
	}
	e.MinLevel, err = qianshao.ParseLevel(r.Level)
	return e, err
}

func decodeYAML(name string, into any) error {
	data, err := files.ReadFile(name)
	if err != nil {
		return err
	}
	if err := strictyaml.Decode(data, into); err != nil {
		return fmt.Errorf("demo web: %s: %w", name, err)
	}
	return nil
}

// Package grafana is the source of the board files in this folder, which Grafana imports. A test
// checks that they match it, and writes them with go test ./dashboards/grafana -update. The package
// is not part of the program.
//
// Grafana's own SDK for Go would add 20 MB of generated code to everybody's module cache, only to
// save the types in this file. .ci/run checks them against Grafana's TypeScript schema.
package grafana

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Board is a dashboard as Grafana 11 and later import it.
type Board struct {
	UID           string     `json:"uid"`
	Title         string     `json:"title"`
	Description   string     `json:"description"`
	Tags          []string   `json:"tags"`
	Timezone      string     `json:"timezone"`
	Editable      bool       `json:"editable"`
	GraphTooltip  int        `json:"graphTooltip"`
	Refresh       string     `json:"refresh"`
	SchemaVersion int        `json:"schemaVersion"`
	Time          timeRange  `json:"time"`
	Links         []link     `json:"links"`
	Templating    templating `json:"templating"`
	Panels        []Panel    `json:"panels"`

	// Name is the name of the file.
	Name string `json:"-"`
	// x and y are where the next panel goes, and height is the height of its line.
	x, y, height int
}

type timeRange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type link struct {
	Title       string   `json:"title"`
	Type        string   `json:"type"`
	URL         string   `json:"url,omitempty"`
	Tags        []string `json:"tags"`
	Icon        string   `json:"icon"`
	Tooltip     string   `json:"tooltip"`
	AsDropdown  bool     `json:"asDropdown"`
	IncludeVars bool     `json:"includeVars"`
	KeepTime    bool     `json:"keepTime"`
	TargetBlank bool     `json:"targetBlank"`
}

type templating struct {
	List []variable `json:"list"`
}

type variable struct {
	Name       string      `json:"name"`
	Label      string      `json:"label"`
	Type       string      `json:"type"`
	Datasource *datasource `json:"datasource,omitempty"`
	Query      any         `json:"query"`
	Current    *option     `json:"current,omitempty"`
	Options    []option    `json:"options,omitempty"`
	Refresh    int         `json:"refresh,omitempty"`
	Sort       int         `json:"sort,omitempty"`
	Multi      bool        `json:"multi,omitempty"`
	IncludeAll bool        `json:"includeAll,omitempty"`
	AllValue   string      `json:"allValue,omitempty"`
}

type option struct {
	Text     string `json:"text"`
	Value    string `json:"value"`
	Selected bool   `json:"selected"`
}

type datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// Panel is a panel, or a heading above some panels.
type Panel struct {
	ID          int          `json:"id"`
	Type        string       `json:"type"`
	Title       string       `json:"title"`
	Description string       `json:"description,omitempty"`
	Datasource  *datasource  `json:"datasource,omitempty"`
	GridPos     gridPos      `json:"gridPos"`
	Interval    string       `json:"interval,omitempty"`
	Targets     []Target     `json:"targets,omitempty"`
	FieldConfig *fieldConfig `json:"fieldConfig,omitempty"`
	Options     any          `json:"options,omitempty"`
	Transform   []transform  `json:"transformations,omitempty"`
	// Collapsed and Panels are for headings: whether their panels are folded away, and then which.
	Collapsed *bool    `json:"collapsed,omitempty"`
	Panels    *[]Panel `json:"panels,omitempty"`
}

type gridPos struct {
	X int `json:"x"`
	Y int `json:"y"`
	W int `json:"w"`
	H int `json:"h"`
}

// Target is a query of a panel.
type Target struct {
	RefID      string     `json:"refId"`
	Datasource datasource `json:"datasource"`
	Expr       string     `json:"expr"`
	Legend     string     `json:"legendFormat"`
	Format     string     `json:"format"`
	Instant    bool       `json:"instant"`
	Range      bool       `json:"range"`
	EditorMode string     `json:"editorMode"`
}

type transform struct {
	ID      string         `json:"id"`
	Options map[string]any `json:"options"`
}

type fieldConfig struct {
	Defaults  field    `json:"defaults"`
	Overrides []string `json:"overrides"` // none so far
}

type field struct {
	Unit       string         `json:"unit,omitempty"`
	Decimals   *int           `json:"decimals,omitempty"`
	Min        *int           `json:"min,omitempty"`
	Color      color          `json:"color"`
	Thresholds *thresholds    `json:"thresholds,omitempty"`
	Links      []dataLink     `json:"links,omitempty"`
	Custom     map[string]any `json:"custom,omitempty"`
}

type color struct {
	Mode string `json:"mode"`
}

type thresholds struct {
	Mode  string `json:"mode"`
	Steps []step `json:"steps"`
}

type step struct {
	Color string   `json:"color"`
	Value *float64 `json:"value"` // null: applies from the lowest value on
}

type dataLink struct {
	Title       string `json:"title"`
	URL         string `json:"url"`
	TargetBlank bool   `json:"targetBlank"`
}

// JSON is the board as Grafana imports it.
func (b *Board) JSON() ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false) // leave < and > in queries as they are
	e.SetIndent("", "  ")
	err := e.Encode(b)
	return out.Bytes(), err
}

// selection replaces $s in queries: it selects the chosen processes.
const selection = `job=~"$job", instance=~"$instance"`

func prometheus() datasource { return datasource{Type: "prometheus", UID: "${datasource}"} }

// query is an expression with the legend of its series.
type query struct{ expr, legend string }

// panel is what the source of a board specifies for a panel.
type panel struct {
	title, about string
	unit         string
	decimals     int
	queries      []query
	// orange and red are the thresholds above which, or with below under which, values turn that
	// colour; 0 for none.
	orange, red float64
	below       bool
	stacked     bool
	daily       bool // one bar a day
	// link is the console path that a series links to.
	link, linkTitle string
}

// Dimensions of panels; the grid is 24 wide.
const (
	gridWidth            = 24
	wide, high           = 12, 8
	statWidth, statHeigh = 4, 4
)

func (b *Board) stat(p panel)   { b.add("stat", statWidth, statHeigh, p) }
func (b *Board) series(p panel) { b.add("timeseries", wide, high, p) }
func (b *Board) bars(p panel)   { b.add("bargauge", wide, high, p) }

// add puts a panel of the kind beside the last one, or on a new line if there is no room.
func (b *Board) add(kind string, width, height int, p panel) *Panel {
	if b.x+width > gridWidth {
		b.newLine()
	}
	source, instant := prometheus(), kind != "timeseries"
	out := Panel{
		ID: len(b.Panels) + 1, Type: kind, Title: p.title, Description: p.about, Datasource: &source, Options: options(kind),
		GridPos: gridPos{X: b.x, Y: b.y, W: width, H: height}, FieldConfig: &fieldConfig{Defaults: p.field(kind), Overrides: []string{}},
	}
	for i, q := range p.queries {
		t := Target{
			RefID: string(rune('A' + i)), Datasource: source, Expr: strings.ReplaceAll(q.expr, "$s", selection), Legend: q.legend,
			Format: "time_series", Instant: instant, Range: !instant, EditorMode: "code",
		}
		if kind == "table" {
			t.Format = "table"
		}
		out.Targets = append(out.Targets, t)
	}
	if p.daily {
		out.Interval = "1d"
	}
	b.x, b.height = b.x+width, max(b.height, height)
	b.Panels = append(b.Panels, out)
	return &b.Panels[len(b.Panels)-1]
}

func (b *Board) newLine() { b.x, b.y, b.height = 0, b.y+b.height, 0 }

// heading begins a new row of panels.
func (b *Board) heading(title string) {
	b.newLine()
	b.Panels = append(b.Panels, Panel{
		ID: len(b.Panels) + 1, Type: "row", Title: title, GridPos: gridPos{Y: b.y, W: gridWidth, H: 1}, Collapsed: new(bool), Panels: &[]Panel{},
	})
	b.y++
}

// field says how values are shown.
func (p *panel) field(kind string) field {
	f := field{Unit: p.unit, Color: color{"palette-classic"}, Thresholds: p.thresholds()}
	if f.Unit == "" {
		f.Unit = "short"
	}
	if p.decimals > 0 {
		f.Decimals = &p.decimals
	}
	if f.Thresholds != nil && kind != "timeseries" {
		f.Color.Mode = "thresholds"
	}
	if p.link != "" {
		f.Links = []dataLink{{Title: p.linkTitle, URL: "${console}" + p.link, TargetBlank: true}}
	}
	if kind == "timeseries" {
		f.Min, f.Custom = new(int), p.line()
	}
	return f
}

// line says how a time series is drawn.
func (p *panel) line() map[string]any {
	c := map[string]any{"drawStyle": "line", "fillOpacity": 10, "lineWidth": 1, "showPoints": "never"}
	if p.stacked {
		c["stacking"], c["fillOpacity"] = map[string]string{"mode": "normal", "group": "A"}, 40
	}
	if p.daily {
		c["drawStyle"], c["fillOpacity"] = "bars", 80
	}
	if p.orange != 0 || p.red != 0 {
		c["thresholdsStyle"] = map[string]string{"mode": "dashed"}
	}
	return c
}

// thresholds returns the values at which the colour changes; nil means that it does not.
func (p *panel) thresholds() *thresholds {
	var steps []step
	at := func(c string, v float64) {
		if v != 0 {
			steps = append(steps, step{c, &v})
		}
	}
	switch {
	case p.orange == 0 && p.red == 0:
		return nil
	case !p.below:
		steps = []step{{Color: "green"}}
		at("orange", p.orange)
		at("red", p.red)
	case p.orange == 0:
		steps = []step{{Color: "red"}}
		at("green", p.red)
	default:
		steps = []step{{Color: "red"}}
		at("orange", p.red)
		at("green", p.orange)
	}
	return &thresholds{Mode: "absolute", Steps: steps}
}

// options are the options for each kind of panel.
func options(kind string) map[string]any {
	reduce := map[string]any{"calcs": []string{"lastNotNull"}, "fields": "", "values": false}
	switch kind {
	case "stat":
		return map[string]any{
			"reduceOptions": reduce, "colorMode": "value", "graphMode": "none", "textMode": "auto", "justifyMode": "auto", "orientation": "auto",
			"percentChangeColorMode": "standard", "showPercentChange": false, "wideLayout": true,
		}
	case "bargauge":
		return map[string]any{
			"reduceOptions": reduce, "displayMode": "basic", "orientation": "horizontal", "valueMode": "color", "showUnfilled": true, "sizing": "auto",
			"namePlacement": "auto", "minVizWidth": 8, "minVizHeight": 16, "maxVizHeight": 300,
			"legend": map[string]any{"showLegend": false, "displayMode": "list", "placement": "bottom", "calcs": []string{}},
		}
	case "table":
		return map[string]any{"showHeader": true, "frameIndex": 0, "cellHeight": "sm"}
	}
	return map[string]any{
		"legend":  map[string]any{"showLegend": true, "displayMode": "list", "placement": "bottom", "calcs": []string{}},
		"tooltip": map[string]any{"mode": "multi", "sort": "desc"},
	}
}

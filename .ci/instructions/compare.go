package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// allowed is the share by which a count may differ from the one in the file.
const allowed = 0.05

// counts are the instructions of each input, and the versions for which they are valid.
type counts struct {
	Go           string         `json:"go"`
	Machine      string         `json:"machine"`
	Instructions map[string]int `json:"instructions"`
}

// errNotComparable is wrapped with the reason.
var errNotComparable = errors.New("not compared")

func readCounts(name string) (c counts, err error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(content, &c); err != nil {
		return c, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

func (c counts) write(name string) error {
	content, err := json.MarshalIndent(c, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(content, '\n'), 0o644)
}

func (c counts) comparable(now counts) error {
	if c.Go != now.Go || c.Machine != now.Machine {
		return fmt.Errorf("%w: the counts are of %s on %s, this is %s on %s", errNotComparable, c.Go, c.Machine, now.Go, now.Machine)
	}
	return nil
}

// inputsOf returns the names that either of the two has, in order.
func (c counts) inputsOf(now counts) []string {
	names := maps.Clone(now.Instructions)
	maps.Copy(names, c.Instructions)
	return slices.Sorted(maps.Keys(names))
}

// change returns how much more an input takes now, as a share. ok is false if one of the two lacks
// it.
func (c counts) change(now counts, name string) (share float64, ok bool) {
	was, is := c.Instructions[name], now.Instructions[name]
	return float64(is)/float64(max(was, 1)) - 1, was > 0 && is > 0
}

func (c counts) table(now counts) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-20s %15s %15s %8s\n", "input", "in the file", "now", "change")
	for _, name := range c.inputsOf(now) {
		fmt.Fprintf(&b, "%-20s %15d %15d", name, c.Instructions[name], now.Instructions[name])
		share, ok := c.change(now, name)
		switch {
		case !ok:
			b.WriteString("        –")
		case share > allowed:
			fmt.Fprintf(&b, " %+7.1f %%  MORE", 100*share)
		case share < -allowed:
			fmt.Fprintf(&b, " %+7.1f %%  less", 100*share)
		default:
			fmt.Fprintf(&b, " %+7.1f %%", 100*share)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// compare returns an error that names the inputs with counts that are higher than is allowed, and
// those that only one side has. A lower count is good news, but is printed so that somebody records
// it: otherwise a later loss would go unnoticed.
func (c counts) compare(now counts) error {
	var more, less, unknown []string
	for _, name := range c.inputsOf(now) {
		share, ok := c.change(now, name)
		switch {
		case !ok:
			unknown = append(unknown, name)
		case share > allowed:
			more = append(more, name)
		case share < -allowed:
			less = append(less, name)
		}
	}
	const update = "run go run ./.ci/instructions --update and commit " + countsFile
	var errs []error
	if len(more) > 0 {
		errs = append(errs, fmt.Errorf("more than %.0f %% more instructions than %s says: %s. Make them fewer; if what they bring is worth it, say why and %s",
			100*allowed, countsFile, strings.Join(more, ", "), update))
	}
	if len(less) > 0 {
		fmt.Printf("Fewer instructions than %s says: %s. So that they stay so, %s.\n", countsFile, strings.Join(less, ", "), update)
	}
	if len(unknown) > 0 {
		errs = append(errs, fmt.Errorf("not both in %s and measured: %s; %s", countsFile, strings.Join(unknown, ", "), update))
	}
	return errors.Join(errs...)
}

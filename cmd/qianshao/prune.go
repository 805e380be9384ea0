package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/internal/spelling"
	"github.com/qianshao/qianshao/store/sqlite"
)

type evidencePruneCmd struct {
	Policy string `help:"The retention policy; docs/operations.md shows one. Default: retention.yaml in the data folder." placeholder:"FILE"`
	Apply  bool   `help:"Delete. Without it, only what would be deleted is listed."`
}

func (c evidencePruneCmd) Run(s *session) error {
	name := c.Policy
	if name == "" {
		name = filepath.Join(s.data, "retention.yaml")
	}
	source, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && c.Policy == "" {
		fmt.Fprintf(s.out, "there is no %s, so everything is kept\n", name)
		return nil
	}
	if err != nil {
		return usageError(err)
	}
	policy, err := parseRetention(name, source)
	if err != nil {
		return usageError(err)
	}
	return withArchive(s, func(_ *sqlite.Store, archive *evidence.Archive) error { return c.prune(s, archive, policy) })
}

func (c evidencePruneCmd) prune(s *session, archive *evidence.Archive, policy evidence.Policy) error {
	expired, err := archive.Expired(s.ctx, policy, time.Now())
	if err != nil {
		return err
	}
	table := newTable(s.out, "CAPTURED", "RECORDS", "BYTES", "REASON", "PAGE")
	records, size := 0, int64(0)
	for _, e := range expired {
		records, size = records+e.Records, size+e.Bytes
		table.row(e.Captured.Format(time.DateOnly), strconv.Itoa(e.Records), strconv.FormatInt(e.Bytes, 10), e.Reason, e.URL)
	}
	if len(expired) > 0 {
		if err := table.flush(); err != nil {
			return err
		}
	}
	if !c.Apply {
		fmt.Fprintf(s.out, "%d captures, %d records, %d bytes would be deleted; --apply deletes them\n", len(expired), records, size)
		return nil
	}
	if err := archive.Delete(s.ctx, expired); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%d captures, %d records, %d bytes deleted\n", len(expired), records, size)
	return nil
}

// retentionKeys are the keys of a retention file.
var retentionKeys = []string{"default", "days", "hold"}

// retentionFile is how a retention policy is written.
type retentionFile struct {
	Default int       `yaml:"default"`
	Days    yaml.Node `yaml:"days"`
	Hold    []string  `yaml:"hold"`
}

// maxDays is a hundred years: more is a slip of the finger.
const maxDays = 36525

// parseRetention reads a policy strictly: a slip in it deletes evidence.
func parseRetention(name string, source []byte) (evidence.Policy, error) {
	var file retentionFile
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return evidence.Policy{}, fmt.Errorf("%s: %w; the keys are %v", name, err, retentionKeys)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return evidence.Policy{}, fmt.Errorf("%s: there is more than one document; put everything into the first", name)
	}
	policy := evidence.Policy{Default: file.Default, Days: map[qianshao.Category]int{}, Hold: file.Hold}
	if file.Default < 0 || file.Default > maxDays {
		return evidence.Policy{}, fmt.Errorf("%s: default: %d is no number of days from 0 (for ever) to %d", name, file.Default, maxDays)
	}
	if file.Days.Kind != 0 && file.Days.Kind != yaml.MappingNode {
		return evidence.Policy{}, fmt.Errorf("%s:%d: days must be lines of \"category: number\"", name, file.Days.Line)
	}
	for i := 0; i+1 < len(file.Days.Content); i += 2 {
		key, value := file.Days.Content[i], file.Days.Content[i+1]
		category, err := qianshao.ParseCategory(key.Value)
		if err != nil {
			return evidence.Policy{}, fmt.Errorf("%s:%d: %w%s", name, key.Line, err, meant(key.Value))
		}
		if _, twice := policy.Days[category]; twice {
			return evidence.Policy{}, fmt.Errorf("%s:%d: %s stands there twice", name, key.Line, category)
		}
		days, err := strconv.Atoi(value.Value)
		if err != nil || days < 0 || days > maxDays {
			return evidence.Policy{}, fmt.Errorf("%s:%d: %q is no number of days from 0 (for ever) to %d", name, value.Line, value.Value, maxDays)
		}
		policy.Days[category] = days
	}
	for _, id := range file.Hold {
		if !findingID.MatchString(id) {
			return evidence.Policy{}, fmt.Errorf("%s: hold: %q is no finding's id of 16 hex digits", name, id)
		}
	}
	return policy, nil
}

var findingID = regexp.MustCompile(`^[0-9a-f]{16}$`)

func meant(category string) string {
	names := make([]string, 0, len(qianshao.Categories()))
	for _, c := range qianshao.Categories() {
		names = append(names, string(c))
	}
	if near := spelling.Nearest(category, names); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

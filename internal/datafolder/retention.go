package datafolder

import (
	"errors"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/internal/strictyaml"
	"github.com/qianshao/qianshao/locales"
)

// retentionKeys are the keys of a retention file.
var retentionKeys = locales.List{"default", "days", "hold"}

// retentionFile is the format of a retention policy.
type retentionFile struct {
	Default int       `yaml:"default"`
	Days    yaml.Node `yaml:"days"`
	Hold    []string  `yaml:"hold"`
}

// maxDays is a hundred years. More must be a typing error.
const maxDays = 36525

// ParseRetention reads a retention policy strictly, since a mistake in it deletes evidence. name is
// the file's name for messages.
func ParseRetention(name string, source []byte) (evidence.Policy, error) {
	var file retentionFile
	err := strictyaml.Decode(source, &file)
	if second := (*strictyaml.SecondDocumentError)(nil); errors.As(err, &second) {
		return evidence.Policy{}, locales.Errorf("retention.second", name)
	}
	if err != nil {
		return evidence.Policy{}, locales.Errorf("retention.unreadable", name, err, retentionKeys)
	}
	policy := evidence.Policy{Default: file.Default, Days: map[qianshao.Category]int{}, Hold: file.Hold}
	if file.Default < 0 || file.Default > maxDays {
		return evidence.Policy{}, locales.Errorf("retention.days_bad", name, file.Default, maxDays)
	}
	if file.Days.Kind != 0 && file.Days.Kind != yaml.MappingNode {
		return evidence.Policy{}, locales.Errorf("retention.lines", name, file.Days.Line)
	}
	for i := 0; i+1 < len(file.Days.Content); i += 2 {
		key, value := file.Days.Content[i], file.Days.Content[i+1]
		category := qianshao.Category(key.Value)
		if problem := syntax.CheckCategory(category); problem.Key != "" {
			return evidence.Policy{}, locales.Errorf("retention.category", name, key.Line, problem)
		}
		if _, twice := policy.Days[category]; twice {
			return evidence.Policy{}, locales.Errorf("retention.twice", name, key.Line, category)
		}
		days, err := strconv.Atoi(value.Value)
		if err != nil || days < 0 || days > maxDays {
			return evidence.Policy{}, locales.Errorf("retention.number", name, value.Line, value.Value, maxDays, strictyaml.HalfWidth(value.Value))
		}
		policy.Days[category] = days
	}
	for _, id := range file.Hold {
		if !IsFindingID(id) {
			return evidence.Policy{}, locales.Errorf("retention.hold", name, id)
		}
	}
	return policy, nil
}

var findingID = regexp.MustCompile(`^[0-9a-f]{16}$`)

// IsFindingID reports whether s has the form of a finding's id.
func IsFindingID(s string) bool { return findingID.MatchString(s) }

package syntax

import (
	"github.com/qianshao/qianshao/locales"
	"go.yaml.in/yaml/v3"
)

// Off is an entry of an overlay's off.yaml as written.
type Off struct {
	ID, Reason, Until Text
	Place
}

// Allow is an entry of an overlay's allow.yaml as written.
type Allow struct {
	// List is the key above the entry: hosts, urls or texts.
	List                string
	What, Reason, Until Text
	Rules               []Text
	Place
}

func allowKeys() []string { return []string{"hosts", "urls", "texts"} }

// entryKeys are the keys of all entries of an overlay's files, in canonical order.
func entryKeys() []string {
	return []string{"id", "host", "prefix", "text", "reason", "until", "rules"}
}

// ParseOff reads off.yaml, rules: [{id: …, reason: …, until: …}], and calls read for each entry.
func (f *File) ParseOff(src []byte, read func(Off)) {
	root := f.mappingOf(src, locales.M("rule.what.off_list"))
	if root == nil {
		return
	}
	f.mapping(root, "off.yaml", []string{"rules"}, func(_, value *yaml.Node) {
		f.entries(value, "rules", func(item *yaml.Node) {
			off := Off{Place: placeOf(item)}
			given := map[string]*yaml.Node{}
			f.mapping(item, locales.M("rule.what.off"), []string{"id", "reason", "until"}, func(key, value *yaml.Node) {
				given[key.Value] = value
				switch key.Value {
				case "id":
					off.ID = f.scalar(value, "id")
				case "reason":
					off.Reason = f.scalar(value, "reason")
				case "until":
					off.Until = f.date(value, "until")
				}
			})
			f.requireKeys(item, given, "id", "reason")
			read(off)
		})
	})
}

// ParseAllow reads allow.yaml, hosts: [{host: …, reason: …}], urls: [{prefix: …}],
// texts: [{text: …}], and calls read for each entry.
func (f *File) ParseAllow(src []byte, read func(Allow)) {
	root := f.mappingOf(src, locales.M("rule.what.allow_list"))
	if root == nil {
		return
	}
	f.mapping(root, "allow.yaml", allowKeys(), func(key, value *yaml.Node) {
		what := map[string]string{"hosts": "host", "urls": "prefix", "texts": "text"}[key.Value]
		f.entries(value, key.Value, func(item *yaml.Node) {
			read(f.allowance(item, key.Value, what))
		})
	})
}

func (f *File) allowance(item *yaml.Node, list, what string) Allow {
	a := Allow{List: list, Place: placeOf(item)}
	given := map[string]*yaml.Node{}
	f.mapping(item, locales.M("rule.what.allowed"), []string{what, "reason", "until", "rules"}, func(key, value *yaml.Node) {
		given[key.Value] = value
		switch key.Value {
		case what:
			a.What = f.scalar(value, what)
		case "reason":
			a.Reason = f.scalar(value, "reason")
		case "until":
			a.Until = f.date(value, "until")
		case "rules":
			a.Rules = f.list(value, "rules")
		}
	})
	f.requireKeys(item, given, what, "reason")
	return a
}

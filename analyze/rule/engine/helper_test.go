package engine

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/token"
)

// words is shared by the tests, since its dictionary takes half a second to load.
var words = token.New()

// header is the front matter that the rules of these tests share.
const header = `title: 测试规则
description: 测试
status: stable
date: 2026-11-23
category: gambling
level: high
legal_basis: [刑法第三百零三条]
falsepositives: [警方通报]
tests:
  - {text: 甲, expect: fires}
  - {text: 乙, expect: quiet}
`

// fileSet turns name, content pairs into a file system.
func fileSet(t testing.TB, files ...string) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	for i := 0; i+1 < len(files); i += 2 {
		out[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return out
}

// load compiles a rule set of name, content pairs.
func load(t testing.TB, opts rule.Options, files ...string) *Engine {
	t.Helper()
	set, err := rule.Load(fileSet(t, files...), opts)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return New(set, words)
}

// loadDetection compiles one rule with the id "r" and the given detection, as indented YAML.
func loadDetection(t testing.TB, detection string, files ...string) *Engine {
	t.Helper()
	return load(t, rule.Options{}, append(files, "rules/gambling/r.yaml", header+"id: r\ndetection:\n"+detection)...)
}

// region is a visible text region; page gives it a place in the source.
func region(text string) qianshao.Region {
	return qianshao.Region{Kind: qianshao.RegionText, Text: text, Path: "body > p"}
}

func regionOf(kind qianshao.RegionKind, hidden qianshao.Hiding, text string) qianshao.Region {
	return qianshao.Region{Kind: kind, Hidden: hidden, Text: text}
}

// page writes the regions as lines of a source, to which their texts are mapped byte by byte.
func page(regions ...qianshao.Region) *qianshao.Document {
	doc := &qianshao.Document{Charset: "utf-8"}
	var source strings.Builder
	for _, r := range regions {
		source.WriteString("第 ")
		start := source.Len()
		source.WriteString(r.Text)
		r.Map = []qianshao.Run{{Text: qianshao.Span{End: len(r.Text)}, Source: qianshao.Span{Start: start, End: source.Len()}}}
		source.WriteString("\n")
		doc.Regions = append(doc.Regions, r)
	}
	doc.Source = source.String()
	return doc
}

func texts(lines ...string) *qianshao.Document {
	var regions []qianshao.Region
	for _, line := range lines {
		regions = append(regions, region(line))
	}
	return page(regions...)
}

func fires(s *Engine, doc *qianshao.Document) bool { return len(s.Evaluate(doc).Fired) > 0 }

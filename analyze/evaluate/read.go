package evaluate

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// maxLine bounds a line of a set; the longest real one is a few kilobytes.
const maxLine = 16 << 20

const labelsFile = "labels.tsv"

// set is one labelled set, or one of pairs.
type set struct {
	name    string
	samples []Sample
	pairs   []pair
}

// pair is a disguised text and what it says.
type pair struct{ raw, plain Sample }

// read finds the sets below fsys, in the order of their names.
func read(fsys fs.FS) ([]set, error) {
	var sets []set
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var found set
		switch {
		case d.IsDir():
			found, err = readPages(fsys, name)
		case strings.HasSuffix(name, ".jsonl"):
			found, err = readLines(fsys, name)
		}
		if err == nil && len(found.samples)+len(found.pairs) > 0 {
			sets = append(sets, found)
		}
		return err
	})
	if err == nil && len(sets) == 0 {
		err = fmt.Errorf("there is no labelled set here: neither *.jsonl nor a folder with %s or *.html", labelsFile)
	}
	return sets, err
}

func readLines(fsys fs.FS, name string) (set, error) {
	s := set{name: strings.TrimSuffix(name, ".jsonl")}
	file, err := fsys.Open(name)
	if err != nil {
		return s, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		var line struct{ Text, Label, Raw, Plain string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return s, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		at := fmt.Sprintf("%s:%d", name, n)
		switch {
		case line.Raw != "":
			s.pairs = append(s.pairs, pair{
				raw:   Sample{Page: textPage(at, line.Raw), Label: labelSpam},
				plain: Sample{Page: textPage(at, line.Plain), Label: labelSpam},
			})
		case line.Label == "":
			return s, fmt.Errorf(`%s: neither "label" nor "raw" is given`, at)
		default:
			s.samples = append(s.samples, Sample{Page: textPage(at, line.Text), Label: Label(line.Label)})
		}
	}
	return s, lines.Err()
}

// readPages reads a folder's pages: those that labels.tsv names, or the *.html
// files of a folder that no labels.tsv above it speaks of.
func readPages(fsys fs.FS, folder string) (set, error) {
	s := set{name: folder}
	if labels, err := fs.ReadFile(fsys, path.Join(folder, labelsFile)); err == nil {
		for line := range strings.Lines(string(labels)) {
			name, rest, ok := strings.Cut(strings.TrimSpace(line), "\t")
			label, _, _ := strings.Cut(rest, "\t") // the kind of site and the site may follow
			if ok && Label(label) != labelUnclear {
				if err := s.addPage(fsys, path.Join(folder, name), Label(label)); err != nil {
					return s, err
				}
			}
		}
		return s, nil
	}
	if underLabels(fsys, folder) {
		return s, nil
	}
	names, err := fs.Glob(fsys, path.Join(folder, "*.html"))
	for _, name := range names {
		if err := s.addPage(fsys, name, LabelNone); err != nil {
			return s, err
		}
	}
	return s, err
}

func (s *set) addPage(fsys fs.FS, name string, label Label) error {
	body, err := fs.ReadFile(fsys, name)
	s.samples = append(s.samples, Sample{Page: filePage(name, body), Label: label})
	return err
}

func underLabels(fsys fs.FS, folder string) bool {
	for folder != "." {
		folder = path.Dir(folder)
		if _, err := fs.Stat(fsys, path.Join(folder, labelsFile)); err == nil {
			return true
		}
	}
	return false
}

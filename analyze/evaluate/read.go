package evaluate

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

const labelsFile = "labels.tsv"

// contents is what a folder of sets contains, sorted by name.
type contents struct {
	sets     []set
	archives []string
}

// set is one labelled set, or a set of pairs: disguised texts and, in the same order, their plain
// texts.
type set struct {
	name             string
	samples          []Sample
	disguised, plain []Sample
}

func (s *set) isCases() bool { return path.Base(s.name) == "cases" }

// read finds the sets below fsys.
func read(fsys fs.FS) (found contents, err error) {
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var s set
		switch {
		case d.IsDir():
			s, err = readPages(fsys, name)
		case strings.HasSuffix(name, ".jsonl"):
			s, err = readLines(fsys, name)
		case strings.HasSuffix(name, ".warc"), strings.HasSuffix(name, ".warc.gz"):
			found.archives = append(found.archives, name)
		}
		if err == nil && len(s.samples)+len(s.disguised) > 0 {
			found.sets = append(found.sets, s)
		}
		return err
	})
	if err == nil && len(found.sets)+len(found.archives) == 0 {
		err = locales.Errorf("labelled.none", labelsFile)
	}
	return found, err
}

// Pages returns the labelled pages of both halves below fsys. Callers may count them, but must show
// nothing of the half that nobody reads.
func Pages(fsys fs.FS) (pages []Sample, err error) {
	folder, err := read(fsys)
	for _, s := range folder.sets {
		for i := range s.samples {
			if page := &s.samples[i]; !s.isCases() && !page.IsMessage() {
				pages = append(pages, *page)
			}
		}
	}
	return pages, err
}

func readLines(fsys fs.FS, name string) (set, error) {
	s := set{name: strings.TrimSuffix(name, ".jsonl")}
	content, err := fs.ReadFile(fsys, name)
	if err != nil {
		return s, err
	}
	as := func(text string) string { return text }
	if holdsPlaceholders(content) {
		as = expand
	}
	n := 0
	for text := range bytes.Lines(content) {
		n++
		at := fmt.Sprintf("%s:%d", name, n)
		var line struct{ Text, Label, Raw, Plain string }
		if err := json.Unmarshal(text, &line); err != nil {
			return s, fmt.Errorf("%s: %w", at, err)
		}
		switch half := halfOf(line.Text + line.Raw); {
		case line.Raw != "":
			s.disguised = append(s.disguised, message(at, as(line.Raw), labelSpam, half))
			s.plain = append(s.plain, message(at, as(line.Plain), labelSpam, half))
		case line.Label == "":
			return s, locales.Errorf("labelled.line", at)
		case Label(line.Label) != labelUnclear:
			s.samples = append(s.samples, message(at, as(line.Text), Label(line.Label), half))
		}
	}
	return s, nil
}

// readPages reads a folder's pages: those that its labels.tsv names or, if there is none in the
// folder or above it, its *.html files.
func readPages(fsys fs.FS, folder string) (set, error) {
	s := set{name: folder}
	labels, err := fs.ReadFile(fsys, path.Join(folder, labelsFile))
	if err == nil {
		err = s.readLabels(fsys, string(labels))
		return s, err
	}
	if underLabels(fsys, folder) {
		return s, nil
	}
	names, err := fs.Glob(fsys, path.Join(folder, "*.html"))
	for _, name := range names {
		if err := s.addPage(fsys, path.Base(name), LabelNone, "", ""); err != nil {
			return s, err
		}
	}
	return s, err
}

func (s *set) readLabels(fsys fs.FS, labels string) error {
	n := 0
	for line := range strings.Lines(labels) {
		n++
		if strings.TrimSpace(line) == "" {
			continue
		}
		const file, label, kind, site = 0, 1, 2, 3
		columns := append(strings.Split(strings.TrimRight(line, "\r\n"), "\t"), "", "", "")
		switch Label(columns[label]) {
		case labelUnclear:
			continue
		case "":
			return locales.Errorf("labelled.no_label", path.Join(s.name, labelsFile), n)
		}
		if err := s.addPage(fsys, columns[file], Label(columns[label]), columns[kind], columns[site]); err != nil {
			return err
		}
	}
	return nil
}

func (s *set) addPage(fsys fs.FS, name string, label Label, kind, site string) error {
	at := path.Join(s.name, name)
	body, err := fs.ReadFile(fsys, at)
	if err != nil {
		return err
	}
	page := qianshao.Page{URL: at, Source: qianshao.SourceFolder, Body: body}
	if strings.HasSuffix(name, ".html") || strings.HasSuffix(name, ".htm") {
		page.ContentType = "text/html"
	}
	folder, _, ok := strings.Cut(name, "/")
	if !ok {
		folder = ""
	}
	// If no site is given, the folder is taken for it; in a set of casinos that is the operator. A
	// page in no folder is a site of its own, named by its text.
	site = cmp.Or(site, folder)
	half := halfOf(site)
	if site == "" {
		site, half = fmt.Sprintf("%x", sha256.Sum256(body)), halfOf(string(body))
	}
	s.samples = append(s.samples, Sample{Page: page, Label: label, Kind: kind, Site: site, Folder: folder, Half: half})
	return nil
}

func message(at, text string, label Label, half Half) Sample {
	page := qianshao.Page{URL: at, Source: qianshao.SourceLines, ContentType: "text/plain; charset=utf-8", Body: []byte(text)}
	return Sample{Page: page, Label: label, Half: half}
}

// archivedPage returns an archive's page as a sample without a label. Its site is its host, without
// the ending .example that replaces the real one, so that further pages of a labelled site are in
// that site's half.
func archivedPage(page qianshao.Page) Sample {
	site := page.URL
	if u, err := url.Parse(page.URL); err == nil && u.Host != "" {
		site = strings.TrimSuffix(u.Hostname(), ".example")
	}
	return Sample{Page: page, Site: site, Half: halfOf(site)}
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

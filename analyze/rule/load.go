package rule

import (
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/qianshao/qianshao/analyze/token"
)

// maxFiles bounds a rule set's files; ten thousand rules are nobody's work.
const maxFiles = 20_000

// The folders of a rule set and what stands in them.
const (
	rulesFolder    = "rules"
	listsFolder    = "lists"
	contextsFolder = "contexts"
)

// Load reads rules/**/*.yaml, lists/*.txt and contexts/*.yaml of fsys and
// compiles them. A file of a later file system takes the place of the file of
// the same path in an earlier one. Any mistake in any file refuses the whole
// set: the error is then a *LoadError with all mistakes.
func Load(fsys fs.FS, opts Options, overlays ...fs.FS) (*Set, error) {
	l := &loader{files: map[string]fs.FS{}, lists: map[string]*wordList{}}
	for _, f := range append([]fs.FS{fsys}, overlays...) {
		if err := l.find(f); err != nil {
			return nil, fmt.Errorf("rule: listing files: %w", err)
		}
	}
	if len(l.files) > maxFiles {
		return nil, fmt.Errorf("rule: %d files, more than the %d that a rule set may have", len(l.files), maxFiles)
	}
	if err := l.read(); err != nil {
		return nil, err
	}
	c := newCompiler(l.lists)
	l.compile(c)
	if len(l.mistakes) > 0 {
		return nil, loadError(l.mistakes)
	}
	if opts.Segmenter == nil {
		opts.Segmenter = token.New()
	}
	return c.finish(l.entries, opts), nil
}

// loader gathers what all files say.
type loader struct {
	files    map[string]fs.FS
	lists    map[string]*wordList
	entries  []entry
	mistakes []Mistake
}

// entry is a file of rules/ or contexts/ between the two passes; one of rule
// and context is set.
type entry struct {
	source    *source
	rule      *Rule
	context   *context
	detection detectionSource
}

func (l *loader) find(fsys fs.FS) error {
	for _, folder := range []string{rulesFolder, listsFolder, contextsFolder} {
		if _, err := fs.Stat(fsys, folder); err != nil {
			continue // an overlay need not have all three
		}
		err := fs.WalkDir(fsys, folder, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if base := path.Base(name); !entry.IsDir() && !strings.HasPrefix(base, ".") && base != "README.md" {
				l.files[name] = fsys
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// read parses all files on all cores, since YAML takes most of a load's time,
// and gathers what they say in the order of their names.
func (l *loader) read() error {
	names := make([]string, 0, len(l.files))
	for name := range l.files {
		names = append(names, name)
	}
	slices.Sort(names)
	files := make([]parsedFile, len(names))
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(names)) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(names)); i = next.Add(1) - 1 {
				files[i] = parseFile(l.files[names[i]], names[i])
			}
		})
	}
	group.Wait()
	for _, f := range files {
		if f.err != nil {
			return fmt.Errorf("rule: %w", f.err)
		}
		l.gather(f)
	}
	return nil
}

// parsedFile is a file by itself: a list, an entry or, if nothing reads it, neither.
type parsedFile struct {
	source *source
	list   *wordList
	entry  entry
	err    error // the file could not be read
}

// gather keeps what a file says. The mistakes of an entry wait for the second pass.
func (l *loader) gather(f parsedFile) {
	if f.entry.source != nil {
		l.entries = append(l.entries, f.entry)
		return
	}
	l.mistakes = append(l.mistakes, f.source.mistakes...)
	if f.list != nil {
		name := strings.TrimPrefix(f.list.file, listsFolder+"/")
		l.lists[strings.TrimSuffix(name, path.Ext(name))] = f.list
	}
}

func parseFile(fsys fs.FS, name string) (out parsedFile) {
	s := &source{file: name}
	out.source = s
	folder, _, _ := strings.Cut(name, "/")
	wanted := ".yaml"
	if folder == listsFolder {
		wanted = ".txt"
	}
	if path.Ext(name) != wanted {
		s.at(0, 0, "nothing reads this file; files of %s end in %s", folder, wanted)
		return out
	}
	src, err := readCapped(fsys, name)
	if err != nil {
		out.err = err
		return out
	}
	switch folder {
	case listsFolder:
		out.list = s.wordList(src)
		out.list.file = name
	case contextsFolder:
		c, d := s.context(src)
		out.entry = entry{source: s, context: c, detection: d}
	default:
		r, d := s.rule(src)
		out.entry = entry{source: s, rule: r, detection: d}
	}
	return out
}

// readCapped reads a file up to one byte beyond the largest cap, so that a
// huge one is refused and not swallowed.
func readCapped(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if info.Size() <= maxListFile {
		return fs.ReadFile(fsys, name)
	}
	return make([]byte, maxListFile+1), nil // its size is all that matters
}

// compile makes the second pass: what needs several files to be judged.
func (l *loader) compile(c *compiler) {
	ids, names := map[string]string{}, map[string]string{}
	for _, e := range l.entries {
		d := c.detection(e.source, e.detection, e.context != nil)
		if e.context != nil {
			e.source.lintUnique(names, e.context.name)
			e.context.detection, d.id = d, e.context.name
		} else {
			e.source.lintUnique(ids, e.rule.ID)
			e.rule.detection, d.id = d, e.rule.ID
		}
		l.mistakes = append(l.mistakes, e.source.mistakes...)
	}
	sound := len(l.mistakes) == 0 // else the mistake may be why a list is not used
	for _, list := range l.lists {
		if sound && !list.used {
			l.mistakes = append(l.mistakes, Mistake{File: list.file, Message: "no rule uses this list; name it in a block's lists or remove the file"})
		}
	}
}

// lintUnique refuses an id or a name that an earlier file has.
func (s *source) lintUnique(seen map[string]string, id string) {
	if id == "" {
		return
	}
	if first, ok := seen[id]; ok {
		s.errorf(s.id, "%q is taken by %s", id, first)
		return
	}
	seen[id] = s.file
}

package rule

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
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

// Load reads rules/**/*.yaml, lists/*.txt and contexts/*.yaml of fsys and of
// opts.Overlay, and compiles them. Any mistake in any file refuses the whole
// set: the error is then a *LoadError with all mistakes.
func Load(fsys fs.FS, opts Options) (*Set, error) {
	l := &loader{digest: sha256.New(), lists: map[string]*wordList{}, vouched: map[string]bool{}}
	if err := l.findAll(fsys, opts); err != nil {
		return nil, fmt.Errorf("rule: listing files: %w", err)
	}
	if len(l.files) > maxFiles {
		return nil, fmt.Errorf("rule: %d files, more than the %d that a rule set may have", len(l.files), maxFiles)
	}
	if err := l.read(); err != nil {
		return nil, err
	}
	c := newCompiler(l.lists, l.vouched)
	l.compile(c)
	if len(l.mistakes) > 0 {
		return nil, loadError(l.mistakes)
	}
	if opts.Segmenter == nil {
		opts.Segmenter = token.New()
	}
	c.addAllowances(l.overlay.allowances)
	set := c.finish(l.entries, opts)
	l.overlay.apply(set)
	at, _ := set.Lapses() // an entry of the overlay that has lapsed makes another set of the same files
	fmt.Fprintln(l.digest, at.Unix())
	set.digest = hex.EncodeToString(l.digest.Sum(nil)[:digestBytes])
	return set, nil
}

// digestBytes of a SHA-256 tell rule sets apart; nobody is to be fooled by them.
const digestBytes = 8

// loader gathers what all files say.
type loader struct {
	files    []file
	digest   hash.Hash
	lists    map[string]*wordList
	vouched  map[string]bool // by key: words of words.txt
	entries  []entry
	overlay  overlay
	overlaid bool // there is an overlay
	mistakes []Mistake
}

// file is a file of the rule set or of its overlay.
type file struct {
	fsys     fs.FS
	name     string // inside fsys
	shown    string // in messages
	overlay  bool
	replaces *file // the rule or context of the same name whose place it takes
}

// base is the file's name without folder and extension: a rule's id, a context's name.
func (f file) base() string { return strings.TrimSuffix(path.Base(f.name), path.Ext(f.name)) }

func (f file) folder() string {
	folder, _, _ := strings.Cut(f.name, "/")
	return folder
}

// entry is a file of rules/ or contexts/ between the two passes; one of rule
// and context is set.
type entry struct {
	source    *source
	rule      *Rule
	context   *context
	detection detectionSource
}

// findAll lists the files of the set and behind them those of the overlay, and
// leaves out what the overlay replaces.
func (l *loader) findAll(fsys fs.FS, opts Options) error {
	shipped, err := find(fsys)
	if err == nil {
		err = l.readVouched(fsys, vouchedFile)
	}
	if err != nil || opts.Overlay == nil {
		l.files = shipped
		return err
	}
	l.overlaid = true
	own, err := find(opts.Overlay)
	if err != nil {
		return err
	}
	byName, replaced := map[string]*file{}, map[*file]bool{} // of the shipped ones
	for i, f := range shipped {
		if f.folder() != listsFolder {
			byName[f.folder()+"/"+f.base()] = &shipped[i]
		}
	}
	for i, f := range own {
		own[i].overlay, own[i].shown = true, opts.shown(f.name)
		own[i].replaces = byName[f.folder()+"/"+f.base()]
		replaced[own[i].replaces] = true
	}
	for i := range shipped {
		if !replaced[&shipped[i]] {
			l.files = append(l.files, shipped[i])
		}
	}
	l.files = append(l.files, own...)
	return errors.Join(l.checkRoot(opts), l.readVouched(opts.Overlay, opts.shown(vouchedFile)), l.readOverlay(opts))
}

// find lists the files of one file system, in the order of their names.
func find(fsys fs.FS) (files []file, err error) {
	for _, folder := range []string{contextsFolder, listsFolder, rulesFolder} {
		if _, err := fs.Stat(fsys, folder); err != nil {
			continue // an overlay need not have all three
		}
		err := fs.WalkDir(fsys, folder, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if base := path.Base(name); !entry.IsDir() && !strings.HasPrefix(base, ".") && base != "README.md" {
				files = append(files, file{fsys: fsys, name: name, shown: name})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// read parses all files on all cores, since YAML takes most of a load's time,
// and gathers what they say in the order of their names.
func (l *loader) read() error {
	files := make([]parsedFile, len(l.files))
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(files)); i = next.Add(1) - 1 {
				files[i] = parseFile(l.files[i])
			}
		})
	}
	group.Wait()
	for _, f := range files {
		if f.err != nil {
			return fmt.Errorf("rule: %w", f.err)
		}
		fmt.Fprintf(l.digest, "%s %x\n", f.source.file, f.sum)
		l.gather(f)
	}
	return nil
}

// parsedFile is a file by itself: a list, an entry or, if nothing reads it, neither.
type parsedFile struct {
	file
	source *source
	sum    [sha256.Size]byte // of its content
	list   *wordList
	entry  entry
	err    error // the file could not be read
}

// gather keeps what a file says. The mistakes of an entry wait for the second pass.
func (l *loader) gather(f parsedFile) {
	if f.entry.source != nil {
		l.entries = append(l.entries, f.entry)
		if f.replaces != nil && f.entry.rule != nil {
			l.compareDates(f, parseFile(*f.replaces))
		}
		return
	}
	if f.list != nil {
		name := strings.TrimPrefix(f.name, listsFolder+"/")
		name = strings.TrimSuffix(name, path.Ext(name))
		if shipped := l.lists[name]; shipped != nil {
			l.overlay.warnings = append(l.overlay.warnings, shipped.amend(f.list)...)
			shipped.own = f.shown
		} else {
			l.lists[name] = f.list
			if f.overlay {
				f.list.own = f.shown
			}
			f.list.refuseRemovals(f.source, f.overlay)
		}
	}
	l.mistakes = append(l.mistakes, f.source.mistakes...)
}

// compareDates warns of a shipped rule that an upgrade has made newer than the
// overlay's replacement: the operator would never see what was mended.
func (l *loader) compareDates(own, shipped parsedFile) {
	id, mine := own.source.id, own.entry.rule
	if id == nil || shipped.entry.rule == nil {
		return
	}
	newer := max(shipped.entry.rule.Date, shipped.entry.rule.Modified)
	if have := max(mine.Date, mine.Modified); newer > have {
		l.overlay.warnings = append(l.overlay.warnings, Mistake{File: own.shown, Line: id.Line, Column: id.Column,
			Message: fmt.Sprintf("this takes the place of %s, which is newer (%s, yours is of %s); compare the two, then remove yours or set its modified", shipped.shown, newer, have)})
	}
}

func parseFile(f file) (out parsedFile) {
	s := &source{file: f.shown}
	out.file, out.source = f, s
	wanted := ".yaml"
	if f.folder() == listsFolder {
		wanted = ".txt"
	}
	if path.Ext(f.name) != wanted {
		s.at(0, 0, "nothing reads this file; files of %s end in %s", f.folder(), wanted)
		return out
	}
	src, err := readCapped(f.fsys, f.name)
	if err != nil {
		out.err = err
		return out
	}
	out.sum = sha256.Sum256(src)
	switch f.folder() {
	case listsFolder:
		out.list = s.wordList(src)
		out.list.file = f.shown
	case contextsFolder:
		c, d := s.context(src)
		out.entry = entry{source: s, context: c, detection: d}
	default:
		r, d := s.rule(src)
		r.Overlay, r.Replaces = f.overlay, f.replaces != nil
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
	if len(l.mistakes) > 0 {
		return // the mistake may be why a list is not used
	}
	for name, list := range l.lists {
		if replaced := l.overlaid && list.own == ""; !list.used && !replaced { // a rule that the overlay replaced had used it
			others := slices.DeleteFunc(slices.Clone(c.listNames), func(other string) bool { return other == name })
			l.mistakes = append(l.mistakes, Mistake{File: cmp.Or(list.own, list.file), Message: "no rule uses this list; " +
				"name it in a block's lists or remove the file" + didYouMean(name, others)})
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

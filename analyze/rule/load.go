package rule

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"path"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/qianshao/qianshao/analyze/rule/policy"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/locales"
)

// maxFiles bounds a rule set's files; nobody writes ten thousand rules.
const maxFiles = 20_000

// The folders of a rule set, and the files beside them.
const (
	rulesFolder    = "rules"
	listsFolder    = "lists"
	patternsFolder = "patterns"
	contextsFolder = "contexts"
	vouchedFile    = "words.txt"
	dictionaryFile = "dictionary.txt" // of an overlay
)

// Parts returns the files and folders of a rule set.
func Parts() []string {
	return []string{rulesFolder, listsFolder, patternsFolder, contextsFolder, vouchedFile, ordinaryFile}
}

// Load reads rules/**/*.yaml, lists/*.txt, patterns/*.yaml, contexts/*.yaml and words.txt of fsys
// and of opts.Overlay. If any file has a mistake, the whole set is refused with a *syntax.Error
// that has all mistakes.
func Load(fsys fs.FS, opts Options) (*Set, error) {
	l := &loader{digest: sha256.New(), lists: map[string]*wordList{}, patterns: map[string]*pattern{}, vouched: map[string]bool{}}
	if err := l.findAll(fsys, opts); err != nil {
		return nil, locales.Errorf("rule.set.listing", err)
	}
	if len(l.files) > maxFiles {
		return nil, locales.Errorf("rule.set.large", len(l.files), maxFiles)
	}
	if err := l.read(); err != nil {
		return nil, err
	}
	set := l.resolve()
	if len(l.mistakes) > 0 {
		return nil, syntax.NewError(l.mistakes)
	}
	l.overlay.apply(set)
	set.ofPatterns = l.ofPatterns()
	set.own, set.dictionary = l.own(), l.words.lines.String()
	at, _ := set.Expires() // after an entry of the overlay has expired, the same files make a different set
	fmt.Fprintln(l.digest, at.Unix())
	set.digest = hex.EncodeToString(l.digest.Sum(nil)[:digestBytes])
	return set, nil
}

// own counts the overlay's files and the words of its dictionary.
func (l *loader) own() (own Own) {
	for _, f := range l.files {
		switch {
		case !f.overlay:
		case f.folder() == listsFolder:
			own.Lists++
		case f.folder() == contextsFolder:
			own.Contexts++
		case f.folder() == patternsFolder:
			own.Patterns++
		default:
			own.Rules++
		}
	}
	own.Words = len(l.words.places)
	return own
}

// digestBytes is how much of a SHA-256 is used to tell rule sets apart. The digest need not withstand
// an attacker.
const digestBytes = 8

// loader collects the content of all files.
type loader struct {
	files    []file
	digest   hash.Hash
	lists    map[string]*wordList
	patterns map[string]*pattern
	vouched  map[string]bool // words of words.txt, by syntax.Term.Key
	ordinary Ordinary
	words    dictionary
	entries  []entry
	overlay  overlay
	overlaid bool // there is an overlay
	mistakes []syntax.Mistake
}

// file is a file of the rule set or of its overlay.
type file struct {
	fsys     fs.FS
	name     string // inside fsys
	shown    string // in messages
	overlay  bool
	replaces *file // the shipped rule, pattern or context of the same name that this file replaces
}

// base is the file's name without folder and extension: a rule's id, a context's name.
func (f file) base() string { return strings.TrimSuffix(path.Base(f.name), path.Ext(f.name)) }

func (f file) folder() string {
	folder, _, _ := strings.Cut(f.name, "/")
	return folder
}

// entry is a file of rules/ or contexts/ between the two passes; either rule or
// context is set.
type entry struct {
	file    *syntax.File
	rule    *Rule
	context *Context
	written syntax.Detection
	name    syntax.Text // the rule's id or the context's name
}

// findAll lists the files of the set that the overlay does not replace, and then those of the
// overlay.
func (l *loader) findAll(fsys fs.FS, opts Options) error {
	shipped, err := find(fsys)
	if err == nil {
		err = errors.Join(l.readVouched(fsys, vouchedFile), l.readOrdinary(fsys, ordinaryFile))
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
	byName, replaced := map[string]*file{}, map[*file]bool{} // of the shipped files
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
	return errors.Join(l.checkRoot(opts), l.readVouched(opts.Overlay, opts.shown(vouchedFile)),
		l.readOrdinary(opts.Overlay, opts.shown(ordinaryFile)), l.readDictionary(opts), l.readOverlay(opts))
}

// find lists the files of one file system, sorted by name.
func find(fsys fs.FS) (files []file, err error) {
	for _, folder := range []string{contextsFolder, listsFolder, patternsFolder, rulesFolder} {
		if _, err := fs.Stat(fsys, folder); err != nil {
			continue // an overlay need not have them all
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

// read parses all files on all cores, since parsing YAML takes most of the time of a load, and
// collects the results in the order of their names.
func (l *loader) read() error {
	files := make([]parsedFile, len(l.files))
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(files)); i = next.Add(1) - 1 {
				files[i] = parse(l.files[i])
			}
		})
	}
	group.Wait()
	for i, f := range files {
		if f.err != nil {
			return unreadable(l.files[i].shown, f.err)
		}
		fmt.Fprintf(l.digest, "%s %x\n", f.shown, f.sum)
		l.collect(f)
	}
	return nil
}

// unreadable names a file by its shown name, and not again by the name inside its folder.
func unreadable(shown string, err error) error {
	var inside *fs.PathError
	if errors.As(err, &inside) {
		err = inside.Err
	}
	return locales.Errorf("rule.set.unreadable", shown, err)
}

// parsedFile is one parsed file: a list, a pattern, an entry, or none of these if it is a file that
// nothing reads.
type parsedFile struct {
	file
	reader  *syntax.File
	sum     [sha256.Size]byte // of its content
	list    *wordList
	pattern *pattern
	entry   *entry
	err     error // the file could not be read
}

// collect keeps the content of a file. The mistakes of an entry wait for the second pass.
func (l *loader) collect(f parsedFile) {
	if f.entry != nil {
		l.entries = append(l.entries, *f.entry)
		if f.replaces != nil && f.entry.rule != nil {
			l.compareDates(f, parse(*f.replaces))
		}
		return
	}
	if f.pattern != nil {
		l.keepPattern(f.pattern)
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
			f.list.refuseRemovals(f.reader, f.overlay)
		}
	}
	l.mistakes = append(l.mistakes, f.reader.Mistakes...)
}

// compareDates warns if an upgrade has made a shipped rule newer than the overlay's replacement:
// without the warning the operator would never see the corrections.
func (l *loader) compareDates(own, shipped parsedFile) {
	if !own.entry.name.IsSet() || shipped.entry == nil || shipped.entry.rule == nil {
		return
	}
	mine, theirs := own.entry.rule, shipped.entry.rule
	newer := max(theirs.Date, theirs.Modified)
	if have := max(mine.Date, mine.Modified); newer > have {
		l.overlay.warnings = append(l.overlay.warnings, own.reader.MistakeAt(own.entry.name.Place, locales.M("rule.set.newer", shipped.shown, newer, have)))
	}
}

func parse(f file) (out parsedFile) {
	reader := &syntax.File{Name: f.shown}
	out.file, out.reader = f, reader
	wanted := ".yaml"
	if f.folder() == listsFolder {
		wanted = ".txt"
	}
	if path.Ext(f.name) != wanted {
		reader.Errorf(syntax.Place{}, "rule.set.extension", f.folder(), wanted)
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
		out.list = &wordList{file: f.shown}
		out.list.terms, out.list.removed, out.list.grading = reader.ParseList(src)
	case patternsFolder:
		out.pattern = &pattern{file: f, reader: reader, written: reader.ParsePattern(src)}
	case contextsFolder:
		c := reader.ParseContext(src)
		out.entry = &entry{file: reader, context: newContext(c, f), written: c.Detection, name: c.Name}
	default:
		r := reader.ParseRule(src)
		policy.CheckHeader(reader, r)
		out.entry = &entry{file: reader, rule: newRule(r, f), written: r.Detection, name: r.ID}
	}
	return out
}

func newContext(c *syntax.Context, f file) *Context {
	return &Context{Name: c.Name.Value, Title: c.Title.Value, Description: c.Description.Value, File: f.shown, Lowers: c.Lowers, WholePage: c.Excuses == syntax.ExcusesPage}
}

func newRule(r *syntax.Rule, f file) *Rule {
	return &Rule{
		ID: r.ID.Value, Title: r.Title.Value, Status: r.Status, Description: r.Description.Value, Author: r.Author.Value,
		Date: r.Date.Value, Modified: r.Modified.Value,
		References: syntax.Values(r.References), Tags: syntax.Values(r.Tags),
		Category: r.Category, Level: r.Level, Judges: r.Judges,
		LegalBasis: syntax.Values(r.LegalBasis), FalsePositives: syntax.Values(r.FalsePositives),
		Tests: r.Tests, File: f.shown, Overlay: f.overlay, Replaces: f.replaces != nil,
	}
}

// readVouched reads the words.txt of a rule set or an overlay, if it is there.
func (l *loader) readVouched(fsys fs.FS, shown string) error {
	src, err := l.readOptional(fsys, vouchedFile, shown)
	if src == nil || err != nil {
		return err
	}
	reader := &syntax.File{Name: shown}
	policy.ParseVouched(reader, src, l.vouched)
	l.mistakes = append(l.mistakes, reader.Mistakes...)
	return nil
}

// readOptional reads a file at the root of a rule set or an overlay; it returns nil if there is
// none.
func (l *loader) readOptional(fsys fs.FS, name, shown string) ([]byte, error) {
	if _, err := fs.Stat(fsys, name); err != nil {
		return nil, nil
	}
	src, err := readCapped(fsys, name)
	if err == nil {
		fmt.Fprintf(l.digest, "%s %x\n", shown, sha256.Sum256(src))
	}
	return src, err
}

// readCapped reads a file. For a file larger than all limits it returns just enough bytes for the
// parsers to refuse it. Pipes and devices are refused: reading a pipe waits for a writer and cannot
// be interrupted, and a device has no end.
func readCapped(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, locales.Errorf("rule.set.not_regular", name)
	}
	if info.Size() <= syntax.MaxListFile {
		return fs.ReadFile(fsys, name)
	}
	return make([]byte, syntax.MaxListFile+1), nil // only its length matters
}

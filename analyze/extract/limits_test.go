package extract

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
)

// evalDir returns a folder of labelled real pages. They lie beside the module's root on the
// maintainers' machines and are not part of the project.
func evalDir(t testing.TB, name string) string {
	dir := filepath.Join("..", "..", "..", "shared", "eval", name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the labelled real pages are not here: %v", err)
	}
	return dir
}

// TestLimits: every page gets an answer, the text is found on it, and a note says what was unusual.
func TestLimits(t *testing.T) {
	const big = 20 << 20
	deep := strings.Repeat("<div>", 10_000)
	tests := []struct {
		name, body     string
		regions, links int
		note           qianshao.Note
		find           string
		hidden         qianshao.Hiding // of the region that holds find
	}{
		{"empty", "", 0, 0, qianshao.NoteEmpty, "", ""},
		{"binary", "\x89PNG\r\n\x1a\n\x00\x00\x00", 0, 0, qianshao.NoteBinary, "", ""},
		{"10,000 deep", deep + secret, 1, 0, qianshao.NoteTooDeep, secret, ""},
		{"10,000 deep, closed", deep + strings.Repeat("</div>", 10_000) + secret, 1, 0, qianshao.NoteTooDeep, secret, ""},
		{"10,000 deep, hidden", "<p hidden>" + strings.Repeat("<b>", 10_000) + secret, 1, 0, qianshao.NoteTooDeep, secret, qianshao.HidingAttribute},
		{"cut in a tag", "<p>" + secret + "<a href=\"http://c", 1, 0, "", secret, ""},
		{"cut in a character", "<p>" + secret + "\xe4\xb8", 1, 0, qianshao.NoteBadBytes, secret, ""},
		{"cut in a script", "<p>" + secret + "<script>document.write('<p>x", 2, 0, "", secret, ""},
		{"cut in a style", "<p>" + secret + "<style>p{display:no", 1, 0, "", secret, ""},
		{"a million attributes", "<p " + strings.Repeat("a=1 ", 1_000_000) + ">" + secret, 1, 0, "", secret, ""},
		{"a million tags", strings.Repeat("<b>", 1_000_000) + secret, 1, 0, qianshao.NoteTooMany, secret, ""},
		{"more regions than the limit", strings.Repeat("<p>x</p>", maxRegions+1) + "<p>" + secret, maxRegions + 1, 0, qianshao.NoteTooMany, secret, ""},
		{"more links", strings.Repeat("<a href=x>xy</a> ", maxRegions) + "<a>" + secret, maxRegions + 1, maxRegions / 2, qianshao.NoteTooMany, secret, ""},
		{"more hidden regions", strings.Repeat("<p hidden>x</p>", maxRegions+1) + "<p hidden>" + secret, maxRegions + 1, 0, qianshao.NoteTooMany, secret, qianshao.HidingAttribute},
		{"20 MB", portalPage(big) + secret, maxRegions + 11, 24035, qianshao.NoteTooMany, secret, ""},
		{"20 MB of text", strings.Repeat("长文 ", big/7) + secret, 41, 0, "", secret, ""},
		{"20 MB in a comment", "<!--" + strings.Repeat("长文 ", big/7) + "-->" + secret, 42, 0, "", secret, ""},
		{"20 MB in a script", "<script>" + strings.Repeat("a='b'+\"c\";", big/10) + "</script>" + secret, 1, 0, "", secret, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if len(tt.body) > big/2 && testing.Short() {
				t.Skip("20 MB take a second")
			}
			doc := document(tt.body, nil)
			checkInvariants(t, doc)
			if len(doc.Regions) != tt.regions || len(doc.Links) != tt.links {
				t.Errorf("%d regions, %d links; want %d, %d", len(doc.Regions), len(doc.Links), tt.regions, tt.links)
			}
			if tt.note != "" && !slices.Contains(doc.Notes, tt.note) || tt.note == "" && len(doc.Notes) > 0 {
				t.Errorf("notes %v, want %q", doc.Notes, tt.note)
			}
			if tt.find == "" {
				return
			}
			at := slices.IndexFunc(doc.Regions, func(r qianshao.Region) bool { return strings.Contains(r.Text, tt.find) })
			if at < 0 {
				t.Fatalf("%q is in none of %d regions", tt.find, len(doc.Regions))
			}
			if got := doc.Regions[at].Hidden; got != tt.hidden {
				t.Errorf("%q is hidden as %q, want %q", tt.find, got, tt.hidden)
			}
		})
	}
	cut := Parse(qianshao.Page{Body: []byte("<p>" + secret), Truncated: true}).Document(nil)
	if !slices.Equal(cut.Notes, []qianshao.Note{qianshao.NoteTruncated}) || len(cut.Regions) != 1 || cut.Regions[0].Text != secret {
		t.Errorf("cut at the size cap: notes %v, %s", cut.Notes, describe(cut))
	}
}

// TestManySelectors: a page with style sheets that are too expensive to apply has a note.
func TestManySelectors(t *testing.T) {
	sheet := numbered("* > * * * i{color:#%03d}", 3000)
	doc := document("<style>"+sheet+"</style>"+strings.Repeat("<i>", 2000)+secret, nil)
	find(t, doc, secret)
	if !slices.Contains(doc.Notes, qianshao.NoteStyleBudget) {
		t.Errorf("notes %v, want %s", doc.Notes, qianshao.NoteStyleBudget)
	}
}

// TestRealDocuments reads every real page that is available.
func TestRealDocuments(t *testing.T) {
	pages := 0
	err := filepath.WalkDir(evalDir(t, "pages"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".html") {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		doc := Parse(qianshao.Page{URL: "http://a.example/x.html", Body: body}).Document(nil)
		checkInvariants(t, doc)
		if len(doc.Regions) == 0 && len(body) > 500 {
			t.Errorf("%s: no regions, notes %v", filepath.Base(path), doc.Notes)
		}
		pages++
		return nil
	})
	if err != nil || pages == 0 {
		t.Fatalf("%d pages: %v", pages, err)
	}
}

// TestManyTags: a page with more different tags than the limit has a note, and all its text. Upper
// and lower case make no difference to a tag.
func TestManyTags(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("<DIV hidden><p>" + secret + "</dIv>")
	for i := range 70_000 {
		b.WriteString("<x" + strconv.Itoa(i) + ">")
	}
	b.WriteString("<p>" + secret)
	doc := Parse(qianshao.Page{Body: []byte(b.String()), ContentType: "text/html; charset=utf-8"}).Document(nil)
	var hidden []qianshao.Hiding
	for _, r := range doc.Regions {
		if r.Text == secret {
			hidden = append(hidden, r.Hidden)
		}
	}
	if want := []qianshao.Hiding{qianshao.HidingAttribute, qianshao.HidingNone}; !slices.Equal(hidden, want) || !slices.Contains(doc.Notes, qianshao.NoteTooMany) {
		t.Errorf("the secret is hidden by %q, want %q; notes %q", hidden, want, doc.Notes)
	}
}

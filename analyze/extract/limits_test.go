package extract

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
)

// evalDir returns a folder of the labelled real pages, which stand beside the
// module's root on the maintainers' machines and are no part of the project.
func evalDir(t testing.TB, name string) string {
	dir := filepath.Join("..", "..", "..", "shared", "eval", name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the labelled real pages are not here: %v", err)
	}
	return dir
}

// TestLimits: whatever the page, there is an answer, what it says is found,
// and a note tells what was unusual.
func TestLimits(t *testing.T) {
	const big = 20 << 20
	deep := strings.Repeat("<div>", 10_000)
	tests := []struct {
		name, body string
		note       qianshao.Note
		find       string
	}{
		{"empty", "", qianshao.NoteEmpty, ""},
		{"binary", "\x89PNG\r\n\x1a\n\x00\x00\x00", qianshao.NoteBinary, ""},
		{"10,000 deep", deep + secret, qianshao.NoteTooDeep, secret},
		{"10,000 deep, closed", deep + strings.Repeat("</div>", 10_000) + secret, qianshao.NoteTooDeep, secret},
		{"cut in a tag", "<p>" + secret + "<a href=\"http://c", "", secret},
		{"cut in a character", "<p>" + secret + "\xe4\xb8", qianshao.NoteBadBytes, secret},
		{"cut in a script", "<p>" + secret + "<script>document.write('<p>x", "", secret},
		{"cut in a style", "<p>" + secret + "<style>p{display:no", "", secret},
		{"a million attributes", "<p " + strings.Repeat("a=1 ", 1_000_000) + ">" + secret, "", secret},
		{"a million tags", strings.Repeat("<b>", 1_000_000) + secret, qianshao.NoteTooMany, secret},
		{"more regions than the limit", strings.Repeat("<p>x</p>", maxRegions+1) + "<p>" + secret, qianshao.NoteTooMany, secret},
		{"more links", strings.Repeat("<a href=x>xy</a> ", maxRegions) + "<a>" + secret, qianshao.NoteTooMany, secret},
		{"more hidden regions", strings.Repeat("<p hidden>x</p>", maxRegions+1) + "<p hidden>" + secret, qianshao.NoteTooMany, secret},
		{"20 MB", portalPage(big) + secret, qianshao.NoteTooMany, secret},
		{"20 MB of text", strings.Repeat("长文 ", big/7) + secret, "", secret},
		{"20 MB in a comment", "<!--" + strings.Repeat("长文 ", big/7) + "-->" + secret, "", secret},
		{"20 MB in a script", "<script>" + strings.Repeat("a='b'+\"c\";", big/10) + "</script>" + secret, "", secret},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if len(tt.body) > big/2 && testing.Short() {
				t.Skip("20 MB take a second")
			}
			doc := document(tt.body, nil)
			checkInvariants(t, doc)
			if len(doc.Regions) > maxRegions+32 { // the last ones of each way of hiding
				t.Errorf("%d regions", len(doc.Regions))
			}
			if tt.note != "" && !slices.Contains(doc.Notes, tt.note) || tt.note == "" && len(doc.Notes) > 0 {
				t.Errorf("notes %v, want %q", doc.Notes, tt.note)
			}
			found := slices.ContainsFunc(doc.Regions, func(r qianshao.Region) bool { return strings.Contains(r.Text, tt.find) })
			if tt.find != "" && !found {
				t.Errorf("%q is in none of %d regions", tt.find, len(doc.Regions))
			}
		})
	}
}

// TestManySelectors: style sheets too costly to apply are noted.
func TestManySelectors(t *testing.T) {
	sheet := numbered("* > * * * i{color:#%03d}", 3000)
	doc := document("<style>"+sheet+"</style>"+strings.Repeat("<i>", 2000)+secret, nil)
	find(t, doc, secret)
	if !slices.Contains(doc.Notes, qianshao.NoteStyleBudget) {
		t.Errorf("notes %v, want %s", doc.Notes, qianshao.NoteStyleBudget)
	}
}

// TestRealDocuments reads every real page that is at hand.
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

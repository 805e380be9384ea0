package extract

import (
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

// TestPaths: the path of each region selects the right element.
func TestPaths(t *testing.T) {
	doc := document(`<body><div><p>一</p><p>二<b>三</b></p></div><div><p>四</p><table><tr><td>五</td><td><a href=x>六字</a></td></tr></table></div><div id=k><i><p>七</p></i></div>`, nil)
	root, err := html.Parse(strings.NewReader(strings.ReplaceAll(strings.ReplaceAll(doc.Source, "<table>", "<table><tbody>"), "<i><p>", "<i><p>")))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range doc.Regions {
		path := strings.ReplaceAll(r.Path, "table > tr", "table > tbody > tr") // our tree has no tbody unless the page writes one
		sel, err := cascadia.Parse(path)
		if err != nil {
			t.Errorf("path %s: %v", r.Path, err)
			continue
		}
		found := cascadia.QueryAll(root, sel)
		if len(found) != 1 || found[0].Data == "" {
			t.Errorf("path %s of %q selects %d elements", r.Path, r.Text, len(found))
		}
	}
}

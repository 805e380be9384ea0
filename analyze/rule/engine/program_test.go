package engine

import (
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
)

// TestLatinForPrograms: letters and digits that only programs read are no evidence by themselves.
func TestLatinForPrograms(t *testing.T) {
	e := loadDetection(t, "  brand: {terms: [bet365, 1xbet]}\n  condition: brand\n")
	coded := strings.Repeat("iVBOR/w0KGgo+", 4)
	redirect := regionOf(qianshao.RegionScript, qianshao.HidingScript, "location='//bet365.example'")
	redirect.Name = "referrer-redirect"
	for _, test := range []struct {
		name    string
		regions []qianshao.Region
		fires   bool
	}{
		{"text", []qianshao.Region{region("bet365 here")}, true},
		{"comment", []qianshao.Region{regionOf(qianshao.RegionComment, qianshao.HidingComment, "bet365 1xbet")}, false},
		{"script", []qianshao.Region{regionOf(qianshao.RegionScript, qianshao.HidingScript, "bet365")}, false},
		{"meta", []qianshao.Region{regionOf(qianshao.RegionMeta, "", "bet365,1xbet")}, false},
		{"base64 in text", []qianshao.Region{region(coded + "bet365" + coded)}, false},
		{"short token in text", []qianshao.Region{region("a/bet365/b")}, true},
		{"error page", []qianshao.Region{regionOf(qianshao.RegionTitle, "", "404 Not Found"), region("The requested URL /bet365/ was not found")}, false},
		{"link on an error page", []qianshao.Region{regionOf(qianshao.RegionTitle, "", "404 Not Found"), regionOf(qianshao.RegionAnchor, "", "bet365")}, true},
		{"title with a number", []qianshao.Region{regionOf(qianshao.RegionTitle, "", "4040 bet365"), region("bet365")}, true},
		{"another region", []qianshao.Region{regionOf(qianshao.RegionMeta, "", "bet365"), region("1xbet")}, true},
		{"where a script sends search visitors", []qianshao.Region{redirect}, true},
	} {
		doc := page(test.regions...)
		if got := fires(e, doc); got != test.fires {
			t.Errorf("%s: fires %v, want %v", test.name, got, test.fires)
		}
		if x := e.Explain(doc, "r"); x.Holds != test.fires || x.ForPrograms == test.fires {
			t.Errorf("%s: explained as\n%s", test.name, x)
		}
	}
	beside := loadDetection(t, "  brand: {terms: [bet365]}\n  lure: {terms: [彩金]}\n  condition: brand and lure\n")
	if !fires(beside, page(regionOf(qianshao.RegionMeta, "", "bet365 送彩金"))) {
		t.Error("Chinese words beside it make it evidence")
	}
}

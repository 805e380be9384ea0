package pipeline_test

import (
	"strings"
	"testing"
)

// TestLargePageWithPictures: a page so large that it needs a turn, which it gives up to fetch its
// pictures, is flagged for its text and theirs. It ends its turn afterwards: otherwise the second
// visit would wait for ever.
func TestLargePageWithPictures(t *testing.T) {
	note := ""
	s := servePictures(t, func() string {
		return casinoText + `<img src="/ewm.png">` + note + "<!--" + strings.Repeat("x", 600<<10) + "-->"
	})
	v := watch(t, s)
	v.mustVisit(t)
	note = "<p>另有优惠</p>"
	v.mustVisit(t)
	list := v.findings(t)
	if len(list) != 1 || len(list[0].Evidence) == 0 {
		t.Fatalf("%+v", list)
	}
	if got := indicators(list[0]); !strings.Contains(got, "qr_code https://bet.example/reg?code=88") {
		t.Errorf("indicators\n%s", got)
	}
}

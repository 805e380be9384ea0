package engine

import (
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
)

const menu = "学校概况，机构设置，师资队伍，招生就业，校园生活。"

// filler returns n ordinary regions of 24 characters.
func filler(n int) (out []qianshao.Region) {
	for range n {
		out = append(out, region(menu))
	}
	return out
}

func join(parts ...[]qianshao.Region) (out []qianshao.Region) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// TestPlaces: on a page the words of a rule have to be in one place, or in the head.
func TestPlaces(t *testing.T) {
	e := loadDetection(t, "  game: {terms: [百家乐, 老虎机]}\n  offer: {terms: [首存优惠]}\n  news: {terms: [警方通报]}\n  condition: game and offer and not news\n")
	game, offer := []qianshao.Region{region("百家乐")}, []qianshao.Region{region("首存优惠")}
	title := []qianshao.Region{regionOf(qianshao.RegionTitle, "", "百家乐在线")}
	hidden := func(text string) []qianshao.Region {
		return []qianshao.Region{regionOf(qianshao.RegionText, qianshao.HidingDisplayNone, text)}
	}
	far, near := filler(40), filler(10)
	for _, test := range []struct {
		name    string
		regions []qianshao.Region
		fires   bool
	}{
		{"side by side on a long page", join(far, game, offer, far), true},
		{"a screen apart", join(game, near, offer, far), true},
		{"far apart", join(game, far, offer), false},
		{"far apart, many times", join(game, game, game, far, offer, offer, far, game), false},
		{"the title speaks for the page", join(title, far, offer), true},
		{"a later place", join(game, far, offer, far, game, offer), true},
		{"a long region and its neighbour", join([]qianshao.Region{region("百家乐" + strings.Repeat(menu, 40))}, offer), true},
		{"an excuse far away", join(game, offer, far, []qianshao.Region{region("警方通报")}), false},
		{"hidden side by side", join(far, hidden("百家乐"), hidden("首存优惠"), far), true},
		{"hidden far apart", join(hidden("百家乐"), far, hidden("首存优惠")), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc := page(test.regions...)
			if got := fires(e, doc); got != test.fires {
				t.Errorf("fires: %v", got)
			}
			if x := e.Explain(doc, "r"); x.Holds != test.fires {
				t.Errorf("the explanation says otherwise:\n%s", x)
			}
			doc.Form = qianshao.FormMessage
			if test.name == "far apart" && !fires(e, doc) {
				t.Error("a message is judged as a whole")
			}
		})
	}
}

// TestScoreDoesNotGrow: more regions with a rule's words are not more evidence.
func TestScoreDoesNotGrow(t *testing.T) {
	e := loadDetection(t, "  game: {terms: [百家乐, 老虎机, 捕鱼机]}\n  offer: {terms: [首存优惠]}\n  condition: game and offer\n")
	far := filler(40)
	one := []qianshao.Region{region("百家乐"), region("首存优惠")}
	doc := page(join(one, far, []qianshao.Region{region("老虎机")}, far, []qianshao.Region{region("捕鱼机")})...)
	if got := e.Evaluate(doc).Fired; len(got) != 1 || len(got[0].Terms) != 2 || len(got[0].Evidence) != 2 {
		t.Errorf("terms of other places count: %+v", got)
	}
}

// TestCodedHead: a title in numeric entities, written by hackers, is judged as a message.
func TestCodedHead(t *testing.T) {
	e := loadDetection(t, "  a: {terms: [带你上岸]}\n  condition: a\n")
	e.ofRules[0].rule.Judges = string(qianshao.FormMessage)
	for _, test := range []struct {
		region qianshao.Region
		fires  bool
	}{
		{regionOf(qianshao.RegionTitle, qianshao.HidingEntityEncoded, "带你上岸"), true},
		{regionOf(qianshao.RegionTitle, "", "带你上岸"), false},
		{regionOf(qianshao.RegionText, qianshao.HidingDisplayNone, "带你上岸"), false},
	} {
		if got := fires(e, page(region(menu), test.region)); got != test.fires {
			t.Errorf("%s %s: fires %v", test.region.Kind, test.region.Hidden, got)
		}
	}
}

package analyze_test

import (
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
)

const inlinePicture = "data:image/png;base64,iVBORw0KGgo="

func posterPage() qianshao.Page {
	return qianshao.Page{
		URL: "http://site.example/", ContentType: "text/html",
		Body: []byte(`<title>首页</title><body><img src="/logo.png"><img data-src="ad.jpg?a=1&amp;b=2" src="` + inlinePicture + `"><img src="ad.jpg?a=1&amp;b=2"><p>欢迎</p>`),
		Pictures: []qianshao.Picture{
			{URL: "http://site.example/ad.jpg?a=1&b=2", Text: "澳门百家乐开户\n注册送彩金\n真人视讯投注\n代理招商 11010519491231002X", Codes: []string{"https://bet.example/reg?code=88", "wxp://f2f0AbC.d"}},
			{URL: inlinePicture, Codes: []string{"http://www.site.example/m"}},
		},
	}
}

// TestPictures: text read in a picture is evidence, with the picture and its place in the page; the
// page's own address is not an indicator.
func TestPictures(t *testing.T) {
	t.Parallel()
	doc, assessment := shipped(t).Assess(posterPage())
	if got := strings.Join(doc.Pictures, " "); got != "http://site.example/logo.png http://site.example/ad.jpg?a=1&b=2 "+inlinePicture {
		t.Errorf("pictures %s", got)
	}
	if len(assessment.Findings) != 1 || assessment.Category != qianshao.Gambling {
		t.Fatalf("%+v", assessment.Findings)
	}
	f := assessment.Findings[0]
	for _, e := range f.Evidence {
		if e.Picture != "http://site.example/ad.jpg?a=1&b=2" || e.Name != qianshao.NamePicture || !strings.Contains("澳门百家乐开户 注册送彩金 真人视讯投注 代理招商", e.Text) || doc.Source[e.Span.Start:e.Span.End] != "ad.jpg?a=1&amp;b=2" || !strings.Contains(e.Path, "img") {
			t.Errorf("%+v", e)
		}
	}
	got := ""
	for _, i := range f.Indicators {
		got += string(i.Kind) + " " + i.Defanged() + " " + i.Picture + "\n"
	}
	const want = "domain bet[.]example http://site.example/ad.jpg?a=1&b=2\n" +
		"qr_code hxxps://bet[.]example/reg?code=88 http://site.example/ad.jpg?a=1&b=2\n" +
		"qr_code wxp://f2f0AbC[.]d http://site.example/ad.jpg?a=1&b=2\n" +
		"url hxxps://bet[.]example/reg?code=88 http://site.example/ad.jpg?a=1&b=2\n"
	if got != want {
		t.Errorf("indicators\n%s", got)
	}
	for _, r := range doc.Regions {
		if strings.Contains(r.Text, "19491231") {
			t.Errorf("a resident identity number in %q", r.Text)
		}
		if r.Picture != "" && strings.HasPrefix(r.Picture, "data:") && len(r.Picture) != len("data:0123456789abcdef") {
			t.Errorf("picture %q", r.Picture)
		}
	}
}

// TestPicturesUnread: without the text read in its picture, the page is not flagged.
func TestPicturesUnread(t *testing.T) {
	t.Parallel()
	page := posterPage()
	page.Pictures = nil
	if _, assessment := shipped(t).Assess(page); len(assessment.Findings) != 0 {
		t.Errorf("%+v", assessment.Findings)
	}
}

// TestScreenshotText: text read in the screenshot is judged as part of the page.
func TestScreenshotText(t *testing.T) {
	t.Parallel()
	page := posterPage()
	page.Pictures = []qianshao.Picture{{URL: qianshao.PictureScreenshot, Text: "澳门百家乐开户 注册送彩金 真人视讯投注"}}
	x := analyze.NewExtraction(page)
	_, assessment := shipped(t).AssessExtraction(x)
	if len(assessment.Findings) != 1 || assessment.Findings[0].Evidence[0].Picture != qianshao.PictureScreenshot {
		t.Errorf("%+v", assessment.Findings)
	}
}

// TestPictureOfAScript: a picture that an external script inserts is read, too.
func TestPictureOfAScript(t *testing.T) {
	t.Parallel()
	page := posterPage()
	page.Body = []byte(`<title>首页</title><body><script src="/a.js"></script><p>欢迎</p>`)
	page.Scripts = map[string][]byte{"http://site.example/a.js": []byte(`document.write("<img src='/ad.jpg?a=1&b=2'>")`)}
	_, assessment := shipped(t).Assess(page)
	if len(assessment.Findings) != 1 || len(assessment.Findings[0].Indicators) != 4 || assessment.Findings[0].Evidence[0].Picture != "http://site.example/ad.jpg?a=1&b=2" {
		t.Errorf("%+v", assessment.Findings)
	}
}

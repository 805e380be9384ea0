package pipeline_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/picture"
)

const casinoText = `<h1>金麒麟娱乐城官网</h1><p>百家乐开户，注册送彩金，真人视讯投注</p>`

func asPNG(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func qrCode(t *testing.T, text string) []byte {
	t.Helper()
	drawn, err := qrcode.NewQRCodeWriter().EncodeWithoutHint(text, gozxing.BarcodeFormat_QR_CODE, 120, 120)
	if err != nil {
		t.Fatal(err)
	}
	return asPNG(t, drawn)
}

// servePictures serves a page and, at all other paths, pictures. A picture is a QR code if its path
// says so.
func servePictures(t *testing.T, page func() string) *site {
	code, plain := qrCode(t, "https://bet.example/reg?code=88"), asPNG(t, image.NewGray(image.Rect(0, 0, 90, 90)))
	return seenBy(t, func(w http.ResponseWriter, path string, _ bool, _ int) {
		body := plain
		switch {
		case path == "/":
			fmt.Fprint(w, page())
			return
		case path == "/away.png":
			w.Header().Set("Location", "http://elsewhere.example/code.png")
			w.WriteHeader(http.StatusFound)
			return
		case strings.Contains(path, "ewm"):
			body = code
		}
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(body)
	})
}

func indicators(f qianshao.Finding) string {
	var all []string
	for _, i := range f.Indicators {
		all = append(all, string(i.Kind)+" "+i.Value)
	}
	return strings.Join(all, "\n")
}

// TestCodesOfAFlaggedPage: the QR codes in a flagged page's own pictures become indicators, and
// these pictures are archived. Other pictures are not.
func TestCodesOfAFlaggedPage(t *testing.T) {
	inline := "data:image/png;base64," + base64.StdEncoding.EncodeToString(qrCode(t, "wxp://f2f0AbC"))
	note := ""
	s := servePictures(t, func() string {
		return casinoText + `<img src="/ewm.png"><img src="` + inline + `"><img src="/logo.png"><img src="/away.png"><img src="http://elsewhere.example/ewm.png">` + note
	})
	v := watch(t, s)
	v.mustVisit(t)
	list := v.findings(t)
	if len(list) != 1 {
		t.Fatalf("%+v", list)
	}
	if got := indicators(list[0]); got != "domain bet.example\nqr_code https://bet.example/reg?code=88\nurl https://bet.example/reg?code=88\nqr_code wxp://f2f0AbC" {
		t.Errorf("indicators\n%s", got)
	}
	for _, i := range list[0].Indicators {
		if i.Picture != s.URL+"/ewm.png" && !strings.HasPrefix(i.Picture, "data:") {
			t.Errorf("%s of picture %q", i.Value, i.Picture)
		}
	}
	captures, err := v.folder.Evidence.CapturesOf(t.Context(), s.URL+"/", list[0].ID)
	if err != nil || len(captures) != 1 {
		t.Fatalf("%d captures, %v", len(captures), err)
	}
	pictures := 0
	for _, l := range captures[0].Links {
		if l.MIME == "image/png" {
			pictures++
			if l.URI != s.URL+"/ewm.png" {
				t.Errorf("archived %s", l.URI)
			}
		}
	}
	if pictures != 1 {
		t.Errorf("%d pictures are archived", pictures)
	}
	note = "<p>另有优惠</p>"
	v.mustVisit(t)
	for _, path := range []string{"/ewm.png", "/logo.png"} {
		if n := s.count("plain " + path); n != 1 {
			t.Errorf("%s was asked for %d times by two visits, want once", path, n)
		}
	}
}

// TestPicturesOfAnOrdinaryPage: pictures of an ordinary page are not fetched.
func TestPicturesOfAnOrdinaryPage(t *testing.T) {
	s := servePictures(t, func() string {
		return `<h1>校园新闻</h1><p>` + strings.Repeat("本校春季运动会顺利举行，各年级同学踊跃参加。", 12) + `</p><img src="/ewm.png">`
	})
	v := watch(t, s)
	v.mustVisit(t)
	if n := s.count("plain /ewm.png"); n != 0 {
		t.Errorf("asked for %d times", n)
	}
}

// TestManyPictures: no more pictures are fetched than permitted, and likely codes come first.
func TestManyPictures(t *testing.T) {
	page := casinoText
	for i := range 30 {
		page += fmt.Sprintf(`<img src="/p%d.png">`, i)
	}
	s := servePictures(t, func() string { return page + `<img src="/ewm.png">` })
	watch(t, s).mustVisit(t)
	asked := s.count("plain /ewm.png")
	for i := range 30 {
		asked += s.count(fmt.Sprintf("plain /p%d.png", i))
	}
	if asked != 10 || s.count("plain /ewm.png") != 1 {
		t.Errorf("%d pictures were asked for, the code %d times", asked, s.count("plain /ewm.png"))
	}
}

// reads replaces tesseract with a script that reads the same text in every picture.
func reads(t *testing.T, text string) *picture.OCR {
	t.Helper()
	folder := t.TempDir()
	script := "#!/bin/sh\n[ \"$1\" = --list-langs ] && printf 'List:\\nchi_sim\\n' && exit\nprintf '5\\t1\\t1\\t1\\t1\\t1\\t0\\t0\\t9\\t9\\t96\\t" + text + "\\n'\n"
	if err := os.WriteFile(filepath.Join(folder, "tesseract"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
	ocr, err := picture.NewOCR(t.Context())
	if err != nil {
		t.Skip(err) // not on Linux
	}
	return ocr
}

// TestTextOfAnImageOnlyPage: a page that consists of a picture is flagged for the text in it, with
// the code beside it, and the picture is archived.
func TestTextOfAnImageOnlyPage(t *testing.T) {
	s := servePictures(t, func() string { return `<title>首页</title><img src="/poster.png"><img src="/ewm.png">` })
	v := watch(t, s)
	v.OCR = reads(t, "澳门百家乐开户注册送彩金真人视讯投注")
	v.mustVisit(t)
	list := v.findings(t)
	if len(list) != 1 || list[0].Category != qianshao.Gambling {
		t.Fatalf("%+v", list)
	}
	for _, e := range list[0].Evidence {
		if e.Name != qianshao.NamePicture || !strings.HasPrefix(e.Picture, s.URL+"/") {
			t.Errorf("%+v", e)
		}
	}
	if got := indicators(list[0]); !strings.Contains(got, "qr_code https://bet.example/reg?code=88") {
		t.Errorf("indicators\n%s", got)
	}
	captures, err := v.folder.Evidence.CapturesOf(t.Context(), s.URL+"/", list[0].ID)
	if err != nil || len(captures) != 1 || captures[0].Records != 7 { // warcinfo, response, request, metadata, findings, and two pictures
		t.Errorf("%+v, %v", captures, err)
	}
}

// TestTextOfAnInnocentPicture: nothing from an innocent picture is stored.
func TestTextOfAnInnocentPicture(t *testing.T) {
	s := servePictures(t, func() string { return `<title>首页</title><img src="/poster.png"><img src="/ewm.png">` })
	v := watch(t, s)
	v.OCR = reads(t, "春季运动会通知")
	v.mustVisit(t)
	if list := v.findings(t); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	if n := s.count("plain /poster.png"); n != 1 {
		t.Errorf("the picture was asked for %d times", n)
	}
	captures, err := v.folder.Evidence.CapturesOf(t.Context(), s.URL+"/", "")
	if err != nil || len(captures) != 0 {
		t.Errorf("%+v, %v", captures, err)
	}
}

// TestTextOfAScreenshot: a page that a script draws is flagged for the text in its screenshot.
func TestTextOfAScreenshot(t *testing.T) {
	s := seenBy(t, func(w http.ResponseWriter, _ string, _ bool, _ int) {
		fmt.Fprint(w, `<!doctype html><title>首页</title><canvas id=c width=900 height=300></canvas><script>
const paint = c.getContext("2d"); paint.font = "48px sans-serif"
const words = [30334,23478,20048,24320,25143,27880,20876,36865,24425,37329]
paint.fillText(String.fromCharCode(...words), 20, 100)</script>`)
	})
	v := watch(t, s)
	ocr, err := picture.NewOCR(t.Context())
	if err != nil {
		t.Skip(err)
	}
	v.OCR = ocr
	v.giveBrowser(t)
	v.mustVisit(t)
	list := v.findings(t)
	if len(list) != 1 || list[0].Category != qianshao.Gambling {
		t.Fatalf("%+v", list)
	}
	for _, e := range list[0].Evidence {
		if e.Picture != qianshao.PictureScreenshot || e.View != qianshao.ViewBrowser {
			t.Errorf("%+v", e)
		}
	}
}

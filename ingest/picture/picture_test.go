package picture_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"github.com/qianshao/qianshao/ingest/picture"
)

// code draws a QR code.
func code(t testing.TB, text string) image.Image {
	t.Helper()
	drawn, err := qrcode.NewQRCodeWriter().Encode(text, gozxing.BarcodeFormat_QR_CODE, 160, 160,
		map[gozxing.EncodeHintType]any{gozxing.EncodeHintType_CHARACTER_SET: "UTF-8"})
	if err != nil {
		t.Fatal(err)
	}
	return drawn
}

// poster puts pictures side by side on a coloured background.
func poster(pictures ...image.Image) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, 40+200*len(pictures), 240))
	draw.Draw(out, out.Rect, image.NewUniform(color.RGBA{200, 160, 40, 255}), image.Point{}, draw.Src)
	for i, p := range pictures {
		at := image.Pt(40+200*i, 40)
		draw.Draw(out, p.Bounds().Add(at), p, p.Bounds().Min, draw.Src)
	}
	return out
}

func encoded(t testing.TB, img image.Image, as func(*bytes.Buffer, image.Image) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := as(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(b *bytes.Buffer, i image.Image) error  { return png.Encode(b, i) }
func asJPEG(b *bytes.Buffer, i image.Image) error { return jpeg.Encode(b, i, nil) }
func asGIF(b *bytes.Buffer, i image.Image) error  { return gif.Encode(b, i, nil) }

func TestCodes(t *testing.T) {
	t.Parallel()
	const invitation, payment = "https://bet.example/register?code=88", "wxp://f2f0例"
	two := poster(code(t, payment), code(t, invitation))
	for name, body := range map[string][]byte{
		"PNG": encoded(t, two, asPNG), "JPEG": encoded(t, two, asJPEG), "GIF": encoded(t, two, asGIF),
	} {
		grey, err := picture.Decode(body)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := picture.Codes(grey); !slices.Equal(got, []string{invitation, payment}) {
			t.Errorf("%s: %q", name, got)
		}
	}
	grey, err := picture.Decode(encoded(t, poster(), asPNG))
	if err != nil || picture.Codes(grey) != nil {
		t.Errorf("a picture without a code: %q, %v", picture.Codes(grey), err)
	}
}

// TestDecodeOnWhite: a code drawn in black on transparent becomes black on white.
func TestDecodeOnWhite(t *testing.T) {
	t.Parallel()
	drawn := code(t, "https://bet.example/")
	clear := image.NewNRGBA(drawn.Bounds())
	for y := range 160 {
		for x := range 160 {
			if r, _, _, _ := drawn.At(x, y).RGBA(); r == 0 {
				clear.Set(x, y, color.Black)
			}
		}
	}
	grey, err := picture.Decode(encoded(t, clear, asPNG))
	if err != nil || !slices.Equal(picture.Codes(grey), []string{"https://bet.example/"}) {
		t.Errorf("%q, %v", picture.Codes(grey), err)
	}
}

// TestDecodeBounds: a picture that is too large is refused by its header, before it is decoded.
func TestDecodeBounds(t *testing.T) {
	t.Parallel()
	small := encoded(t, image.NewGray(image.Rect(0, 0, 64, 64)), asPNG)
	vast := slices.Clone(small)
	copy(vast[16:], "\x00\x01\x00\x00\x00\x01\x00\x00") // 65,536 by 65,536; DecodeConfig asks for the checksum
	for name, test := range map[string]struct {
		body []byte
		want error
	}{
		"bytes":  {make([]byte, picture.MaxBytes+1), picture.ErrTooLarge},
		"pixels": {encoded(t, image.NewPaletted(image.Rect(0, 0, 2300, 2300), color.Palette{color.White}), asPNG), picture.ErrTooLarge},
		"icon":   {encoded(t, image.NewGray(image.Rect(0, 0, 16, 400)), asPNG), picture.ErrTooSmall},
		"header": {vast, nil}, "text": {[]byte("<svg/>"), nil}, "cut": {small[:40], nil}, "empty": {nil, nil},
	} {
		grey, err := picture.Decode(test.body)
		if err == nil || grey != nil || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

// TestCodesBounds: pictures that are made to be costly are soon given up.
func TestCodesBounds(t *testing.T) {
	t.Parallel()
	side := 1500
	corners, noise := image.NewGray(image.Rect(0, 0, side, side)), image.NewGray(image.Rect(0, 0, side, side))
	random := rand.New(rand.NewPCG(1, 2))
	for y := range side {
		for x := range side {
			ring := max(abs(x%9-4), abs(y%9-4)) // the corner of a code in each square of nine pixels
			if ring == 2 || ring == 4 {
				corners.SetGray(x, y, color.Gray{255})
			}
			noise.SetGray(x, y, color.Gray{uint8(255 * random.IntN(2))})
		}
	}
	few := image.NewGray(image.Rect(0, 0, 400, 400)) // as many corners as are permitted
	draw.Draw(few, few.Rect, image.White, image.Point{}, draw.Src)
	for i := range 36 {
		at := image.Pt(20+i%6*60, 20+i/6*60)
		for y := range 21 {
			for x := range 21 {
				if ring := max(abs(x-10), abs(y-10)) / 3; max(abs(x/3-3), abs(y/3-3)) != 2 && ring < 4 {
					few.SetGray(at.X+x, at.Y+y, color.Gray{0})
				}
			}
		}
	}
	for name, grey := range map[string]*image.Gray{"corners": corners, "noise": noise, "few corners": few} {
		start := time.Now()
		if got := picture.Codes(grey); got != nil {
			t.Errorf("%s: %q", name, got)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s took %v", name, took)
		} else {
			t.Log(name, took)
		}
	}
}

func abs(n int) int { return max(n, -n) }

func FuzzDecode(f *testing.F) {
	two := poster(code(f, "https://bet.example/"))
	f.Add(encoded(f, two, asPNG))
	f.Add(encoded(f, two, asJPEG))
	f.Add(encoded(f, two, asGIF))
	f.Fuzz(func(_ *testing.T, body []byte) {
		if grey, err := picture.Decode(body); err == nil {
			picture.Codes(grey)
		}
	})
}

// written draws lines of Chinese.
func written(t *testing.T, lines ...string) *image.Gray {
	t.Helper()
	const path = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
	body, err := os.ReadFile(path)
	if err != nil {
		t.Skip("there is no Chinese font to draw with (Debian: fonts-noto-cjk)")
	}
	fonts, err := opentype.ParseCollection(body)
	if err != nil {
		t.Fatal(err)
	}
	face, err := fonts.Font(2) // simplified Chinese
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := opentype.NewFace(face, &opentype.FaceOptions{Size: 32, DPI: 72})
	if err != nil {
		t.Fatal(err)
	}
	grey := image.NewGray(image.Rect(0, 0, 640, 40+60*len(lines)))
	draw.Draw(grey, grey.Rect, image.White, image.Point{}, draw.Src)
	pen := font.Drawer{Dst: grey, Src: image.Black, Face: drawn}
	for i, line := range lines {
		pen.Dot = fixed.P(20, 60+60*i)
		pen.DrawString(line)
	}
	return grey
}

func TestText(t *testing.T) {
	t.Parallel()
	ocr, err := picture.NewOCR(t.Context())
	if err != nil {
		t.Skip(err)
	}
	text, err := ocr.Text(t.Context(), written(t, "澳门百家乐开户注册送彩金", "客服微信 abc888"))
	if err != nil || !strings.Contains(text, "百家乐开户注册送彩金\n") || !strings.Contains(text, "微信") {
		t.Errorf("%q, %v", text, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if text, err := ocr.Text(ctx, written(t, "澳门")); err == nil {
		t.Errorf("%q after the end", text)
	}
}

// pretend replaces tesseract by a script.
func pretend(t *testing.T, script string) {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "tesseract"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
}

func TestWithoutTesseract(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := picture.NewOCR(t.Context()); !errors.Is(err, picture.ErrNoOCR) {
		t.Errorf("no program: %v", err)
	}
	pretend(t, "printf 'List:\\neng\\n'")
	if _, err := picture.NewOCR(t.Context()); !errors.Is(err, picture.ErrNoOCR) {
		t.Errorf("no Chinese: %v", err)
	}
}

// TestTextOfATable: Chinese words are joined, Latin ones are not, and words of low confidence are left
// out.
func TestTextOfATable(t *testing.T) {
	pretend(t, `if [ "$1" = --list-langs ]; then printf 'List:\nchi_sim\n'; exit; fi
read -r form
[ "$form" = P5 ] || exit 3
printf 'level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n'
printf '4\t1\t1\t1\t1\t0\t0\t0\t9\t9\t-1\t\n'
printf '5\t1\t1\t1\t1\t1\t0\t0\t9\t9\t96.1\t百\n5\t1\t1\t1\t1\t2\t0\t0\t9\t9\t91\t家乐\n5\t1\t1\t1\t1\t3\t0\t0\t9\t9\t12.5\t谜\n'
printf '5\t1\t1\t1\t2\t1\t0\t0\t9\t9\t96\tplay\n5\t1\t1\t1\t2\t2\t0\t0\t9\t9\t96\tnow\n'`)
	ocr, err := picture.NewOCR(t.Context())
	if err != nil {
		t.Skip(err)
	}
	if text, err := ocr.Text(t.Context(), image.NewGray(image.Rect(0, 0, 30, 30))); err != nil || text != "百家乐\nplay now" {
		t.Errorf("%q, %v", text, err)
	}
	pretend(t, `if [ "$1" = --list-langs ]; then printf 'List:\nchi_sim\n'; exit; fi
echo "it is broken" >&2; exit 1`)
	if ocr, err = picture.NewOCR(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text, err := ocr.Text(t.Context(), image.NewGray(image.Rect(0, 0, 30, 30))); err == nil || !strings.Contains(err.Error(), "it is broken") {
		t.Errorf("%q, %v", text, err)
	}
}

package picture

import (
	"image"
	"slices"
	"strings"
	"unicode"

	"github.com/makiuchi-d/gozxing"
	multi "github.com/makiuchi-d/gozxing/multi/qrcode"
)

// Bounds of the QR codes of a picture.
const (
	// maxCodes is enough for a poster with a code for each way to pay, twice over.
	maxCodes = 8
	// maxCorners bounds the candidates for a code's corners. A code has three, and all triples
	// of candidates are tried, so a picture full of them would take hours.
	maxCorners = 40
	// maxCode is longer than the text of any code that a telephone can read from a screen.
	maxCode = 1024
)

// Codes returns the texts of the picture's QR codes, sorted, each once.
func Codes(grey *image.Gray) (texts []string) {
	defer func() {
		if recover() != nil { // the library panicked, or there were too many corners
			texts = nil
		}
	}()
	w, h := grey.Rect.Dx(), grey.Rect.Dy()
	shades, err := gozxing.NewPlanarYUVLuminanceSource(grey.Pix, w, h, 0, 0, w, h, false)
	if err != nil {
		return nil
	}
	bitmap, err := gozxing.NewBinaryBitmap(gozxing.NewHybridBinarizer(shades))
	if err != nil {
		return nil
	}
	corners := 0
	results, err := multi.NewQRCodeMultiReader().DecodeMultiple(bitmap, map[gozxing.DecodeHintType]any{
		gozxing.DecodeHintType_NEED_RESULT_POINT_CALLBACK: gozxing.ResultPointCallback(func(gozxing.ResultPoint) {
			if corners++; corners > maxCorners {
				panic("more corners than the codes of a picture have")
			}
		}),
	})
	if err != nil {
		return nil
	}
	for _, r := range results {
		if text := legible(r.GetText()); text != "" {
			texts = append(texts, text)
		}
	}
	slices.Sort(texts)
	texts = slices.Compact(texts)
	return texts[:min(len(texts), maxCodes)]
}

// legible returns a code's text on one line, cut to maxCode.
func legible(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return strings.TrimSpace(strings.ToValidUTF8(text[:min(len(text), maxCode)], ""))
}

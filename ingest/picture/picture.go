// Package picture says what stands in pictures: QR codes, and, where Debian's
// tesseract is installed, text. A picture comes from strangers: it is bounded in bytes and
// pixels before it is decoded, decoded to shades of grey by readers written in Go, and only
// those shades go on.
package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/gif" // the forms in which pictures come, for image.Decode
	_ "image/jpeg"
	_ "image/png"

	_ "golang.org/x/image/webp"
)

// Bounds of a picture.
const (
	// MaxBytes is many times a poster as sites compress it.
	MaxBytes = 4 << 20
	// maxPixels is a screenshot of a page at its greatest height, 1,280 by 4,096. Decoding
	// takes five bytes a pixel, a reader of text ten times as many.
	maxPixels = 1280 * 4096
	// minSide is the smallest QR code, at one pixel a module. Less is an icon.
	minSide = 21
)

// Errors of Decode.
var (
	ErrTooLarge = errors.New("the picture has more bytes or pixels than are read")
	ErrTooSmall = errors.New("the picture is too small to say anything")
)

// Decode decodes a PNG, JPEG, WebP or GIF (its first picture) to shades of grey, on white
// where it is transparent.
func Decode(body []byte) (grey *image.Gray, err error) {
	defer func() {
		if r := recover(); r != nil {
			grey, err = nil, fmt.Errorf("picture: %v", r)
		}
	}()
	if len(body) > MaxBytes {
		return nil, ErrTooLarge
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("picture: %w", err)
	}
	switch w, h := config.Width, config.Height; {
	case w < minSide || h < minSide:
		return nil, ErrTooSmall
	case w > maxPixels/h:
		return nil, ErrTooLarge
	}
	decoded, _, err := image.Decode(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("picture: %w", err)
	}
	bounds := decoded.Bounds()
	if bounds.Dx() < minSide || bounds.Dy() < minSide || bounds.Dx() > maxPixels/bounds.Dy() { // a GIF's frame has bounds of its own
		return nil, ErrTooSmall
	}
	grey = image.NewGray(image.Rect(0, 0, bounds.Dx(), bounds.Dy()))
	draw.Draw(grey, grey.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(grey, grey.Rect, decoded, bounds.Min, draw.Over)
	return grey, nil
}
